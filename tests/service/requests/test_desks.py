"""Two clerks at one desk: who has it is seen, nobody acts twice, and no text is lost."""

import asyncio
from datetime import timedelta

import httpx
import pytest

from service.requests.actions.desks import HELD_FOR
from service.requests.remaining import in_words
from service.worktime.reckoning import Reckoned, Used
from tests.city import City, Someone
from tests.service.requests.ask import Case, accepted, offered
from tests.service.requests.test_pages import hidden, marked, send

Two = tuple[Someone, Someone]


async def two(city: City) -> Two:
    """Both clerks of the housing bureau of 济南."""
    first = await city.person("partner_clerk", login="clerk-housing")
    return first, await city.person("partner_clerk", login="clerk-housing-2")


class Open:
    """The page as one clerk has it open."""

    def __init__(self, who: Someone, case: Case, page: httpx.Response) -> None:
        self.who, self.at, self.page = who, f"/desk/{case.id}", page

    async def send(self, act: str, **form: str) -> httpx.Response:
        """Press a button of the page as it was when it was opened."""
        seen = {name: hidden(self.page, name) for name in ("_revision", "_seen")}
        return await send(self.who, f"{self.at}/{act}", {**seen, **form})


async def opened(who: Someone, case: Case) -> Open:
    return Open(who, case, await who.get(f"/desk/{case.id}"))


def whose(page: httpx.Response) -> str:
    return page.text.split('data-whose="')[1].split('"')[0]


async def test_what_one_clerk_takes_the_other_sees_and_does_not_act_on(city: City) -> None:
    case = await offered(city)
    qin, yan = await two(city)
    assert (await (await opened(qin, case)).send("take")).status_code == 303
    assert whose((await opened(qin, case)).page) == "mine"
    theirs = await opened(yan, case)
    assert whose(theirs.page) == "theirs"
    assert "秦雪正在办理" in theirs.page.text
    refused = await theirs.send("accept")
    assert refused.status_code == 409
    assert "同事正在办理" in refused.text
    assert await case.state() == "offered"
    by_api = await yan.post(f"{case.desk}/accept", etag=await case.tag())
    assert (by_api.status_code, by_api.json()["code"]) == (409, "held-by-colleague")
    assert marked(await yan.get("/desk"), "held") == ["秦雪"]
    assert marked(await qin.get("/desk"), "held") == ["我"]


async def test_a_colleague_takes_over_is_handed_it_or_finds_it_laid_back(city: City) -> None:
    case = await offered(city)
    qin, yan = await two(city)
    await (await opened(qin, case)).send("take")
    assert (await (await opened(yan, case)).send("take")).status_code == 409
    assert (await (await opened(yan, case)).send("take-over")).status_code == 303
    assert whose((await opened(qin, case)).page) == "theirs"
    mine = await opened(yan, case)
    assert (await mine.send("hand-over", to="nobody")).status_code == 422
    to = mine.page.text.split('<option value="')[1].split('"')[0]
    assert (await mine.send("hand-over", to=to)).status_code == 303
    assert whose((await opened(qin, case)).page) == "mine"
    assert (await (await opened(yan, case)).send("lay-back")).status_code == 409
    assert (await (await opened(qin, case)).send("lay-back")).status_code == 303
    assert whose((await opened(yan, case)).page) == "free"


async def test_of_clerks_who_take_at_once_one_has_it(city: City) -> None:
    case = await offered(city)
    pages = [await opened(who, case) for who in await two(city)]
    done = await asyncio.gather(*(each.send("take") for each in pages * 4))
    by_first, by_second = done[::2], done[1::2]
    assert {each.status_code for each in by_first} | {each.status_code for each in by_second} == {
        303, 409,
    }  # fmt: skip
    assert len({each.status_code for each in by_first}) == 1
    assert len({each.status_code for each in by_second}) == 1


async def test_of_clerks_who_complete_at_once_one_does_and_the_other_keeps_the_text(
    city: City,
) -> None:
    case = await accepted(city)
    pages = [await opened(who, case) for who in await two(city)]
    done = await asyncio.gather(
        pages[0].send("complete", _outcome="granted", summary="甲的结果", project="甲"),
        pages[1].send("complete", _outcome="granted", summary="乙的结果", project="乙"),
    )
    assert sorted(each.status_code for each in done) == [303, 412]
    late = next(each for each in done if each.status_code == 412)
    own, winner = ("甲的结果", "严松") if late is done[0] else ("乙的结果", "秦雪")
    [said] = marked(late, "meanwhile")
    assert f"{winner}:已办结:予以办理" in late.text, said
    assert own in late.text.split('data-test="kept"')[1]
    events = await case.events()
    assert events.count("request.completed") == 1


async def test_what_a_colleague_did_in_the_meantime_is_told_and_the_form_still_filled(
    city: City,
) -> None:
    case = await accepted(city)
    qin, yan = await two(city)
    typing = await opened(qin, case)
    await (await opened(yan, case)).send("progress", note="已电话核实")
    late = await typing.send("complete", _outcome="granted", summary="写了很久", project="泉城公寓")
    assert late.status_code == 412
    assert "严松:" in late.text
    assert 'value="泉城公寓"' in late.text
    assert "写了很久" in late.text
    assert 'data-test="kept"' not in late.text
    again = Open(qin, case, late)
    done = await again.send("complete", _outcome="granted", summary="写了很久", project="泉城公寓")
    assert done.status_code == 303


