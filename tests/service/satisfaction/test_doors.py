"""The doors of ratings and of the centre: who gets in, and what each answer says (api.md 6)."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from service.auth.callers import Role
from service.requests.models import State
from service.talents.importing.sheets import XLSX
from tests.city import City, Someone
from tests.service.satisfaction.make import Stage, signed_in

GOOD = {"grade": 5, "tags": ["510", "513"], "comment": "一次办成"}
BAD = {"grade": 1, "tags": ["114"], "comment": "请回电 13800001234"}


class Town:
    """The stage in a running product, its people at the doors."""

    def __init__(self, city: City) -> None:
        self.city = city

    async def set(self) -> "Town":
        async with self.city.sessions.begin() as session:
            self.stage = await Stage(session).set()
        return await self.sign_in()

    async def sign_in(self) -> "Town":
        self.holder = await signed_in(self.city, self.stage.holder)
        self.clerk = await signed_in(self.city, self.stage.clerk)
        self.other_clerk = await signed_in(self.city, self.stage.other_clerk)
        self.officer = await signed_in(self.city, self.stage.officer)
        return self

    async def next_day(self) -> None:
        """A day later everybody signs in again."""
        self.city.pass_time(timedelta(days=1))
        await self.sign_in()

    async def completed(self, state: State = State.COMPLETED, **given: Any) -> UUID:
        async with self.city.sessions.begin() as session:
            self.stage.session = session
            return (await self.stage.request(state, **given)).id

    async def redeemed(self) -> UUID:
        async with self.city.sessions.begin() as session:
            self.stage.session = session
            return (await self.stage.redemption()).id

    async def rated(self, body: dict[str, Any], **given: Any) -> dict[str, Any]:
        path = f"/v1/requests/{await self.completed(**given)}/rating"
        answer = await self.holder.post(path, body)
        assert answer.status_code == 201, answer.text
        await self.city.settle()
        return dict(answer.json())

    async def case(self) -> tuple[str, str]:
        """A fresh bad rating's case: its path and ETag."""
        await self.rated(BAD)
        found = (await self.officer.get("/v1/centre/bad-ratings")).json()["items"][-1]
        path = f"/v1/centre/bad-ratings/{found['id']}"
        return path, (await self.officer.get(path)).headers["ETag"]


@pytest.fixture
async def town(city: City) -> Town:
    return await Town(city).set()


def refused(answer: httpx.Response) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.status_code, answer.json()["code"]


async def test_a_holder_rates_a_request_once(town: Town) -> None:
    path = f"/v1/requests/{await town.completed()}/rating"
    answer = await town.holder.post(path, GOOD)
    assert answer.status_code == 201
    body = answer.json()
    assert (body["grade"], body["grade_name"], body["tags"]) == (5, "非常满意", ["510", "513"])
    assert refused(await town.holder.post(path, GOOD)) == (409, "already-rated")
    assert (await town.holder.get(path)).json() == body


async def test_a_holder_rates_a_redemption(town: Town) -> None:
    path = f"/v1/redemptions/{await town.redeemed()}/rating"
    assert (await town.holder.get(path)).status_code == 404
    assert (await town.holder.post(path, GOOD)).status_code == 201
    assert (await town.holder.get(path)).json()["about"] == path[4:-7]


async def test_the_same_key_gets_the_same_answer(town: Town) -> None:
    path = f"/v1/requests/{await town.completed()}/rating"
    first = await town.holder.post(path, GOOD, key="once")
    again = await town.holder.post(path, GOOD, key="once")
    assert (again.status_code, again.json()) == (201, first.json())
    assert again.headers["Idempotency-Replayed"] == "true"
    assert refused(await town.holder.post(path, GOOD, key=None)) == (
        400,
        "idempotency-key-required",
    )


async def test_two_ratings_at_once_are_one_rating(town: Town) -> None:
    path = f"/v1/requests/{await town.completed()}/rating"
    answers = await asyncio.gather(*(town.holder.post(path, GOOD) for _ in range(6)))
    codes = sorted(answer.status_code for answer in answers)
    assert codes == [201, 409, 409, 409, 409, 409]
    assert {a.json()["code"] for a in answers if a.status_code == 409} == {"already-rated"}


async def test_two_officers_at_once_are_one_call_back(town: Town) -> None:
    path, tag = await town.case()
    body = {"verdict": "unsubstantiated", "note": "系误会"}
    acts = (town.officer.post(f"{path}/call-back", body, etag=tag) for _ in range(4))
    codes = sorted(answer.status_code for answer in await asyncio.gather(*acts))
    assert codes == [200, 412, 412, 412]


