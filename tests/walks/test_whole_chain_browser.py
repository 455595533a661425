"""The whole chain through the pages, in Debian's Chromium, on real processes and both brokers."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserType, expect

from tests.service.talents.apply import PDF
from tests.walks import browsing, pictures
from tests.walks.browsing import DESK, PHONE, Open, Window
from tests.walks.running import Product

FIGURES_MS = 5_000
NEXT_YEAR = datetime.now(UTC).year + 1
PAPER: Any = {"name": "业绩材料.pdf", "mimeType": "application/pdf", "buffer": PDF}


def test_from_an_application_to_the_figures(
    opened: Open, chromium: BrowserType, product: Product, tmp_path: Path
) -> None:
    talent = opened("talent4", PHONE)
    applies(talent)
    goes_through_all_hands(opened)
    shows_the_card(talent)

    clerk = opened("clerk-airport", PHONE)
    is_scanned_by_gun_and_given_the_lounge(talent, clerk)
    draws_a_new_code_by_itself(talent)
    is_seen_by_camera(talent, opened, chromium, tmp_path)

    centre = opened("centre1", DESK)
    expect(centre.mark("good-rate")).to_contain_text("暂无数据")
    bureau = opened("clerk-housing", DESK)
    request = asks_for_an_apartment(talent)
    is_asked_back_and_answers(talent, bureau, request)
    is_granted(bureau, request)
    rates(talent, request, "5")
    expect(centre.mark("good-rate")).to_contain_text("100", timeout=FIGURES_MS)

    other = opened("talent1", PHONE)
    request = asks_for_an_apartment(other)
    is_accepted(bureau, request)
    is_granted(bureau, request)
    rates(other, request, "1", "说好十天,等了二十天")
    expect(centre.mark("good-rate")).to_contain_text("50", timeout=FIGURES_MS)
    sees_the_bad_rating(centre)
    if pictures.wanted():
        pictures.usual_day(product)
        bureau.go("/desk").look("desk")
        centre.go("/centre").look("centre")


def test_those_without_a_part_in_it_find_their_page_too(opened: Open) -> None:
    for login in ("steward", "system-admin", "security-admin", "auditor"):
        window = opened(login, DESK)
        window.look()
        window.press("sign-out")
        expect(window.mark(f"sample-{login}")).to_be_visible()
        window.look()


def applies(talent: Window) -> None:
    """No card yet; an application with a paper, handed to the unit."""
    talent.go("/card").look()
    expect(talent.mark("no-card")).to_be_visible()
    talent.go("/my/application").look()
    page = talent.page
    page.locator("[name=category][value='5']").check()
    page.locator("[name=unit_uscc]").fill(talent.product.entry("talent4")["unit_uscc"])
    page.locator("[name=contract_until]").fill(f"{NEXT_YEAR + 2}-06-30")
    page.locator("[name=kind_0]").fill("业绩材料")
    page.locator("[name=file_0]").set_input_files(PAPER)
    declaration = page.locator("[name=not_secret]")
    expect(declaration).to_have_attribute("required", "")
    declaration.check()
    talent.press("submit")
    expect(talent.mark("step")).to_have_attribute("data-step", "unit_assign")
    talent.look()


def goes_through_all_hands(opened: Open) -> None:
    """The unit, three windows and the office, each from their own list."""
    manager = opened("manager1", DESK)
    takes_up(manager)
    manager.press("assign")
    specialist = opened("specialist1", DESK)
    takes_up(specialist)
    specialist.press("submit")
    passes(manager)
    for login in ("reviewer-lixia", "reviewer-jinan", "reviewer-shandong", "office"):
        passes(opened(login, DESK), picture="review" if login == "reviewer-jinan" else "")


def takes_up(who: Window) -> None:
    who.go("/review").look()
    with who.page.expect_navigation():
        who.mark("line").first.locator("a").first.click()


def passes(who: Window, picture: str = "") -> None:
    takes_up(who)
    who.mark("decide-pass").check()
    who.look(picture)
    who.press("decide")
    who.look()


def shows_the_card(talent: Window) -> None:
    """The last pass issued it."""
    talent.page.clock.install()
    talent.go("/card")
    expect(talent.mark("card")).to_have_attribute("data-state", "active")
    expect(talent.page.locator("#code-again")).to_be_hidden()
    talent.look("card")


def is_scanned_by_gun_and_given_the_lounge(talent: Window, clerk: Window) -> None:
    """Green, given; the same code again is red."""
    shown = browsing.read(browsing.code_of(talent))
    clerk.go("/counter").look()
    shoots(clerk, shown)
    expect(clerk.mark("verdict")).to_have_attribute("data-result", "valid")
    expect(clerk.mark("masked-name")).to_have_text("陈*")
    clerk.look("counter")
    lounge = clerk.page.locator("[data-test=benefit][data-offering='TR-01']")
    with clerk.page.expect_navigation():
        lounge.locator("button").click()
    expect(clerk.mark("verdict")).to_have_attribute("data-result", "given")
    expect(clerk.mark("left")).to_have_text("11")
    clerk.look()
    shoots(clerk, shown)
    expect(clerk.mark("verdict")).to_have_attribute("data-reason", "token-replayed")
    clerk.look()


def shoots(clerk: Window, shown: str) -> None:
    """A scanner gun types, wherever the focus is, and presses Enter."""
    with clerk.page.expect_navigation():
        clerk.page.keyboard.type(shown)
        clerk.page.keyboard.press("Enter")


def draws_a_new_code_by_itself(talent: Window) -> None:
    """Half a minute later by the phone's own clock the picture is another."""
    before = browsing.read(browsing.code_of(talent))
    with talent.page.expect_response("**/v1/me/card/presentations") as fresh:
        talent.page.clock.fast_forward(31_000)
    assert fresh.value.ok
    expect(talent.page.locator("#code img")).to_be_visible()
    assert browsing.read(browsing.code_of(talent)) != before


