"""A loan after its grant: caps over all banks, drawdowns, balances (guide.md 5.1)."""

import asyncio
import re
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.problems import InvalidBody
from service.requests.loans import terms
from service.requests.loans.models import Loan
from service.requests.loans.money import NotMoney, fen_of, yuan_of
from tests.city import MONDAY, City, Someone

USCC = "91370102MA3E00004W"
CAP = 10_000_000
"""济南's of 人才贷 for a talent, in yuan (loans.tsv)."""


def form(**given: Any) -> dict[str, Any]:
    return {
        "borrower": "talent", "amount_yuan": "50000000.01", "currency": "CNY", "term_months": 36,
        "purpose": "研发设备采购", "credit_authorised": True, "contact_phone": "13800000000",
    } | given  # fmt: skip


def granted(amount: str) -> dict[str, Any]:
    result = {
        "reference": "RCD-1", "amount_yuan": amount, "annual_rate_percent": "3.45",
        "drawdown_on": "2026-04-01",
    }  # fmt: skip
    return {"outcome": "granted", "result": result}


async def bank_name(city: City, key: str) -> str:
    entry = next(each for each in city.planted["clients"] if each["key"] == key)
    return str(entry["partner"])


async def at_bank(city: City, key: str = "bank1", **given: Any) -> tuple[Someone, str]:
    """An accepted 人才贷 of the sample talent at a bank; the bank and the request's path there."""
    holder = await city.person("talent", region="370100")
    asked = form(bank=await bank_name(city, key), **given)
    body = {"offering": "FI-01", "region": "370100", "form": asked}
    made = await holder.post("/v1/requests", body)
    assert made.status_code == 201, made.text
    await city.settle()
    bank, path = await city.client(key), f"/v1/partner/requests/{made.json()['id']}"
    await act(bank, path, "accept")
    return bank, path


async def act(who: Someone, path: str, name: str, body: Any = None) -> Any:
    etag = (await who.get(path)).headers["ETag"]
    return await who.post(f"{path}/{name}", body, etag=etag)


async def loan_of(bank: Someone) -> dict[str, Any]:
    found: dict[str, Any] = (await bank.get("/v1/partner/loans")).json()["items"][-1]
    return found


async def test_a_grant_is_a_loan_that_its_bank_holder_and_the_centre_see(city: City) -> None:
    bank, path = await at_bank(city)
    assert (await act(bank, path, "complete", granted("500000.00"))).status_code == 200
    loan = await loan_of(bank)
    assert (loan["granted_yuan"], loan["drawn_yuan"], loan["borrower"]) == (
        "500000.00", "0.00", "talent",
    )  # fmt: skip
    holder = await city.person("talent", region="370100")
    [mine] = (await holder.get("/v1/me/loans")).json()["items"]
    assert (mine["id"], mine["allowed"]) == (loan["id"], [])
    centre = await city.person("centre")
    [line] = (await centre.get("/v1/centre/loans")).json()["items"]
    assert (line["name"], line["product"], line["loans"]) == ("济南市", "人才贷", 1)
    assert await city.events(f"loans/{loan['id']}") == ["hck.loan.granted.v1"]


async def test_what_is_declined_is_no_loan(city: City) -> None:
    bank, path = await at_bank(city)
    no = {"outcome": "declined", "reason": "流水不足"}
    assert (await act(bank, path, "complete", no)).status_code == 200
    assert (await bank.get("/v1/partner/loans")).json()["items"] == []


async def test_the_cap_is_the_talents_over_all_banks_together(city: City) -> None:
    first, path = await at_bank(city)
    assert (await act(first, path, "complete", granted(str(CAP - 100)))).status_code == 200
    second, other = await at_bank(city, "bank2")
    refused = await act(second, other, "complete", granted("100.01"))
    assert (refused.status_code, refused.json()["code"]) == (409, "loan-cap")
    assert refused.json()["left_yuan"] == "100.00"
    assert (await act(second, other, "complete", granted("100.00"))).status_code == 200


async def test_a_loan_that_is_closed_leaves_room_again(city: City) -> None:
    first, path = await at_bank(city)
    await act(first, path, "complete", granted(str(CAP)))
    loan = f"/v1/partner/loans/{(await loan_of(first))['id']}"
    second, other = await at_bank(city, "bank2")
    assert (await act(second, other, "complete", granted("1"))).status_code == 409
    assert (await act(first, loan, "close")).status_code == 200
    assert (await act(second, other, "complete", granted(str(CAP)))).status_code == 200