async def test_an_appeal_and_its_decision_go_through_the_doors(town: Town) -> None:
    path, tag = await town.case()
    said = {"verdict": "substantiated", "note": "属实", "consent": True}
    done = await town.officer.post(f"{path}/call-back", said, etag=tag)
    await town.next_day()
    seen = await town.clerk.get(path)
    assert seen.json()["allowed"] == ["rectify", "appeal"]
    assert seen.json()["rater"]["name"] == "林小满"
    body = {"reason": "系统停机"}
    assert refused(await town.other_clerk.post(f"{path}/appeal", body, etag=tag))[0] == 404
    lodged = await town.clerk.post(f"{path}/appeal", body, etag=done.headers["ETag"])
    assert (lodged.json()["state"], lodged.json()["allowed"]) == ("appealed", [])
    decision = {"decision": "rejected", "note": "停机公告时间不符"}
    decide, tag = f"{path}/decide-appeal", lodged.headers["ETag"]
    assert refused(await town.clerk.post(decide, decision, etag=tag)) == (403, "forbidden")
    assert refused(await town.officer.post(decide, decision, etag=tag)) == (409, "same-officer")
    async with town.city.sessions.begin() as session:
        town.stage.session = session
        another = await town.stage.account(Role.CENTRE, region="370000")
    ended = await (await signed_in(town.city, another)).post(decide, decision, etag=tag)
    assert (ended.json()["state"], ended.json()["appeal_decision"]) == ("rectifying", "rejected")
    assert refused(await town.clerk.post(f"{path}/appeal", body, etag=ended.headers["ETag"])) == (
        409,
        "wrong-state",
    )


async def test_what_is_added_to_a_rating_is_seen_beside_it(town: Town) -> None:
    made = await town.rated(GOOD)
    path = f"/v1/ratings/{made['id']}"
    given = {"tags": ["512"], "comment": "第二次也好"}
    answer = await town.holder.post(f"{path}/supplement", given)
    assert answer.status_code == 201
    (added,) = answer.json()["additions"]
    assert (added["kind"], added["grade"], added["tags"]) == ("supplement", None, ["512"])
    assert refused(await town.holder.post(f"{path}/supplement", given)) == (409, "already-added")
    assert refused(await town.holder.post(f"{path}/follow-up", {"grade": 5})) == (
        409,
        "nothing-to-add-to",
    )
    assert refused(await town.clerk.post(f"{path}/supplement", given)) == (403, "forbidden")


async def test_the_tables_say_that_they_can_be_had_as_sheets(town: Town) -> None:
    page = (await town.city.nobody.get("/schema/openapi.json")).json()
    for path in ("/v1/centre/satisfaction", "/v1/centre/sla", "/v1/public/satisfaction"):
        content = page["paths"][path]["get"]["responses"]["200"]["content"]
        assert set(content) == {"application/json", "text/csv", XLSX}


async def test_staff_may_not_rate_and_nobody_may_not(town: Town) -> None:
    path = f"/v1/requests/{await town.completed()}/rating"
    for staff in (town.clerk, town.officer):
        assert refused(await staff.post(path, GOOD)) == (403, "forbidden")
    assert refused(await town.city.nobody.post(path, GOOD)) == (401, "unauthenticated")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"grade": 4, "tags": ["510"]}, "tag-of-other-grade"),
        ({"grade": 2}, "bad-rating-needs-reason"),
        ({"grade": 6}, "invalid-body"),
        ({"grade": 0}, "invalid-body"),
        ({"grade": True}, "invalid-body"),
        ({"grade": 5, "tags": ["510"] * 9}, "invalid-body"),
        ({"grade": 5, "tags": ["\u0000"]}, "invalid-body"),
        ({"grade": 5, "comment": "长" * 501}, "invalid-body"),
        ({"grade": 5, "origin": "default"}, "invalid-body"),
        ({"tags": []}, "invalid-body"),
    ],
)
async def test_a_body_that_is_not_right_is_told_why(
    town: Town, body: dict[str, Any], code: str
) -> None:
    path = f"/v1/requests/{await town.completed()}/rating"
    answer = await town.holder.post(path, body)
    assert refused(answer) == (422, code)
    assert answer.json()["errors"]


