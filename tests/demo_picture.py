"""Makes the picture of the README anew: `python -m tests.demo_picture`."""

import tempfile
from pathlib import Path

from tests.kit import demo_page
from tests.kit.browser import browser, page_of


def main() -> None:
    """Plays until her letter has come, and writes docs/demo.png."""
    with (
        tempfile.TemporaryDirectory(prefix="ansim-picture-") as folder,
        demo_page.demonstration(Path(folder)) as demo,
        browser() as chromium,
        page_of(chromium, demo.address, width=demo_page.WIDTH) as page,
    ):
        visitor = demo_page.Visitor(page)
        visitor.comes()
        demo_page.sees_for_a_picture(visitor)
        demo_page.PICTURE.write_bytes(demo_page.pictured(page))
        print(f"{demo_page.PICTURE}: {demo_page.PICTURE.stat().st_size} bytes")


if __name__ == "__main__":
    main()
