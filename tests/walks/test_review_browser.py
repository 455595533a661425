"""A reviewer at their desk: proofs beside the form, a return that says exactly what is missing."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

from PIL import Image, ImageDraw
from playwright.sync_api import expect

from tests.city import Someone
from tests.walks.browsing import DESK, PHONE, Open, Window
from tests.walks.running import Product, Town

NEXT_YEAR = datetime.now(UTC).year + 1
WORDS = "写到一半的意见"


def scanned(kind: str, size: tuple[int, int] = (900, 1270)) -> bytes:
    """A proof as it comes from a scanner."""
    page = Image.new("RGB", size, "#fffdf5")
    ImageDraw.Draw(page).rectangle((60, 60, size[0] - 60, 400), fill="#b3261e")
    found = BytesIO()
    page.save(found, kind)
    return found.getvalue()


def test_a_file_is_read_returned_and_compared_without_leaving_its_page(
    opened: Open, product: Product
) -> None:
    with ThreadPoolExecutor(1) as thread:
        path = thread.submit(asyncio.run, comes_to_the_county(product)).result()
    reviewer = opened("reviewer-lixia", DESK)
    finds_it_in_the_queue(reviewer, path)
    reads_its_proofs_while_writing(reviewer)
    returns_it_by_keyboard(reviewer)
    mends_what_was_asked_for(opened("talent4", PHONE))
    sees_what_changed(reviewer, path)


async def comes_to_the_county(product: Product) -> str:
    """An application with a picture and two PDFs; returns its page."""
    async with product.town() as town:
        talent = await town.person("talent4")
        evidence = [
            {"kind": name, "file_id": await put_in(talent, scanned(kind))}
            for name, kind in (("业绩材料", "PDF"), ("学历证明", "JPEG"), ("单位推荐", "PDF"))
        ]
        body = {
            "category": 5, "unit_uscc": talent.entry["unit_uscc"], "evidence": evidence,
            "contract_until": f"{NEXT_YEAR + 2}-06-30",
        }  # fmt: skip
        made = await talent.post("/v1/card-applications", body)
        assert made.status_code == 201, made.text
        way = f"/v1/card-applications/{made.json()['id']}"
        await act(town, "talent4", f"{way}/submit")
        await act(town, "manager1", f"{way}/assign", {"specialist": "specialist1"})
        await act(town, "specialist1", f"{way}/submit")
        await act(town, "manager1", f"{way}/decisions", {"decision": "pass", "opinion": "同意"})
        return f"/review/{made.json()['id']}"


async def put_in(who: Someone, content: bytes) -> str:
    answer = await who.post("/v1/files", files={"file": ("x", content, "application/pdf")})
    return str(answer.json()["id"])


async def act(town: Town, login: str, path: str, body: Any = None) -> None:
    who = await town.person(login)
    seen = await who.get(path.rpartition("/")[0])
    answer = await who.post(path, body, etag=seen.headers["ETag"])
    assert answer.status_code == 200, answer.text


def finds_it_in_the_queue(reviewer: Window, path: str) -> None:
    """The queue says how much time is left; a click opens the file."""
    reviewer.go("/review").look()
    line = reviewer.page.locator(f"[data-test='line']:has(a[href='{path}'])")
    expect(line.locator("[data-test='left']")).to_contain_text("还剩")
    with reviewer.page.expect_navigation():
        line.locator("a").click()


def reads_its_proofs_while_writing(reviewer: Window) -> None:
    """The PDF, then the picture, then the next: what was written stays."""
    page = reviewer.page
    reviewer.look("review")
    expect(reviewer.mark("frame")).to_be_visible()
    expect(page.locator(".exhibits a[aria-current]")).to_contain_text("业绩材料")
    reviewer.mark("opinion").fill(WORDS)
    reviewer.mark("proof-next").click()
    picture = reviewer.mark("picture")
    expect(picture).to_be_visible()
    expect(picture).to_have_js_property("naturalWidth", 900)
    expect(reviewer.mark("frame")).to_be_hidden()
    before = picture.bounding_box()
    reviewer.mark("zoom-in").click()
    after = picture.bounding_box()
    assert before is not None
    assert after is not None
    assert after["width"] > before["width"] * 1.4
    reviewer.mark("proof-next").click()
    expect(reviewer.mark("frame")).to_be_visible()
    expect(reviewer.mark("proof-next")).to_be_disabled()
    expect(reviewer.mark("opinion")).to_have_value(WORDS)
    reviewer.look()


def returns_it_by_keyboard(reviewer: Window) -> None:
    """No mouse: the arrow keys choose, the space bar ticks, the opinion is picked by its letter."""
    page = reviewer.page
    reviewer.mark("decide-pass").focus()
    page.keyboard.press("ArrowRight")
    expect(reviewer.mark("decide-return")).to_be_checked()
    missing = reviewer.mark("missing").locator("input[value='evidence:学历证明']")
    expect(missing).to_be_visible()
    missing.focus()
    page.keyboard.press("Space")
    expect(missing).to_be_checked()
    opinions = page.locator("[data-opinions]")
    opinions.select_option("proof-blurred")
    expect(reviewer.mark("opinion")).to_have_value(
        f"{WORDS}\n所附材料不清晰或缺页,请重新扫描后上传。"
    )
    expect(opinions.locator("option", has_text="同意上报")).to_have_count(0)
    reviewer.mark("decide").focus()
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expect(reviewer.mark("step")).to_have_attribute("data-step", "returned")


def mends_what_was_asked_for(talent: Window) -> None:
    """The talent reads what is missing, thing by thing, and puts in a better one."""
    page = talent.page
    talent.go("/my/application").look()
    asked = talent.mark("checklist").locator("li")
    expect(asked).to_have_count(1)
    expect(asked).to_contain_text("学历证明")
    page.locator("[name='drop_1']").check()
    page.locator("[name='kind_0']").fill("学历证明")
    page.locator("[name='file_0']").set_input_files(
        {"name": "学历.png", "mimeType": "image/png", "buffer": scanned("PNG", (600, 800))}
    )
    page.locator("[name='not_secret']").check()
    talent.press("submit")
    expect(talent.mark("step")).to_have_attribute("data-step", "county_review")
    expect(talent.mark("checklist")).to_have_count(0)


def sees_what_changed(reviewer: Window, path: str) -> None:
    """It is marked in the queue; the file shows what changed, old and new side by side."""
    reviewer.go("/review").look()
    expect(reviewer.mark("again")).to_contain_text("退回过 1 次")
    reviewer.go(path).look()
    expect(reviewer.page.locator("[data-hint='mended']")).to_be_visible()
    change = reviewer.mark("evidence-change")
    expect(change).to_have_count(1)
    expect(change).to_have_attribute("data-change", "replaced")
    expect(reviewer.mark("checklist").locator("[data-done='yes']")).to_have_count(1)
    change.locator("a").first.click()
    expect(reviewer.mark("frame")).to_be_visible()
    reviewer.mark("decide-pass").check()
    reviewer.press("decide")
    expect(reviewer.mark("step")).to_have_attribute("data-step", "city_review")
