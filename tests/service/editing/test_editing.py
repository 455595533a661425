"""A new version: drafted by one, tried, published by another; what is under way keeps its own."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from service.editing import content as contents
from service.offerings.models import OfferingVersion
from service.reference import tables
from tests.city import City
from tests.service.editing.drafts import act, centre, content_of, drafted
from tests.service.requests.ask import APARTMENT, accepted

HOUSING = "/v1/offerings/HO-01"
CATALOGUE = tables.DATA / "catalogue.tsv"


async def test_a_draft_changes_nothing_until_a_second_person_publishes_it(city: City) -> None:
    first, second = await centre(city), await centre(city, 2)
    draft = await drafted(city, complete_wd=10)
    assert draft.status_code == 201, draft.text
    assert draft.json()["allowed"] == ["change", "drop"]
    assert (await city.nobody.get(HOUSING)).json()["complete_wd"] == 20
    own = await act(first, draft, "publish")
    assert (own.status_code, own.json()["allowed"]) == (409, ["change", "drop"])
    done = await act(second, draft, "publish")
    assert (done.status_code, done.json()["state"]) == (200, "published")
    shown = (await city.nobody.get(HOUSING)).json()
    assert (shown["complete_wd"], shown["version"]) == (10, 2)
    assert await city.events(f"offering-drafts/{draft.json()['id']}") == [
        "hck.offering.drafted.v1", "hck.offering.published.v1",
    ]  # fmt: skip


async def test_the_database_itself_keeps_drafter_and_publisher_apart(city: City) -> None:
    draft = await drafted(city, complete_wd=10)
    owner = await asyncpg.connect(city.settings.database_owner_url)
    with pytest.raises(asyncpg.CheckViolationError):
        await owner.execute(
            "UPDATE offering_drafts SET state = 'published', decided_by = drafted_by WHERE id = $1",
            draft.json()["id"],
        )
    await owner.close()


async def test_a_request_under_way_keeps_the_version_that_it_began_under(city: City) -> None:
    case = await accepted(city)
    before = (await case.holder.get(f"/v1/requests/{case.id}/deadline")).json()["promise"]
    draft = await drafted(city, complete_wd=1)
    await act(await centre(city, 2), draft, "publish")
    after = (await case.holder.get(f"/v1/requests/{case.id}/deadline")).json()["promise"]
    assert after["due_at"] == before["due_at"]
    rows = await city.sql(
        "SELECT v.version FROM requests r JOIN offering_versions v ON v.id = r.offering_version_id"
    )
    assert [row["version"] for row in rows] == [1]


async def test_from_a_later_day_on_the_old_one_holds_until_then(city: City) -> None:
    later = (city.now + timedelta(days=30)).date()
    draft = await drafted(city, complete_wd=10, valid_from=later.isoformat())
    await act(await centre(city, 2), draft, "publish")
    assert (await city.nobody.get(HOUSING)).json()["version"] == 1
    assert (await city.nobody.get(f"{HOUSING}?at={later}")).json()["version"] == 2
    city.pass_time(timedelta(days=30))
    assert (await city.nobody.get(HOUSING)).json()["version"] == 2


@pytest.mark.parametrize("days", [-1, -400])
async def test_nothing_is_published_into_the_past(city: City, days: int) -> None:
    day = (city.now + timedelta(days=days)).date().isoformat()
    refused = await drafted(city, valid_from=day)
    assert "/valid_from" in {each["pointer"] for each in refused.json()["errors"]}


async def test_a_draft_that_waited_over_its_day_is_not_published_backwards(city: City) -> None:
    draft = await drafted(city, complete_wd=10)
    city.pass_time(timedelta(days=1))
    refused = await act(await centre(city, 2), draft, "publish")
    assert refused.json()["errors"][0]["code"] == "past"


@pytest.mark.parametrize(
    ("changed", "pointer"),
    [
        ({"complete_wd": 0}, "/content/complete_wd"),
        ({"complete_wd": "soon"}, "/content/complete_wd"),
        ({"colour": "red"}, "/content"),
        ({"sector": "secret"}, "/content/sector"),
        ({"form_schema": {"type": "object", "properties": {"x": {}}}}, "/content/form_schema"),
    ],
)
async def test_what_is_wrong_is_told_with_a_pointer(
    city: City, changed: dict[str, Any], pointer: str
) -> None:
    refused = await drafted(city, **changed)
    assert refused.status_code == 422
    assert any(each["pointer"].startswith(pointer) for each in refused.json()["errors"])


async def test_one_draft_an_offering_whoever_begins_at_once(city: City) -> None:
    who = await centre(city)
    answers = await asyncio.gather(*(drafted(city, who, complete_wd=n) for n in range(5, 11)))
    assert sorted(each.status_code for each in answers) == [201, *[409] * 5]
    assert {each.json()["code"] for each in answers if each.status_code == 409} == {"draft-open"}


async def test_publishing_and_dropping_at_once_leave_one_of_them(city: City) -> None:
    draft, second = await drafted(city, complete_wd=10), await centre(city, 2)
    path, etag = f"/v1/offering-drafts/{draft.json()['id']}", draft.headers["ETag"]
    both = await asyncio.gather(
        second.post(f"{path}/publish", etag=etag), second.post(f"{path}/drop", etag=etag)
    )
    assert sorted(each.status_code for each in both) in ([200, 409], [200, 412])


async def test_a_draft_over_a_version_that_is_not_the_newest_any_more_is_refused(
    city: City,
) -> None:
    draft = await drafted(city, complete_wd=10)
    await load(city, changed("HO-01", complete_wd="15"))
    refused = await act(await centre(city, 2), draft, "publish")
    assert (refused.status_code, refused.json()["code"]) == (409, "draft-outdated")
    assert (await act(await centre(city, 2), draft, "drop")).status_code == 200


def changed(code: str, **cells: str) -> str:
    """The catalogue's table with some cells of one row changed."""
    lines = Path(CATALOGUE).read_text().splitlines()
    columns = lines[0].split("\t")
    for at, line in enumerate(lines):
        row = dict(zip(columns, line.split("\t"), strict=False))
        if row["code"] == code:
            lines[at] = "\t".join((row | cells).get(name, "") for name in columns)
    return "\n".join(lines) + "\n"


