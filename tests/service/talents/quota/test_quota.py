"""The enterprise quota of category 5: ten enterprises a city and year, one talent each (2.2)."""

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from stdnum.cn import uscc

from service import ids
from service.auth.callers import Caller, Grant, Role
from service.reference import tables
from service.talents.applications import moving
from service.talents.models import Unit
from tests.city import City, Someone
from tests.service.talents.apply import JINAN, WAYS, Way, applicant, at_office, body, drafted

QINGDAO, SHANDONG, LIXIA = "370200", "370000", "370102"
QUOTAS = "/v1/quotas"


async def window(city: City, region: str = JINAN) -> Someone:
    return await city.person("reviewer", region=region)


def code_of(number: int, kind: str = "9", region: str = "370102") -> str:
    plain = f"{kind}1{region}MA3Y{number:05d}"
    return plain + uscc.calc_check_digit(plain)


async def enterprises(city: City, count: int, region: str = "370102") -> list[str]:
    """Units of a region in the register of business; their codes."""
    codes = [code_of(number, region=region) for number in range(count)]
    async with city.sessions.begin() as session:
        session.add_all(
            Unit(
                id=ids.new_id(), uscc=code, name=f"企业{code}", level="county", region=region,
                created_at=city.now,
            )
            for code in codes
        )  # fmt: skip
    return codes


async def name(who: Someone, code: str, **more: Any) -> httpx.Response:
    return await who.post(QUOTAS, {"unit_uscc": code, **more})


async def listed(who: Someone, city: str = JINAN, year: int = 2026) -> dict[str, Any]:
    [found] = (await who.get(f"{QUOTAS}?city={city}&year={year}")).json()["items"]
    return dict(found)


async def test_a_city_names_ten_enterprises_a_year_and_no_more(city: City) -> None:
    who = await window(city)
    codes = await enterprises(city, 11)
    for code in codes[:10]:
        assert (await name(who, code)).status_code == 201
    refused = await name(who, codes[10])
    assert (refused.status_code, refused.json()["code"]) == (409, "quota-full")
    assert (await name(who, codes[10], year=2027)).status_code == 201
    found = await listed(who)
    assert (found["limit"], found["left"], len(found["enterprises"])) == (10, 0, 10)


async def test_fifty_clerks_at_once_name_ten_and_no_more(city: City) -> None:
    who = await window(city)
    codes = await enterprises(city, 50)
    answers = await asyncio.gather(*(name(who, code) for code in codes))
    statuses = [answer.status_code for answer in answers]
    assert (statuses.count(201), statuses.count(409)) == (10, 40)
    assert (await listed(who))["left"] == 0


async def test_two_cities_clerks_at_once_have_ten_each(city: City) -> None:
    jinan, qingdao = await window(city), await windows_of_qingdao(city)
    ours, theirs = await enterprises(city, 12), await enterprises(city, 12, "370202")
    answers = await asyncio.gather(
        *(name(jinan, code) for code in ours), *(name(qingdao, code) for code in theirs)
    )
    assert [answer.status_code for answer in answers].count(201) == 20
    assert (await listed(jinan))["left"] == 0
    assert (await listed(qingdao, QINGDAO))["left"] == 0


async def windows_of_qingdao(city: City) -> Someone:
    """Qingdao's window: the samples have only Jinan's, so its grant is moved."""
    who = await city.person("reviewer", region=SHANDONG)
    await city.pool.execute(
        "UPDATE grants SET region = $1 WHERE role = 'reviewer' AND region = $2", QINGDAO, SHANDONG
    )
    return who


async def test_the_same_enterprise_named_by_several_at_once_is_on_the_list_once(
    city: City,
) -> None:
    who = await window(city)
    [code] = await enterprises(city, 1)
    answers = await asyncio.gather(*(name(who, code) for _ in range(8)))
    told = sorted(answer.json().get("code", "ok") for answer in answers)
    assert told == ["ok"] + ["quota-named"] * 7


async def test_an_enterprise_is_named_by_the_city_that_it_lies_in(city: City) -> None:
    who = await window(city)
    [code] = await enterprises(city, 1, "370202")
    refused = await name(who, code)
    assert refused.json()["errors"][0]["code"] == "other-city"
    assert "青岛市" in refused.json()["errors"][0]["detail"]
    assert (await name(who, code, city=QINGDAO)).status_code == 403


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("12370100MB2A00001", "not-an-enterprise"),
        ("91370102MA3E00004X", "invalid"),
        (code_of(77777), "unknown"),
    ],
)
async def test_only_a_registered_enterprise_is_named(city: City, code: str, told: str) -> None:
    whole = code if len(code) == 18 else code + uscc.calc_check_digit(code)
    answer = await name(await window(city), whole)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, told)


