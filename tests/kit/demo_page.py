"""A visitor of `ansim demo --web`, who does what its page says; the picture of that page in the README."""

import base64
import json
import os
import re
import signal
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page, expect

from tests.swift import Running

WIDTH = 1100  # of the picture, in px
PICTURE = Path(__file__).parents[2] / "docs" / "demo.png"
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_KEYWORD = b"ansim\0"  # of a tEXt chunk (PNG, 11.3.3.2)
_PATIENCE_S = 60
#: What the picture is about: each by its selector.
_SHOWN = ("#next", "#next-do", "#glass", "#keypad", "#doors", "#hands", ".phone", "#part-desk", "#bell")
_NEAR_PX = 40  # fonts differ from machine to machine
#: The 256 colours of an image that are in it most often, and for each of its pixels the nearest of them.
_FEWER_COLOURS = """async (png) => {
  const bytes = Uint8Array.from(atob(png), (one) => one.charCodeAt(0));
  const image = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
  const { width, height } = image;
  const drawing = new OffscreenCanvas(width, height).getContext("2d");
  drawing.drawImage(image, 0, 0);
  const { data } = drawing.getImageData(0, 0, width, height);
  const counts = new Map();
  const colours = new Uint32Array(width * height);
  for (let at = 0; at < colours.length; at += 1) {
    colours[at] = (data[4 * at] << 16) | (data[4 * at + 1] << 8) | data[4 * at + 2];
    counts.set(colours[at], (counts.get(colours[at]) ?? 0) + 1);
  }
  const parts = (one) => [one >> 16, (one >> 8) & 255, one & 255];
  const kept = [...counts].sort((a, b) => b[1] - a[1]).slice(0, 256).map(([one]) => one);
  const far = (one, other) => parts(one).reduce((sum, part, at) => sum + (part - parts(other)[at]) ** 2, 0);
  const nearest = new Map();
  for (const one of counts.keys()) {
    const nearer = (best, other, at) => (far(one, other) < far(one, kept[best]) ? at : best);
    nearest.set(one, kept.reduce(nearer, 0));
  }
  let text = "";
  for (const one of colours) text += String.fromCharCode(nearest.get(one));
  return [width, height, kept.flatMap(parts), btoa(text)];
}"""


class Demo:
    """A demonstration that runs, as a command of its own."""

    def __init__(self, folder: Path, *options: str) -> None:
        around = os.environ | {"TMPDIR": str(folder)}
        self.process = Running(["demo", "--web", "0", "--json", *options], around)
        line = self.process.stdout.readline()
        assert line, self.process.communicate(timeout=_PATIENCE_S)[1]
        self.address: str = json.loads(line)["address"]

    def interrupt(self) -> str:
        """Ctrl-C; what it says last."""
        self.process.send_signal(signal.SIGINT)
        said = self.process.communicate(timeout=_PATIENCE_S)[1]
        assert self.process.returncode == 0, said
        return said


@contextmanager
def demonstration(folder: Path, *options: str) -> Iterator[Demo]:
    """One that ends with the block, if it has not been ended before."""
    demo = Demo(folder, *options)
    try:
        yield demo
    finally:
        if demo.process.poll() is None:
            demo.interrupt()


class Visitor:
    """Somebody who only clicks."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def comes(self) -> None:
        """Opens the page, which is live."""
        self.page.goto("/")
        self.page.locator("body[data-live=yes]").wait_for(state="attached")

    def is_told(self, what: str) -> None:
        """Waits until the page says that this is next."""
        expect(self.page.locator("#next")).to_have_attribute("data-step", what)

    def does(self, what: str) -> None:
        """Waits for a step and presses its button."""
        self.is_told(what)
        self.page.click("#next-do")

    def types(self, keys: str) -> None:
        """Presses keys of the keypad, one after the other."""
        for key in keys:
            self.page.click(f"#key-{ {'*': 'star', '#': 'hash'}.get(key, key) }")

    def brings_a_parcel(self) -> None:
        """The courier's part, until her letter has come."""
        self.does("courier")
        self.does("ticket")
        self.is_told("size")
        self.page.click("#size-1")
        self.is_told("put")
        self.page.click(".bay.is-open, .bay.is-ajar")
        self.does("close")
        self.is_told("code")

    @property
    def letter(self) -> Locator:
        """Her newest letter."""
        return self.page.locator(".letter").first


def outline(page: Page) -> list[list[Any]]:
    """What the page says and where: selector, text without what chance decides, box."""
    found, whole = [], page.locator("main").bounding_box()
    assert whole
    for selector in _SHOWN:
        element = page.locator(selector)
        box = element.bounding_box()
        assert box, selector
        text = " ".join(re.sub(r"\w{12,}", "0", re.sub(r"\d+", "0", element.inner_text())).split())
        text = re.sub(r"http\S+|\b[A-Z]{3,4}\b", "", text)
        if selector == "#doors":  # chance decides which one has the parcel
            text = " ".join(sorted(text.split()))
        place = (box["x"] - whole["x"], box["y"] - whole["y"], box["width"], box["height"])
        found.append([selector, text, *map(round, place)])
    return found


def is_near(one: list[list[Any]], other: list[list[Any]]) -> list[str]:
    """In what two outlines differ."""
    differs = []
    for here, there in zip(one, other, strict=True):
        if here[:2] != there[:2]:
            differs.append(f"{here[0]}: {here[1]!r}, and not {there[1]!r}")
        elif any(abs(a - b) > _NEAR_PX for a, b in zip(here[2:], there[2:], strict=True)):
            differs.append(f"{here[0]}: at {here[2:]}, and not at {there[2:]}")
    return differs


def pictured(page: Page) -> bytes:
    """The page as PNG of 256 colours, with its outline in it."""
    shown = outline(page)
    drawn = page.locator("main").screenshot(animations="disabled", scale="css")
    blank = page.context.new_page()
    width, height, palette, pixels = blank.evaluate(_FEWER_COLOURS, base64.b64encode(drawn).decode())
    blank.close()
    rows = base64.b64decode(pixels)
    raw = b"".join(b"\0" + rows[at : at + width] for at in range(0, width * height, width))
    head = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    text = _KEYWORD + json.dumps(shown, ensure_ascii=True).encode()
    chunks = ((b"IHDR", head), (b"PLTE", bytes(palette)), (b"tEXt", text), (b"IDAT", zlib.compress(raw, 9)))
    return _SIGNATURE + b"".join(_chunk(*one) for one in (*chunks, (b"IEND", b"")))


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def outline_of(picture: bytes) -> list[list[Any]]:
    """What a picture says of what it shows."""
    at = picture.index(b"tEXt" + _KEYWORD)
    (length,) = struct.unpack(">I", picture[at - 4 : at])
    return json.loads(picture[at + 4 + len(_KEYWORD) : at + 4 + length])


def sees_for_a_picture(visitor: Visitor) -> None:
    """Brings the page to where the picture is of: a parcel waits, and her letter has come."""
    visitor.brings_a_parcel()
    expect(visitor.letter).to_contain_text("http")
    expect(visitor.page.locator(".bay.is-parcel")).to_have_count(1)
    expect(visitor.page.locator("#glass")).to_contain_text("Thank you")
    visitor.page.mouse.move(0, 0)