async def load(city: City, table: str) -> None:
    async with city.sessions.begin() as session:
        await tables.load(session, "catalogue", table, city.now)


async def test_a_table_that_says_nothing_new_does_not_undo_what_was_published(city: City) -> None:
    draft = await drafted(city, complete_wd=10)
    await act(await centre(city, 2), draft, "publish")
    await load(city, CATALOGUE.read_text())
    assert (await city.nobody.get(HOUSING)).json()["version"] == 2
    city.pass_time(timedelta(minutes=1))
    await load(city, changed("ED-01", complete_wd="9"))
    assert (await city.nobody.get(HOUSING)).json()["complete_wd"] == 10
    city.pass_time(timedelta(minutes=1))
    await load(city, changed("HO-01", complete_wd="15"))
    shown = (await city.nobody.get(HOUSING)).json()
    assert (shown["version"], shown["complete_wd"]) == (3, 15), "the later decision"


async def test_a_published_version_is_found_by_its_new_words(city: City) -> None:
    draft = await drafted(city, name_zh="安居小屋申请")
    await act(await centre(city, 2), draft, "publish")
    for q in ("安居小屋", "ajxw", "anjuxiaowu"):
        items = (await city.nobody.get("/v1/offerings", params={"q": q})).json()["items"]
        assert [each["code"] for each in items] == ["HO-01"]


async def test_the_dry_run_tells_whom_it_would_concern_and_writes_nothing(city: City) -> None:
    await accepted(city)
    form = (await content_of(city))["form_schema"]
    stricter = form | {"properties": form["properties"] | {
        "family_size": {"type": "integer", "title": "人数", "minimum": 99}}}  # fmt: skip
    draft = await drafted(
        city, form_schema=stricter, categories=[1], complete_wd=40,
        shared_fields=sorted(form["properties"]),
    )  # fmt: skip
    path = f"/v1/offering-drafts/{draft.json()['id']}/dry-run"
    run = (await (await centre(city, 2)).get(path)).json()
    assert run["open_requests"] == {"1": 1}
    assert (run["form"]["looked_at"], run["form"]["would_not_fit"]) == (1, 1)
    assert run["form"]["faults"] == {"/form/family_size too-small": 1}
    assert str(APARTMENT["family_size"]) not in str(run["form"]["faults"])
    assert run["holders_without"] == 3
    assert run["partners"] > 0
    assert {"categories", "complete_wd", "form_schema"} <= {c["field"] for c in run["changes"]}
    said = " ".join(run["warnings"])
    for word in ("不能再享受", "不合格", "放宽"):
        assert word in said
    assert (await city.nobody.get(HOUSING)).json()["version"] == 1


