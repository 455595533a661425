"""A change of the calendar: checked by line, tried, applied by a second person (time.md R1)."""

import asyncpg
import pytest

from tests.city import City
from tests.service.calendars.table import (
    HEADER,
    applied,
    centre,
    drafted,
    lines,
    notice,
    snow,
    table,
    tried,
)
from tests.service.requests.ask import accepted, offered, submitted


async def test_r1_a_notice_is_in_force_once_a_second_person_applies_it(city: City) -> None:
    draft = await drafted(city, notice())
    assert draft.status_code == 201, draft.text
    assert draft.json()["allowed"] == ["drop"]
    own = await applied(city, draft, await centre(city, 1))
    assert (own.status_code, own.json()["code"]) == (409, "wrong-state")
    done = await applied(city, draft)
    assert (done.status_code, done.json()["state"], done.json()["version"]) == (200, "applied", 2)
    found = (await (await centre(city)).get("/v1/calendars")).json()
    years = {each["year"]: each for each in found["years"]}
    assert found["version"] == 2
    assert years[2027] == {
        "year": 2027, "state": "published", "notice": "国办发明电〔2026〕8号",
        "published_on": "2026-02-20", "source": "国务院办公厅", "holidays": 30, "makeups": 5,
    }  # fmt: skip
    assert years[2028]["state"] == "provisional"
    await city.sweep()
    assert await city.events(f"calendar-drafts/{draft.json()['id']}") == [
        "hck.calendar.drafted.v1", "hck.calendar.applied.v1", "hck.calendar.recomputed.v1",
    ]  # fmt: skip


async def test_the_database_itself_keeps_drafter_and_applier_apart(city: City) -> None:
    draft = await drafted(city, notice())
    owner = await asyncpg.connect(city.settings.database_owner_url)
    for by in ("drafted_by", "NULL"):
        with pytest.raises(asyncpg.CheckViolationError):
            await owner.execute(
                f"UPDATE calendar_drafts SET state = 'applied', decided_by = {by} WHERE id = $1",
                draft.json()["id"],
            )
    await owner.close()


async def test_c3_both_versions_can_be_asked_afterwards(city: City) -> None:
    question = {
        "start": "2027-02-04T10:00:00+08:00", "budget": {"unit": "working_days", "n": 1},
    }  # fmt: skip
    await applied(city, await drafted(city, notice()))
    for version, display, provisional in (
        (1, "2月9日(周二)24:00", True), (2, "2月15日(周一)24:00", False),
    ):  # fmt: skip
        asked = question | {"calendar_version": version}
        answer = (await city.nobody.post("/v1/tools/deadline", asked, key=None)).json()
        assert (answer["display"], answer["provisional"]) == (display, provisional)
    line = answer["explanation"][1]
    assert (line["kind"], line["source"]) == ("holiday", "国办发明电〔2026〕8号")


async def test_a_whole_table_is_a_year_s_too(city: City) -> None:
    kept = await city.sql("SELECT rows FROM table_versions WHERE name = 'calendar'")
    old = ["\t".join(row[c] for c in HEADER.split("\t")) for row in kept[0]["rows"]]
    draft = await drafted(city, notice(table="\n".join([HEADER, *old, *lines()])))
    assert draft.status_code == 201, draft.text
    assert len(draft.json()["content"]["days"]) == 35


async def test_what_is_wrong_is_told_by_line_and_nothing_is_kept(city: City) -> None:
    refused = await drafted(city, notice(table=table(d0208=""), notice=""))
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid-body")
    assert {each["pointer"] for each in refused.json()["errors"]} == {"/notice", "/table"}
    refused = await drafted(city, snow(reason=" "))
    assert [each["pointer"] for each in refused.json()["errors"]] == ["/days/0/reason"]
    assert await city.sql("SELECT FROM calendar_drafts") == []


async def test_a_provisional_year_needs_no_notice(city: City) -> None:
    plain = "\n".join([HEADER, *lines(state="provisional")])
    draft = await drafted(city, notice(table=plain, notice="", source="", published_on=None))
    assert draft.status_code == 201, draft.text
    assert (await applied(city, draft)).status_code == 200
    found = (await (await centre(city)).get("/v1/calendars")).json()
    assert [(each["year"], each["state"]) for each in found["years"][:2]] == [
        (2027, "provisional"), (2026, "published"),
    ]  # fmt: skip


async def test_a_draft_that_says_what_is_in_force_is_not_applied(city: City) -> None:
    first, second = await drafted(city, snow()), await drafted(city, snow())
    assert (await applied(city, first)).status_code == 200
    await city.sweep()
    refused = await applied(city, second)
    assert (refused.status_code, refused.json()["code"]) == (409, "nothing-changes")


async def test_what_was_decided_by_an_old_dry_run_is_refused(city: City) -> None:
    snowed, draft = await drafted(city, snow()), await drafted(city, notice())
    assert (await applied(city, snowed)).status_code == 200
    early = await applied(city, draft)
    assert (early.status_code, early.json()["code"]) == (409, "recomputing")
    await city.sweep()
    stale = await applied(city, draft, seen=1)
    assert (stale.status_code, stale.json()["code"]) == (409, "calendar-moved-on")
    assert (await applied(city, draft)).status_code == 200


async def test_only_the_centre_sees_drafts_and_only_of_its_place_applies(city: City) -> None:
    draft = await drafted(city, snow())
    path = f"/v1/calendar-drafts/{draft.json()['id']}"
    for role in ("steward", "auditor", "talent"):
        assert (await (await city.person(role)).get(path)).status_code == 403
    assert (await city.nobody.get(path)).status_code == 401
    await city.sql(
        "UPDATE grants SET region = '370200' WHERE role = 'centre' AND account_id ="
        " (SELECT id FROM accounts WHERE login = 'centre2')"
    )
    elsewhere = await centre(city, 2)
    assert (await applied(city, draft, elsewhere)).status_code == 403
    assert (await drafted(city, notice(), elsewhere)).status_code == 403
    assert (await drafted(city, snow(region="370203"), elsewhere)).status_code == 201


async def test_a_dry_run_lists_what_moves_and_keeps_nothing(city: City) -> None:
    await submitted(city)
    await accepted(city)
    before = await city.sql("SELECT id, due_at, generation FROM clocks ORDER BY id")
    draft = await drafted(city, snow())
    found = await tried(city, draft)
    assert found["by_leg"] == {"promise": 2, "acceptance": 1, "handling": 1}
    assert (found["moved"], found["later"], found["earlier"], found["late"]) == (4, 4, 0, 0)
    [day] = found["days"]
    assert (day["on"], day["was"], day["kind"], day["region"]) == (
        "2026-03-03", "workday", "holiday", "370100",
    )  # fmt: skip
    handling = next(each for each in found["moves"] if each["leg"] == "handling")
    assert handling["was_due_at"] < handling["due_at"]
    assert await city.sql("SELECT id, due_at, generation FROM clocks ORDER BY id") == before
    answer = await (await centre(city)).get(f"/v1/calendar-drafts/{draft.json()['id']}/moves.csv")
    rows = answer.content.decode("utf-8-sig").splitlines()
    assert len(rows) == 5
    assert "3月30日(周一)24:00,3月31日(周二)24:00" in answer.text


async def test_another_region_s_clocks_do_not_move(city: City) -> None:
    await offered(city)
    draft = await drafted(city, snow(region="370200"))
    assert (await tried(city, draft))["moved"] == 0
