"""Several banks in order (guide.md 5.1): one at a time, each with its own time, no more told than
it must know."""

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.offerings import details
from service.requests.routing import Wanted, choose, left_to_ask
from tests.city import City, Someone
from tests.service.requests.loans.test_loans import USCC, act, bank_name, form, granted
from tests.service.requests.test_routing import CHAIN, MORNING, chosen, one, why

NO = {"outcome": "declined", "reason": "流水不足"}
LOANS = ("FI-01", "FI-02", "FI-03")


async def asked(city: City, *keys: str, code: str = "FI-01", others: bool = False) -> str:
    """A request of the sample talent to these banks in order; its id."""
    holder = await city.person("talent", region="370100")
    (example, *_) = details.form_of(code, "case").form_schema["examples"]
    banks = [await bank_name(city, key) for key in keys]
    form = example | {"banks": banks, "all_banks": others}
    made = await holder.post("/v1/requests", {"offering": code, "region": "370100", "form": form})
    assert made.status_code == 201, made.text
    await city.settle()
    return str(made.json()["id"])


async def at(city: City, key: str, request: str) -> tuple[Someone, str]:
    """A bank that took the request on."""
    bank, path = await city.client(key), f"/v1/partner/requests/{request}"
    done = await act(bank, path, "accept")
    assert done.status_code == 200, done.text
    return bank, path


async def seen(city: City, request: str) -> dict[str, Any]:
    holder = await city.person("talent", region="370100")
    found: dict[str, Any] = (await holder.get(f"/v1/requests/{request}")).json()
    return found


async def told(city: City) -> list[str]:
    holder = await city.person("talent", region="370100")
    return [n["text"] for n in (await holder.get("/v1/me/notices")).json()["items"]]


@pytest.mark.parametrize("code", LOANS)
async def test_the_first_declines_and_the_second_pays_out(city: City, code: str) -> None:
    request = await asked(city, "bank2", "bank1", code=code)
    first, path = await at(city, "bank2", request)
    city.at("2026-03-20T10:00")
    first = await city.client("bank2")
    answer = await act(first, path, "complete", NO)
    assert answer.status_code == 200, answer.text
    assert (answer.json()["state"], answer.json()["outcome"]) == ("routing", "declined")
    await city.settle()
    assert (await first.get(path)).status_code == 404
    view = await seen(city, request)
    assert [(b["bank"][:2], b["state"], b["reason"]) for b in view["banks"]] == [
        ("岱岳", "declined", "流水不足"), ("泉城", "offered", None),
    ]  # fmt: skip
    assert any("正按您的选择询问下一家" in text for text in await told(city))
    second, path = await at(city, "bank1", request)
    plain = (await second.get(path)).text
    assert "流水不足" not in plain
    assert "岱岳" not in plain
    (example, *_) = details.form_of(code, "case").form_schema["examples"]
    done = await act(second, path, "complete", granted(example["amount_yuan"]))
    assert done.status_code == 200, done.text
    loan = (await second.get("/v1/partner/loans")).json()["items"][-1]
    paid = await act(
        second, f"/v1/partner/loans/{loan['id']}", "drawdowns", {"amount_yuan": "1000"}
    )
    assert (paid.json()["drawn_yuan"], paid.json()["product"]) == (
        "1000.00", {"FI-01": "人才贷", "FI-02": "成果贷", "FI-03": "专利贷"}[code],
    )  # fmt: skip
    assert (await seen(city, request))["in_time"] is True


async def test_each_bank_has_its_own_time_and_the_legs_still_add_up(city: City) -> None:
    request = await asked(city, "bank2", "bank1")
    _, path = await at(city, "bank2", request)
    city.at("2026-03-20T10:00")
    await act(await city.client("bank2"), path, "complete", NO)
    await city.settle()
    (before, after) = await city.sql(
        "SELECT started_at, due_at, stopped_at, breached_at, past FROM clocks"
        " WHERE leg = 'promise' ORDER BY started_at"
    )
    assert (before["past"], before["breached_at"], after["past"]) == (True, None, False)
    assert after["started_at"] == before["stopped_at"]
    assert after["due_at"] > before["due_at"]
    await at(city, "bank1", request)
    city.at("2026-03-23T10:00")
    holder = await city.person("talent", region="370100")
    why = (await holder.get(f"/v1/requests/{request}/deadline")).json()
    legs = [leg["leg"] for leg in why["legs"]]
    assert legs == ["acceptance", "handling", "acceptance", "handling"]
    whole = (city.now - (await _times(city))["submitted_at"]).total_seconds() * 1_000_000
    assert sum(leg["microseconds"] for leg in why["legs"]) == whole
    assert why["promise"]["started_at"] == "2026-03-20T10:00:00+08:00"


