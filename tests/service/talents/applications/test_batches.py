"""Several passed at once: each on its own, nothing lost by it (issue: batch decisions)."""

import asyncio
from typing import Any

import pytest

from tests.city import City
from tests.service.talents.apply import WAYS, Way, at_county, at_office

URL = f"{WAYS}/batch-decisions"
WHOLE = [{"kind": kind, "note": "原件已核"} for kind in ("业绩材料", "学历证明", "单位推荐")]
BACK = {"decision": "return", "opinion": "请补充"}


def item(way: Way, revision: int) -> dict[str, Any]:
    return {"id": way.id, "revision": revision}


async def revision_of(way: Way, hand: str = "office") -> int:
    return int((await way.seen(hand)).headers["ETag"].strip('"'))


async def passed(city: City, *items: dict[str, Any], hand: str = "office", **rest: Any) -> Any:
    who = await Way(city, {"id": ""}).who(hand)
    body = {"items": list(items), "decision": "pass", "opinion": "同意"} | rest
    return await who.post(URL, body)


async def copies(city: City, way: Way, number: int) -> list[Way]:
    """More files like this one, of other people: the doors allow a person one at a time."""
    made = [way]
    for n in range(number - 1):
        rows = await city.sql(
            """
            WITH person AS (
              INSERT INTO people (id, name, id_kind, id_number, id_blind, born_on, created_at)
              SELECT gen_random_uuid(), name, id_kind, id_number, $2, born_on, created_at
              FROM people WHERE id = (SELECT person_id FROM card_applications WHERE id = $1)
              RETURNING id)
            INSERT INTO card_applications (id, person_id, account_id, unit_id, category, region,
              contract_until, evidence, step, path, specialist_id, created_at, step_since, since,
              due_at, revision)
            SELECT gen_random_uuid(), person.id, account_id, unit_id, category, region,
              contract_until, evidence, step, path, specialist_id, created_at, step_since, since,
              due_at, revision
            FROM card_applications, person WHERE card_applications.id = $1 RETURNING id
            """,
            way.id,
            f"copy {n}".encode(),
        )
        made.append(Way(city, {"id": str(rows[0]["id"])}))
    return made


async def test_several_are_passed_with_one_opinion_and_each_has_its_card(city: City) -> None:
    ways = await copies(city, await at_office(city, evidence=WHOLE), 3)
    revision = await revision_of(ways[0])
    answer = await passed(city, *(item(way, revision) for way in ways))
    assert answer.status_code == 200, answer.text
    found = answer.json()["items"]
    assert [(e["id"], e["result"], e["step"]) for e in found] == [
        (way.id, "passed", "issued") for way in ways
    ]
    assert len(await city.sql("SELECT 1 FROM cards WHERE application_id IS NOT NULL")) >= 3
    assert [(await way.events())[-1] for way in ways] == ["issued"] * 3


async def test_one_that_cannot_be_passed_keeps_the_others_from_nothing(city: City) -> None:
    ways = await copies(city, await at_office(city, evidence=WHOLE), 3)
    revision = await revision_of(ways[0])
    await ways[1].done("office", "decisions", BACK)
    stranger = Way(city, {"id": "01900000-0000-7000-8000-000000000000"})
    answer = await passed(
        city, item(ways[2], revision), item(ways[1], revision), item(stranger, 1),
        item(ways[0], revision + 1),
    )  # fmt: skip
    assert [(e["result"], e["code"]) for e in answer.json()["items"]] == [
        ("passed", None),
        ("refused", "precondition-failed"),
        ("refused", "not-found"),
        ("refused", "precondition-failed"),
    ]
    assert (await ways[0].seen("office")).json()["step"] == "office_consent"
    assert (await ways[1].seen("office")).json()["step"] == "returned"


async def test_pressed_twice_nothing_happens_twice(city: City) -> None:
    way = await at_office(city, evidence=WHOLE)
    one = item(way, await revision_of(way))
    assert (await passed(city, one)).json()["items"][0]["result"] == "passed"
    again = (await passed(city, one)).json()["items"][0]
    assert (again["result"], again["code"]) == ("refused", "precondition-failed")
    assert (await way.events()).count("issued") == 1


async def test_a_file_with_a_hint_is_decided_by_itself(city: City) -> None:
    way = await at_office(city, evidence=WHOLE[:1])
    found = (await passed(city, item(way, await revision_of(way)))).json()["items"][0]
    assert (found["result"], found["code"]) == ("refused", "not-for-batch")
    assert "学历证明" in found["detail"]
    office = await way.who("office")
    (hint,) = (await office.get(f"{way.path}/hints")).json()["items"]
    assert hint["code"] == "evidence-missing"
    assert (await (await way.who("talent")).get(f"{way.path}/hints")).status_code == 403
    assert (await way.pass_("office"))["step"] == "issued"


async def test_what_came_back_mended_is_looked_at_by_who_returned_it(city: City) -> None:
    way = await at_office(city, evidence=WHOLE)
    await way.done("office", "decisions", BACK)
    await way.done("talent", "submit")
    found = (await passed(city, item(way, await revision_of(way)))).json()["items"][0]
    assert (found["result"], found["code"]) == ("refused", "not-for-batch")


async def test_early_steps_and_other_decisions_are_not_for_a_batch(city: City) -> None:
    way = await at_county(city, evidence=WHOLE)
    one = item(way, await revision_of(way, "county"))
    found = (await passed(city, one, hand="county")).json()["items"][0]
    assert (found["result"], found["code"]) == ("refused", "not-for-batch")
    for decision in ("return", "reject"):
        assert (await passed(city, one, hand="county", decision=decision)).status_code == 422


@pytest.mark.parametrize("number", [0, 51])
async def test_a_batch_has_one_to_fifty_files(city: City, number: int) -> None:
    items = [{"id": f"01900000-0000-7000-8000-{n:012}", "revision": 1} for n in range(number)]
    assert (await passed(city, *items)).status_code == 422


async def test_a_file_is_listed_once(city: City) -> None:
    way = await at_office(city, evidence=WHOLE)
    one = item(way, await revision_of(way))
    answer = await passed(city, one, one)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/items/1/id")
    assert (await way.seen("office")).json()["step"] == "office_consent"


async def test_a_talent_has_no_such_door(city: City) -> None:
    way = await at_office(city)
    assert (await passed(city, item(way, 1), hand="talent")).status_code == 403


async def test_two_batches_at_once_pass_each_file_once(city: City) -> None:
    ways = await copies(city, await at_office(city, evidence=WHOLE), 4)
    revision = await revision_of(ways[0])
    items = [item(way, revision) for way in ways]
    answers = await asyncio.gather(passed(city, *items), passed(city, *reversed(items)))
    results = [each for answer in answers for each in answer.json()["items"]]
    for way in ways:
        mine = sorted(each["result"] for each in results if each["id"] == way.id)
        assert mine == ["passed", "refused"]
        assert (await way.events()).count("issued") == 1