async def test_what_is_not_done_or_too_long_ago_cannot_be_rated(town: Town) -> None:
    path = f"/v1/requests/{await town.completed(State.ACCEPTED)}/rating"
    answer = await town.holder.post(path, GOOD)
    assert refused(answer) == (409, "wrong-state")
    assert answer.json()["state"] == "accepted"
    path = f"/v1/requests/{await town.completed(at=town.city.now - timedelta(days=31))}/rating"
    assert refused(await town.holder.post(path, GOOD)) == (409, "rating-window-over")


async def test_an_etag_that_is_sent_is_kept(town: Town) -> None:
    path = f"/v1/requests/{await town.completed()}/rating"
    stale = await town.holder.post(path, GOOD, etag='"7"')
    assert refused(stale) == (412, "precondition-failed")
    assert (await town.holder.post(path, GOOD, etag='"1"')).status_code == 201


async def test_the_overview_shows_a_rating_as_soon_as_it_is_counted(town: Town) -> None:
    await town.rated(GOOD)
    await town.rated(BAD)
    found = (await town.officer.get("/v1/centre/overview")).json()
    assert found["satisfaction"]["good_rate"]["value"] == 0.5
    assert found["satisfaction"]["satisfaction"]["value"] == 0.5
    assert found["satisfaction"]["good_rate"]["n"] == 2
    assert found["risk"]["bad_ratings_uncalled"] == 1
    assert found["funnel"]["rated"] == 2


async def test_the_loop_from_call_back_to_acceptance(town: Town) -> None:
    path, tag = await town.case()
    told = await town.officer.post(
        f"{path}/call-back", {"verdict": "substantiated", "note": "属实"}, etag=tag
    )
    assert (told.status_code, told.json()["state"]) == (200, "rectifying")
    town.city.pass_time(timedelta(days=1))
    clerk = await signed_in(town.city, town.stage.clerk)
    seen = await clerk.get(path)
    assert (seen.json()["rater"], seen.json()["comment"]) == (None, "请回电 ***")
    mended = await clerk.post(
        f"{path}/rectify", {"plan": "换人", "proof": "照片"}, etag=seen.headers["ETag"]
    )
    assert (mended.status_code, mended.json()["state"]) == (200, "rectified")
    officer = await signed_in(town.city, town.stage.officer)
    tag = mended.headers["ETag"]
    ended = await officer.post(f"{path}/rule", {"ruling": "accept"}, etag=tag)
    assert (ended.status_code, ended.json()["state"]) == (200, "closed")
    assert (
        await officer.get(path, headers={"If-None-Match": ended.headers["ETag"]})
    ).content == b""


async def test_acts_on_a_case_need_its_etag_and_the_right_role(town: Town) -> None:
    path, tag = await town.case()
    body = {"verdict": "substantiated", "note": "属实"}
    act = f"{path}/call-back"
    assert refused(await town.officer.post(act, body)) == (428, "precondition-required")
    assert refused(await town.officer.post(act, body, etag='"99"')) == (412, "precondition-failed")
    assert refused(await town.holder.post(act, body, etag=tag)) == (403, "forbidden")
    assert refused(await town.clerk.post(act, body, etag=tag)) == (403, "forbidden")
    rectify = {"plan": "一", "proof": "二"}
    assert refused(await town.officer.post(f"{path}/rectify", rectify, etag=tag))[0] == 403
    assert refused(await town.other_clerk.get(path)) == (404, "not-found")
    assert refused(await town.holder.get("/v1/centre/bad-ratings"))[0] == 403


async def test_a_void_rating_leaves_the_figures(town: Town) -> None:
    await town.rated(GOOD)
    path, tag = await town.case()
    body = {"ruling": "void", "reason": "other-service"}
    assert (await town.officer.post(f"{path}/rule", body, etag=tag)).status_code == 200
    await town.city.settle()
    found = (await town.officer.get("/v1/centre/overview")).json()["satisfaction"]
    assert (found["good_rate"]["value"], found["good_rate"]["n"], found["voided"]) == (1.0, 1, 1)


async def test_cases_are_listed_page_by_page(town: Town) -> None:
    for _ in range(3):
        await town.rated(BAD)
    first = await town.officer.get("/v1/centre/bad-ratings", params={"limit": 2})
    assert len(first.json()["items"]) == 2
    rest = await town.officer.get(first.headers["Link"].split(">")[0][1:])
    ids = [each["id"] for page in (first, rest) for each in page.json()["items"]]
    assert len(set(ids)) == 3
    closed = await town.officer.get("/v1/centre/bad-ratings", params={"state": "closed"})
    assert closed.json()["items"] == []