async def _times(city: City) -> Any:
    (row,) = await city.sql("SELECT submitted_at, accepted_at FROM requests")
    return row


async def test_after_the_last_no_the_request_ends_and_in_time_it_met_the_promise(
    city: City,
) -> None:
    request = await asked(city, "bank2", "bank1")
    for key in ("bank2", "bank1"):
        bank, path = await at(city, key, request)
        assert (await act(bank, path, "complete", NO)).status_code == 200
        await city.settle()
    view = await seen(city, request)
    assert (view["state"], view["outcome"], view["in_time"]) == ("completed", "declined", True)
    assert await city.sql("SELECT 1 FROM clocks WHERE breached_at IS NOT NULL") == []
    (figures,) = await city.sql(
        "SELECT sum(completed) AS done, sum(completed_in_time) AS in_time FROM figure_counts"
    )
    assert (figures["done"], figures["in_time"]) == (1, 1)
    (banks,) = await city.sql(
        "SELECT array_agg(data->>'in_time') AS kept FROM events"
        " WHERE type = 'hck.request.declined.v1'"
    )
    assert banks["kept"] == ["true"]


async def test_a_bank_that_declines_late_did_not_keep_its_time_the_next_may(city: City) -> None:
    request = await asked(city, "bank2", "bank1")
    _, path = await at(city, "bank2", request)
    city.at("2026-04-20T10:00")
    await city.sweep()
    await act(await city.client("bank2"), path, "complete", NO)
    await city.settle()
    (row,) = await city.sql(
        "SELECT data->>'in_time' AS kept FROM events WHERE type = 'hck.request.declined.v1'"
    )
    assert row["kept"] == "false"
    bank, path = await at(city, "bank1", request)
    assert (await act(bank, path, "complete", NO)).json()["outcome"] == "declined"
    assert (await seen(city, request))["in_time"] is True


async def test_a_bounce_or_silence_goes_on_in_the_same_order_and_then_to_a_ruling(
    city: City,
) -> None:
    request = await asked(city, "bank3", "bank2")
    bank, path = await city.client("bank3"), f"/v1/partner/requests/{request}"
    await act(bank, path, "bounce", {"reason": "no_capacity"})
    await city.settle()
    assert (await (await city.client("bank2")).get(path)).status_code == 200
    assert (await (await city.client("bank1")).get(path)).status_code == 404
    await act(await city.client("bank2"), path, "bounce", {"reason": "no_capacity"})
    await city.settle()
    assert (await seen(city, request))["state"] == "in_ruling"
    holder = await city.person("talent", region="370100")
    body = {"banks": [await bank_name(city, "bank1")]}
    again = await act(holder, f"/v1/requests/{request}", "choice", body)
    assert again.status_code == 200, again.text
    await city.settle()
    view = await seen(city, request)
    assert (view["state"], view["partner"]["name"][:2]) == ("offered", "泉城")


async def test_all_allowed_are_asked_after_the_named_ones(city: City) -> None:
    request = await asked(city, "bank3", others=True)
    tried = ["bank3"]
    for _ in range(2):
        bank, path = await at(city, tried[-1], request)
        await act(bank, path, "complete", NO)
        await city.settle()
        for key in ("bank1", "bank2"):
            if (await (await city.client(key)).get(path)).status_code == 200:
                tried.append(key)
    assert sorted(tried) == ["bank1", "bank2", "bank3"]
    bank, path = await at(city, tried[-1], request)
    assert (await act(bank, path, "complete", NO)).json()["state"] == "completed"


async def test_the_order_may_change_while_a_bank_has_it_and_the_bank_is_not_told(
    city: City,
) -> None:
    request = await asked(city, "bank2")
    bank, path = await at(city, "bank2", request)
    holder = await city.person("talent", region="370100")
    one = f"/v1/requests/{request}"
    body = {"banks": [await bank_name(city, key) for key in ("bank2", "bank3")]}
    assert (await act(holder, one, "choice", body)).status_code == 200
    assert "choice" not in (await bank.get("/v1/partner/events?limit=200")).text
    assert "chosen" not in (await bank.get("/v1/partner/events?limit=200")).text
    assert "黄海" not in (await bank.get(path)).text
    await act(bank, path, "complete", NO)
    await city.settle()
    assert (await (await city.client("bank3")).get(path)).status_code == 200
    wrong = await act(holder, one, "choice", {"banks": ["济南市教育局"]})
    assert wrong.json()["errors"][0]["pointer"] == "/form/banks/0"
    assert (await act(holder, one, "choice", {})).status_code == 422
    assert (await holder.post(f"{one}/choice", body)).status_code == 428
    assert (await bank.post(f"{one}/choice", body, etag='"1"')).status_code == 403


