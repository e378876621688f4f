"""What is printed for a site: the sign whose code leads to the courier's page, and cards in large print."""

import re
import zlib
from collections.abc import Iterable
from pathlib import Path

import pytest
import zxingcpp
from click.testing import CliRunner
from PIL import Image, ImageDraw

from host_tools.cli import ansim
from host_tools.errors import UserError
from host_tools.host.couriers.codes import code_of
from host_tools.host.ledger import tables
from host_tools.host.ledger.ledger import open_ledger
from host_tools.host.web.paper import cards, fonts, sheet
from tests.kit.host_board import enrol

PX_PER_MM = 4


def read(boxes: Iterable[tuple[float, float, float, float]]) -> str:
    """What a phone reads of a page with these black boxes: left, top, width and height in mm."""
    page = Image.new("L", (round(sheet.WIDTH * PX_PER_MM), round(sheet.HEIGHT * PX_PER_MM)), 255)
    draw = ImageDraw.Draw(page)
    for left, top, width, height in boxes:
        edges = (left, top, left + width, top + height)
        x, y, right, bottom = (round(edge * PX_PER_MM) for edge in edges)
        draw.rectangle((x, y, right - 1, bottom - 1), fill=0)
    (found,) = zxingcpp.read_barcodes(page)
    return found.text


def printed(data: Path, *arguments: str) -> bytes:
    """What a command prints into the file that it names last."""
    ended = CliRunner().invoke(ansim, ["site", *arguments, "--site", "mapo-3", "--data", str(data)])
    assert ended.exit_code == 0, ended.output
    return Path(arguments[-1]).read_bytes()


def drawn(pdf: bytes) -> list[tuple[float, float, float, float]]:
    """The boxes of a PDF's first page, in mm from its upper left corner."""
    content = zlib.decompress(re.findall(rb"FlateDecode.*?stream\n(.*?)\nendstream", pdf, re.DOTALL)[0])
    found = re.findall(rb"([\d.]+) ([\d.]+) ([\d.]+) -([\d.]+) re f", content)
    boxes = [tuple(float(part) * 25.4 / 72 for part in box) for box in found]
    return [(left, sheet.HEIGHT - bottom, width, height) for left, bottom, width, height in boxes]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    with open_ledger(tmp_path / "data") as ledger:
        ledger.site("mapo-3")
        enrol(ledger)
        with ledger.writing() as connection:
            connection.execute(tables.site.update().values(help_number="02-123-4567"))
    return tmp_path / "data"


def test_a_phone_reads_from_the_sign_where_the_couriers_page_of_that_site_is(data: Path) -> None:
    name = ("qr", "--web-name", "Lockers.example.org", "--out")
    svg = printed(data, *name, str(data / "sign.svg")).decode()
    boxes = [tuple(map(float, box)) for box in re.findall(r"M([\d.]+) ([\d.]+)h([\d.]+)v([\d.]+)h", svg)]
    with open_ledger(data) as ledger, ledger.reading() as connection:
        code = code_of(connection.execute(tables.site.select()).one().site_id)
    assert read(boxes) == f"https://lockers.example.org/c/{code}"
    assert f"lockers.example.org/c/{code}" in svg, "and it can be typed"
    assert read(drawn(printed(data, *name, str(data / "sign.pdf")))) == read(boxes)


def test_a_card_has_a_page_a_language_in_large_print_and_names_whom_to_call(data: Path) -> None:
    for whose in cards.STEPS:
        pdf = printed(data, "card", "--for", whose, "--out", str(data / f"{whose}.pdf"))
        assert len(re.findall(rb"/Type /Page\n", pdf)) == 2, "nothing runs over"
        for page in cards.card(whose, "02-123-4567"):
            assert page.parts[-1].words.endswith("02-123-4567")
            assert all(line.size >= 7 for line in page.parts if line.words), "20 points and more"
    without = CliRunner().invoke(ansim, ["site", "card", "--site", "x", "--for", "courier", "--out", "x.txt"])
    assert (without.exit_code, "ends in .pdf" in without.output) == (2, True)


def test_where_no_font_has_hangul_a_sentence_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "NanumGothic.ttf").touch()
    with pytest.raises(UserError, match="apt install fonts-nanum"):
        fonts.family([tmp_path, tmp_path / "none"])
