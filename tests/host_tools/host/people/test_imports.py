"""A table of residents: whatever a spreadsheet writes is read, all are entered or nobody, and each wrong row
is told.
"""

import codecs
import time
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from host_tools.errors import UserError
from host_tools.host.accounts import audit
from host_tools.host.ledger.ledger import Ledger, open_ledger
from host_tools.host.people import imports, residents, table_file
from host_tools.host.people.imports import FaultyFileError, Imported, import_residents

AT_MS = 1_700_000_000_000
SEOYEON = "김서연"
TABLE = f"name,unit,contact\n{SEOYEON},101,010-1234-5678\n이지은,102,jieun@example.org\n"


@pytest.fixture
def ledger(home: Path) -> Iterator[Ledger]:
    with open_ledger(home) as opened:
        yield opened


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "residents.csv"


def put(file: Path, content: str | bytes) -> Path:
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return file


def faults(ledger: Ledger, file: Path, content: str | bytes) -> list[tuple[int, str]]:
    with pytest.raises(FaultyFileError) as found:
        import_residents(ledger, put(file, content), AT_MS)
    assert residents.everyone(ledger) == [], "all or nobody"
    row = audit.listing(ledger)[-1]  # a refusal may tell who is there already
    assert (row.act, row.resident, row.text) == ("resident import", audit.EVERYBODY, audit.REFUSED)
    return [(one.number, one.words) for one in found.value.faults]


WRITTEN = {
    "UTF-8": TABLE.encode(),
    "UTF-8 with a mark": codecs.BOM_UTF8 + TABLE.encode(),
    "UTF-16": TABLE.encode("utf-16"),
    "UTF-16 big endian": codecs.BOM_UTF16_BE + TABLE.encode("utf-16-be"),
    "UTF-16 without a mark": TABLE.encode("utf-16-le"),
    "code page 949": TABLE.encode("cp949"),
    "semicolons": TABLE.replace(",", ";").encode(),
    "tabs": TABLE.replace(",", "\t").encode(),
    "quotes": f'"name","unit","contact"\n"{SEOYEON}","101","010-1234-5678"\n'.encode(),
    "Korean headings": TABLE.replace("name,unit,contact", "이름,호수,연락처").encode(),
    "another order": f"Contact 2, UNIT ,연락처,Name\n,101,010-1234-5678,{SEOYEON}\n".encode(),
    "decomposed": unicodedata.normalize(
        "NFD", TABLE.replace("name,unit,contact", "이름,호수,연락처")
    ).encode(),
    "line ends and empty lines": TABLE.replace("\n", "\r\n\r\n,,\r\n").encode(),
    "no last line end": TABLE.rstrip("\n").encode(),
}


@pytest.mark.parametrize("written", WRITTEN)
def test_whatever_a_spreadsheet_writes_is_read(tmp_path: Path, file: Path, written: str) -> None:
    with open_ledger(tmp_path / "data") as ledger:
        import_residents(ledger, put(file, WRITTEN[written]), AT_MS)
        first = residents.everyone(ledger)[0]
        assert (first.name, first.unit, first.contact) == (SEOYEON, "101", "01012345678")


def test_the_same_file_again_enters_nobody(ledger: Ledger, file: Path) -> None:
    put(file, TABLE)
    assert import_residents(ledger, file, AT_MS, dry_run=True) == Imported(2, 0, 0)
    assert residents.everyone(ledger) == []
    assert import_residents(ledger, file, AT_MS) == Imported(2, 0, 0)
    assert import_residents(ledger, file, AT_MS) == Imported(0, 2, 0)
    put(file, TABLE.replace("jieun@", "another@") + "박,103,\n")
    assert import_residents(ledger, file, AT_MS) == Imported(1, 2, 1)
    assert [one.contact for one in residents.everyone(ledger) if one.unit == "102"] == ["jieun@example.org"]


def test_each_wrong_row_is_told_by_its_number_and_nobody_is_entered(ledger: Ledger, file: Path) -> None:
    rows = [
        "name,unit,contact",
        "Kim,101,kim@example.org",
        ",102,",
        "Lee,103,nowhere",
        "Kim,101,other@example.org",
        "Choi,104,,,too many",
        "Han\u202e,105,",
        "kim,106,",
    ]
    found = faults(ledger, file, "\n".join(rows))
    assert [number for number, _ in found] == [3, 4, 5, 6, 7, 8]
    words = dict(found)
    assert "row 2" in words[5]
    assert "row 2" in words[8]
    assert "--alike" in words[8]
    for secret in ("Kim", "Lee", "example.org", "nowhere"):
        assert not [words for _, words in found if secret in words.replace("seo-yeon@example.org", "")]


