"""Each page as it is in alarm, in error and after an act, in every look and language: for everybody."""

from pathlib import Path
from typing import NamedTuple

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.kit.browser import LANGUAGES, PATIENCE_MS, THEMES, browser, violations
from tests.kit.letter_site import DOOR
from tests.kit.whole_site import PLACE, WholeSite, whole

NARROW = 320
_SENDS = """([path, fields]) => {
  const form = document.createElement("form");
  form.method = "post";
  form.action = path;
  for (const [name, value] of Object.entries(fields)) {
    const field = document.createElement("input");
    field.name = name;
    field.value = value;
    form.append(field);
  }
  document.body.append(form);
  form.submit();
}"""


class State(NamedTuple):
    """A page in some state: what is sent to a path, nothing for a page that is only looked at; its answer."""

    path: str
    status: int = 200
    form: dict[str, str] | None = None


def states(site: WholeSite) -> list[State]:
    form, her, courier = {"form": site.session.form_token}, f"/p/{site.token}", f"/c/{site.code}"
    door = f"/console/sites/{PLACE}/1/{DOOR}"
    looked = (
        "/console",
        "/console/alive",
        f"/console/sites/{PLACE}",
        door,
        "/design",
        her,
        "/today",
        courier,
    )
    return [
        *(State(path) for path in (*looked, f"/start/{site.start}", "/sign-in", "/console/residents/1")),
        State("/console/sites/none", 404),
        State("/console/sites/none/1/1", 404),
        State("/none", 404),
        State("/p/" + "A" * 24, 404),
        State("/console/cases/1/take", 403, {"form": "forged"}),
        State("/console/cases/1/take", 200, form),
        State(f"{door}/reissue", 200, form),
        State(f"{door}/assign", 409, form | {"sure": "yes", "reason": "caller"}),
        State("/console/residents/add/enter", 400, form | {"name": "", "contact": "?"}),
        State("/console/residents/1/erase", 409, form | {"reason": "moved", "code": "000000"}),
        State("/console/residents/import/enter", 400, form | {"name": "x.csv", "rows": "AAAA"}),
        State("/sign-in", 403, {"name": "Han", "password": "x" * 12, "code": "000000"}),
        State(f"/start/{site.start}", 400, {"password": "x", "again": "y", "code": "1"}),
        *(State(her, 200, {"act": act}) for act in ("code", "new", "stuck", "not mine", "afraid")),
        *(State(f"{courier}/{form}", 400, {"ticket": "12"}) for form in ("ticket", "receipt")),
        State(f"{courier}/stuck", 400, {"door": "99"}),
        State(f"{courier}/stuck", 200, {"door": str(DOOR), "cabinet": "1"}),
    ]


def shown(page: Page, state: State) -> None:
    """Opens a page in its state."""
    if state.form is None:
        answer = page.goto(state.path)
    else:
        page.goto("/today")
        with page.expect_navigation() as going:
            page.evaluate(_SENDS, [state.path, state.form])
        answer = going.value
    assert answer is not None
    assert answer.status == state.status, state


def context_of(chromium: Browser, base: str, site: WholeSite, theme: str, language: str) -> BrowserContext:
    """Han's browser, which has said why he looks."""
    size = {"width": NARROW, "height": 900}
    context = chromium.new_context(base_url=base, viewport=size, locale=language)  # type: ignore[arg-type]
    context.set_default_timeout(PATIENCE_MS)
    chosen = {"theme": theme, "language": language, "session": site.session.token}
    context.add_cookies([{"name": name, "value": value, "url": base} for name, value in chosen.items()])
    said = {"form": site.session.form_token, "reason": "duty", "back": "/console"}
    assert context.request.post("/console/why", form=said).ok
    return context


@pytest.mark.soak
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("theme", THEMES)
def test_a_page_in_alarm_or_in_error_keeps_nobody_out(tmp_path: Path, theme: str, language: str) -> None:
    with whole(tmp_path) as (site, served), browser() as chromium:
        context = context_of(chromium, str(served.client.base_url), site, theme, language)
        page = context.new_page()
        for state in states(site):
            shown(page, state)
            assert violations(page) == [], state
            assert page.evaluate("document.documentElement.scrollWidth") <= NARROW, state
        context.close()
