"""The doors of 服务事项, as anybody meets them."""

from typing import Any

import pytest

from tests.city import City


async def codes(city: City, query: str) -> list[str]:
    """The codes that a search finds."""
    answer = await city.nobody.get(f"/v1/offerings{query}")
    assert answer.status_code == 200, answer.text
    return [item["code"] for item in answer.json()["items"]]


async def test_anybody_reads_an_offering_whole(city: City) -> None:
    answer = await city.nobody.get("/v1/offerings/HO-01")
    shown: dict[str, Any] = answer.json()
    assert answer.status_code == 200
    assert (shown["name_zh"], shown["sector"], shown["mode"]) == ("人才公寓申请", "public", "case")
    assert (shown["accept_hours"], shown["complete_wd"], shown["publicity_wd"]) == (16, 20, 3)
    assert shown["materials"] == ["无房证明", "劳动合同", "家庭情况"]
    assert shown["form_schema"]["properties"]["family_size"]["title"] == "共同居住人数(含本人)"
    assert shown["policy_text"]
    assert shown["policy_source"]
    assert shown["version"] == 1


async def test_a_benefit_is_shown_without_a_form(city: City) -> None:
    shown = (await city.nobody.get("/v1/offerings/TR-01")).json()
    assert (shown["mode"], shown["form_schema"], shown["result_schema"]) == ("benefit", None, None)
    assert (shown["annual_limit"], shown["companions_max"]) == (12, 1)


@pytest.mark.parametrize("code", ["HO-99", "ho-01", "%00", "x" * 300])
async def test_no_such_offering_is_not_found(city: City, code: str) -> None:
    answer = await city.nobody.get(f"/v1/offerings/{code}")
    assert (answer.status_code, answer.json()["code"]) == (404, "not-found")


@pytest.mark.parametrize(
    ("q", "found"),
    [
        ("人才公寓", ["HO-01"]),
        ("rencaigongyu", ["HO-01"]),
        ("RCGY", ["HO-01"]),
        ("rencai gongyu", ["HO-01"]),
        ("上学", ["ED-01", "ED-02"]),
        ("贷款 专利", ["FI-03"]),
        ("HO-02", ["HO-02"]),
        ("100%", []),
        ("_", []),
    ],
)
async def test_a_search_goes_by_words_and_by_pinyin(city: City, q: str, found: list[str]) -> None:
    answer = await city.nobody.get("/v1/offerings", params={"q": q})
    assert [item["code"] for item in answer.json()["items"]] == found


async def test_sector_and_mode_narrow_the_list(city: City) -> None:
    assert await codes(city, "?sector=market&mode=case") == ["FI-01", "FI-02", "FI-03", "MK-01"]
    assert await codes(city, "?sector=market&mode=benefit") == ["FI-04"]


async def test_a_place_sees_what_somebody_there_or_above_takes(city: City) -> None:
    assert "ED-01" in await codes(city, "?region=370202")
    await city.sql("DELETE FROM routes WHERE region = '370000' AND offering = 'ED-01'")
    assert "ED-01" in await codes(city, "?region=370100")
    assert "ED-01" in await codes(city, "?region=370102")
    assert "ED-01" not in await codes(city, "?region=370202")
    assert "TR-01" in await codes(city, "?region=370202")


@pytest.mark.parametrize("query", ["region=371200", "region=x", "sector=x", "mode=x", "limit=0"])
async def test_a_wrong_filter_is_told(city: City, query: str) -> None:
    answer = await city.nobody.get(f"/v1/offerings?{query}")
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-body")
    assert answer.json()["errors"][0]["pointer"] == f"/{query.partition('=')[0]}"


async def test_pages_show_everything_once_though_the_catalogue_changes_meanwhile(
    city: City,
) -> None:
    seen: list[str] = []
    path: str | None = "/v1/offerings?limit=7"
    while path is not None:
        answer = await city.nobody.get(path)
        seen += [item["code"] for item in answer.json()["items"]]
        link = answer.headers.get("Link")
        path = link[1 : link.index(">")] if link else None
        await city.sql(
            "UPDATE offering_versions SET version = version + 1 WHERE code = $1", seen[0]
        )
    assert len(seen) == 36
    assert seen == sorted(set(seen))


@pytest.mark.parametrize("cursor", ["x", "!!!!", "AAAA", "é"])
async def test_a_cursor_from_elsewhere_is_refused(city: City, cursor: str) -> None:
    answer = await city.nobody.get("/v1/offerings", params={"cursor": cursor})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid-cursor")


@pytest.mark.parametrize("path", ["/v1/offerings", "/v1/offerings/ED-01"])
async def test_what_is_unchanged_is_not_sent_again(city: City, path: str) -> None:
    first = await city.nobody.get(path)
    again = await city.nobody.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    city.at("2026-07-15T10:00")  # the season for schools has begun
    new = await city.nobody.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert new.status_code == 200


async def test_a_version_is_read_as_of_a_day(city: City) -> None:
    await city.sql("UPDATE offering_versions SET valid_from = '2026-03-01' WHERE code = 'HO-01'")
    for day, status in (("2026-02-28", 404), ("2026-03-01", 200), ("2027-01-01", 200)):
        answer = await city.nobody.get(f"/v1/offerings/HO-01?at={day}")
        assert answer.status_code == status
    wrong = await city.nobody.get("/v1/offerings/HO-01?at=yesterday")
    assert wrong.status_code == 422


async def test_openapi_tells_of_what_is_unchanged(city: City) -> None:
    page = (await city.nobody.get("/schema/openapi.json")).json()
    for path in ("/v1/offerings", "/v1/offerings/{code}"):
        assert {"200", "304", "default"} <= set(page["paths"][path]["get"]["responses"])
        assert "security" not in page["paths"][path]["get"]
