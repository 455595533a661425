"""What is lent, for 专家中心: by city, bank and product; and the limits that a bank reads first."""

import re
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from service.reference.regions import Region, Regions
from service.requests.loans import limits
from service.requests.loans.exposure import By, Lent, table
from service.requests.loans.limits import Limits
from service.requests.loans.money import fen_of
from service.requests.loans.rates import Base
from tests.city import MONDAY, City
from tests.service.requests.loans.test_banks import asked, at
from tests.service.requests.loans.test_loans import act, bank_name, form, granted, loan_of

KNOWN = Regions(
    [
        Region(code, name, level, parent, None, None)
        for code, name, level, parent in (
            ("370000", "山东省", "province", None), ("370100", "济南市", "city", "370000"),
            ("370102", "历下区", "county", "370100"), ("370600", "烟台市", "city", "370000"),
        )
    ]
)  # fmt: skip
LOANS = st.lists(
    st.builds(
        Lent,
        region=st.sampled_from(sorted(KNOWN.by_code)),
        bank=st.sampled_from(["泉城", "岱岳", "黄海"]),
        offering=st.sampled_from(["FI-01", "FI-02", "FI-03"]),
        loans=st.integers(1, 9),
        granted=st.integers(0, 10**11),
        drawn=st.integers(0, 10**11),
        balance=st.integers(10**6, 10**11),
        exposure=st.integers(0, 10**6),
        costs=st.just(Decimal(0)),
        costed=st.just(0),
    ),
    max_size=12,
)


@given(LOANS)
def test_by_whatever_they_are_added_up_the_sum_is_the_same(found: list[Lent]) -> None:
    tables = [table(found, by, KNOWN) for by in By]
    assert len({each.total for each in tables}) == 1
    for each in tables:
        for name in ("granted_yuan", "drawn_yuan", "balance_yuan", "exposure_yuan"):
            parts = sum(fen_of(getattr(row, name)) for row in each.items)
            assert parts == fen_of(getattr(each.total, name))
        assert sum(row.loans for row in each.items) == each.total.loans


def test_a_county_s_belong_to_its_city_and_what_lies_in_none_to_the_province() -> None:
    found = [
        Lent(region, "泉城", "FI-01", 1, 100, 0, 0, 0, Decimal(0), 0)
        for region in ("370102", "370100", "370000")
    ]
    rows = table(found, By.CITY, KNOWN).items
    assert [(row.name, row.loans) for row in rows] == [("山东省", 1), ("济南市", 2)]


def test_the_mean_rate_is_weighted_and_leaves_out_what_is_not_known() -> None:
    found = [
        Lent("370100", "泉城", "FI-01", 1, 300, 0, 0, 0, Decimal(900), 300),
        Lent("370100", "岱岳", "FI-01", 1, 100, 0, 0, 0, Decimal(700), 100),
        Lent("370100", "黄海", "FI-01", 1, 999, 0, 0, 0, Decimal(0), 0),
    ]
    assert table(found, By.PRODUCT, KNOWN).total.mean_rate_percent == "4.0000"
    assert table(found, By.BANK, KNOWN).items[-1].mean_rate_percent in ("3.0000", "7.0000", None)


