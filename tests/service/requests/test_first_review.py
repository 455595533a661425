"""初审 (guide.md 5.1): five working days from the acceptance, within the fifteen of handling."""

from typing import Any
from uuid import UUID

import pytest

from service.offerings import details
from service.problems import WrongState
from service.reference import tables
from service.requests.conservation import check_all
from service.requests.loans.terms import PRODUCTS
from service.requests.states import Stage, State
from tests.city import City, Someone
from tests.service.requests.ask import GRANTED, accepted
from tests.service.requests.loans.test_banks import at, seen, told
from tests.service.requests.loans.test_loans import act, bank_name, form, granted
from tests.service.requests.make import NOON, request

NO = {"outcome": "refused", "reason": "流水不足"}
YES = {"outcome": "passed"}


def test_only_a_request_in_its_first_review_can_pass_it() -> None:
    row = request(State.ACCEPTED, stage=Stage.FIRST_REVIEW)
    assert "first-review" in row.acts("partner")  # type: ignore[arg-type]
    row.end_first_review("passed", NOON, in_time=True)
    with pytest.raises(WrongState) as refusal:
        row.end_first_review("passed", NOON, in_time=True)
    assert "complete" in refusal.value.members()["allowed"]
    assert "first-review" not in refusal.value.members()["allowed"]


async def test_the_budgets_say_what_the_table_of_loans_says() -> None:
    """The table's days are the versions' budgets: 1, 5 and 15 working days in every place."""
    rows = tables.read_table("loans", (tables.DATA / "loans.tsv").read_text())
    offered = tables.read_table("catalogue", (tables.DATA / "catalogue.tsv").read_text())
    for row in rows:
        code = next(code for code, product in PRODUCTS.items() if product == row["product"])
        own = next(each for each in offered if each["code"] == code)
        reviewed = details.policies()[code].first_review_wd
        assert (int(own["accept_hours"]) / 8, reviewed, int(own["complete_wd"])) == (
            int(row["accept_wd"]), int(row["first_review_wd"]), int(row["credit_wd"]),
        )  # fmt: skip


async def asked(city: City, *keys: str) -> str:
    """A 人才贷 of the sample talent, asked for on Monday 2 March at ten; its id."""
    holder = await city.person("talent", region="370100")
    order = [await bank_name(city, key) for key in keys]
    body = {"offering": "FI-01", "region": "370100", "form": form(banks=order)}
    made = await holder.post("/v1/requests", body)
    await city.settle()
    return str(made.json()["id"])


async def deadline(who: Someone, request: str) -> dict[str, Any]:
    found: dict[str, Any] = (await who.get(f"/v1/requests/{request}/deadline")).json()
    return found


async def test_accept_1_first_review_5_credit_15(city: City) -> None:
    request = await asked(city, "bank1")
    holder = await city.person("talent", region="370100")
    assert (await deadline(holder, request))["promise"]["due_at"] == "2026-03-25T00:00:00+08:00"
    bank, path = await at(city, "bank1", request)
    view = (await bank.get(path)).json()
    assert (view["stage"], view["state"]) == ("first_review", "accepted")
    # Both run from the acceptance: the fifteen working days of the catalogue hold (time.md D0).
    decision = "2026-03-24T00:00:00+08:00"
    assert view["deadlines"] == {
        "first_review": "2026-03-10T00:00:00+08:00", "handling": decision,
    }  # fmt: skip
    city.at("2026-03-05 10:00")
    bank = await city.client("bank1")
    view = (await act(bank, path, "first-review", YES)).json()
    assert (view["stage"], view["deadlines"]) == ("decision", {"handling": decision})
    await city.settle()
    assert any("已通过" in line and "初审" in line for line in await told(city))
    again = await act(bank, path, "first-review", YES)
    assert (again.status_code, again.json()["code"]) == (409, "wrong-state")
    city.at("2026-03-06 10:00")
    bank = await city.client("bank1")
    assert (await act(bank, path, "complete", granted("500000.00"))).status_code == 200
    holder = await city.person("talent", region="370100")
    whole = await deadline(holder, request)
    legs = [leg["leg"] for leg in whole["legs"]]
    assert legs == ["acceptance", "handling"]
    async with city.sessions.begin() as session:
        assert [fault async for fault in check_all(session, city.now)] == []
    story = (await holder.get(f"/v1/requests/{request}/timeline")).json()["items"]
    said = [entry["text"] for entry in story]
    assert any("应在3月23日(周一)24:00前办结" in text for text in said)
    assert any("初审通过,应在3月23日(周一)24:00前作出决定" in text for text in said)


async def test_a_refusal_in_first_review_goes_to_the_next_bank_and_kept_its_time(
    city: City,
) -> None:
    request = await asked(city, "bank2", "bank1")
    bank, path = await at(city, "bank2", request)
    bare = await act(bank, path, "first-review", {"outcome": "refused"})
    assert bare.json()["errors"][0]["pointer"] == "/reason"
    done = await act(bank, path, "first-review", NO)
    assert (done.status_code, done.json()["state"]) == (200, "routing")
    await city.settle()
    kept = await city.sql(
        "SELECT type, data->>'in_time' AS kept FROM events WHERE data ? 'in_time' ORDER BY id"
    )
    assert [(row["type"].split(".")[2], row["kept"]) for row in kept] == [
        ("first_reviewed", "true"), ("declined", "true"),
    ]  # fmt: skip
    view = await seen(city, request)
    assert [(b["state"], b["reason"]) for b in view["banks"]] == [
        ("declined", "流水不足"), ("offered", None),
    ]  # fmt: skip
    assert view["stage"] is None
    second, path = await at(city, "bank1", request)
    assert (await second.get(path)).json()["stage"] == "first_review"
    async with city.sessions.begin() as session:
        assert [fault async for fault in check_all(session, city.now)] == []


