"""Tables of residents as files: whatever a spreadsheet writes is read, and what is written is text to it.

Read are UTF-8 with or without a byte order mark, UTF-16, and code page 949, which Korean spreadsheets write;
commas, semicolons or tabs; quotes; columns in any order under English or Korean headings.
"""

import codecs
import csv
import io
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from host_tools.errors import UserError

ROWS_MAX = 200_000
BYTES_MAX = 64 << 20
CONTACTS_MAX = 3
_SEPARATORS = ",;\t"
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")  # .xlsx and .ods, .xls
#: A cell that begins so is a formula to a spreadsheet, which may run programs with it.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_TEXT = "'"

#: Column: its headings, in any case, with or without blanks.
HEADINGS = {
    "name": ("name", "resident", "이름", "성명", "입주자"),
    "unit": ("unit", "flat", "호수", "동호수", "호"),
    "contact": ("contact", "contact1", "연락처", "연락처1", "전화", "전화번호", "휴대폰", "이메일", "email"),
    "contact2": ("contact2", "연락처2", "비상연락처"),
    "contact3": ("contact3", "연락처3"),
    "language": ("language", "언어"),
    "low_doors": ("lowdoors", "low_doors", "낮은칸", "낮은문"),
    "code_left_out": ("codeleftout", "code_left_out", "코드생략", "번호생략"),
}
YES, NO = "yes", ""
_MARKS_OF = {
    True: ("yes", "y", "true", "1", "예", "네", "○"),
    False: ("", "no", "n", "false", "0", "아니오", "아니요"),
}
_OF = {heading: column for column, headings in HEADINGS.items() for heading in headings}


class Line(NamedTuple):
    """One row of a file: where it begins, counted as a spreadsheet does, and its cells by column."""

    number: int
    cells: dict[str, str]


class Fault(NamedTuple):
    """What is wrong in a row. It says nothing of what is in it."""

    number: int
    words: str


def read(path: Path, raw: bytes | None = None) -> tuple[list[Line], list[Fault]]:
    """The rows of a file, or of what was sent in under its name, and those that are none.

    Raises UserError for a file that is no such table.
    """
    try:
        if raw is None and path.stat().st_size > BYTES_MAX:
            raise UserError(f"{path} has more than {BYTES_MAX >> 20} MB: split it.", 2)
        text = _decoded(path, path.read_bytes() if raw is None else raw)
    except OSError as error:
        raise UserError(
            f"{path} cannot be read ({error.strerror}): check that it is there and yours."
        ) from error
    rows = _rows(path, text)
    _, heading = next(rows, (0, []))
    columns = _columns(path, heading)
    lines: list[Line] = []
    faults: list[Fault] = []
    for number, cells in rows:
        if len(lines) + len(faults) >= ROWS_MAX:
            raise UserError(f"{path} has more than {ROWS_MAX:,} rows: split it.", 2)
        if len(cells) > len(columns) and any(cells[len(columns) :]):
            faults.append(Fault(number, "it has more cells than there are columns"))
        elif any(cells):
            lines.append(
                Line(number, {name: _text(cell) for name, cell in zip(columns, cells, strict=False)})
            )
    return lines, faults


def _decoded(path: Path, raw: bytes) -> str:
    if raw.startswith(_WORKBOOKS):
        raise UserError(f"{path} is a workbook: save it as CSV.", 2)
    for mark, name in _MARKS:
        if raw.startswith(mark):
            return _tried(path, raw, (name,))
    if b"\x00" in raw[:64]:  # without a mark: of what is Latin each second byte is zero
        return _tried(path, raw, ("utf-16-be",) if raw[:1] == b"\x00" else ("utf-16-le",))
    return _tried(path, raw, ("utf-8", "cp949"))


def _tried(path: Path, raw: bytes, names: Sequence[str]) -> str:
    for name in names:
        try:
            text = raw.decode(name)
            if "\0" not in text:
                return text
            break
        except UnicodeDecodeError:
            continue
    raise UserError(f"{path} is no text that can be read: save it as CSV in UTF-8.", 2)


def _rows(path: Path, text: str) -> Iterator[tuple[int, list[str]]]:
    first = text.partition("\n")[0]
    separator = max(_SEPARATORS, key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    number = 0
    try:
        for row in reader:
            number += 1
            yield number, [cell.strip() for cell in row]
    except csv.Error as error:
        raise UserError(
            f"{path} is no CSV from row {number + 1} on ({error}): check the quotes there.", 2
        ) from error


def _columns(path: Path, heading: Sequence[str]) -> list[str]:
    plain = ["".join(unicodedata.normalize("NFKC", name).casefold().split()) for name in heading]
    while plain and not plain[-1]:
        plain.pop()
    known = (
        "name, unit, contact, contact 2, contact 3, language, low doors, code left out, "
        "or 이름, 호수, 연락처, 연락처 2, 연락처 3, 언어, 낮은 칸, 번호 생략"
    )
    found = [_OF.get(name, "") for name in plain]
    if "name" not in found or "" in found:
        raise UserError(f"{path} needs a first row with its columns, and no others than {known}.", 2)
    twice = sorted({name for name in found if found.count(name) > 1})
    if twice:
        raise UserError(f"{path} has two columns for {twice[0]}: take one of them out.", 2)
    return found


def _text(cell: str) -> str:
    """What a cell says: `as_text` taken back."""
    return cell[1:] if cell.startswith(_TEXT) and cell.lstrip(_TEXT).startswith(_FORMULA) else cell


def is_marked(heading: str, cell: str) -> bool:
    """Whether a cell says yes; an empty one says no. Raises UserError for what is neither."""
    word = unicodedata.normalize("NFKC", cell).casefold()
    for is_so, words in _MARKS_OF.items():
        if word in words:
            return is_so
    raise UserError(f"{heading} is yes, no or empty.", 2)


def as_text(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return _TEXT + cell if cell.lstrip(_TEXT).startswith(_FORMULA) else cell


def written(rows: Iterable[Sequence[str]]) -> bytes:
    """A file of rows as HEADINGS names their cells, in UTF-8 with a mark, as spreadsheets read it."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(HEADINGS)
    writer.writerows([as_text(cell) for cell in row] for row in rows)
    return codecs.BOM_UTF8 + out.getvalue().encode()
