"""`ansim wording`: the texts of letters, as they are and as a host has changed them."""

from pathlib import Path
from typing import Any

import click

from host_tools.cli._acting import open_ledger
from host_tools.cli._output import json_option, print_json, say
from host_tools.cli._tables import show as show_table
from host_tools.cli._tables import table
from host_tools.errors import UserError
from host_tools.host.ledger.data_folder import data_folder, data_option
from host_tools.host.ledger.database import now_ms
from host_tools.host.ledger.names import normal
from host_tools.host.notify import site_settings
from host_tools.host.notify.wording import preview as previewing
from host_tools.host.notify.wording.changed import FOLDER, texts_of
from host_tools.host.notify.wording.entries import RESIDENT, fields_of
from host_tools.host.notify.wording.export import as_toml, source_of
from host_tools.host.notify.wording.quiet import CAN_WAIT
from host_tools.host.notify.wording.texts import ENGLISH, Texts, built_in

_language = click.option("--language", default=ENGLISH, show_default=True, metavar="LANG", help="Such as ko.")
_site = click.option("--site", default="", metavar="NAME", help="With the texts that this site has changed.")


@click.group()
def command() -> None:
    """Look at the texts of letters; check those that were changed.

    A changed text stands in `wording/LANG.toml` of the data folder, for one site in `wording/SITE/LANG.toml`;
    such a file holds only the entries that differ. docs/operations.md says what may be in it.

    \b
    Example: ansim wording check
    """


@command.command()
@data_option
@json_option
def check(data: Path | None, as_json: bool) -> None:
    """Check all changed texts: every mistake at once. An entry with a mistake is not used, the text that
    comes with Ansim goes out in its place. Ends with 1 where there is a mistake.

    \b
    Example: ansim wording check
    """
    folder = data_folder(data)
    texts = texts_of(folder)
    if as_json:
        print_json({"good": not texts.faults, "problems": [one._asdict() for one in texts.faults]})
    else:
        for fault in texts.faults:
            say(f"{fault.file}: {fault.entry + ': ' if fault.entry else ''}{fault.sentence}.")
        for line in _lengths(texts):
            say(line)
        if not texts.faults:
            count = sum(len(entries) for entries in texts.changed.values())
            say(
                f"{count} changed texts can be used."
                if count
                else f"Nothing is changed in {folder / FOLDER}."
            )
    if texts.faults:
        raise SystemExit(1)


def _lengths(texts: Texts) -> list[str]:
    """What each changed letter comes to where it goes out as SMS."""
    lines = []
    for (site, language), changed in sorted(texts.changed.items()):
        for section, kind in dict.fromkeys((key[0], key[1]) for key in changed if len(key) > 2):
            for one in previewing.previews(f"{section}.{kind}", language, site, now_ms(), texts):
                where = f"{site}, {language}" if site else language
                lines.append(f"{where}: {section}.{kind}.{one.part}: {_as_sms(one.sms)}.")
    return lines


def _as_sms(sms: previewing.Sms) -> str:
    if sms.parts == 1:
        return f"{sms.characters} characters, 1 SMS of at most {sms.holds}"
    return f"{sms.characters} characters, {sms.parts} SMS in one (each of at most {sms.holds})"


@command.command("list")
@_language
@_site
@data_option
@json_option
def list_(language: str, site: str, data: Path | None, as_json: bool) -> None:
    """List the letters there are: to whom, whether quiet hours hold it up, where its text is from, its title.

    \b
    Example: ansim wording list --language ko
    """
    texts = _texts(data, language)
    book = texts.book(language, normal(site))
    rows = [
        {
            "to": section,
            "kind": kind,
            "can_wait": section == RESIDENT and CAN_WAIT.get(kind, False),
            "from": source_of(texts, language, normal(site), (section, kind, "text")),
            "title": previewing.title_of(book, section, kind),
        }
        for section, kind in previewing.kinds()
    ]
    if as_json:
        print_json(rows)
        return
    headings = ("to", "kind", "can wait", "from", "title")
    cells = [[*(row | {"can_wait": "yes" if row["can_wait"] else ""}).values()] for row in rows]
    show_table(table(headings, cells))


