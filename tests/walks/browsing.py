"""People at their screens: Debian's Chromium, a window each, and what it complained of."""

import os
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import zxingcpp
from PIL import Image
from playwright.sync_api import Browser, BrowserType, ConsoleMessage, Locator, Page, ViewportSize

from tests.walks.running import Product

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
PHONE: ViewportSize = {"width": 390, "height": 844}
DESK: ViewportSize = {"width": 1280, "height": 800}
FRAME = (1280, 960)
TRIES = 150
OVERHANG = "document.scrollingElement.scrollWidth - document.scrollingElement.clientWidth"


def open_chromium(kind: BrowserType, *flags: str) -> Browser:
    """Start it."""
    assert CHROMIUM.exists(), "测试需要 chromium: sudo apt-get install chromium fonts-noto-cjk"
    return kind.launch(executable_path=CHROMIUM, args=[*FLAGS, *flags])


class Window:
    """One person's window. Everything that the browser has to complain of is kept."""

    def __init__(self, browser: Browser, product: Product, login: str, size: ViewportSize) -> None:
        self.product, self.login, self.size = product, login, size
        self.context = browser.new_context(
            base_url=product.base_url, viewport=size, locale="zh-CN", timezone_id="Asia/Shanghai"
        )
        self.page: Page = self.context.new_page()
        self.complaints: list[str] = []
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda wrong: self.complaints.append(f"{self.where} {wrong}"))

    @property
    def where(self) -> str:
        """Who is where."""
        return f"{self.login} at {self.page.url}"

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.complaints.append(f"{self.where} {message.text}")

    def sign_in(self) -> "Window":
        """As a stranger tries it: a click on the sample person."""
        self.page.goto("/")
        self.mark(f"sample-{self.login}").click()
        self.page.wait_for_url(lambda url: "/sign-in" not in url)
        return self

    def mark(self, name: str) -> Locator:
        """The element with this `data-test`."""
        return self.page.locator(f"[data-test='{name}']")

    def go(self, path: str) -> "Window":
        """Open a page of ours."""
        self.page.goto(path)
        return self

    def press(self, name: str) -> None:
        """Click what is marked so, and be on the page that comes of it."""
        with self.page.expect_navigation():
            self.mark(name).click()

    def again_until(self, path: str, there: Callable[[], bool]) -> None:
        """Look at a page until others have done their part."""
        for _ in range(TRIES):
            self.go(path)
            if there():
                return
            self.page.wait_for_timeout(100)
        raise AssertionError(f"never came: {self.where}")

    def look(self, picture: str = "") -> None:
        """Nothing hangs over at the side, on a phone or at a desk; a picture where it is wanted."""
        for size in (DESK if self.size == PHONE else PHONE, self.size):
            self.page.set_viewport_size(size)
            over = self.page.evaluate(OVERHANG)
            assert over <= 0, f"{self.where}: {over} px over at {size['width']}"
        if picture:
            self.keep(picture)

    def keep(self, picture: str) -> None:
        """Save what is seen for the README, where HCK_PICTURES says where."""
        if folder := os.environ.get("HCK_PICTURES"):
            self.page.screenshot(path=Path(folder) / f"{picture}.png", animations="disabled")


Open = Callable[..., Window]
"""Opens a window: whose, of which size, in which browser."""


def code_of(window: Window) -> Image.Image:
    """The QR code as somebody in front of the phone sees it."""
    seen = window.mark("code").screenshot()
    return Image.open(BytesIO(seen)).convert("RGB")


def read(code: Image.Image) -> str:
    """What a scanner gun reads."""
    found = zxingcpp.read_barcodes(code)
    assert len(found) == 1, "no code to be seen"
    return str(found[0].text)


def film(code: Image.Image, file: Path, frames: int = 30) -> None:
    """The code held before a camera: an .mjpeg is nothing but pictures one after the other."""
    scene = Image.new("RGB", FRAME, "#444")
    held = code.resize((code.width * 2, code.height * 2))
    scene.paste(held, ((FRAME[0] - held.width) // 2, (FRAME[1] - held.height) // 2))
    one = BytesIO()
    scene.save(one, "JPEG", quality=90)
    file.write_bytes(one.getvalue() * frames)
