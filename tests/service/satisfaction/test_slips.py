"""Slips: a code from the counter rates one redemption, once, without signing in (G3)."""

import asyncio
import re
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from events import log
from tests.city import City
from tests.service.satisfaction.test_doors import Town, refused


@pytest.fixture
async def town(city: City) -> Town:
    return await Town(city).set()


async def slip(town: Town, redemption: Any = None) -> dict[str, Any]:
    """A slip as the counter hands it out, and its path."""
    redemption = redemption or await town.redeemed()
    answer = await town.other_clerk.post(f"/v1/redemptions/{redemption}/slip", {})
    assert answer.status_code == 201, answer.text
    made = answer.json()
    return {**made, "path": "/rate/" + made["url"].rpartition("/")[2], "id": redemption}


async def rate(town: Town, path: str, **form: Any) -> httpx.Response:
    return await town.city.nobody.send("POST", path, data=form)


async def test_whoever_holds_the_slip_rates_once_and_the_holder_is_told(town: Town) -> None:
    made = await slip(town)
    page = await town.city.nobody.get(made["path"])
    assert page.status_code == 200
    assert page.text.count('type="radio" name="grade"') == 5
    assert "林小满" not in page.text
    assert (await rate(town, made["path"], grade="4")).status_code == 303
    again = await rate(town, made["path"], grade="1", comment="改主意了")
    assert again.status_code == 303
    assert "感谢您的评价" in (await town.city.nobody.get(made["path"])).text
    given = (await town.holder.get(f"/v1/redemptions/{made['id']}/rating")).json()
    assert (given["grade"], given["comment"]) == (4, None)
    await town.city.settle()
    told = (await town.holder.get("/v1/me/notices")).json()["items"]
    assert any("已凭评价码评价" in each["text"] for each in told)


async def test_many_at_once_are_one_rating(town: Town) -> None:
    made = await slip(town)
    answers = await asyncio.gather(*(rate(town, made["path"], grade="5") for _ in range(6)))
    assert {answer.status_code for answer in answers} == {303}
    async with town.city.sessions() as session:
        assert await session.scalar(text("SELECT count(*) FROM ratings")) == 1


async def test_a_bad_rating_by_slip_opens_a_case_like_any_other(town: Town) -> None:
    made = await slip(town)
    assert (await rate(town, made["path"], grade="1")).status_code == 422
    assert (await rate(town, made["path"], grade="1", comment="不给办")).status_code == 303
    assert len((await town.officer.get("/v1/centre/bad-ratings")).json()["items"]) == 1


async def test_a_slip_is_over_after_seven_days(town: Town) -> None:
    made = await slip(town)
    town.city.pass_time(timedelta(days=8))
    assert (await town.city.nobody.get(made["path"])).status_code == 410
    assert (await rate(town, made["path"], grade="5")).status_code == 410


async def test_an_invented_slip_is_nothing(town: Town) -> None:
    await slip(town)
    assert (await town.city.nobody.get("/rate/" + "A" * 43)).status_code == 404


async def test_staff_cannot_rate_with_a_slip_neither(town: Town) -> None:
    made = await slip(town)
    for staff in (town.other_clerk, town.officer):
        assert (await staff.get(made["path"])).status_code == 403
        answer = await staff.send("POST", made["path"], data={"grade": "5"})
        assert answer.status_code == 403


async def test_only_the_agency_that_gave_the_benefit_hands_out_a_slip(town: Town) -> None:
    redemption = await town.redeemed()
    path = f"/v1/redemptions/{redemption}/slip"
    assert refused(await town.clerk.post(path, {})) == (404, "not-found")
    assert refused(await town.holder.post(path, {})) == (403, "forbidden")
    await town.holder.post(f"/v1/redemptions/{redemption}/rating", {"grade": 5})
    assert refused(await town.other_clerk.post(path, {})) == (409, "already-rated")


async def test_the_secret_is_kept_nowhere(town: Town, capsys: pytest.CaptureFixture[str]) -> None:
    made = await slip(town)
    await rate(town, made["path"], grade="5")
    secret = made["path"].rpartition("/")[2]
    assert secret not in capsys.readouterr().err
    async with town.city.sessions() as session:
        rows = await session.execute(text("SELECT data::text FROM events"))
        assert all(secret not in row for (row,) in rows)
        kept = await session.execute(text("SELECT encode(token_hash, 'escape') FROM rating_slips"))
        assert all(secret not in row for (row,) in kept)
        (given,) = [
            row for row in await log.of_subject(session, await subject_of(town))
            if row.type == "hck.rating.given.v1"
        ]  # fmt: skip
    assert (given.actor, given.data["via"]) == ("slip", "slip")


async def subject_of(town: Town) -> str:
    async with town.city.sessions() as session:
        return f"ratings/{await session.scalar(text('SELECT id FROM ratings'))}"


async def test_the_counter_shows_the_slip_as_a_code(town: Town) -> None:
    redemption = await town.redeemed()
    page = await town.other_clerk.send("POST", f"/counter/redemptions/{redemption}/slip", data={})
    assert page.status_code == 200
    assert "<svg" in page.text
    found = re.search(r'data-url="[^"]*(/rate/[\w-]+)"', page.text)
    assert found is not None
    assert (await town.city.nobody.get(found[1])).status_code == 200
