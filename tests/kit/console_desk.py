"""The console of a site in this process, whose time is the test's, and whoever is signed in there."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page

from host_tools.host.ledger.ledger import open_ledger
from host_tools.host.web.app import Pages, app
from host_tools.host.web.sessions import Session, Sessions
from tests.kit.browser import page_of
from tests.kit.cared_site import CaredSite
from tests.kit.web_site import Served, raising


def signed(data: Path, account: int, at_ms: int) -> Session:
    sessions = Sessions(data)
    session = sessions.begin(account, at_ms)
    sessions.close()
    return session


def cookie(session: Session) -> dict[str, str]:
    return {"Cookie": f"session={session.token}"}


@contextmanager
def desk_of(chromium: Browser, base: str, session: Session, **look: object) -> Iterator[Page]:
    """A browser in which somebody is signed in; that a host is away is no fault of the page."""
    with page_of(chromium, base, **look) as page:
        page.context.add_cookies([{"name": "session", "value": session.token, "url": base}])
        yield page


@contextmanager
def desk(data: Path, at_ms: list[int]) -> Iterator[tuple[CaredSite, Served]]:
    """A site whose time stands still, and its pages in this process."""
    with open_ledger(data) as ledger:
        site = CaredSite(ledger)
        at_ms.append(site.at_ms)
        pages = Pages(data, "none", clock=lambda: at_ms[-1], is_plain=True)
        with Served(app(pages, (), raising)) as served:
            yield site, served
        pages.close()