FORM_OF_BANK = {code: set(details.form_of(code, "case").shared_fields) for code in LOANS}
VIEW = {
    "id", "number", "state", "stage", "offering", "offering_name", "region", "due_at",
    "submitted_at", "etag", "beneficiaries", "members", "form", "files", "deadlines", "accepted_at",
    "completed_at", "outcome", "outcome_reason", "result", "result_files", "result_schema",
    "correction",
    "messages", "allowed",
}  # fmt: skip


@pytest.mark.parametrize("code", LOANS)
async def test_a_bank_sees_the_declared_fields_and_nothing_else(city: City, code: str) -> None:
    request = await asked(city, "bank1", "bank2", code=code)
    bank, path = await at(city, "bank1", request)
    view = (await bank.get(path)).json()
    assert set(view) == VIEW
    assert set(view["form"]) <= FORM_OF_BANK[code]
    assert not {"bank", "banks", "all_banks"} & FORM_OF_BANK[code]
    holder = await city.person("talent", region="370100")
    card = (await holder.get("/v1/me/card")).json()
    clerk = await city.person("partner_clerk", login="clerk-bank")
    desk = await clerk.get(f"/desk/{request}")
    other = await bank_name(city, "bank2")
    for text in ((await bank.get(path)).text, desk.text):
        assert other not in text
        assert holder.entry["name"] not in text
        assert card["number"] not in text


Places = st.lists(st.integers(1, 5), unique=True, max_size=5)


@given(order=Places, others=st.booleans(), tried=Places)
def test_the_first_of_the_order_that_was_not_tried_is_next(
    order: list[int], others: bool, tried: list[int]
) -> None:
    wanted = Wanted(tuple(f"单位{n}" for n in order), others)
    candidates = [one(n, "370000", declined=n in tried) for n in range(1, 6)]
    choice = choose(candidates, chain=CHAIN, now=MORNING, wanted=wanted)
    left = [n for n in order if n not in tried]
    rest = [n for n in range(1, 6) if n not in tried and n not in order]
    able = left + (rest if others or not order else [])
    got = choice.partner_id.int if choice.partner_id else None
    assert got == next(iter(able), None)
    assert left_to_ask(choice, choice.partner_id) == (len(able) > 1)


def test_why_a_later_one_was_passed_over_is_said() -> None:
    first, later = one(1, "370000"), one(2, "370102")
    choice = choose([first, later], chain=CHAIN, now=MORNING, wanted=Wanted(("单位1", "单位2")))
    assert (chosen(first, later, wanted=("单位1", "单位2")), why(choice, 2)) == (1, "chosen_later")


async def test_two_talents_of_one_enterprise_and_two_banks_share_its_cap_at_the_same_moment(
    city: City,
) -> None:
    """Four decisions at once, each for half of the cap: two come through (loans.tsv, 济南)."""
    desks = []
    for role_region in ("370100", "370200"):
        holder = await city.person("talent", region=role_region)
        for key in ("bank1", "bank2"):
            asked_for = form(
                borrower="enterprise", enterprise_name="云帆", enterprise_uscc=USCC,
                bank=await bank_name(city, key), amount_yuan="25000000",
            )  # fmt: skip
            body = {"offering": "FI-01", "region": "370100", "form": asked_for}
            made = await holder.post("/v1/requests", body)
            assert made.status_code == 201, made.text
            await city.settle()
            desks.append(await at(city, key, made.json()["id"]))
    etags = [(await bank.get(path)).headers["ETag"] for bank, path in desks]
    answers = await asyncio.gather(
        *(
            bank.post(f"{path}/complete", granted("25000000"), etag=etag)
            for (bank, path), etag in zip(desks, etags, strict=True)
        )
    )
    assert sorted(each.status_code for each in answers) == [200, 200, 409, 409]
    assert {each.json().get("left_yuan") for each in answers if each.status_code == 409} == {"0.00"}