@pytest.mark.parametrize("year", [2025, 2028])
async def test_only_this_year_and_the_next_are_open(city: City, year: int) -> None:
    [code] = await enterprises(city, 1)
    assert (await name(await window(city), code, year=year)).status_code == 422


@pytest.mark.parametrize("region", [LIXIA, SHANDONG])
async def test_a_countys_and_the_provinces_window_name_nobody(city: City, region: str) -> None:
    who = await window(city, region)
    [code] = await enterprises(city, 1)
    assert (await name(who, code)).status_code == 403
    seen = (await who.get(QUOTAS)).json()["items"]
    assert len(seen) == (16 if region == SHANDONG else 0)
    assert all(each["allowed"] == [] for each in seen)


async def test_talents_and_partners_see_no_list(city: City) -> None:
    for role in ("talent", "partner_clerk", "unit_manager"):
        assert (await (await city.person(role)).get(QUOTAS)).status_code == 403


# ── the place of an enterprise ──


async def named_startup(city: City) -> dict[str, Any]:
    """The applicant's unit on this year's list."""
    who = await applicant(city)
    answer = await name(await window(city), who.entry["unit_uscc"])
    assert answer.status_code == 201, answer.text
    return dict(answer.json()["enterprises"][0])


async def used(city: City) -> int:
    [found] = [e["used"] for e in (await listed(await window(city)))["enterprises"]]
    return int(found)


async def test_an_application_on_the_quota_needs_its_unit_on_the_list(city: City) -> None:
    way = await drafted(city, by_quota=True)
    refused = await way.act("talent", "submit")
    assert (refused.status_code, refused.json()["code"]) == (409, "quota-not-named")
    assert (await way.seen()).json()["step"] == "draft"
    await named_startup(city)
    assert (await way.done("talent", "submit"))["step"] == "unit_assign"
    assert await used(city) == 1


async def test_the_year_is_that_of_the_day_of_submission_in_shanghai(city: City) -> None:
    city.at("2026-12-31 23:59")
    await named_startup(city)
    way = await drafted(city, by_quota=True)
    city.at("2027-01-01 00:00")
    assert (await way.act("talent", "submit")).json()["code"] == "quota-not-named"
    city.at("2026-12-31 23:59:59")
    assert (await way.act("talent", "submit")).status_code == 200


async def test_only_category_5_has_a_quota(city: City) -> None:
    who = await applicant(city)
    answer = await who.post(WAYS, body(who, category=3, by_quota=True))
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/by_quota")


async def test_the_way_is_fixed_once_it_is_handed_in(city: City) -> None:
    await named_startup(city)
    way = await drafted(city, by_quota=True)
    await way.done("talent", "submit")
    await way.done("manager", "assign", {"specialist": "specialist1"})
    seen = await way.seen("specialist")
    who = await way.who("specialist")
    answer = await who.patch(way.path, {"by_quota": False}, etag=seen.headers["ETag"])
    assert answer.json()["errors"][0]["code"] == "fixed"


async def test_a_second_talent_of_the_enterprise_waits_for_another_year(city: City) -> None:
    await named_startup(city)
    first = await drafted(city, by_quota=True)
    await first.done("talent", "submit")
    assert await second_submits(city, first) == "quota-taken"


async def second_submits(city: City, first: Way) -> str:
    """Another application of the same unit hands in on the quota; the refusal's code or `ok`."""
    other = await copy_of(city, first)
    try:
        await submit(city, other)
    except Exception as refusal:
        return str(getattr(refusal, "code", refusal))
    return "ok"


async def copy_of(city: City, first: Way) -> Any:
    """A colleague's draft: the same row for another person."""
    person, application = ids.new_id(), ids.new_id()
    await city.pool.execute(
        "INSERT INTO people (id, name, id_kind, id_number, id_blind, born_on, created_at)"
        " SELECT $1::uuid, p.name, p.id_kind, p.id_number, sha256($1::uuid::text::bytea),"
        " p.born_on, p.created_at FROM people p JOIN card_applications a ON a.person_id = p.id"
        " WHERE a.id = $2",
        person,
        first.id,
    )
    await city.pool.execute(
        "INSERT INTO card_applications (id, person_id, account_id, unit_id, category, region,"
        " contract_until, evidence, step, path, created_at, step_since, revision, by_quota)"
        " SELECT $1, $2, account_id, unit_id, category, region, contract_until, evidence,"
        " 'draft', '[]', created_at, step_since, 1, true FROM card_applications WHERE id = $3",
        application,
        person,
        first.id,
    )
    return application


