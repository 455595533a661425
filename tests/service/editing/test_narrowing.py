"""One partner gets fewer fields than the others: said in the version, shown, honoured."""

from typing import Any
from uuid import UUID

import pytest

from service.editing.typed import OWN, narrowing
from tests.city import City
from tests.service.editing.drafts import act, centre, content_of, drafted
from tests.service.editing.test_editing import typed_form
from tests.service.requests.ask import accepted

FEWER = ["family_size", "contact_phone"]


async def housing(city: City) -> str:
    [row] = await city.sql(
        "SELECT partner_id FROM routes WHERE offering = 'HO-01' AND region = '370100'"
    )
    return str(row["partner_id"])


async def test_that_partner_gets_those_alone_from_the_next_version_on(city: City) -> None:
    before = await accepted(city)
    draft = await drafted(city, partner_fields={await housing(city): FEWER})
    assert draft.status_code == 201, draft.text
    await act(await centre(city, 2), draft, "publish")
    after = await accepted(city)
    seen = (await after.partner.get(after.desk)).json()["form"]
    assert set(seen) == set(FEWER)
    assert set((await before.partner.get(before.desk)).json()["form"]) > set(FEWER)
    shown = (await city.nobody.get("/v1/offerings/HO-01")).json()
    assert shown["partner_fields"] == {await housing(city): FEWER}


@pytest.mark.parametrize(
    ("who", "fields"), [("housing", ["family_size", "id_number"]), (str(UUID(int=7)), [])]
)
async def test_it_is_a_partner_there_is_and_not_more_than_the_others_get(
    city: City, who: str, fields: list[str]
) -> None:
    key = await housing(city) if who == "housing" else who
    refused = await drafted(city, partner_fields={key: fields})
    assert refused.status_code == 422
    assert [each["pointer"] for each in refused.json()["errors"]] == [
        f"/content/partner_fields/{key}"
    ]


async def test_giving_more_again_is_warned_of(city: City) -> None:
    first = await drafted(city, partner_fields={await housing(city): FEWER})
    await act(await centre(city, 2), first, "publish")
    draft = await drafted(city, partner_fields={})
    path = f"/v1/offering-drafts/{draft.json()['id']}/dry-run"
    warned = (await (await centre(city)).get(path)).json()["warnings"]
    assert any(said.startswith("将给更多的项") for said in warned)


async def test_the_page_ticks_what_each_partner_gets(city: City) -> None:
    first, key = await centre(city), await housing(city)
    page = (await first.get("/centre/offerings/HO-01")).text
    assert f'name="{OWN}{key}"' in page
    shared = (await content_of(city))["shared_fields"]
    typed = await typed_form(city) | {
        "offered": shared, "narrowable": [key], f"{OWN}{key}": FEWER
    }  # fmt: skip
    done = await first.post("/centre/offerings/HO-01", data=typed, key=None)
    assert done.status_code == 303, done.text
    page = (await first.get(done.headers["location"])).text
    assert 'data-field="partner_fields"' in page
    assert "只给 2 项" in page


async def test_who_has_everything_ticked_is_not_narrowed(city: City) -> None:
    first, key = await centre(city), await housing(city)
    shared = (await content_of(city))["shared_fields"]
    typed = await typed_form(city, complete_wd="9") | {
        "offered": shared, "narrowable": [key], f"{OWN}{key}": shared
    }  # fmt: skip
    await first.post("/centre/offerings/HO-01", data=typed, key=None)
    [draft] = (await first.get("/v1/offering-drafts")).json()["items"]
    assert draft["content"]["partner_fields"] == {}


def test_what_was_ticked_stands_again_when_a_form_comes_back() -> None:
    key = UUID(int=7)
    plain: dict[str, Any] = {"shared_fields": ["a\nb"], "form_schema": ["{"]}
    [all_of] = narrowing([(key, "局")], plain)
    assert (all_of.number, all_of.parts[0]) == (2, ("a", "a", True))
    [one] = narrowing([(key, "局")], plain | {f"{OWN}{key}": ["b"]})
    assert [ticked for _, _, ticked in one.parts] == [False, True]
    [none] = narrowing([(key, "局")], plain | {"narrowable": [str(key)]})
    assert none.number == 0
