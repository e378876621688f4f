"""How every command ends: what went wrong becomes one sentence on stderr,
under --json an object on stdout, and an exit code.

docs/json.md has the codes. No traceback reaches a person:
ANSIM_TRACEBACK=1 shows the one of a fault of the program itself.
"""

import contextlib
import io
import os
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import IO

import click

from host_tools.cli._output import json_line, say
from host_tools.errors import NO_ROOM, UserError
from host_tools.extras import EXTRAS, lacking
from host_tools.showing import shown

INTERRUPTED = 130
_TRACEBACK = "ANSIM_TRACEBACK"
#: The files of the libraries that print, and how far up they are found when a stream refuses what they print.
_PRINTERS = ("click/utils.py", "rich/console.py")
_PRINTING_FRAMES_MAX = 4


def run(command: click.Command, arguments: list[str]) -> int:
    """Runs `ansim ARGUMENTS`, tells what went wrong, and returns the exit code.

    Raises SystemExit as the command does.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a name that the terminal cannot show is no fault
    try:
        code = _complained(lambda: command.main(arguments, prog_name="ansim", standalone_mode=False))
        _flush()
    except UserError as user_error:
        code = user_error.exit_code
        _tell(user_error, "--json" in arguments)
    except click.exceptions.NoArgsIsHelpError as error:
        code = error.exit_code
        with contextlib.suppress(OSError):
            say(error.ctx.get_help(), err=True)
        _print_error(
            UserError(
                f"`{error.ctx.command_path}` needs a command: `{error.ctx.command_path} --help` lists them.",
                2,
            ),
            "--json" in arguments,
        )
    except click.ClickException as error:
        code = error.exit_code
        _show(error)
        _print_error(UserError(error.format_message(), 2, hint=_usage(error)), "--json" in arguments)
    except KeyboardInterrupt:
        code = INTERRUPTED
        _print_error(UserError("Interrupted.", code="interrupted"), "--json" in arguments)
    except BrokenPipeError:
        code = 1  # whoever reads has gone; there is nobody to tell
        _silence(sys.stdout)
    return code


def _complained(action: Callable[[], object]) -> int:
    """The exit code of an action; what it raises comes out as a UserError unless
    a person or click has to do with it.
    """
    try:
        found = action()
        return found if isinstance(found, int) else 0
    except click.Abort as error:
        if isinstance(error.__cause__, EOFError):
            raise UserError(
                "The input ended before the question was answered: "
                "run it in a terminal, or hand the answer in.",
                2,
            ) from error
        raise KeyboardInterrupt from error
    except (UserError, click.ClickException, BrokenPipeError):
        raise
    except OSError as error:
        raise _of_the_system(error) from error
    except Exception as error:
        if os.environ.get(_TRACEBACK):
            traceback.print_exc()
        if isinstance(error, ModuleNotFoundError) and error.name in EXTRAS:
            raise lacking(error.name) from error
        raise UserError(
            f"This is a fault of ansim itself ({_place(error)}): report it with the command that you gave; "
            f"{_TRACEBACK}=1 shows where.",
            code="internal",
        ) from error


def _of_the_system(error: OSError) -> UserError:
    """The sentence for what the operating system refused and nobody expected."""
    reason = error.strerror or str(error) or type(error).__name__
    if any(
        frame.filename.endswith(_PRINTERS)
        for frame in traceback.extract_tb(error.__traceback__)[-_PRINTING_FRAMES_MAX:]
    ):
        _silence(sys.stdout)
        return _no_output(error)
    if error.errno in NO_ROOM:
        where = f" for {error.filename}" if error.filename else ""
        return UserError(
            f"The disk is full ({reason}{where}): free some space, then run the command again.",
            code="disk_full",
        )
    what = error.filename or "What the command needs"
    return UserError(
        f"{what} cannot be used ({reason}): check that it is there and yours, then run the command again.",
        code="system",
    )


def _flush() -> None:
    """Writes what is left of the output,
    so that a full disk is told and not lost at the interpreter's end.
    """
    if sys.stdout is None:
        return
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        _silence(sys.stdout)
        raise _no_output(error) from error


def _no_output(error: OSError) -> UserError:
    cure = "free some space there" if error.errno in NO_ROOM else "send it elsewhere"
    return UserError(
        f"The output cannot be written ({error.strerror}): {cure}, then run the command again.", code="output"
    )


def _tell(user_error: UserError, as_json: bool) -> None:
    with contextlib.suppress(OSError):
        first, *others = map(shown, user_error.lines)
        say("\n".join((f"ansim: {first}", *(f"  {one}" for one in others))), err=True)
    _print_error(user_error, as_json)


def _print_error(user_error: UserError, as_json: bool) -> None:
    if as_json:
        with contextlib.suppress(OSError):
            say(json_line({"error": user_error.as_json()}))


def _show(error: click.ClickException) -> None:
    """As click shows it, but for the characters that the name of a file may hold."""
    context = getattr(error, "ctx", None)
    with contextlib.suppress(OSError):
        if context:
            say(f"{context.get_usage()}\nTry '{context.command_path} --help' for help.\n", err=True)
        say(f"Error: {shown(error.format_message())}", err=True)


def _usage(error: click.ClickException) -> str:
    context = getattr(error, "ctx", None)
    return f"`{context.command_path} --help` says how." if context else ""


def _place(error: BaseException) -> str:
    """Type and place of an error without its text, which may be somebody's."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "host_tools" in frame.filename]
    where = f" in {Path(frames[-1].filename).name}, line {frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{where}"


def _silence(stream: IO[str]) -> None:
    """Whatever is still to be written there goes nowhere:
    the interpreter flushes at its end, and would complain once more.
    """
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
