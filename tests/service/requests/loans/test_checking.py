"""The officials' tables of loans: what is wrong is refused by its line, before it is in force."""

import asyncio
import re
from typing import Any

import pytest

from service.reference import tables
from service.reference.tables import BadTable
from service.requests.loans import checking
from tests.city import MONDAY, City
from tests.service.requests.loans.test_banks import NO, asked, at, seen
from tests.service.requests.loans.test_loans import act


def rows(name: str, **changed: str) -> list[dict[str, str]]:
    found = tables.read_table(name, (tables.DATA / f"{name}.tsv").read_text())
    return [{**row, **changed} for row in found]


def check(name: str, given: list[dict[str, str]]) -> None:
    listener: Any = {"loans": checking.check_loans, "lpr": checking.check_lpr}[name]
    asyncio.run(listener(None, given, MONDAY))


@pytest.mark.parametrize("name", ["loans", "lpr"])
def test_what_is_shipped_is_right(name: str) -> None:
    check(name, rows(name))


@pytest.mark.parametrize(
    ("name", "column", "text"),
    [
        ("loans", "product", "房贷"), ("loans", "city", "济南"), ("loans", "compensation_pct", ""),
        ("loans", "compensation_pct", "101"), ("loans", "cap_talent_yuan", "一千万"),
        ("loans", "first_review_wd", "0.5"), ("loans", "uplift_cap_pct", "-1"),
        ("loans", "asking", "both"), ("lpr", "percent", "3,45"), ("lpr", "min_months", "一年"),
        ("lpr", "valid_from", "2026-02-30"), ("lpr", "tenor", ""),
    ],
)  # fmt: skip
def test_a_line_that_is_wrong_is_named(name: str, column: str, text: str) -> None:
    with pytest.raises(BadTable) as refusal:
        check(name, rows(name, **{column: text}))
    assert re.fullmatch(rf"第 2 行.*{column}。", refusal.value.detail)


def test_one_way_of_asking_is_accepted_and_several_at_once_is_refused_with_what_to_do() -> None:
    check("loans", rows("loans", asking="in_order"))
    with pytest.raises(BadTable) as refusal:
        check("loans", rows("loans", asking="parallel"))
    assert "分别提出申请" in refusal.value.detail


async def test_such_a_table_is_not_loaded(city: City) -> None:
    lines = (tables.DATA / "loans.tsv").read_text().splitlines()
    content = "\n".join([lines[0] + "\tasking", *(f"{line}\tparallel" for line in lines[1:])])
    async with city.sessions.begin() as session:
        before = await tables.version_of(session, "loans")
    with pytest.raises(BadTable):
        async with city.sessions.begin() as session:
            await tables.load(session, "loans", content, MONDAY)
    async with city.sessions.begin() as session:
        assert await tables.version_of(session, "loans") == before


async def test_who_names_no_bank_and_asks_all_has_them_asked_in_the_table_s_order(
    city: City,
) -> None:
    request = await asked(city, others=True)
    explained = await (await city.person("centre")).get(f"/v1/requests/{request}/routing")
    order = [each["name"] for each in explained.json()["rounds"][0]["considered"]]
    for _ in range(3):
        view = await seen(city, request)
        key = next(
            each["key"] for each in city.planted["clients"]
            if each["partner"] == view["partner"]["name"]
        )  # fmt: skip
        bank, path = await at(city, key, request)
        await act(bank, path, "complete", NO)
        await city.settle()
    view = await seen(city, request)
    assert [each["bank"] for each in view["banks"]] == order
    assert (view["state"], view["outcome"]) == ("completed", "declined")