async def test_an_enterprise_has_a_cap_of_its_own(city: City) -> None:
    company = {"borrower": "enterprise", "enterprise_name": "云帆", "enterprise_uscc": USCC}
    bank, path = await at_bank(city, **company)
    refused = await act(bank, path, "complete", granted("50000000.01"))
    assert refused.json()["left_yuan"] == "50000000.00"
    assert (await act(bank, path, "complete", granted("50000000"))).status_code == 200
    second, other = await at_bank(city, "bank2")
    done = await act(second, other, "complete", granted(str(CAP)))
    assert done.status_code == 200, "the talent's own is another"


async def test_of_grants_at_once_no_more_come_through_than_the_cap_holds(city: City) -> None:
    """Eight requests of one talent, at two banks in turn, each for a quarter of the cap."""
    desks = [await at_bank(city, f"bank{1 + n % 2}") for n in range(8)]
    etags = [(await bank.get(path)).headers["ETag"] for bank, path in desks]
    answers = await asyncio.gather(
        *(
            bank.post(f"{path}/complete", granted(str(CAP // 4)), etag=etag)
            for (bank, path), etag in zip(desks, etags, strict=True)
        )
    )
    statuses = sorted(each.status_code for each in answers)
    assert statuses == [200] * 4 + [409] * 4
    [total] = await city.sql("SELECT sum(granted) AS fen FROM loans")
    assert total["fen"] == CAP * 100


async def lent(city: City, amount: str = "1000.00") -> tuple[Someone, str]:
    bank, path = await at_bank(city)
    await act(bank, path, "complete", granted(amount))
    return bank, f"/v1/partner/loans/{(await loan_of(bank))['id']}"


async def test_a_bank_pays_out_reports_and_closes(city: City) -> None:
    bank, path = await lent(city)
    assert (await act(bank, path, "drawdowns", {"amount_yuan": "600"})).status_code == 200
    over = await act(bank, path, "drawdowns", {"amount_yuan": "400.01"})
    assert over.json()["errors"][0]["code"] == "over-grant"
    drawn = (await act(bank, path, "drawdowns", {"amount_yuan": "400"})).json()
    assert (drawn["drawn_yuan"], drawn["balance_yuan"]) == ("1000.00", "1000.00")
    early = await act(bank, path, "close")
    assert early.json()["errors"][0]["code"] == "not-paid-back"
    owed = {"balance_yuan": "0", "on": MONDAY.date().isoformat()}
    assert (await act(bank, path, "balances", owed)).json()["balance_on"] == "2026-03-02"
    closed = (await act(bank, path, "close")).json()
    assert closed["allowed"] == []
    again = await act(bank, path, "drawdowns", {"amount_yuan": "1"})
    assert (again.status_code, again.json()["code"]) == (409, "wrong-state")
    assert await city.events(path.removeprefix("/v1/partner/")) == [
        "hck.loan.granted.v1", "hck.loan.drawn.v1", "hck.loan.drawn.v1", "hck.loan.reported.v1",
        "hck.loan.closed.v1",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"balance_yuan": "0.01", "on": "2026-03-02"}, "over-drawn"),
        ({"balance_yuan": "0", "on": "2026-03-03"}, "out-of-order"),
        ({"balance_yuan": "-1", "on": "2026-03-02"}, "invalid"),
        ({"balance_yuan": "1.234", "on": "2026-03-02"}, "invalid"),
    ],
)
async def test_a_report_that_cannot_be_is_refused(
    city: City, body: dict[str, str], code: str
) -> None:
    bank, path = await lent(city)
    refused = await act(bank, path, "balances", body)
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, code)


async def test_another_bank_knows_of_no_loan_and_a_stale_act_is_refused(city: City) -> None:
    bank, path = await lent(city)
    other = await city.client("bank2")
    assert (await other.get(path)).status_code == 404
    body = {"amount_yuan": "1"}
    assert (await other.post(f"{path}/drawdowns", body, etag='"1"')).status_code == 404
    assert (await bank.post(f"{path}/drawdowns", body)).status_code == 428
    assert (await bank.post(f"{path}/drawdowns", body, etag='"9"')).status_code == 412


async def test_payouts_at_once_never_go_beyond_the_grant(city: City) -> None:
    bank, path = await lent(city)
    etag = (await bank.get(path)).headers["ETag"]
    body = {"amount_yuan": "600"}
    both = await asyncio.gather(
        *(bank.post(f"{path}/drawdowns", body, etag=etag) for _ in range(4))
    )
    assert sorted(each.status_code for each in both) == [200, 412, 412, 412]