async def test_a_bank_that_decides_at_once_has_said_both(city: City) -> None:
    request = await asked(city, "bank1")
    bank, path = await at(city, "bank1", request)
    assert (await act(bank, path, "complete", granted("500000.00"))).status_code == 200
    names = [name.split(".")[2] for name in await city.events(f"requests/{request}")]
    assert names[-2:] == ["first_reviewed", "completed"]
    assert await city.sql("SELECT 1 FROM clocks WHERE stopped_at IS NULL") == []


async def test_a_first_review_that_is_late_warns_breaches_and_stays_a_fact(city: City) -> None:
    request = await asked(city, "bank1")
    _, path = await at(city, "bank1", request)
    city.at("2026-03-10 10:00")
    await city.sweep()
    rungs = await city.sql(
        "SELECT data->>'rung' AS rung FROM events"
        " WHERE type LIKE 'hck.deadline.%' AND data->>'leg' = 'first_review' ORDER BY id"
    )
    assert [row["rung"] for row in rungs] == ["0.5", "0.8", "due", "breach", "breach+1"]
    bank = await city.client("bank1")
    assert (await act(bank, path, "first-review", YES)).status_code == 200
    [fact] = await city.sql("SELECT breached_at FROM clocks WHERE leg = 'first_review'")
    assert fact["breached_at"] is not None
    await city.settle()
    [figures] = await city.sql(
        "SELECT sum(breached_handling) AS handling, sum(breached_promise) AS promise"
        " FROM figure_counts"
    )
    # A fact of its own; handling itself was not late, and counts by itself.
    assert (figures["handling"] or 0, figures["promise"] or 0) == (0, 0)


async def test_after_a_correction_both_go_on_for_what_is_left(city: City) -> None:
    request = await asked(city, "bank1")
    bank, path = await at(city, "bank1", request)
    assert (await act(bank, path, "ask", {"items": ["近半年流水"]})).status_code == 200
    assert (await act(bank, path, "first-review", YES)).json()["code"] == "wrong-state"
    city.at("2026-03-04 10:00")
    holder = await city.person("talent", region="370100")
    given = {"note": "已补", "form": {"purpose": "研发设备采购二期"}}
    assert (await act(holder, f"/v1/requests/{request}", "answers", given)).status_code == 200
    bank = await city.client("bank1")
    view = (await bank.get(path)).json()
    # Monday was day 0, Wednesday is a new one: all five days are left (time.md P3).
    assert view["deadlines"] == {
        "first_review": "2026-03-12T00:00:00+08:00", "handling": "2026-03-26T00:00:00+08:00",
    }  # fmt: skip
    clerks = await city.person("partner_clerk", organisation=await bank_name(city, "bank1"))
    await city.settle()
    notices = (await clerks.get("/v1/me/notices")).json()["items"]
    assert any("已补正" in each["text"] and "前办结" in each["text"] for each in notices)
    city.at("2026-03-05 10:00")
    bank, holder = await city.client("bank1"), await city.person("talent", region="370100")
    assert (await act(bank, path, "first-review", YES)).status_code == 200
    names = [leg["leg"] for leg in (await deadline(holder, request))["legs"]]
    assert names == ["acceptance", "pause", "handling"]


async def test_an_offering_without_one_goes_from_acceptance_to_handling(city: City) -> None:
    case = await accepted(city)
    assert (await case.partner.get(case.desk)).json()["stage"] is None
    refused = await case.act("first-review", YES)
    assert (refused.status_code, refused.json()["code"]) == (409, "wrong-state")
    assert (await case.act("complete", GRANTED)).status_code == 200
    assert (
        await city.sql(
            "SELECT 1 FROM clocks WHERE request_id = $1 AND leg = 'first_review'", UUID(case.id)
        )
        == []
    )


async def test_a_clerk_passes_it_at_the_desk_and_both_sides_read_it(city: City) -> None:
    request = await asked(city, "bank1")
    clerk = await city.person("partner_clerk", organisation=await bank_name(city, "bank1"))
    holder = await city.person("talent", region="370100")
    desk = f"/desk/{request}"
    tag = (await clerk.get(f"/v1/partner/requests/{request}")).headers["ETag"].strip('"')
    taken = await clerk.post(f"{desk}/accept", data={"_revision": tag})
    assert taken.status_code == 303
    page = (await clerk.get(desk)).text
    assert "初审中" in page
    assert "初审时限" in page
    assert "初审中" in (await holder.get(f"/my/requests/{request}")).text
    assert "初审中" in (await holder.get("/my/requests")).text
    tag = (await clerk.get(f"/v1/partner/requests/{request}")).headers["ETag"].strip('"')
    done = await clerk.post(f"{desk}/first-review", data={"_revision": tag})
    assert (done.status_code, done.headers["location"]) == (303, f"{desk}?done=reviewed")
    assert "初审中" not in (await clerk.get(desk)).text
    assert "初审通过" in (await holder.get(f"/my/requests/{request}")).text
