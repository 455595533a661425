"""Opinions ready to use: the officials' table, checked before it is kept."""

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from service.reference import tables
from service.reference.tables import BadTable
from service.talents.applications import steps, templates
from tests.city import MONDAY, City

HEAD = "code\tstep\tdecision\ttext_zh\n"


async def test_every_step_that_decides_has_an_opinion_for_each_decision(
    session: AsyncSession,
) -> None:
    for step in steps.STEPS.values():
        found = {each.decision for each in await templates.of(session, step.step)}
        # The specialist passes a file on by completing it, without a word.
        assert found == {*step.decisions} - ({"pass"} if step.step == "unit_complete" else set())


async def test_the_officials_may_change_them(session: AsyncSession) -> None:
    text = f"{HEAD}x\tcity_review\treturn\t请补材料。\n"
    await tables.load(session, "opinion_templates", text, MONDAY)
    (found,) = await templates.of(session, "city_review")
    assert (found.code, found.text, found.steps) == ("x", "请补材料。", ["city_review"])
    assert await templates.of(session, "county_review") == []


@pytest.mark.parametrize(
    "row",
    ["x\tcity_review\tmaybe\t好", "x\tnowhere\tpass\t好", "x\tunit_assign\tpass\t好",
     "x\tcity_review\tpass\t", f"x\t*\tpass\t{'长' * 501}"],
)  # fmt: skip
async def test_a_wrong_row_is_refused_by_its_line(session: AsyncSession, row: str) -> None:
    with pytest.raises(BadTable) as refusal:
        await tables.load(session, "opinion_templates", f"{HEAD}{row}\n", MONDAY)
    assert "第 2 行" in refusal.value.detail


async def test_they_are_had_by_step(city: City) -> None:
    who = await city.person("office")
    found = (await who.get("/v1/opinion-templates?step=office_consent")).json()["items"]
    assert "同意发放。" in [each["text"] for each in found]
    assert (await who.get("/v1/opinion-templates?step=nonsense")).status_code == 422
    assert (await (await city.person("centre")).get("/v1/opinion-templates")).status_code == 403