async def submit(city: City, application_id: Any) -> None:
    """Hand in as its talent, in a transaction of its own."""
    async with city.sessions.begin() as session:
        caller = await caller_of(city)
        await moving.submit(session, application_id, caller, 1, city.now)


async def caller_of(city: City) -> Caller:
    from service.auth.callers import Caller

    [row] = await city.sql(
        "SELECT id, person_id FROM accounts WHERE login = $1",
        (await applicant(city)).entry["login"],
    )
    return Caller(
        id=str(row["id"]), grants=(Grant(Role.TALENT),), account_id=row["id"],
        person_id=row["person_id"],
    )  # fmt: skip


async def test_of_fifty_talents_at_once_exactly_one_has_the_place(city: City) -> None:
    await named_startup(city)
    first = await drafted(city, by_quota=True)
    others = [await copy_of(city, first) for _ in range(50)]
    done = await asyncio.gather(*(submit(city, each) for each in others), return_exceptions=True)
    assert [each for each in done if each is None] == [None], done[:2]
    assert {getattr(each, "code", "") for each in done if each is not None} == {"quota-taken"}
    assert await used(city) == 1


@pytest.mark.parametrize("end", ["withdraw", "reject"])
async def test_an_application_that_ends_without_a_card_gives_the_place_back(
    city: City, end: str
) -> None:
    await named_startup(city)
    way = await drafted(city, by_quota=True)
    await way.done("talent", "submit")
    if end == "withdraw":
        await way.done("talent", "withdraw")
    else:
        await way.done("manager", "assign", {"specialist": "specialist1"})
        await way.done("specialist", "submit")
        await way.done("manager", "decisions", {"decision": "reject", "opinion": "不符合条件"})
    assert await used(city) == 0
    assert await second_submits(city, way) == "ok"


async def test_a_returned_application_keeps_its_place_and_comes_back_on_it(city: City) -> None:
    await named_startup(city)
    way = await drafted(city, by_quota=True)
    await way.done("talent", "submit")
    await way.done("manager", "assign", {"specialist": "specialist1"})
    await way.done("specialist", "submit")
    back = {"decision": "return", "opinion": "补充", "to": "talent"}
    await way.done("manager", "decisions", back)
    assert await used(city) == 1
    assert (await way.done("talent", "submit"))["step"] == "unit_endorse"
    assert await used(city) == 1


async def test_an_enterprise_is_dropped_while_unused_and_makes_room(city: City) -> None:
    who = await window(city)
    first = await named_startup(city)
    for code in await enterprises(city, 9):
        await name(who, code)
    way = await drafted(city, by_quota=True)
    await way.done("talent", "submit")
    held = await who.delete(f"{QUOTAS}/{first['id']}")
    assert (held.status_code, held.json()["code"]) == (409, "quota-held")
    await way.done("talent", "withdraw")
    assert (await who.delete(f"{QUOTAS}/{first['id']}")).status_code == 204
    assert (await who.delete(f"{QUOTAS}/{first['id']}")).status_code == 404
    assert (await listed(who))["left"] == 1


async def test_nobody_drops_an_enterprise_of_another_city(city: City) -> None:
    first = await named_startup(city)
    qingdao = await windows_of_qingdao(city)
    assert (await qingdao.delete(f"{QUOTAS}/{first['id']}")).status_code == 404


async def test_each_act_is_an_event_of_the_naming(city: City) -> None:
    who = await window(city)
    first = await named_startup(city)
    way = await drafted(city, by_quota=True)
    await way.done("talent", "submit")
    await way.done("talent", "withdraw")
    await who.delete(f"{QUOTAS}/{first['id']}")
    assert await city.events(f"quota-enterprises/{first['id']}") == [
        "hck.quota.named.v1", "hck.quota.taken.v1", "hck.quota.freed.v1", "hck.quota.dropped.v1",
    ]  # fmt: skip


