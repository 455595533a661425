"""The forecast over the real tables: what it rests on, who sees it, and what it keeps to itself."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from service.requests.forecasting import noting
from service.requests.forecasting.past import LEAST
from tests.city import City
from tests.service.requests.ask import GRANTED, Case, accepted, offered

DAY = timedelta(days=1)
NOTED = """
SELECT p.leg, p.offering, p.step, x.name FROM paces p JOIN partners x ON x.id = p.partner_id
ORDER BY p.known_at, p.leg
"""
MANY = """
WITH like_it AS (
    SELECT c.*, gen_random_uuid() AS fresh FROM clocks c, generate_series(1, $3::int)
    WHERE c.request_id = $1 AND c.leg = 'handling' AND c.stopped_at IS NULL
), made AS (
    INSERT INTO clocks SELECT (jsonb_populate_record(NULL::clocks, to_jsonb(l) ||
    jsonb_build_object('id', fresh, 'due_at', NULL, 'next_at', NULL, 'next_rung', NULL,
        'started_at', l.started_at - interval '30 days',
        'stopped_at', l.started_at - interval '10 days'))).* FROM like_it l RETURNING id
)
INSERT INTO paces SELECT id, $2, 'HO-01', 'handling', $4::int, $5 FROM made
"""


async def lived(city: City, case: Case, step: int, cases: int, *, days_ago: int = 5) -> None:
    """The case's partner has had so many more that ended in a step."""
    [row] = await city.sql("SELECT partner_id FROM requests WHERE id = $1", UUID(case.id))
    known_at = city.now - days_ago * DAY
    await city.sql(MANY, UUID(case.id), row["partner_id"], cases, step, known_at)


async def later(city: City, case: Case, days: int) -> None:
    """So many days on; the partner's machine has a new token."""
    city.pass_time(days * DAY)
    case.partner = await city.client("housing")


async def noted(city: City) -> list[tuple[str, str, int, str]]:
    return [tuple(row) for row in await city.sql(NOTED)]


async def seen(city: City, who: Any, path: str = "/v1/partner/forecast") -> dict[str, Any]:
    answer = await who.get(path)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_each_clock_of_a_partner_is_noted_once_with_how_far_it_had_got(city: City) -> None:
    case = await accepted(city)
    await later(city, case, 14)  # ten working days of twenty
    assert (await case.act("complete", GRANTED)).status_code == 200
    await city.settle()
    name = "济南市住房和城乡建设局"
    assert await noted(city) == [("acceptance", "HO-01", 0, name), ("handling", "HO-01", 9, name)]
    async with city.sessions.begin() as session:
        assert await noting.note(session, UUID(case.id)) == 0


async def test_a_breach_is_noted_when_it_falls_and_stays(city: City) -> None:
    case = await accepted(city)
    await later(city, case, 40)
    await city.sweep()
    await city.settle()
    assert [step for leg, _, step, _ in await noted(city) if leg == "handling"] == [20]
    assert (await case.act("complete", GRANTED)).status_code == 200
    await city.settle()
    assert [step for leg, _, step, _ in await noted(city) if leg == "handling"] == [20]


async def test_an_offer_that_lapsed_counts_for_who_had_it(city: City) -> None:
    await offered(city)
    city.pass_time(4 * DAY)
    await city.sweep()
    await city.settle()
    assert [(leg, step, name) for leg, _, step, name in await noted(city)] == [
        ("acceptance", 20, "济南市住房和城乡建设局")
    ]


async def test_with_too_little_past_the_case_is_listed_without_a_chance(city: City) -> None:
    case = await accepted(city)
    await lived(city, case, 20, LEAST - 1)
    await later(city, case, 25)
    found = await seen(city, case.partner)
    [only] = found["cases"]
    assert (only["number"], only["leg"], only.get("chance")) == (
        case.made["number"],
        "handling",
        None,
    )
    assert "不作预测" in only["why"]
    assert [(each["due"], each["judged"], each["expected"]) for each in found["partners"]] == [
        (1, 0, None)
    ]


async def test_the_chance_is_the_partner_s_own_past_at_that_step(city: City) -> None:
    case = await accepted(city)
    await lived(city, case, 8, 400)
    await lived(city, case, 20, 100)
    await lived(city, case, 8, 300, days_ago=400)  # too long ago to say much of today
    await lived(city, case, 20, 900, days_ago=-1)  # not known yet
    assert (await seen(city, case.partner))["cases"] == []  # due in four weeks, not in five days
    await later(city, case, 25)
    [late] = (await seen(city, case.partner))["cases"]
    assert late["chance"] > 0.9
    assert "走到这一步的 1000 件中 1000 件超期" in late["why"]


async def test_a_case_that_stands_still_is_not_due(city: City) -> None:
    case = await accepted(city)
    await later(city, case, 3)
    assert (await case.act("ask", {"items": ["无房证明"]})).status_code == 200
    await later(city, case, 1)
    assert (await seen(city, case.partner))["cases"] == []


async def test_a_partner_sees_its_own_and_the_centre_its_regions(city: City) -> None:
    case = await accepted(city)
    await lived(city, case, 20, 50)
    city.pass_time(25 * DAY)
    education = await city.client("education")
    assert (await seen(city, education)) | {"at": 0, "until": 0} == {
        "at": 0, "until": 0, "partners": [], "cases": [],
    }  # fmt: skip
    centre = await city.person("centre")
    found = await seen(city, centre, "/v1/centre/forecast")
    [whole] = found["partners"]
    assert (whole["due"], whole["expected"] > 0.9, whole["high"]) == (1, True, 1)
    talent = await city.person("talent")
    assert (await talent.get("/v1/centre/forecast")).status_code == 403
    assert (await education.get("/v1/centre/forecast")).status_code == 403


async def test_both_pages_say_what_is_expected_and_why(city: City) -> None:
    case = await accepted(city)
    clerk = await city.person("partner_clerk", login="clerk-housing")
    assert "没有到期的时限" in (await clerk.get("/desk/forecast")).text
    await lived(city, case, 20, 50)
    city.pass_time(25 * DAY)
    clerk = await city.person("partner_clerk", login="clerk-housing")
    own = await clerk.get("/desk/forecast")
    assert f'href="/desk/{case.id}"' in own.text
    assert "件预计超期" in own.text
    assert 'href="/desk/forecast"' in (await clerk.get("/desk")).text
    centre = await (await city.person("centre")).get("/centre/forecast")
    assert "济南市住房和城乡建设局" in centre.text
    assert f"/desk/{case.id}" not in centre.text
