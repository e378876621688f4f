"""The design language: every word in every language, every component readable in every look."""

import re
from pathlib import Path

import pytest
from jinja2 import Environment

from host_tools.host.web.app import Pages, app
from host_tools.host.web.look import assets, views, words
from tests.kit.browser import LANGUAGES, THEMES, browser, page_of, violations
from tests.kit.web_site import Served, raising

TEMPLATES = sorted(Path(views.__file__).parent.joinpath("templates").glob("**/*.html"))
CONTRAST_AAA = 7.0
#: What is read, and on which ground.
READ_ON = [
    *(
        (text, ground)
        for text in ("text", "text-soft", "accent")
        for ground in ("ground", "surface", "raised")
    ),
    *((f"{kind}", f"{kind}-soft") for kind in ("danger", "warning", "success", "info")),
    *(("text", f"{kind}-soft") for kind in ("danger", "warning", "success", "info")),
    ("on-accent", "accent"),
    ("on-danger", "danger-strong"),
]


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2)."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def values(*files: str) -> dict[str, str]:
    """The colours of a look; a later file counts more."""
    found: dict[str, str] = {}
    for name in files:
        text = assets.assets()[name].plain.decode().partition("@media")[0]
        found |= dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", text))
    return found


@pytest.mark.parametrize("theme", [(), ("dark.css",), ("contrast.css",)], ids=THEMES)
def test_whatever_is_read_has_the_contrast_that_weak_eyes_need(theme: tuple[str, ...]) -> None:
    colours = values("tokens.css", *theme)
    weak = {
        (text, ground): round(contrast(colours[text], colours[ground]), 2)
        for text, ground in READ_ON
        if contrast(colours[text], colours[ground]) < CONTRAST_AAA
    }
    assert not weak


def test_each_language_has_each_word_with_the_same_fields() -> None:
    english, *others = words.languages().values()
    for other in others:
        assert other.keys == english.keys, other.language
        assert {key: other.fields(key) for key in english.keys} == {
            key: english.fields(key) for key in english.keys
        }


def test_no_template_has_a_word_of_its_own_and_none_asks_for_one_that_is_not_there() -> None:
    keys = words.languages()["en"].keys
    for path in TEMPLATES:
        text = path.read_text()
        read = re.sub(r"\{% block \w+_(class|attributes) %\}.*?\{% endblock %\}", "", text)
        plain = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", " ", read, flags=re.S)
        said = " ".join(re.findall(r">([^<]*)<", f">{plain}<"))
        assert not re.search(r"[^\W\d_]{2,}", re.sub(r"&[a-z]+;", "", said)), (path.name, said.split())
        whole = set(re.findall(r"""\bt\(["']([a-z_.]+)["']\s*[,)]""", text))
        assert whole <= keys, (path.name, whole - keys)
        for begun in re.findall(r"""\bt\(["']([a-z_.]+)["']\s*~""", text):
            assert any(key.startswith(begun) for key in keys), (path.name, begun)
        Environment(autoescape=True).parse(text)


def test_whatever_goes_into_a_page_is_escaped_and_a_browser_is_sent_nowhere_else() -> None:
    reader = views.Reader(words.words_of("ko"), "auto", '/"><script>')
    assert "<script>" not in views.rendered(reader, "gallery.html")
    for elsewhere in ("//evil.example", "https://evil.example", "/\\evil.example", "\\\\evil", "x", "/a\nb"):
        assert views.local_path(elsewhere) == "/"
    assert views.local_path("/console?x=1") == "/console?x=1"


def test_every_component_is_for_everybody_in_every_look_and_language(tmp_path: Path) -> None:
    pages = Pages(tmp_path, "none")
    with Served(app(pages, (), raising)) as served, browser() as chromium:
        base = str(served.client.base_url)
        for theme in THEMES:
            for language in LANGUAGES:
                with page_of(chromium, base, theme=theme, language=language, width=320) as page:
                    page.goto("/design")
                    assert violations(page) == []
                    assert page.evaluate("document.documentElement.scrollWidth") <= 320, "nothing runs out"
        with page_of(chromium, base) as page:
            page.goto("/design")
            page.get_by_role("button", name="한국어").click()
            page.locator("html[lang=ko]").wait_for(state="attached")
            assert page.url.endswith("/design")
            page.get_by_role("button", name="어둡게").click()
            page.locator("html[data-theme=dark]").wait_for(state="attached")
            assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(19, 20, 22)"
    pages.close()