@pytest.mark.parametrize("table", ["satisfaction", "sla"])
@pytest.mark.parametrize(
    "by", ["offering", "partner", "region", "sector", "month", "day", "category"]
)
async def test_each_table_by_each_dimension_as_json_and_csv(
    town: Town, table: str, by: str
) -> None:
    await town.rated(GOOD)
    path = f"/v1/centre/{table}"
    plain = await town.officer.get(path, params={"by": by, "from": "2026-03-02"})
    assert (plain.status_code, len(plain.json()["items"])) == (200, 1)
    assert plain.json()["from"] == "2026-03-02"
    sheet = await town.officer.get(path, params={"by": by}, headers={"Accept": "text/csv"})
    assert sheet.headers["content-type"] == "text/csv; charset=utf-8"
    book = await town.officer.get(path, params={"by": by}, headers={"Accept": XLSX})
    assert (book.headers["content-type"], book.content[:2]) == (XLSX, b"PK")
    assert book.headers["content-disposition"].endswith('.xlsx"')
    assert len(sheet.content.decode("utf-8-sig").splitlines()) == 3


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"by": "person"}, 422),
        ({"from": "yesterday"}, 422),
        ({"from": "2026-03-02", "to": "2026-03-01"}, 422),
        ({"region": "110000"}, 404),
        ({"region": "\x00"}, 404),
    ],
)
async def test_a_question_that_makes_no_sense_is_refused(
    town: Town, query: dict[str, str], status: int
) -> None:
    answer = await town.officer.get("/v1/centre/satisfaction", params=query)
    assert refused(answer)[0] == status


async def test_another_form_of_table_is_not_to_be_had(town: Town) -> None:
    answer = await town.officer.get("/v1/centre/sla", headers={"Accept": "application/pdf"})
    assert refused(answer) == (406, "not-acceptable")


@pytest.mark.parametrize("door", ["overview", "satisfaction", "sla", "stream"])
async def test_only_the_centre_gets_in(town: Town, door: str) -> None:
    for who in (town.holder, town.clerk):
        assert refused(await who.get(f"/v1/centre/{door}"))[0] == 403


async def test_a_citys_centre_sees_only_its_city(town: Town) -> None:
    await town.rated(GOOD)
    async with town.city.sessions.begin() as session:
        town.stage.session = session
        caller = await town.stage.account(Role.CENTRE, region="370200")
    qingdao = await signed_in(town.city, caller)
    found = (await qingdao.get("/v1/centre/overview")).json()
    assert (found["region"], found["satisfaction"]["good_rate"]["n"]) == ("370200", 0)
    hidden = await qingdao.get("/v1/centre/overview", params={"region": "370100"})
    assert refused(hidden) == (404, "not-found")


async def test_everybody_may_read_what_is_published_from_the_next_day_on(town: Town) -> None:
    for _ in range(5):
        await town.rated(GOOD)
    await town.rated(GOOD, offering="ED-01")
    path, nobody = "/v1/public/satisfaction", town.city.nobody
    assert (await nobody.get(path)).json()["items"] == []
    town.city.pass_time(timedelta(days=1))
    found = (await nobody.get(path, params={"by": "offering"})).json()
    assert found["through"] == "2026-03-02"
    assert [row["good_rate"]["suppressed"] for row in found["items"]] == [True, True]
    assert found["items"][0]["good_rate"]["value"] is None
    assert found["total"]["good_rate"]["n"] == 6
    assert refused(await nobody.get(path, params={"by": "day"}))[0] == 422


async def test_people_read_their_own_notices_and_mark_them(town: Town) -> None:
    await town.rated(BAD)
    found = (await town.officer.get("/v1/me/notices", params={"unread": "true"})).json()["items"]
    (notice,) = [each for each in found if each["kind"] == "rating.given"]
    path = f"/v1/me/notices/{notice['id']}/read"
    assert refused(await town.holder.post(path)) == (404, "not-found")
    marked = await town.officer.post(path)
    assert marked.json()["read_at"] is not None
    left = await town.officer.get("/v1/me/notices", params={"unread": "true"})
    assert notice["id"] not in [each["id"] for each in left.json()["items"]]


async def test_a_machine_has_no_notices(town: Town) -> None:
    machine: Someone = town.city.nobody
    assert refused(await machine.get("/v1/me/notices"))[0] == 401