def test_a_number_whose_zero_a_spreadsheet_took_is_told_with_its_column(ledger: Ledger, file: Path) -> None:
    found = dict(faults(ledger, file, "name,contact,contact 2\nKim,1012345678,\nLee,,nowhere\n"))
    assert found[2].startswith("contact: the leading zero is lost")
    assert found[3].startswith("contact 2: A contact is")


@pytest.mark.parametrize(
    "content", [b"PK\x03\x04" + bytes(60), b"\xd0\xcf\x11\xe0", b"name\n" + b"K" * 99 + b"\0\n"]
)
def test_a_workbook_is_to_be_saved_as_csv(ledger: Ledger, file: Path, content: bytes) -> None:
    with pytest.raises(UserError, match="save it as CSV"):
        import_residents(ledger, put(file, content), AT_MS)


def test_the_first_twenty_faults_are_shown_and_the_others_counted(ledger: Ledger, file: Path) -> None:
    put(file, "name\n" + "".join(f"x{number}\u202e\n" for number in range(50)))
    with pytest.raises(UserError) as found:
        import_residents(ledger, file, AT_MS)
    said = str(found.value)
    assert said.count("row ") == imports.FAULTS_SHOWN
    assert "50 rows of" in said
    assert "and 30 more" in said


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "needs a first row"),
        ("given,family\nA,B\n", "needs a first row"),
        ("unit,contact\n1,\n", "needs a first row"),
        ("name,unit,이름\nA,1,B\n", "two columns for name"),
        ('name,unit\n"Kim,101\n', "check the quotes"),
        (b"\xff\xfe\x00", "no text that can be read"),
        (b"name\n\xff\xff\xff\n", "no text that can be read"),
    ],
)
def test_a_file_that_is_no_such_table_gets_one_sentence(
    tmp_path: Path, file: Path, content: str | bytes, words: str
) -> None:
    with open_ledger(tmp_path / "data") as ledger, pytest.raises(UserError, match=words):
        import_residents(ledger, put(file, content), AT_MS)


def test_a_file_has_at_most_200_000_rows(tmp_path: Path, file: Path) -> None:
    put(file, "name\n" + "Kim\n" * (table_file.ROWS_MAX + 1))
    with open_ledger(tmp_path / "data") as ledger, pytest.raises(UserError, match="more than 200,000 rows"):
        import_residents(ledger, file, AT_MS)
    with pytest.raises(UserError, match="cannot be read"):
        table_file.read(tmp_path / "nothing.csv")


@pytest.mark.parametrize("name", ["=cmd|' /C calc'!A0", "+1", "-2+3", "@SUM(A1)", "'Kim"])
def test_what_looks_like_a_formula_is_a_name_and_leaves_as_text(
    tmp_path: Path, file: Path, name: str
) -> None:
    with open_ledger(tmp_path / "data") as ledger:
        import_residents(ledger, put(file, f'name\n"{name}"\n'), AT_MS)
        assert [one.name for one in residents.everyone(ledger)] == [name]
        put(file, table_file.written(residents.table(ledger)))
        cell = file.read_text("utf-8-sig").splitlines()[1].lstrip('"')
        assert not cell.startswith(("=", "+", "-", "@"))
        assert import_residents(ledger, file, AT_MS) == Imported(0, 1, 0)


cells = st.text(st.characters(blacklist_categories=("Cs", "Cc")), max_size=12)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(cells, cells, cells), max_size=8))
@example([("'@", "''=", "'Kim")])
def test_what_is_written_is_read_back_as_it_was(rows: list[tuple[str, str, str]]) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        file = put(Path(folder) / "table.csv", table_file.written([[*row, "", ""] for row in rows]))
        lines, wrong = table_file.read(file)
    assert not wrong
    kept = [tuple(cell.strip() for cell in row) for row in rows if any(cell.strip() for cell in row)]
    found = [(one.cells["name"], one.cells["unit"], one.cells["contact"]) for one in lines]
    assert [one for one in found if any(one)] == [one for one in kept if any(one)]


def test_a_building_of_residents_is_entered_within_two_seconds(ledger: Ledger, file: Path) -> None:
    put(
        file, "name,unit,contact\n" + "".join(f"김,{number},k{number}@example.org\n" for number in range(200))
    )
    begun = time.monotonic()
    assert import_residents(ledger, file, AT_MS).entered == 200
    assert time.monotonic() - begun < 2


def test_a_town_of_residents_of_one_name_is_compared_without_looking_at_each_for_each(
    tmp_path: Path, file: Path
) -> None:
    count = 20_000
    put(file, "name,unit,contact\n" + "".join(f"Kim,{number},01012{number:06d}\n" for number in range(count)))
    with open_ledger(tmp_path / "data") as ledger:
        begun = time.monotonic()
        assert import_residents(ledger, file, AT_MS).entered == count
        assert time.monotonic() - begun < 20