def is_seen_by_camera(talent: Window, opened: Open, chromium: BrowserType, folder: Path) -> None:
    """The counter has no gun: its camera looks at the phone."""
    browsing.film(browsing.code_of(talent), folder / "phone.mjpeg")
    browser = browsing.open_chromium(
        chromium,
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-video-capture={folder / 'phone.mjpeg'}",
    )
    clerk = opened("clerk-airport", PHONE, browser)
    clerk.go("/counter")
    with clerk.page.expect_navigation(wait_until="load"):
        clerk.page.locator("#camera").click()
    expect(clerk.mark("verdict")).to_have_attribute("data-result", "valid")
    lounge = clerk.page.locator("[data-test=benefit][data-offering='TR-01']")
    expect(lounge).to_contain_text("今年还剩 11 次")
    browser.close()


def asks_for_an_apartment(talent: Window) -> str:
    """From the list of offerings to the story of a request; returns its id."""
    talent.go("/my/requests").look()
    talent.press("new")
    talent.look()
    talent.press("choose-HO-01")
    talent.look()
    page = talent.page
    page.locator("[name=_region]").select_option("370100")
    page.locator("[name=family_size]").fill("3")
    page.locator("[name=preferred_district]").select_option("370102")
    page.locator("[name=move_in_on]").fill(f"{NEXT_YEAR}-05-01")
    page.locator("[name=contact_phone]").fill("13800000000")
    talent.press("submit")
    expect(talent.mark("told")).to_be_visible()
    talent.look()
    return page.url.split("/")[-1].partition("?")[0]


def is_accepted(bureau: Window, request: str) -> None:
    """It comes to the bureau's queue by itself; the clerk takes it on."""
    line = bureau.page.locator(f"[data-test=line][data-id='{request}']")
    bureau.again_until("/desk", lambda: line.count() == 1)
    bureau.look()
    with bureau.page.expect_navigation():
        line.locator("a").first.click()
    bureau.look()
    bureau.press("accept")
    expect(bureau.mark("state")).to_have_attribute("data-state", "accepted")


def is_asked_back_and_answers(talent: Window, bureau: Window, request: str) -> None:
    """One thing is missing; the holder says it on the phone."""
    is_accepted(bureau, request)
    bureau.mark("open-ask").click()
    bureau.page.locator("[name=items]").fill("劳动合同末页")
    bureau.press("ask")
    expect(bureau.mark("state")).to_have_attribute("data-state", "awaiting_correction")
    talent.go(f"/my/requests/{request}").look()
    expect(talent.mark("correction")).to_contain_text("劳动合同末页")
    talent.page.locator("[name=_note]").fill("合同已补传")
    talent.press("answer")
    expect(talent.mark("state")).to_have_attribute("data-state", "accepted")
    talent.mark("why").locator("summary").click()
    expect(talent.mark("why").locator("li.counted").last).to_contain_text("20")
    talent.look()
    talent.go(f"/my/requests/{request}").look("request")


def is_granted(bureau: Window, request: str) -> None:
    bureau.go(f"/desk/{request}")
    bureau.page.locator("[name=summary]").fill("已配租人才公寓一套")
    bureau.press("grant")
    expect(bureau.mark("state")).to_have_attribute("data-state", "completed")
    bureau.look()


def rates(talent: Window, request: str, grade: str, comment: str = "") -> None:
    """From the story's button; said once, it stands there."""
    talent.go(f"/my/requests/{request}")
    expect(talent.mark("outcome")).to_contain_text("已配租人才公寓一套")
    talent.look()
    talent.press("rate")
    talent.mark(f"grade-{grade}").click()
    talent.mark("comment").fill(comment)
    talent.look()
    talent.press("submit-rating")
    expect(talent.mark("given")).to_be_visible()
    talent.look()


def sees_the_bad_rating(centre: Window) -> None:
    """It waits to be called back, with what was said."""
    centre.look()
    expect(centre.mark("uncalled")).to_contain_text("1")
    centre.press("uncalled")
    centre.look()
    expect(centre.mark("case")).to_contain_text("说好十天,等了二十天")
    centre.press("case")
    expect(centre.mark("rater")).to_contain_text("张明远")
    centre.look()
    centre.go("/centre/rulings").look()
