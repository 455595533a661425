"""A clerk without a mouse: from the queue to the completion, and on paper."""

import asyncio
from pathlib import Path

import pypdfium2
import pytest
from playwright.sync_api import sync_playwright

from tests.service.requests.ask import body
from tests.walks.browsing import DESK, Window, open_chromium
from tests.walks.running import Product, until

FOCUSED = "document.activeElement.dataset.test ?? document.activeElement.tagName"
OUTLINE = "getComputedStyle(document.activeElement).outlineStyle"
MOST_TABS = 80


@pytest.fixture(scope="module")
def broker_url() -> str:
    """The embedded one: no message has a part in this walk."""
    return ""


async def offered(product: Product) -> None:
    """An apartment is asked for and offered to the housing bureau of 济南."""
    async with product.town() as town:
        holder, bureau = await town.person("talent1"), await town.machine("housing")
        made = await holder.post("/v1/requests", body(region="370100"))
        assert made.status_code == 201, made.text

        async def there() -> bool | None:
            seen = await bureau.get(f"/v1/partner/requests/{made.json()['id']}")
            return True if seen.status_code == 200 else None

        await until(there)


def tab_to(window: Window, mark: str) -> None:
    """Go on with the tabulator; each place that it comes to shows that it is there."""
    for _ in range(MOST_TABS):
        window.page.keyboard.press("Tab")
        at = window.page.evaluate(FOCUSED)
        assert at == "BODY" or window.page.evaluate(OUTLINE) != "none", at
        if at == mark:
            return
    raise AssertionError(f"the keyboard never came to {mark}")


def enter(window: Window) -> None:
    with window.page.expect_navigation():
        window.page.keyboard.press("Enter")


def test_a_whole_request_by_keys_alone(product: Product, tmp_path: Path) -> None:
    asyncio.run(offered(product))
    with sync_playwright() as playwright:
        browser = open_chromium(playwright.chromium)
        window = Window(browser, product, "clerk-housing", DESK).sign_in()
        window.look()
        keys = window.page.keyboard
        tab_to(window, "take-several")
        keys.press("?")
        assert window.page.locator("dialog#keys").is_visible()
        keys.press("Escape")
        assert not window.page.locator("dialog#keys").is_visible()
        keys.press("j")
        enter(window)
        keys.press("t")
        enter(window)
        assert window.mark("holding").get_attribute("data-whose") == "mine"
        keys.press("a")
        enter(window)
        window.look()
        printed(window, tmp_path)
        keys.press("p")
        keys.type("已核对材料 ta?")
        tab_to(window, "progress")
        enter(window)
        keys.press("c")
        tab_to(window, "grant")
        keys.press("Enter")
        assert window.page.evaluate("document.activeElement.matches(':invalid')"), "led to the gap"
        keys.press("Tab")
        window.page.evaluate("document.activeElement.blur()")
        keys.press("c")
        for field in window.page.locator("[data-test=complete-form] [required]").all():
            while not field.evaluate("it => it === document.activeElement"):
                keys.press("Tab")
            keys.type("已配租人才公寓一套")
        tab_to(window, "grant")
        enter(window)
        assert window.mark("state").get_attribute("data-state") == "completed"
        keys.press("q")
        enter(window)
        assert window.page.url.endswith("/desk")
        browser.close()
        assert window.complaints == []


def printed(window: Window, folder: Path) -> None:
    """What paper shows: the case, who printed it and when; no navigation, no forms."""
    paper = folder / "case.pdf"
    paper.write_bytes(window.page.pdf(prefer_css_page_size=True))
    said = pypdfium2.PdfDocument(paper)[0].get_textpage().get_text_range()
    assert "打印于" in said
    assert "1 / " in said
    assert "13800000000" in said
    assert "退出" not in said
    assert "写留言" not in said