async def test_the_centre_sees_what_a_city_would_make_good(city: City) -> None:
    bank, path = await lent(city)
    await act(bank, path, "drawdowns", {"amount_yuan": "1000"})
    [line] = (await (await city.person("centre")).get("/v1/centre/loans")).json()["items"]
    assert (line["balance_yuan"], line["exposure_yuan"], line["bank_exposure_yuan"]) == (
        "1000.00", "700.00", "300.00",
    )  # fmt: skip
    loan = await loan_of(bank)
    assert (loan["compensation_pct"], loan["bank_share_pct"]) == (70, 30)
    for role in ("talent", "partner_clerk", "reviewer"):
        assert (await (await city.person(role)).get("/v1/centre/loans")).status_code == 403


async def test_the_banks_page_and_the_holders(city: City) -> None:
    clerk = await city.person("partner_clerk", login="clerk-bank")
    assert "还没有贷款" in (await clerk.get("/desk/loans")).text
    _, path = await lent(city)
    page = (await clerk.get("/desk/loans")).text
    loan = path.rpartition("/")[2]
    if loan not in page:
        pytest.fail("the clerk's bank is the one that granted")
    assert 'data-test="loans"' in (await clerk.get("/desk")).text
    sent = {"loan": loan, "_revision": "1", "do": "draw", "amount_yuan": "250.5"}
    assert (await clerk.post("/desk/loans", data=sent, key=None)).status_code == 303
    assert "250.50 元" in (await clerk.get("/desk/loans")).text
    over = await clerk.post(
        "/desk/loans", data=sent | {"_revision": "2", "amount_yuan": "1000"}, key=None
    )
    assert (over.status_code, "不能超过授信金额" in over.text) == (422, True)
    holder = await city.person("talent", region="370100")
    request = (await holder.get("/v1/me/loans")).json()["items"][0]["request_id"]
    mine = (await holder.get(f"/my/requests/{request}")).text
    assert re.search(r'data-test="loan".*250\.50 元', mine, re.S)


# ── the rules alone ──


def a_loan(granted: int = 1000) -> Loan:
    return Loan(
        id=uuid4(), request_id=uuid4(), offering="FI-01", bank_id=uuid4(), granted=granted,
        drawn=0, balance=0, balance_on=None, closed_at=None,
    )  # fmt: skip


Acts = st.lists(st.tuples(st.sampled_from(["draw", "report", "close"]), st.integers(-5, 700)))


@given(acts=Acts)
def test_in_any_order_of_acts_the_sums_hold(acts: list[tuple[str, int]]) -> None:
    loan, today = a_loan(), date(2026, 3, 2)
    for act, fen in acts:
        before = (loan.drawn, loan.balance, loan.closed_at)
        try:
            match act:
                case "draw":
                    loan.draw(fen)
                case "report":
                    loan.report(max(0, fen), today, today)
                case _:
                    loan.close(MONDAY)
        except Exception:
            assert (loan.drawn, loan.balance, loan.closed_at) == before, "nothing half done"
        today += timedelta(days=1)
        assert 0 <= loan.balance <= loan.drawn <= loan.granted
        assert loan.closed_at is None or loan.balance == 0


def test_a_days_balance_is_not_reported_after_a_later_one() -> None:
    loan = a_loan()
    loan.report(0, date(2026, 3, 2), date(2026, 3, 2))
    with pytest.raises(InvalidBody):
        loan.report(0, date(2026, 3, 1), date(2026, 3, 2))


@given(st.integers(0, 10**13))
def test_money_goes_there_and_back(fen: int) -> None:
    assert fen_of(yuan_of(fen)) == fen


@pytest.mark.parametrize(
    "text", ["", "-1", "1.234", "01", "1,000", "1e3", "٣", "1.", ".5", " 1", "1\n", "NaN"]
)
def test_what_is_no_money_is_none(text: str) -> None:
    with pytest.raises(NotMoney):
        fen_of(text)


def test_the_nearest_place_with_a_row_decides() -> None:
    rows = [
        {"product": "人才贷", "city": city, "cap_talent_yuan": talent,
         "cap_enterprise_yuan": "5", "compensation_pct": "70"}
        for city, talent in (("370000", "1"), ("370200", ""))
    ]  # fmt: skip
    near = terms.of_rows(rows, "人才贷", ["370202", "370200", "370000"])
    assert near == terms.Terms(None, 500, 70)
    far = terms.of_rows(rows, "人才贷", ["370102", "370100", "370000"])
    assert far == terms.Terms(100, 500, 70)
    assert terms.of_rows(rows, "专利贷", ["370000"]) is None