async def test_a_draft_is_changed_by_its_drafter_alone(city: City) -> None:
    draft = await drafted(city, complete_wd=10)
    path, etag = f"/v1/offering-drafts/{draft.json()['id']}", draft.headers["ETag"]
    body = {"content": await content_of(city, complete_wd=12), "valid_from": "2026-04-01",
            "why": "改到四月"}  # fmt: skip
    second = await centre(city, 2)
    assert (await second.patch(path, body, etag=etag)).status_code == 409
    first = await centre(city)
    assert (await first.patch(path, body)).status_code == 428
    done = await first.patch(path, body, etag=etag)
    assert (done.status_code, done.json()["valid_from"]) == (200, "2026-04-01")
    assert (await first.patch(path, body, etag=etag)).status_code == 412


async def test_only_the_centre_edits(city: City) -> None:
    for role in ("talent", "partner_clerk", "reviewer", "system_admin", "steward"):
        who = await city.person(role)
        assert (await who.get("/v1/offering-drafts")).status_code == 403
        assert (await who.post("/v1/offerings/HO-01/drafts", {})).status_code in (403, 422)
        assert (await who.get("/centre/offerings")).status_code == 403
    assert (await drafted(city, code="HO-01")).status_code == 201
    assert (await (await centre(city)).get("/v1/offerings/XX-99/versions")).status_code == 404


async def test_the_history_says_when_why_and_by_whom(city: City) -> None:
    draft = await drafted(city, complete_wd=10)
    await act(await centre(city, 2), draft, "publish")
    items = (await (await centre(city)).get(f"{HOUSING}/versions")).json()["items"]
    assert [(each["version"], each["source"]) for each in items] == [(2, "editor"), (1, "table")]
    assert items[0]["why"] == "按新办法缩短时限"
    assert items[0]["drafted_by"] != items[0]["published_by"]


# ── pages ──


async def test_an_official_drafts_on_the_page_and_a_second_one_publishes(city: City) -> None:
    first, second = await centre(city), await centre(city, 2)
    assert "人才公寓申请" in (await first.get("/centre/offerings")).text
    typed = await typed_form(city, complete_wd="10")
    done = await first.post("/centre/offerings/HO-01", data=typed, key=None)
    assert done.status_code == 303, done.text
    path = done.headers["Location"]
    mine = (await first.get(path)).text
    assert 'data-field="complete_wd"' in mine
    assert 'data-test="second-person"' in mine
    assert 'data-test="publish"' not in mine
    theirs = (await second.get(path)).text
    assert 'data-test="publish"' in theirs
    done = await second.post(path, data={"_revision": "1", "do": "publish"}, key=None)
    assert done.status_code == 303
    assert 'data-state="published"' in (await second.get(path)).text
    assert "第 2 版" in (await first.get("/centre/offerings/HO-01")).text


async def typed_form(city: City, **changed: str) -> dict[str, Any]:
    from service.editing.typed import texts_of

    async with city.sessions() as session:
        newest = await session.get_one(
            OfferingVersion,
            (await city.sql("SELECT id FROM offering_versions WHERE code = 'HO-01'"))[0]["id"],
        )
        typed = texts_of(contents.of(newest), city.now.date())
    plain: dict[str, Any] = {**typed, "why": ["按新办法"]}
    return plain | {name: [value] for name, value in changed.items()}


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"form_schema": "{"}, "不是 JSON"),
        ({"complete_wd": "x"}, "请填写整数"),
        ({"why": ""}, "请写明为什么改"),
        ({"window": "13-01/14-01"}, "受理时段写作"),
        ({"shared_fields": "phone"}, "表单里没有这些项"),
    ],
)
async def test_what_was_typed_stays_where_it_is_refused(
    city: City, changed: dict[str, str], told: str
) -> None:
    typed = await typed_form(city, department="省住房城乡建设厅公寓处", **changed)
    refused = await (await centre(city)).post("/centre/offerings/HO-01", data=typed, key=None)
    assert refused.status_code == 422
    assert told in refused.text
    assert "省住房城乡建设厅公寓处" in refused.text


async def test_every_offering_that_there_is_can_be_edited_and_stopped(city: City) -> None:
    first = await centre(city)
    rows = await city.sql("SELECT code FROM offering_versions ORDER BY code")
    stop = {"stopped_on": "2026-06-01", "stop_note": "并入其他事项。", "instead": None}
    for row in rows:
        draft = await drafted(city, first, row["code"], name_zh="改过的名称", **stop)
        assert draft.status_code == 201, (row["code"], draft.text)
