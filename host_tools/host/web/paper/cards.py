"""Cards for couriers and for residents: how a visit goes, in large print, a page a language.

Nothing that only some may know is on one: whoever stands beside her reads it, too.
"""

from host_tools.host.web.look.words import Words, languages
from host_tools.host.web.paper.sheet import Line, Sheet

STEPS = {"courier": 3, "resident": 3}
_NOTES = {"courier": ("back", "stuck", "receipt"), "resident": ("extra", "stuck", "code", "help")}
_ORDER = ("ko", "en")


def card(whose: str, help_number: str) -> list[Sheet]:
    """The pages of a card for one of STEPS; without a help number none is named."""
    return [_page(languages()[one], whose, help_number) for one in _ORDER]


def _page(t: Words, whose: str, help_number: str) -> Sheet:
    parts = [Line(t(f"card.{whose}.title"), 18, is_bold=True)]
    for step in range(1, STEPS[whose] + 1):
        parts.append(Line(f"{step}.  {t(f'card.{whose}.step_{step}')}", 10, gap=7))
    parts.append(Line("", 2))
    parts += [Line(t(f"card.{whose}.{note}"), 7.2, gap=4) for note in _NOTES[whose]]
    if help_number:
        parts.append(Line(f"{t('courier.help')}  {help_number}", 11, is_bold=True, gap=8))
    return Sheet(t.language, parts)
