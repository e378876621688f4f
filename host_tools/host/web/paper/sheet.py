"""A page of A4 as what stands on it from top to bottom, and how it becomes a PDF or an SVG.

Lengths are in mm, sizes of letters too. Black on white: it hangs in the rain and is copied.
"""

import logging
from collections.abc import Sequence
from html import escape
from typing import NamedTuple

from host_tools.host.web.paper.fonts import family

WIDTH, HEIGHT, MARGIN = 210.0, 297.0, 18.0
_POINT = 25.4 / 72
_LEADING = 1.35
_QUIET = 4  # modules around a QR code (ISO/IEC 18004)


class Line(NamedTuple):
    """Words; a line that is too long goes on below."""

    words: str
    size: float
    is_bold: bool = False
    gap: float = 0.0  # before it


class Square(NamedTuple):
    """A QR code for a phone, with its quiet zone."""

    content: str
    side: float


class Sheet(NamedTuple):
    """A page in a language; `is_centred` for a sign, else everything begins at the left."""

    language: str
    parts: Sequence[Line | Square]
    is_centred: bool = False


def pdf(title: str, sheets: Sequence[Sheet]) -> bytes:
    """The sheets as a PDF with its letters in it. Raises UserError where no font is there."""
    from fpdf import FPDF  # pyright: ignore[reportMissingImports] - long to import, and who prints has it

    logging.getLogger("fontTools").setLevel(logging.ERROR)  # what it leaves out of a font, nobody misses
    fonts = family()
    made = FPDF(format="A4")
    made.set_title(title)
    made.set_margins(MARGIN, MARGIN)
    made.set_auto_page_break(True, MARGIN)  # nothing is lost, however long a site's name is
    made.add_font("sheet", "", fonts.regular)
    made.add_font("sheet", "B", fonts.bold)
    for sheet in sheets:
        made.add_page()
        for part in sheet.parts:
            if isinstance(part, Square):
                left = (WIDTH - part.side) / 2 if sheet.is_centred else MARGIN
                for x, y, width, height in _modules(part):
                    made.rect(left + x, made.get_y() + y, width, height, style="F")
                made.set_y(made.get_y() + part.side)
            else:
                made.set_y(made.get_y() + part.gap)
                made.set_font("sheet", "B" if part.is_bold else "", round(part.size / _POINT))
                align = "C" if sheet.is_centred else "L"
                made.multi_cell(
                    0, part.size * _LEADING, part.words, align=align, new_x="LMARGIN", new_y="NEXT"
                )
    return bytes(made.output())


def svg(sheet: Sheet) -> str:
    """One centred sheet as an SVG; its letters are of whoever prints it."""
    y, drawn = MARGIN, []
    for part in sheet.parts:
        if isinstance(part, Square):
            left = (WIDTH - part.side) / 2
            path = "".join(
                f"M{left + x:.3f} {y + top:.3f}h{w:.3f}v{h:.3f}h-{w:.3f}z" for x, top, w, h in _modules(part)
            )
            drawn.append(f'<path d="{path}"/>')
            y += part.side
        else:
            y += part.gap + part.size * _LEADING
            weight = "bold" if part.is_bold else "normal"
            drawn.append(
                f'<text x="{WIDTH / 2:g}" y="{y - part.size * 0.35:.2f}" font-size="{part.size:g}" '
                f'font-weight="{weight}">{escape(part.words)}</text>'
            )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH:g}mm" height="{HEIGHT:g}mm" '
        f'viewBox="0 0 {WIDTH:g} {HEIGHT:g}" xml:lang="{sheet.language}" text-anchor="middle" '
        'font-family="Pretendard GOV, Noto Sans KR, Apple SD Gothic Neo, Malgun Gothic, NanumGothic">'
        f'<rect width="{WIDTH:g}" height="{HEIGHT:g}" fill="#fff"/>{"".join(drawn)}</svg>\n'
    )


def _modules(square: Square) -> list[tuple[float, float, float, float]]:
    """The black runs of a code: left, top, width and height within it."""
    from segno import make

    rows = [bytes(row) for row in make(square.content, error="q", micro=False).matrix]
    module = square.side / (len(rows) + 2 * _QUIET)
    found = []
    for row, line in enumerate(rows):
        begin = 0
        while (begin := line.find(1, begin)) >= 0:
            end = line.find(0, begin)
            end = len(line) if end < 0 else end
            left, top = (begin + _QUIET) * module, (row + _QUIET) * module
            found.append((left, top, (end - begin) * module, module))
            begin = end
    return found
