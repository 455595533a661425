"""服务事项 for whoever is not signed in: found by words, pinyin, kind, person and place."""

import re

import pytest

from service.offerings.details import form_of
from service.requests import form_words
from tests.city import City
from tests.service.editing.drafts import act, centre, drafted


async def found(city: City, **wanted: str) -> list[str]:
    """The codes on the page, in its order."""
    answer = await city.nobody.get("/offerings", params=wanted)
    assert answer.status_code == 200, answer.text
    return re.findall(r'data-test="offering-([A-Z0-9-]+)"', answer.text)


async def page_of(city: City, path: str) -> str:
    answer = await city.nobody.get(path)
    assert answer.status_code == 200, answer.text
    return answer.text


async def test_anybody_sees_the_whole_catalogue(city: City) -> None:
    assert len(await found(city)) == 36


@pytest.mark.parametrize("q", ["人才公寓", "rencaigongyu", "rcgy", "RCGY", "租房"])
async def test_it_is_searched_by_words_pinyin_and_initials(city: City, q: str) -> None:
    assert "HO-01" in await found(city, q=q)
    assert "FI-01" not in await found(city, q=q)


async def test_it_is_narrowed_by_kind_person_and_place(city: City) -> None:
    assert set(await found(city, sector="market", mode="benefit")) == {"FI-04"}
    assert set(await found(city, category="5", q="保健")) == set()
    assert set(await found(city, category="1", q="保健")) == {"ME-03"}
    assert set(await found(city, **{"for": "companion"})) == {"TR-01", "TR-02"}
    await city.sql("DELETE FROM routes WHERE region = '370000' AND offering = 'ED-01'")
    assert "ED-01" in await found(city, region="370102")
    assert "ED-01" not in await found(city, region="370202")


@pytest.mark.parametrize("name", ["sector", "mode", "category", "for", "region", "q"])
async def test_a_filter_that_is_none_does_not_narrow_or_fail(city: City, name: str) -> None:
    shown = await found(city, **{name: "\0" if name == "q" else "x' OR 1=1"})
    assert len(shown) == 36


async def test_nothing_found_says_so(city: City) -> None:
    assert 'data-test="none"' in await page_of(city, "/offerings?q=没有这种事")


async def test_each_offering_tells_what_who_how_long_and_by_what_policy(city: City) -> None:
    rows = await city.sql("SELECT * FROM offering_versions")
    for row in rows:
        text = await page_of(city, f"/offerings/{row['code']}")
        for said in (row["name_zh"], row["policy_text"], row["policy_source"], row["department"]):
            assert said in text, (row["code"], said)
        assert f"{row['complete_wd']} 个工作日内" in text or row["mode"] == "benefit"
        for test in ("categories", "for-whom", "promise", "window", "materials", "versions"):
            assert f'data-test="{test}"' in text, (row["code"], test)
        assert ('data-test="form"' in text) is (row["mode"] == "case")


async def test_the_form_is_told_in_words_and_what_the_partner_gets(city: City) -> None:
    text = await page_of(city, "/offerings/ED-01")
    told = re.search(r'data-test="leaves">(.*?)<span', text, re.S)
    assert told
    titles = {
        name: part["title"]
        for name, part in form_of("ED-01", "case").form_schema["properties"].items()
    }
    assert titles["address"] not in told[1]
    assert titles["address"] in text


def test_what_is_asked_is_told_by_its_kind() -> None:
    loan = {each.title: each for each in form_words.asked(form_of("FI-01", "case").form_schema)}
    assert loan["借款人"].answer == "选一项:本人、本人创办或任职的企业"
    assert loan["借款企业名称"].need == "视情况必填"
    assert loan["期限(月)"].answer == "数字,1 至 120"
    assert loan["同意银行查询本人(企业)信用信息"].answer == "须同意"
    assert loan["联系电话"].answer == "11 位手机号码"
    assert "选择银行" not in loan, "kept for machines of before"


async def test_the_season_is_told(city: City) -> None:
    assert "现在不受理" in await page_of(city, "/offerings/ED-01")
    city.at("2026-07-15T10:00")
    assert "现在受理" in await page_of(city, "/offerings/ED-01")


async def test_a_version_is_read_by_its_day(city: City) -> None:
    draft = await drafted(city, complete_wd=10, valid_from="2026-05-01")
    await act(await centre(city, 2), draft, "publish")
    now, then = "/offerings/HO-01", "/offerings/HO-01?at=2026-05-01"
    assert "(将生效)" in await page_of(city, now)
    assert 'data-test="not-in-force"' not in await page_of(city, now)
    assert 'data-test="not-in-force"' in await page_of(city, then)


@pytest.mark.parametrize("path", ["/offerings/HO-99", "/offerings/%00", "/offerings/x"])
async def test_no_such_offering_is_a_page_that_says_so(city: City, path: str) -> None:
    answer = await city.nobody.get(path)
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")


async def test_a_day_that_is_none_is_today(city: City) -> None:
    assert "人才公寓申请" in await page_of(city, "/offerings/HO-01?at=yesterday")


@pytest.mark.parametrize("path", ["/offerings?q=rcgy", "/offerings/ED-01"])
async def test_everybody_s_page_may_be_kept_somebody_s_may_not(city: City, path: str) -> None:
    first = await city.nobody.get(path)
    assert first.headers["Cache-Control"] == "public, max-age=60"
    assert "Set-Cookie" not in first.headers
    again = await city.nobody.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    talent = await city.person("talent")
    own = await talent.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert (own.status_code, own.headers["Cache-Control"]) == (200, "no-store")
    city.at("2026-07-15T10:00")  # the season for schools has begun
    new = await city.nobody.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert new.status_code == (200 if "ED-01" in path else 304)


async def test_the_way_in_leads_there(city: City) -> None:
    assert 'href="/offerings"' in await page_of(city, "/sign-in")
