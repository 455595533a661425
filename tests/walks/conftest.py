"""The product on each broker, with and without the simulated partners; one a module."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import BrowserType, expect, sync_playwright

from tests.walks import browsing, running
from tests.walks.browsing import Open, Window
from tests.walks.running import BROKERS, RABBITMQ, Product

PATIENCE_MS = 15_000


@pytest.fixture(scope="module", params=BROKERS)
def broker_url(request: pytest.FixtureRequest) -> str:
    """What BROKER_URL is; empty for the embedded broker."""
    url: str = request.getfixturevalue("rabbitmq") if request.param == RABBITMQ else ""
    return url


@pytest.fixture(scope="module")
def product(broker_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """The whole product; its partners are people and machines of the walk."""
    with running.running(tmp_path_factory.mktemp("run") / "var", broker_url) as product:
        yield product


@pytest.fixture(scope="module")
def lively(broker_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """The same with simulated partners at work beside the walk's own."""
    data = tmp_path_factory.mktemp("lively") / "var"
    with running.running(data, broker_url, simulator=True) as product:
        yield product


@pytest.fixture(scope="module")
def chromium() -> Iterator[BrowserType]:
    """Playwright's hand on Debian's browser."""
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        yield playwright.chromium


@pytest.fixture
def opened(chromium: BrowserType, product: Product) -> Iterator[Open]:
    """Opens windows; at the end none of them may have complained of anything."""
    browser = browsing.open_chromium(chromium)
    windows: list[Window] = []

    def open_one(login: str, size: Any, by: Any = browser) -> Window:
        windows.append(Window(by, product, login, size))
        return windows[-1].sign_in()

    yield open_one
    complaints = [each for window in windows for each in window.complaints]
    browser.close()
    assert complaints == []