async def test_the_numbers_are_the_officials(city: City) -> None:
    async with city.sessions.begin() as session:
        table = "name\tvalue\ttext_zh\tbasis\nenterprises\t2\t-\tP\ntalents\t3\t-\tP\n"
        await tables.load(session, "quota_rules", table, city.now)
    who = await window(city)
    codes = await enterprises(city, 3)
    assert [(await name(who, code)).status_code for code in codes] == [201, 201, 409]
    assert {e["talents"] for e in (await listed(who))["enterprises"]} == {3}


Act = tuple[str, int]
ACTS = st.lists(st.tuples(st.sampled_from(["name", "drop"]), st.integers(0, 5)), max_size=25)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=ACTS)
async def test_in_any_order_of_acts_no_more_are_named_than_may_be(
    city: City, acts: list[Act]
) -> None:
    who = await window(city)
    await city.pool.execute("UPDATE quota_enterprises SET dropped_at = now()")
    async with city.sessions.begin() as session:
        table = "name\tvalue\ttext_zh\tbasis\nenterprises\t3\t-\tP\n"
        await tables.load(session, "quota_rules", table, city.now)
    if not await city.sql("SELECT 1 FROM units WHERE uscc = $1", code_of(0)):
        await enterprises(city, 6)
    on: set[int] = set()
    for act, number in acts:
        rows = {e["unit_uscc"]: e["id"] for e in (await listed(who))["enterprises"]}
        if act == "name":
            answer = await name(who, code_of(number))
            assert (answer.status_code == 201) is (number not in on and len(on) < 3)
            on |= {number} if answer.status_code == 201 else set()
        elif code_of(number) in rows:
            await who.delete(f"{QUOTAS}/{rows[code_of(number)]}")
            on.discard(number)
        found = await listed(who)
        assert {e["unit_uscc"] for e in found["enterprises"]} == {code_of(n) for n in on}
        assert found["left"] == 3 - len(on)


# ── pages ──


async def test_the_citys_page_names_and_drops(city: City) -> None:
    who = await window(city)
    [code] = await enterprises(city, 1)
    page = await who.get("/quotas")
    assert 'data-test="name"' in page.text
    sent = {"year": "2026", "city": JINAN, "unit_uscc": code}
    done = await who.post("/quotas", data=sent, key=None)
    assert done.headers["Location"] == "/quotas?year=2026"
    page = await who.get("/quotas?year=2026")
    assert f"企业{code}" in page.text
    again = await who.post("/quotas", data=sent, key=None)
    assert (again.status_code, "该企业已在名单中" in again.text) == (409, True)
    enterprise = (await listed(who))["enterprises"][0]["id"]
    await who.post("/quotas", data={"year": "2026", "drop": enterprise}, key=None)
    assert "还没有列入企业" in (await who.get("/quotas")).text
    assert (await who.post("/quotas", data={"drop": "x"}, key=None)).status_code == 404


async def test_a_past_years_list_is_only_read(city: City) -> None:
    await named_startup(city)
    city.pass_time(timedelta(days=366))
    page = (await (await window(city)).get("/quotas?year=2026")).text
    assert 'data-test="enterprise"' in page
    assert 'data-test="name"' not in page


async def test_the_applicant_chooses_the_way_on_the_form(city: City) -> None:
    await named_startup(city)
    way = await drafted(city, by_quota=True)
    page = (await (await applicant(city)).get("/my/application")).text
    assert 'data-test="by-quota" checked' in page
    await way.done("talent", "submit")
    review = (await (await way.who("manager")).get(f"/review/{way.id}")).text
    assert 'data-test="by-quota"' in review


async def test_a_card_that_was_issued_has_used_the_place_up_for_the_year(city: City) -> None:
    await named_startup(city)
    way = await at_office(city, by_quota=True)
    assert (await way.pass_("office"))["step"] == "issued"
    assert await used(city) == 1
    card = (await (await way.who("talent")).get("/v1/me/card")).json()["id"]
    await city.sql("UPDATE cards SET state = 'revoked' WHERE id = $1", card)
    assert await second_submits(city, way) == "quota-taken"
    held = (await listed(await window(city)))["enterprises"][0]["id"]
    assert (await (await window(city)).delete(f"{QUOTAS}/{held}")).status_code == 409


async def test_an_enterprise_that_moved_after_it_was_named_is_not_named_twice(city: City) -> None:
    [code] = await enterprises(city, 1)
    assert (await name(await window(city), code)).status_code == 201
    await city.sql("UPDATE units SET region = '370202' WHERE uscc = $1", code)
    again = await name(await windows_of_qingdao(city), code)
    assert (again.status_code, again.json()["code"]) == (409, "quota-named")