async def test_what_was_written_is_shown_when_a_colleague_sent_it_away(city: City) -> None:
    case = await offered(city)
    qin, yan = await two(city)
    typing = await opened(qin, case)
    await (await opened(yan, case)).send("bounce", reason="no_capacity", note="")
    late = await typing.send("bounce", reason="other", note="材料在别处")
    assert late.status_code == 404
    assert "严松:" in late.text
    assert "材料在别处" in late.text
    stranger = await city.person("partner_clerk", login="clerk-education")
    never = await send(stranger, f"/desk/{case.id}/bounce", {"note": "看看", "_revision": "1"})
    assert (never.status_code, "看看" in never.text) == (404, False)


async def test_a_hold_ends_with_its_time(city: City) -> None:
    case = await offered(city)
    qin, yan = await two(city)
    await (await opened(qin, case)).send("take")
    city.pass_time(HELD_FOR - timedelta(minutes=1))
    assert whose((await opened(await _again(city, yan), case)).page) == "theirs"
    city.pass_time(timedelta(minutes=1))
    assert whose((await opened(await _again(city, yan), case)).page) == "free"


@pytest.mark.parametrize(
    "what",
    [
        "UPDATE dispatches SET offered_at = offered_at + interval '1 minute'",
        "DELETE FROM grants WHERE account_id = (SELECT account_id FROM desk_holds)",
        "UPDATE accounts SET disabled_at = now() WHERE id = (SELECT account_id FROM desk_holds)",
    ],
    ids=["offered anew", "works elsewhere", "signs in no more"],
)
async def test_a_hold_of_before_or_of_one_who_left_blocks_nobody(city: City, what: str) -> None:
    case = await offered(city)
    qin, yan = await two(city)
    await (await opened(qin, case)).send("take")
    await city.sql(what)
    theirs = await opened(yan, case)
    assert whose(theirs.page) == "free"
    assert (await theirs.send("accept")).status_code == 303


async def test_whoever_acts_holds_on(city: City) -> None:
    case = await offered(city)
    qin, yan = await two(city)
    await (await opened(qin, case)).send("accept")
    city.pass_time(HELD_FOR - timedelta(minutes=1))
    qin = await _again(city, qin)
    done = await (await opened(qin, case)).send("progress", note="还在核对")
    assert done.status_code == 303
    city.pass_time(HELD_FOR - timedelta(minutes=1))
    assert whose((await opened(await _again(city, yan), case)).page) == "theirs"


async def _again(city: City, who: Someone) -> Someone:
    return await city.person("partner_clerk", login=who.entry["login"])


async def test_several_are_taken_at_once_and_a_colleague_s_stay(city: City) -> None:
    first, second = await offered(city), await offered(city)
    qin, yan = await two(city)
    await (await opened(yan, first)).send("take")
    done = await qin.send(
        "POST",
        "/desk/take",
        content=f"id={first.id}&id={second.id}&id=nonsense",
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )
    page = await qin.get(done.headers["Location"])
    assert marked(page, "told") == ["已领取 1 件。1 件已由同事领取或已转走。"]
    mine = await qin.get("/desk?whose=mine")
    assert second.made["number"] in mine.text
    assert first.made["number"] not in mine.text
    assert 'data-test="line"' not in (await qin.get("/desk?whose=free")).text


@pytest.mark.parametrize(
    ("query", "lines"),
    [
        ("offering=HO-01", 2), ("offering=ED-01", 0), ("q=%25", 0), ("q=SQ-", 2), ("page=2", 0),
        ("show=waiting", 0), ("page=-1&whose=x&show=y", 2), ("q=%00&page=99999999", 2),
    ],
)  # fmt: skip
async def test_the_queue_is_sifted(city: City, query: str, lines: int) -> None:
    await offered(city)
    await offered(city)
    qin, _ = await two(city)
    page = await qin.get(f"/desk?{query}")
    assert page.status_code == 200
    assert page.text.count('data-test="line"') == lines


async def test_the_desk_says_how_much_working_time_is_left(city: City) -> None:
    case = await offered(city)
    qin, _ = await two(city)
    [before] = marked(await qin.get("/desk"), "worked")
    assert before.endswith("工作时间")
    await (await opened(qin, case)).send("accept")
    [left] = marked(await qin.get(f"/desk/{case.id}"), "worked")
    assert left.split() == ["还有", "20", "个工作日", "怎么算的"]
    assert whose((await opened(qin, case)).page) == "mine"


@pytest.mark.parametrize(
    ("used", "said"),
    [
        (Used("working_days", 20, 17), "还有 3 个工作日"),
        (Used("working_days", 20, 19), "最后 1 个工作日"),
        (Used("working_minutes", 480, 30), "还有 7 小时 30 分工作时间"),
        (Used("working_minutes", 480, 420), "还有 1 小时工作时间"),
        (Used("working_minutes", 480, 479), "还有 1 分工作时间"),
    ],
)
def test_what_is_left_in_words(used: Used, said: str) -> None:
    assert in_words(Reckoned(None, (used,), False, ())) == said


async def test_the_answer_to_a_correction_is_shown_beside_what_stood_there(city: City) -> None:
    case = await accepted(city)
    await case.act("ask", {"items": ["请更正家庭人数"]})
    await case.hold("answers", {"form": {"family_size": 5}, "note": "已更正"})
    qin, _ = await two(city)
    page = await qin.get(f"/desk/{case.id}")
    [row] = page.text.split('data-test="changed"')[1:]
    assert "<td>3</td><td>5</td>" in row