async def test_the_centre_reads_it_by_city_bank_and_product_and_keeps_it_as_a_file(
    city: City,
) -> None:
    holder = await city.person("talent", region="370100")
    for key, region in (("bank1", "370102"), ("bank2", "370100")):
        body = {
            "offering": "FI-01", "region": region,
            "form": form(bank=await bank_name(city, key), amount_yuan="500000"),
        }  # fmt: skip
        made = await holder.post("/v1/requests", body)
        assert made.status_code == 201, made.text
        await city.settle()
        bank, path = await city.client(key), f"/v1/partner/requests/{made.json()['id']}"
        await act(bank, path, "accept")
        assert (await act(bank, path, "complete", granted("500000"))).status_code == 200
    loan = f"/v1/partner/loans/{(await loan_of(bank))['id']}"
    assert (await act(bank, loan, "drawdowns", {"amount_yuan": "1000"})).status_code == 200
    centre = await city.person("centre")
    by_city = (await centre.get("/v1/centre/loans?by=city")).json()
    assert [(row["name"], row["loans"], row["granted_yuan"]) for row in by_city["items"]] == [
        ("济南市", 2, "1000000.00")
    ]
    assert by_city["total"]["exposure_yuan"] == "700.00"
    assert by_city["total"]["mean_rate_percent"] == "3.4500"
    by_bank = (await centre.get("/v1/centre/loans?by=bank")).json()
    assert [row["balance_yuan"] for row in by_bank["items"]].count("1000.00") == 1
    sheet = await centre.get("/v1/centre/loans?by=bank", headers={"Accept": "text/csv"})
    assert "平均年利率" in sheet.text
    page = (await centre.get("/centre/loans")).text
    assert "1,000,000.00" in page
    assert "济南市历下区" not in page
    file = await centre.get("/centre/loans/file?by=city_product")
    assert file.headers["content-disposition"].endswith('"loans-by-city_product.csv"')
    assert "济南市,人才贷,2" in file.text
    for role in ("talent", "steward"):
        other = await city.person(role)
        assert (await other.get("/centre/loans")).status_code == 403
        assert (await other.get("/centre/loans/file?by=bank")).status_code == 403


async def test_a_loan_keeps_its_rate_and_term(city: City) -> None:
    request = await asked(city, "bank1")
    bank, path = await at(city, "bank1", request)
    done = granted("1000.00")
    done["result"] |= {"annual_rate_percent": "3.456", "term_months": 24}
    assert (await act(bank, path, "complete", done)).status_code == 200
    loan = await loan_of(bank)
    assert (loan["annual_rate_percent"], loan["term_months"]) == ("3.456", 24)
    holder = await city.person("talent", region="370100")
    [mine] = (await holder.get("/v1/me/loans")).json()["items"]
    assert (mine["annual_rate_percent"], mine["term_months"]) == ("3.456", 24)


def test_the_limits_say_which_of_the_two_holds() -> None:
    lpr = Base("1Y", Decimal("3.00"), MONDAY.date(), "")
    plenty = limits.notes(Limits(50_000_000, 10**9, 36, lpr, Decimal(30)))
    assert plenty["amount_yuan"] == "最多 500000.00 元(申请金额)"
    assert plenty["annual_rate_percent"].startswith("最高 3.90%(LPR 1Y 3.00%,上浮至多 30%")
    little = limits.notes(Limits(50_000_000, 100, 36, lpr, None))
    assert little == {"amount_yuan": "最多 1.00 元(各银行合计后的剩余额度)"}
    assert limits.notes(None) == {}


async def test_the_clerk_reads_the_highest_rate_and_amount_before_typing_and_both_hold(
    city: City,
) -> None:
    holder = await city.person("talent", region="370100")
    body = {
        "offering": "FI-01", "region": "371000",
        "form": form(bank=await bank_name(city, "bank1"), amount_yuan="500000"),
    }  # fmt: skip
    made = (await holder.post("/v1/requests", body)).json()
    await city.settle()
    bank, path = await city.client("bank1"), f"/v1/partner/requests/{made['id']}"
    await act(bank, path, "accept")
    clerk = await city.person("partner_clerk", organisation=await bank_name(city, "bank1"))
    page = (await clerk.get(f"/desk/{made['id']}")).text
    amount = re.search(r"最多 ([0-9.]+) 元", page)
    rate = re.search(r"最高 ([0-9.]+)%", page)
    assert amount
    assert rate
    for hidden in ("amount_yuan", "term_months"):
        await city.sql(
            "UPDATE offering_versions SET partner_fields = jsonb_build_object($1::text, "
            "shared_fields - $2::text) WHERE code = 'FI-01'",
            await partner_id(city, made["id"]), hidden,
        )  # fmt: skip
        page = (await clerk.get(f"/desk/{made['id']}")).text
        assert not re.search(r"最[多高] [0-9.]+", page), "it would say what this bank does not see"
    done = granted(amount[1])
    done["result"] |= {"annual_rate_percent": rate[1]}
    assert (await act(bank, path, "complete", done)).status_code == 200


async def partner_id(city: City, request_id: str) -> str:
    query = "SELECT partner_id FROM requests WHERE id = $1::uuid"
    return str((await city.sql(query, request_id))[0]["partner_id"])
