"""A holder in a cellar: the card's last code stays with its time, and goes on by itself above."""

import pytest
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import sync_playwright

from tests.walks.browsing import PHONE, Window, code_of, open_chromium, read
from tests.walks.running import Product

UNTIL_KEPT = """async () => {
  while (!(await caches.match("/card"))) await new Promise((next) => setTimeout(next, 50));
}"""


@pytest.fixture(scope="module")
def broker_url() -> str:
    """The embedded one: no message has a part in this walk."""
    return ""


def test_without_a_network_the_last_code_is_shown_with_its_time_and_resumes_by_itself(
    product: Product,
) -> None:
    with sync_playwright() as playwright:
        browser = open_chromium(playwright.chromium)
        window = Window(browser, product, "talent2", PHONE).sign_in()
        window.page.clock.install()
        window.go("/card")
        first = read(code_of(window))
        box, said = window.mark("code"), window.mark("code-said")
        told = window.page.get_by_role("status")

        window.context.set_offline(True)
        window.page.clock.fast_forward(31_000)
        window.page.wait_for_selector("[data-test=code][data-net=poor]")
        assert "还可用" in said.inner_text(), "it says until when the code is good"
        heard = told.inner_text()
        window.page.clock.fast_forward(2_000)
        assert told.inner_text() == heard, "the seconds are not read out"
        assert read(code_of(window)) == first, "the last one stays"

        window.page.clock.fast_forward(32_000)
        window.page.wait_for_selector("[data-test=code][data-net=over]")
        assert "已过期" in said.inner_text(), "and does not pretend once it is over"
        assert "已过期" in told.inner_text()

        window.context.set_offline(False)
        window.page.clock.fast_forward(11_000)
        window.page.wait_for_selector("[data-test=code][data-net=good]")
        assert read(code_of(window)) != first
        assert box.get_attribute("data-net") == "good"
        assert [each for each in window.complaints if "ERR_INTERNET_DISCONNECTED" not in each] == []
        browser.close()


def test_opened_anew_without_a_network_the_last_state_is_shown_with_its_time(
    product: Product,
) -> None:
    with sync_playwright() as playwright:
        browser = open_chromium(playwright.chromium)
        window = Window(browser, product, "talent2", PHONE).sign_in().go("/card")
        window.page.evaluate(UNTIL_KEPT)
        name = window.mark("name").inner_text()

        window.context.set_offline(True)
        window.go("/card")
        assert window.mark("name").inner_text() == name
        assert "没有网络,显示的是" in window.mark("kept").inner_text()
        window.page.wait_for_selector("[data-test=code][data-net=poor]")
        kept = read(code_of(window))
        window.page.clock.install()
        window.page.clock.fast_forward(61_000)
        window.page.wait_for_selector("[data-test=code][data-net=over]")
        assert "已过期" in window.mark("code-said").inner_text(), "a stale code is not passed off"
        window.keep("card-without-network")

        window.context.set_offline(False)
        window.page.clock.fast_forward(11_000)
        window.page.wait_for_selector("[data-test=kept]", state="hidden")
        window.page.wait_for_selector("[data-test=code][data-net=good]")
        assert read(code_of(window)) != kept, "above ground it goes on by itself"

        window.press("sign-out")
        window.context.set_offline(True)
        with pytest.raises(PlaywrightError, match=r"ERR_(INTERNET_DISCONNECTED|FAILED)"):
            window.go("/card")
        browser.close()


def test_a_screen_reader_finds_its_way_on_the_card(product: Product) -> None:
    with sync_playwright() as playwright:
        browser = open_chromium(playwright.chromium)
        window = Window(browser, product, "talent2", PHONE).sign_in().go("/card")
        assert window.page.get_by_role("img", name="惠才卡二维码").count() == 1
        assert window.page.get_by_role("status").count() == 1, "the code's state is announced"
        assert window.page.get_by_role("navigation", name="主导航").count() == 1
        without = window.page.locator("img:not([alt]), input:not([type=hidden]):not([id])")
        unlabelled = window.page.evaluate(
            "[...document.querySelectorAll('input:not([type=hidden]),select,textarea')]"
            ".filter(e => !e.labels?.length && !e.getAttribute('aria-label')).length"
        )
        assert (without.locator("xpath=self::img").count(), unlabelled) == (0, 0)
        assert window.page.get_by_role("heading", level=1).count() == 1
        window.look()
        browser.close()
