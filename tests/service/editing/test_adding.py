"""A wholly new offering: drafted by one, published by another, then like any other."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from service.editing.content import beginning
from service.editing.content import values_of as values
from service.editing.typed import texts_of
from service.reference import tables
from tests.city import City, Someone
from tests.service.editing.drafts import act, centre
from tests.service.editing.test_editing import CATALOGUE, load

PATH = "/v1/offering-drafts"
FORM = {"matter": "请安排一次辅导", "contact_phone": "13800000000"}


def opening(code: str = "RP-09", **changed: Any) -> dict[str, Any]:
    """Coaching for a new fund, as officials would open it."""
    content = values(beginning(changed.get("mode", "case"))) | {
        "name_zh": "基金申报辅导", "name_en": "coaching for a fund", "department": "科技部门",
        "materials": ["申报书草稿"], "policy_text": "为持卡人申报基金提供一对一辅导。",
        "policy_source": "鲁科字〔2026〕1号",
    }  # fmt: skip
    plain = {"code": code, "mode": "case", "keywords": ["青基"], "why": "新政策"}
    day = {"valid_from": "2026-03-02", "content": content | changed.pop("content", {})}
    return plain | day | changed


async def opened(city: City, who: Someone | None = None, **changed: Any) -> httpx.Response:
    who = who or await centre(city)
    return await who.post(PATH, opening(**changed))


async def published(city: City, **changed: Any) -> httpx.Response:
    draft = await opened(city, **changed)
    assert draft.status_code == 201, draft.text
    return await act(await centre(city, 2), draft, "publish")


async def route_to_housing(city: City, code: str = "RP-09") -> None:
    """The housing bureau of 济南 takes it, by the officials' table."""
    [row] = await city.sql(
        "SELECT partner_id FROM routes WHERE offering = 'HO-01' AND region = '370100'"
    )
    async with city.sessions.begin() as session:
        table = await tables.rows_of(session, "routes")
        columns = tables.COLUMNS["routes"]
        new = dict.fromkeys(columns, "") | {
            "offering": code, "region": "370100", "partner": str(row["partner_id"]), "rank": "1",
            "share": "1", "valid_from": "2026-01-01",
        }  # fmt: skip
        lines = ["\t".join(columns), *("\t".join(r[c] for c in columns) for r in [*table, new])]
        await tables.load(session, "routes", "\n".join(lines), city.now)


async def test_nobody_can_ask_for_it_before_a_second_person_published_it(city: City) -> None:
    first, second = await centre(city), await centre(city, 2)
    draft = await opened(city, first)
    assert (draft.status_code, draft.json()["base_version"]) == (201, 0)
    assert (await city.nobody.get("/v1/offerings/RP-09")).status_code == 404
    assert (await act(first, draft, "publish")).status_code == 409
    done = await act(second, draft, "publish")
    assert (done.status_code, done.json()["state"]) == (200, "published")
    shown = (await city.nobody.get("/v1/offerings/RP-09")).json()
    assert (shown["version"], shown["name_zh"], shown["basis"]) == (1, "基金申报辅导", "P")
    assert await city.events(f"offering-drafts/{draft.json()['id']}") == [
        "hck.offering.drafted.v1", "hck.offering.published.v1",
    ]  # fmt: skip


@pytest.mark.parametrize("q", ["基金", "jjsb", "jijinshenbao", "青基", "qj"])
async def test_it_is_found_by_its_words_and_what_people_call_it(city: City, q: str) -> None:
    await published(city)
    found = (await city.nobody.get("/v1/offerings", params={"q": q})).json()["items"]
    assert "RP-09" in [each["code"] for each in found]
    assert 'data-test="offering-RP-09"' in (await city.nobody.get(f"/offerings?q={q}")).text


async def test_it_is_asked_for_routed_and_granted_like_any_other(city: City) -> None:
    await opened(city)
    await route_to_housing(city)  # before it is published: nobody waits for a ruling then
    [draft] = (await (await centre(city)).get(PATH)).json()["items"]
    second = await centre(city, 2)
    path = f"{PATH}/{draft['id']}"
    assert (await second.get(f"{path}/dry-run")).json()["partners"] == 1
    etag = (await second.get(path)).headers["ETag"]
    assert (await second.post(f"{path}/publish", etag=etag)).status_code == 200
    holder = await city.person("talent", region="370100")
    made = await holder.post(
        "/v1/requests", {"offering": "RP-09", "region": "370100", "form": FORM}
    )
    assert made.status_code == 201, made.text
    await city.settle()
    housing = await city.client("housing")
    seen = await housing.get(f"/v1/partner/requests/{made.json()['id']}")
    assert (seen.status_code, seen.json()["form"]) == (200, FORM)


