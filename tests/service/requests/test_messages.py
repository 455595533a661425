"""Holder, steward and partner write to each other: who reads what, when, and until when."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from service.requests import retention
from service.requests.states import State
from tests.city import City, Someone
from tests.service.requests.ask import GRANTED, Case, accepted, offered, submitted
from tests.service.requests.test_pages import marked

PDF = b"%PDF-1.7 test"


async def paper(who: Someone) -> str:
    kept = await who.post("/v1/files", files={"file": ("x.pdf", PDF)}, data={"not_secret": "yes"})
    assert kept.status_code == 201, kept.text
    return str(kept.json()["id"])


async def say(who: Someone, path: str, text: str, *files: str) -> str:
    answer = await who.post(f"{path}/messages", {"text": text, "files": list(files)})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def heard(who: Someone, path: str) -> list[dict[str, Any]]:
    answer = await who.get(f"{path}/messages")
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


async def test_all_three_sides_read_what_each_wrote(city: City) -> None:
    case, steward = await accepted(city), await city.person("steward")
    await say(case.holder, case.path, "什么时候能看房?")
    await say(steward, case.path, "请优先安排")
    await say(case.partner, case.desk, "周三上午可看房")
    said = [("holder", "什么时候能看房?"), ("steward", "请优先安排"), ("partner", "周三上午可看房")]
    for who, path in ((case.holder, case.path), (steward, case.path), (case.partner, case.desk)):
        assert [(m["side"], m["text"]) for m in await heard(who, path)] == said
    clerk = await city.person("partner_clerk", partner="housing")
    assert [m["mine"] for m in await heard(clerk, case.desk)] == [False, False, True]


async def test_files_go_both_ways_and_only_with_their_message(city: City) -> None:
    case = await accepted(city)
    asked, given = await paper(case.holder), await paper(case.partner)
    assert (await case.partner.get(f"/v1/files/{asked}")).status_code == 404
    assert (await case.holder.get(f"/v1/files/{given}")).status_code == 404
    await say(case.holder, case.path, "户口簿", asked)
    await say(case.partner, case.desk, "选房通知书", given)
    assert (await case.partner.get(f"/v1/files/{asked}")).content == PDF
    assert (await case.holder.get(f"/v1/files/{given}")).content == PDF
    stranger = await city.person("talent", region="370200")
    for file in (asked, given):
        assert (await stranger.get(f"/v1/files/{file}")).status_code == 404
        assert (await (await city.client("education")).get(f"/v1/files/{file}")).status_code == 404
    (first, second) = await heard(case.holder, case.path)
    assert [f["media_type"] for m in (first, second) for f in m["files"]] == ["application/pdf"] * 2


async def test_nobody_attaches_a_file_of_somebody_else(city: City) -> None:
    case = await accepted(city)
    theirs, machines = await paper(case.holder), await paper(await city.client("education"))
    for who, path, file in (
        (case.partner, case.desk, theirs),
        (case.partner, case.desk, machines),
        (case.holder, case.path, machines),
    ):
        answer = await who.post(f"{path}/messages", {"text": "附件", "files": [file]})
        assert answer.json()["errors"][0]["pointer"] == "/files/0"


async def test_another_partner_never_reads_what_was_said_with_the_first(city: City) -> None:
    case = await submitted(city)
    early, window = await say(case.holder, case.path, "派送前说的"), await city.client("window")
    await city.settle()
    kept = await paper(case.partner)
    await say(case.partner, case.desk, "您家有几口人?", kept)
    await case.act("bounce", {"reason": "no_capacity"})
    await city.settle()
    assert (await window.get(case.desk)).status_code == 200
    assert [m["id"] for m in await heard(window, case.desk)] == [early]
    assert [m["text"] for m in (await window.get(case.desk)).json()["messages"]] == ["派送前说的"]
    assert (await window.get(f"/v1/files/{kept}")).status_code == 404
    assert (await case.partner.get(f"{case.desk}/messages")).status_code == 404
    assert len(await heard(case.holder, case.path)) == 2


async def test_each_side_marks_what_it_read_once_and_nothing_else_changes(city: City) -> None:
    case = await accepted(city)
    first, second = [await say(case.partner, case.desk, text) for text in ("一", "二")]
    tag = await case.tag(case.holder)
    path = f"{case.path}/messages/read"
    assert (await case.holder.post(path, {"up_to": first})).json() == {"marked": 1}
    assert (await case.holder.post(path, {"up_to": second})).json() == {"marked": 1}
    assert (await case.holder.post(path, {"up_to": second})).json() == {"marked": 0}
    assert (await case.partner.post(f"{case.desk}/messages/read", {"up_to": second})).json() == {
        "marked": 0
    }
    sides = [[r["side"] for r in m["read"]] for m in await heard(case.partner, case.desk)]
    assert sides == [["holder"], ["holder"]]
    assert await case.tag(case.holder) == tag


async def test_the_centre_reads_along_and_neither_writes_nor_marks(city: City) -> None:
    case, centre = await accepted(city), await city.person("centre")
    said = await say(case.holder, case.path, "您好")
    assert [m["read"] for m in await heard(centre, case.path)] == [[]]
    for path, body in (("", {"text": "x"}), ("/read", {"up_to": said})):
        assert (await centre.post(f"{case.path}/messages{path}", body)).status_code == 403


@pytest.mark.parametrize("end", ["complete", "withdraw"])
async def test_after_the_end_it_is_read_and_not_written_any_more(city: City, end: str) -> None:
    case = await accepted(city)
    await say(case.holder, case.path, "您好")
    await (case.act(end, GRANTED) if end == "complete" else case.hold(end))
    for who, path in ((case.holder, case.path), (case.partner, case.desk)):
        late = await who.post(f"{path}/messages", {"text": "还有一事"})
        assert (late.status_code, late.json()["code"]) == (409, "wrong-state")
        assert len(await heard(who, path)) == 1


async def test_a_partner_s_words_reach_its_feed_and_the_log_without_themselves(city: City) -> None:
    case = await accepted(city)
    before = (await case.partner.get("/v1/partner/events")).json()["cursor"]
    file = await paper(case.holder)
    await say(case.holder, case.path, "我叫张明远", file)
    await say(case.partner, case.desk, "请致电 13805310001")
    feed = await case.partner.get("/v1/partner/events", params={"cursor": before})
    said = [e["data"] for e in feed.json()["events"]]
    assert [(d["side"], d["files"]) for d in said] == [("holder", 1), ("partner", 0)]
    assert "张明远" not in feed.text
    assert "1380531" not in feed.text
    assert file not in feed.text


async def test_everybody_but_the_writer_is_told(city: City) -> None:
    case, steward = await accepted(city), await city.person("steward")
    clerk = await city.person("partner_clerk", partner="housing")
    people = {"holder": case.holder, "steward": steward, "clerk": clerk}

    async def told() -> set[str]:
        await city.settle()
        found = {}
        for name, who in people.items():
            found[name] = (await who.get("/v1/me/notices?unread=true&limit=200")).json()["items"]
            for notice in found[name]:
                await who.post(f"/v1/me/notices/{notice['id']}/read")
        return {n for n, seen in found.items() if any("新留言" in each["text"] for each in seen)}

    await told()
    await say(case.holder, case.path, "一")
    assert await told() == {"steward", "clerk"}
    await say(steward, case.path, "二")
    assert await told() == {"holder", "clerk"}
    await say(case.partner, case.desk, "三")
    assert await told() == {"holder", "steward"}


async def test_two_years_after_the_end_only_the_fact_is_left(city: City) -> None:
    case = await accepted(city)
    file = await paper(case.partner)
    await say(case.partner, case.desk, "选房通知书", file)
    await case.act("complete", GRANTED)
    for days, left in ((729, 0), (731, 1), (731, 0)):
        async with city.sessions.begin() as session:
            assert await retention.forget_messages(session, city.now + timedelta(days=days)) == left
    (message,) = await heard(case.holder, case.path)
    assert (message["text"], message["erased"], message["files"][0]["octets"]) == ("", True, 0)
    for who in (case.holder, case.partner):
        assert (await who.get(f"/v1/files/{file}")).status_code == 404
    story = (await case.holder.get(f"{case.path}/timeline")).json()["items"]
    assert [e["note"] for e in story if e["text"] == "留言"] == ["(已按保存期限删除)"]


async def test_a_file_that_the_case_itself_needs_outlives_the_talk(city: City) -> None:
    holder = await city.person("talent", region="370100")
    file = await paper(holder)
    case = await submitted(city, files=[file])
    await say(holder, case.path, "再附一次", file)
    await case.hold("withdraw")
    async with city.sessions.begin() as session:
        await retention.forget_messages(session, city.now + timedelta(days=731))
    assert (await holder.get(f"/v1/files/{file}")).content == PDF


async def test_the_pages_of_holder_and_clerk_show_it_and_mark_it_read(city: City) -> None:
    case = await accepted(city)
    clerk = await city.person("partner_clerk", partner="housing")
    papers = [("_files", ("看房单.pdf", PDF, "application/pdf"))]
    refused = await clerk.send(
        "POST", f"/desk/{case.id}/messages", data={"text": "请看房"}, files=papers
    )
    assert refused.status_code == 422
    assert "请看房" in refused.text
    sent = await clerk.send(
        "POST",
        f"/desk/{case.id}/messages",
        data={"text": "请看房", "not_secret": "yes"},
        files=papers,
    )
    assert sent.status_code == 303, sent.text
    assert marked(await case.holder.get("/my/requests"), "unread") == ["新留言 1"]
    mine = await case.holder.get(f"/my/requests/{case.id}")
    assert "请看房" in mine.text
    assert "/v1/files/" in mine.text
    assert marked(await case.holder.get("/my/requests"), "unread") == []
    assert "申请人已读" in (await clerk.get(f"/desk/{case.id}")).text
    await say(case.holder, case.path, "收到")
    assert marked(await clerk.get("/desk"), "unread") == ["新留言 1"]


@pytest.mark.parametrize("state", [s for s in State if s.value not in ("submitted", "routing")])
async def test_who_may_write_is_said_in_every_state(city: City, state: State) -> None:
    case = await offered(city)
    await city.sql("UPDATE requests SET state = $1 WHERE id = $2", state.value, UUID(case.id))
    ended = state in (State.COMPLETED, State.WITHDRAWN, State.EXPIRED)
    for who, path in ((case.holder, case.path), (case.partner, case.desk)):
        answer = await who.post(f"{path}/messages", {"text": "您好"})
        allowed = (await who.get(path)).json()["allowed"]
        assert (answer.status_code == 201) == ("messages" in allowed)
        assert ("messages" in allowed) == (not ended and not _ruled_at_desk(state, who, case))


def _ruled_at_desk(state: State, who: Someone, case: Case) -> bool:
    """In a ruling no partner has it."""
    return state is State.IN_RULING and who is case.partner
