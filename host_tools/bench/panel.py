"""What is not a door, at the bench: supply, serial link, keypad,
screen, beeper, lamp, bell and tamper loop.
"""

import random
from collections.abc import Callable, Iterator

from host_tools.bench import causes
from host_tools.bench.bench import Bench
from host_tools.bench.report import Phase

_SENSED_SHARE = 0.3  # of the lowest voltage: below it the wire is cut, above it the supply is weak
_FULL_SCALE_MV = 3050
_DIGITS = 4

Action = Callable[["Phase"], None]


class PanelTest:
    """The parts of a bench that stand in its board file once."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._board = bench.board
        self._keys_work = False

    def phases(self) -> Iterator[tuple[str, Action | None, str]]:
        """(name, what tries it or None, why it is not tried),
        in the order in which each can lean on what came before.
        """
        board, bench = self._board, self._bench
        if board.supply:
            yield "supply", self._supply, ""
        if board.link:
            yield "link", self._link, ""
        if bench.hands:
            yield "keypad", self._keypad, ""
        else:
            yield "keypad at rest", self._keypad_at_rest, ""
            bench.leave("keypad", "needs a hand")
        yield from self._screen_phase()
        if board.beeper is not None and self._asks("beeper", "an ear"):
            yield "beeper", self._beeper, ""
        if board.lamp is not None:
            yield from self._lamp_phase()
        yield from self._signals()

    def _signals(self) -> Iterator[tuple[str, Action | None, str]]:
        board, bench = self._board, self._bench
        for name, action, at_rest in (
            ("bell", self._bell, self._bell_at_rest),
            ("tamper", self._tamper, self._tamper_at_rest),
        ):
            pin = getattr(board, name)
            if pin is None:
                continue
            if isinstance(pin, tuple) and pin[0] in bench.silent:
                yield name, None, f"it hangs on the silent expander 0x{pin[0]:02x}"
            elif bench.hands:
                yield name, action, ""
            else:
                yield f"{name} at rest", at_rest, ""
                bench.leave(name, "needs a hand")

    def _screen_phase(self) -> Iterator[tuple[str, Action | None, str]]:
        screen = self._board.screen
        if screen and screen[0] in self._bench.silent:
            yield "screen", None, f"the screen at 0x{screen[0]:02x} is silent"
        elif screen and self._asks("screen", "an eye"):
            yield "screen", self._screen, ""

    def _lamp_phase(self) -> Iterator[tuple[str, Action | None, str]]:
        pins = [
            pin
            for pin in (self._board.lamp, self._board.lamp_sense)
            if isinstance(pin, tuple) and pin[0] in self._bench.silent
        ]
        if pins:
            yield "lamp", None, f"it hangs on the silent expander 0x{pins[0][0]:02x}"
        elif self._board.lamp_sense is not None or self._asks("lamp", "an eye"):
            yield "lamp", self._lamp, ""

    def _asks(self, part: str, what: str) -> bool:
        """Whether a person can be asked who answers on the keypad."""
        if self._bench.senses and self._keys_work:
            return True
        self._bench.leave(
            part,
            f"needs {what}" if not self._bench.senses else f"needs {what}, and the keypad for the answer",
        )
        return False

    def _supply(self, phase: Phase) -> None:
        bench = self._bench
        pin, lowest = self._board.supply
        mv = bench.call("analogue")[0]
        name = causes.pin_name(pin)
        if phase.measure("supply at rest, at the pin", mv, "mV", least=lowest, most=_FULL_SCALE_MV):
            return
        if mv < lowest * _SENSED_SHARE:
            phase.find(f"supply sense ({name})", "sees nothing", f"check the divider and its wire to {name}")
        elif mv > _FULL_SCALE_MV:
            phase.find(
                f"supply sense ({name})",
                "is at its end",
                f"check the divider's resistor from {name} to ground",
            )
        else:
            bench.weak = True
            phase.find(
                "supply",
                "is too weak",
                "check the mains, the power supply's rating, its cable and its terminals",
            )

    def _link(self, phase: Phase) -> None:
        bench = self._bench
        rx, tx, driven = bench.call("line")
        needed = bool(bench.settings.get("serial"))
        phase.measure("rx at rest", rx, "%")
        phase.measure("tx at rest", tx, "%")
        finding = causes.link_wrong(self._board.link, rx, tx, driven, needed)
        if finding:
            phase.findings.append(finding)
        elif rx <= 50:
            bench.leave(
                "link", "nothing is connected to it, and this cabinet reaches its host over the network"
            )

    def _keypad_at_rest(self, phase: Phase) -> None:
        if self._bench.hands:
            self._bench.say("Take your hands off the keypad.")
        down, grounded = self._bench.call("keys_down")
        phase.measure("keys that are down at rest", down, wanted="")
        phase.measure("columns on ground", grounded, wanted=[])
        phase.findings.extend(causes.keys_at_rest(self._board.keypad, down, grounded))

    def _keypad(self, phase: Phase) -> None:
        self._keypad_at_rest(phase)
        keypad = self._board.keypad
        self._bench.call("show", "Test: press each key")
        self._bench.say(f"Press each key once, row by row, in this order: {' '.join(keypad.keys)}")
        pressed = self._bench.call("press", keypad.keys, self._bench.patience_ms)
        for key in keypad.keys:
            phase.measure(f"key {key}", pressed.count(key), "times", least=1)
        stuck = {finding.part for finding in phase.findings}
        phase.findings.extend(one for one in causes.keys_wrong(keypad, pressed) if one.part not in stuck)
        self._keys_work = phase.passed

    def _screen(self, phase: Phase) -> None:
        bench = self._bench
        digits = "".join(random.sample("123456789", _DIGITS))
        bench.call("show", f"Test: type {digits}")
        bench.say("Type the digits that the screen shows, on the keypad.")
        typed = bench.call("answer", _DIGITS, bench.patience_ms)
        if not phase.measure("the digits on the screen", typed, wanted=digits):
            phase.find(
                "screen",
                "its digits were not typed",
                "turn the contrast trimmer on its back; then check its plug and replace it",
            )

    def _beeper(self, phase: Phase) -> None:
        bench = self._bench
        times = random.randint(2, 5)
        bench.say("Count the beeps, then press that number on the keypad; 0 for none.")
        bench.call("beep", times)
        if not phase.measure("beeps", bench.call("answer", 1, bench.patience_ms), wanted=str(times)):
            name = causes.pin_name(self._board.beeper)
            phase.find(
                f"beeper ({name})",
                "was not heard",
                f"check its wires to {name} and to ground, and its polarity",
            )

    def _lamp(self, phase: Phase) -> None:
        bench = self._bench
        name = causes.pin_name(self._board.lamp)
        on, off = bench.call("lamp", True), None
        if on is None:
            bench.say("Press 1 on the keypad if the lamp is lit, 0 if it is dark.")
            on = bench.call("answer", 1, bench.patience_ms) == "1"
        off = bench.call("lamp", False)
        if not phase.measure("lit when switched on", on, wanted=True):
            sense = (
                f"; if it is lit, check the sense wire at {causes.pin_name(self._board.lamp_sense)}"
                if off is not None
                else ""
            )
            phase.find(
                f"lamp ({name})",
                "draws no current" if off is not None else "is dark",
                f"check the lamp, its wires and its transistor{sense}",
            )
        if off is not None and not phase.measure("dark when switched off", not off, wanted=True):
            phase.find(
                f"lamp ({name})",
                "draws current though it is switched off",
                "check its transistor and the sense wire",
            )

    def _bell_at_rest(self, phase: Phase) -> None:
        name = causes.pin_name(self._board.bell)
        if not phase.measure("bell at rest", not self._bench.call("signals")[0], wanted=True):
            phase.find(
                f"bell ({name})",
                "is pressed though nobody presses it",
                f"free the button; then look for a short of {name} to ground",
            )

    def _tamper_at_rest(self, phase: Phase) -> None:
        name = causes.pin_name(self._board.tamper)
        if not phase.measure("loop whole", not self._bench.call("signals")[1], wanted=True):
            remedy = f"shut the cover; if it is shut, check the switches of the loop and its wire to {name}"
            phase.find(f"tamper loop ({name})", "is open", remedy)

    def _bell(self, phase: Phase) -> None:
        bench = self._bench
        name = causes.pin_name(self._board.bell)
        self._bell_at_rest(phase)
        if not phase.passed:
            return
        bench.call("show", "Test: press the bell")
        bench.say("Press the bell.")
        if not phase.measure("bell", bench.call("await_bell", bench.patience_ms), wanted=True):
            phase.find(f"bell ({name})", "is not heard", f"check the button and its wire to {name}")

    def _tamper(self, phase: Phase) -> None:
        bench = self._bench
        name = causes.pin_name(self._board.tamper)
        for text, opened in (("Shut", False), ("Open", True), ("Shut", False)):
            bench.say(f"{text} the cover over the cabinet's inside.")
            state = "open" if opened else "whole"
            if not phase.measure(
                f"loop {state}", bench.call("await_tamper", opened, bench.patience_ms), wanted=True
            ):
                fault = "never opens: it is bridged" if opened else "is open though the cover is shut"
                phase.find(
                    f"tamper loop ({name})", fault, f"check the switches of the loop and its wire to {name}"
                )
                return