async def test_a_benefit_is_added_too_and_counters_give_it(city: City) -> None:
    plain = {"name_zh": "健身场馆", "name_en": "gym", "annual_limit": 5}
    done = await published(city, code="ST-09", mode="benefit", content=plain, municipal=True)
    assert done.status_code == 200, done.text
    shown = (await city.nobody.get("/v1/offerings/ST-09")).json()
    assert (shown["mode"], shown["exclusive_with"]) == ("benefit", "municipal-card")
    talent = await city.person("talent", region="370100")
    items = (await talent.get("/v1/me/entitlements")).json()["items"]
    assert [each["left"] for each in items if each["offering"] == "ST-09"] == [5]


@pytest.mark.parametrize(
    ("changed", "status", "said"),
    [
        ({"code": "HO-01"}, 409, "offering-exists"),
        ({"code": "ho-1"}, 422, "invalid-body"),
        ({"mode": "gift"}, 422, "invalid-body"),
        ({"content": {"policy_source": ""}}, 422, "invalid-body"),
        ({"content": {"complete_wd": None}}, 422, "invalid-body"),
        ({"valid_from": "2026-02-01"}, 422, "invalid-body"),
        ({"mode": "benefit", "content": {"shared_fields": ["matter"]}}, 422, "invalid-body"),
    ],
)
async def test_what_is_wrong_is_refused(
    city: City, changed: dict[str, Any], status: int, said: str
) -> None:
    refused = await opened(city, **changed)
    assert (refused.status_code, refused.json()["code"]) == (status, said)


async def test_a_dropped_one_leaves_its_code_free(city: City) -> None:
    draft = await opened(city)
    assert (await opened(city)).json()["code"] == "draft-open"
    await act(await centre(city), draft, "drop")
    assert (await published(city)).status_code == 200
    assert (await opened(city)).json()["code"] == "offering-exists"


async def test_it_outlasts_the_table_which_never_had_it_until_a_row_says_otherwise(
    city: City,
) -> None:
    await published(city)
    for table in (CATALOGUE.read_text(), CATALOGUE.read_text() + row(complete_wd="7")):
        city.pass_time(timedelta(minutes=1))
        await load(city, table)
        shown = (await city.nobody.get("/v1/offerings/RP-09")).json()
    assert (shown["version"], shown["complete_wd"]) == (2, 7), "the later decision"
    assert shown["policy_source"] == "鲁科字〔2026〕1号", "of which the table has no column"
    await load(city, CATALOGUE.read_text() + row(complete_wd="7"))
    assert (await city.nobody.get("/v1/offerings/RP-09")).json()["version"] == 2


def row(**cells: str) -> str:
    """A line of the catalogue for the new offering."""
    columns = Path(CATALOGUE).read_text().splitlines()[0].split("\t")
    plain = {
        "code": "RP-09", "name_zh": "基金申报辅导", "name_en": "coaching for a fund",
        "sector": "public", "mode": "case", "department": "科技部门", "accept_hours": "16",
        "complete_wd": "10", "correction_wd": "5", "categories": "1-5", "beneficiaries": "holder",
        "materials": "申报书草稿", "basis": "P",
    }  # fmt: skip
    return "\t".join((plain | cells).get(name, "") for name in columns) + "\n"


async def test_the_page_adds_one(city: City) -> None:
    first, second = await centre(city), await centre(city, 2)
    form = (await first.get("/centre/offerings/new")).text
    assert 'data-test="new-form"' in form
    day = city.now.date()
    typed: dict[str, Any] = {**texts_of(beginning("case"), day), "why": "新政策", "mode": "case"}
    wrong = await first.post("/centre/offerings/new", data=typed, key=None)
    assert wrong.status_code == 422
    assert "代码写作" in wrong.text
    typed |= {
        "code": "rp-09", "name_zh": "基金申报辅导", "name_en": "coaching", "department": "科技部门",
        "policy_text": "为持卡人申报基金提供辅导。", "policy_source": "鲁科字〔2026〕1号",
        "materials": "申报书草稿",
    }  # fmt: skip
    done = await first.post("/centre/offerings/new", data=typed, key=None)
    assert done.status_code == 303, done.text
    page = (await second.get(done.headers["location"])).text
    assert "新事项" in page
    assert "没有办理单位承接此项" in page
    sent = await second.post(
        done.headers["location"], data={"_revision": "1", "do": "publish"}, key=None
    )
    assert sent.status_code == 303
    assert "基金申报辅导" in (await city.nobody.get("/offerings/RP-09")).text
