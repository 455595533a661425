"""What a loan may cost: the LPR of the day and the uplift of the place (guide.md 5.1)."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.reference import tables
from service.requests.loans import rates
from service.requests.loans.rates import Base, RateCap
from tests.city import City
from tests.service.requests.loans.test_loans import act, bank_name, form, granted

ROWS = tables.read_table("lpr", (tables.DATA / "lpr.tsv").read_text())
Percent = st.decimals("0.01", "20", places=2)
Rate = st.decimals("0", "40", places=4)


@given(Rate, Percent, st.integers(0, 200))
def test_a_rate_is_within_just_where_exact_arithmetic_says_so(
    rate: Decimal, base: Decimal, uplift: int
) -> None:
    within = rate * 100 <= base * (100 + uplift)
    lpr = Base("1Y", base, date(2026, 1, 1), "")
    if within:
        rates.check(rate, lpr, Decimal(uplift))
        return
    with pytest.raises(RateCap) as refusal:
        rates.check(rate, lpr, Decimal(uplift))
    told = refusal.value.most
    assert told * 100 <= base * (100 + uplift), "what is named as the highest is within"
    assert (told + rates.STEP) * 100 > base * (100 + uplift), "and nothing above it is"


@pytest.mark.parametrize(
    ("months", "on", "percent"),
    [
        (12, date(2024, 10, 20), "3.35"),
        (12, date(2024, 10, 21), "3.10"),
        (59, date(2026, 3, 2), "3.00"),
        (60, date(2026, 3, 2), "3.50"),
        (1, date(2023, 1, 1), None),
    ],
)
def test_the_lpr_is_that_of_the_term_and_the_day(
    months: int, on: date, percent: str | None
) -> None:
    found = rates.base_of(ROWS, months, on)
    assert (str(found.percent) if found else None) == percent


def test_where_nothing_is_said_there_is_no_limit() -> None:
    lpr = Base("1Y", Decimal(3), date(2026, 1, 1), "")
    rates.check(Decimal(40), lpr, None)
    rates.check(Decimal(40), None, Decimal(30))


async def test_in_weihai_a_decision_beyond_the_uplift_is_refused_and_at_it_taken(
    city: City,
) -> None:
    holder = await city.person("talent", region="370100")
    body = {
        "offering": "FI-01", "region": "371000",
        "form": form(bank=await bank_name(city, "bank1"), amount_yuan="500000"),
    }  # fmt: skip
    made = await holder.post("/v1/requests", body)
    assert made.status_code == 201, made.text
    await city.settle()
    bank, path = await city.client("bank1"), f"/v1/partner/requests/{made.json()['id']}"
    await act(bank, path, "accept")
    done = granted("500000.00")
    done["result"]["annual_rate_percent"] = "3.9001"
    refused = await act(bank, path, "complete", done)
    assert (refused.status_code, refused.json()["code"]) == (409, "rate-cap")
    assert (refused.json()["base_percent"], refused.json()["most_percent"]) == ("3.00", "3.9000")
    assert "3.9000%" in refused.json()["detail"]
    done["result"] |= {"annual_rate_percent": "3.9", "amount_yuan": "500000.01"}
    over = await act(bank, path, "complete", done)
    assert (over.status_code, over.json()["errors"][0]["code"]) == (422, "over-asked")
    done["result"]["amount_yuan"] = "500000"
    assert (await act(bank, path, "complete", done)).status_code == 200
