"""A printed code under a stranger's phone: the address in the picture opens the page `/c`."""

import io

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import sync_playwright

from tests.walks.browsing import DESK, PHONE, Window, open_chromium
from tests.walks.running import Product

QR = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)


@pytest.fixture(scope="module")
def broker_url() -> str:
    """The embedded one: no message has a part in this walk."""
    return ""


def address_on(png: bytes) -> str:
    (found,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(png)).convert("L"), formats=QR)
    return str(found.text)


def test_anybody_s_phone_checks_a_printed_card(product: Product) -> None:
    with sync_playwright() as playwright:
        browser = open_chromium(playwright.chromium)
        holder = Window(browser, product, "talent1", PHONE).sign_in()
        card = holder.page.request.get("/v1/me/card").json()
        face = holder.page.request.get(f"/v1/cards/{card['id']}/face.png")
        url = address_on(face.body())
        assert url.startswith(f"{product.base_url}/c#")
        for size in (PHONE, DESK):
            stranger = Window(browser, product, "nobody", size)
            stranger.page.goto(url)
            stranger.page.wait_for_selector('[data-test="verdict"][data-state="valid"]')
            assert stranger.page.locator('[data-test="name"]').inner_text() == "张*"
            assert stranger.page.url == f"{product.base_url}/c", "the code stays in no history"
            stranger.page.goto(f"{url[:-8]}AAAAAAAA")
            stranger.page.wait_for_selector('[data-test="verdict"][data-state="refused"]')
            assert stranger.complaints == []
        holder.page.request.post(
            f"/v1/cards/{card['id']}/suspend",
            data={"reason": "遗失"},
            headers={"Idempotency-Key": "lost", "If-Match": face_tag(holder)},
        )
        stranger.page.goto(url)
        stranger.page.wait_for_selector('[data-test="verdict"][data-state="refused"]')
        assert "暂停" in stranger.page.locator("#message").inner_text()
        browser.close()


def face_tag(holder: Window) -> str:
    return str(holder.page.request.get("/v1/me/card").headers["etag"])
