"""Debian's Chromium, as people have it, without a screen; axe-core looks for what keeps people out."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, expect, sync_playwright

AXE = Path(__file__).parents[2] / ".venv/axe/node_modules/axe-core/axe.min.js"
PATIENCE_MS = 60_000  # for what must come, on a machine with other work; it comes sooner
expect.set_options(timeout=PATIENCE_MS)
THEMES = ("light", "dark", "contrast")
LANGUAGES = ("en", "ko")


@contextmanager
def browser() -> Iterator[Browser]:
    """One process of it."""
    found = shutil.which("chromium")
    assert found, "`make test` installs Debian's chromium"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@contextmanager
def page_of(
    chromium: Browser,
    base: str,
    *,
    theme: str = "light",
    language: str = "en",
    width: int = 1280,
    **more: Any,
) -> Iterator[Page]:
    """A page of a fresh browser profile that has chosen a look; what its console says of errors, and what the
    page has broken of its own policy, fails the test.
    """
    context = chromium.new_context(
        base_url=base, viewport={"width": width, "height": 900}, locale=language, **more
    )
    for name, value in (("theme", theme), ("language", language)):
        context.add_cookies([{"name": name, "value": value, "url": base}])
    said: list[str] = []
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    yield page
    context.close()
    assert not said, said


def violations(page: Page) -> list[str]:
    """What axe-core finds wrong with a page as it is shown, no rule left out: rule, and the elements."""
    found = page.evaluate(f"() => {{ {AXE.read_text()}; return axe.run({{ resultTypes: ['violations'] }}) }}")
    return [
        f"{one['id']}: {', '.join(' '.join(map(str, node['target'])) for node in one['nodes'][:3])}"
        for one in found["violations"]
    ]