@command.command()
@click.argument("kind")
@_language
@_site
@data_option
@json_option
def show(kind: str, language: str, site: str, data: Path | None, as_json: bool) -> None:
    """Show the text of a letter, where it is from, and the fields that may stand in it.

    KIND is that of `ansim wording list`; `staff.forced` where there is one to several.

    \b
    Example: ansim wording show deposited --language ko
    """
    texts = _texts(data, language)
    rows: list[dict[str, Any]] = []
    for section, name in _kinds(kind):
        for key in built_in()[ENGLISH]:
            if key[:2] == (section, name):
                fields = fields_of(key)
                rows.append(
                    {
                        "entry": ".".join(key),
                        "from": source_of(texts, language, normal(site), key),
                        "text": str(texts.book(language, normal(site)).template(*key)),
                        "fields": sorted(fields.filled),
                        "in_brackets": sorted(fields.optional),
                    }
                )
    if as_json:
        print_json(rows)
        return
    for row in rows:
        say(f"{row['entry']} ({row['from']})\n  {row['text']}")
        for name, words in (("fields", "fields"), ("in_brackets", "fields, in brackets only")):
            if row[name]:
                say(f"  {words}: {' '.join(f'{{{field}}}' for field in row[name])}")


@command.command()
@click.argument("kind", required=False, default="")
@click.option("--language", metavar="LANG", help="Such as ko.  [default: that of the site, else en]")
@_site
@data_option
@json_option
def preview(kind: str, language: str | None, site: str, data: Path | None, as_json: bool) -> None:
    """Show letters as people get them, with made-up values: all, or those of KIND. No code in them is real.

    \b
    Example: ansim wording preview deposited --language ko --site mapo-3
    """
    of_site, zone = _settings(data, normal(site)) if site else ("", "")
    language = language or of_site or ENGLISH
    texts = _texts(data, language)
    if kind:
        _kinds(kind)
    found = list(previewing.previews(kind, language, normal(site), now_ms(), texts, zone))
    if as_json:
        print_json(
            [
                {
                    "to": one.section,
                    "kind": one.kind,
                    "part": one.part,
                    "title": one.letter.title,
                    "text": one.letter.text,
                    "characters": one.sms.characters,
                    "sms_holds": one.sms.holds,
                    "sms_parts": one.sms.parts,
                    "made_up": True,
                }
                for one in found
            ]
        )
        return
    say("All values are made up: no code in this opens a door.")
    for one in found:
        part = "" if one.part == "text" else ", code left out"
        say(f"\n{one.section}.{one.kind}{part} ({_as_sms(one.sms)})\n{one.letter.title}\n{one.letter.text}")


@command.command()
@click.argument("kind")
@_language
@_site
@data_option
@json_option
def export(kind: str, language: str, site: str, data: Path | None, as_json: bool) -> None:
    """Print the entry of a letter as it stands in a file: the start for a text of one's own.

    \b
    Example: ansim wording export deposited --language ko >> DIR/wording/ko.toml
    """
    texts = _texts(data, language)
    toml = "\n".join(as_toml(texts.book(language, normal(site)), *one) for one in _kinds(kind))
    if as_json:
        print_json({"language": language, "toml": toml})
    else:
        say(toml.rstrip("\n"))


def _settings(data: Path | None, site: str) -> tuple[str, str]:
    """The language and the zone of a site. Raises UserError where there is none of that name."""
    with open_ledger(data, create=False) as ledger:
        for one in site_settings.everywhere(ledger):
            if one.site == site:
                return one.language, one.zone
    raise UserError("There is no site of that name: `ansim site list` shows them.", 2)


def _texts(data: Path | None, language: str) -> Texts:
    texts = texts_of(data_folder(data))
    if language not in texts.languages:
        known = ", ".join(texts.languages)
        raise UserError(f"There are no texts in that language: choose one of {known}.", 2)
    return texts


def _kinds(name: str) -> list[tuple[str, str]]:
    found = previewing.kinds(name)
    if not found or not name:
        raise UserError("There is no letter of that kind: `ansim wording list` shows them.", 2)
    return found
