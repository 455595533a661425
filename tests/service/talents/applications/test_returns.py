"""A return says exactly what is missing; what came back is compared with it (guide.md 2.3)."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.talents.applications import changes
from service.talents.applications.evidence import Evidence
from service.talents.applications.returns import Missing, Snapshot, words
from tests.city import City
from tests.service.talents.apply import CHEN, Way, applicant, at_county, file_of

ASKED = [{"what": "evidence", "name": "业绩材料"}, {"what": "field", "name": "contract_until"}]
BACK = {"decision": "return", "opinion": "请补充", "missing": ASKED}


async def patched(way: Way, **given: Any) -> dict[str, Any]:
    seen = await way.seen("talent")
    answer = await (await applicant(way.city)).patch(way.path, given, etag=seen.headers["ETag"])
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def rounds(way: Way, hand: str = "county") -> list[dict[str, Any]]:
    found = (await (await way.who(hand)).get(f"{way.path}/changes")).json()["items"]
    return list(found)


async def test_a_return_lists_what_is_missing_until_it_is_mended(city: City) -> None:
    way = await at_county(city)
    assert (await way.seen("talent")).json()["missing"] == []
    returned = await way.done("county", "decisions", BACK)
    assert [(e["name"], e["title"], e["done"]) for e in returned["missing"]] == [
        ("业绩材料", "业绩材料", False), ("contract_until", "劳动合同期", False),
    ]  # fmt: skip
    evidence = [*returned["evidence"], {"kind": "业绩材料", "note": "专利"}]
    half = await patched(way, evidence=evidence)
    assert [e["done"] for e in half["missing"]] == [True, False]
    whole = await patched(way, contract_until="2030-01-01")
    assert [e["done"] for e in whole["missing"]] == [True, True]
    assert (await way.done("talent", "submit"))["missing"] == []


async def test_a_return_that_lists_what_is_missing_needs_no_other_words(city: City) -> None:
    way = await at_county(city)
    await way.done("county", "decisions", BACK | {"opinion": ""})
    story = (await (await way.who("talent")).get(f"{way.path}/timeline")).json()["items"]
    assert story[-1]["opinion"] == "缺少或需更换材料:业绩材料。请核对并更正:劳动合同期。"


@pytest.mark.parametrize(
    ("given", "pointer"),
    [
        ({"decision": "pass"}, "/missing"),
        ({"decision": "reject"}, "/missing"),
        ({"missing": [{"what": "field", "name": "category"}]}, "/missing/0/name"),
        ({"missing": [{"what": "thing", "name": "x"}]}, "/missing/0/what"),
        ({"missing": [{"what": "evidence", "name": ""}]}, "/missing/0/name"),
        ({"opinion": " ", "missing": []}, "/opinion"),
    ],
)
async def test_what_is_missing_is_checked(city: City, given: dict[str, Any], pointer: str) -> None:
    way = await at_county(city)
    answer = await way.act("county", "decisions", BACK | given)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer)
    assert (await way.seen("county")).json()["step"] == "county_review"


async def test_who_returned_it_sees_what_changed_and_so_do_later_steps(city: City) -> None:
    way = await at_county(city)
    await way.done("county", "decisions", BACK)
    assert (await rounds(way))[0]["mended_at"] is None
    file = (await file_of(await applicant(city))).json()["id"]
    await patched(
        way,
        evidence=[{"kind": "学历证明", "note": "博士", "file_id": file}, {"kind": "业绩材料"}],
        contract_until="2030-01-01",
        person=CHEN | {"phone": "13905310004"},
    )
    await way.done("talent", "submit")
    await way.pass_("county")
    for hand in ("county", "city", "talent", "manager"):
        (found,) = await rounds(way, hand)
        assert found["returned_by"] == "county_review"
        assert [(e["field"], e["old"], e["new"]) for e in found["fields"]] == [
            ("phone", "138****0004", "139****0004"), ("contract_until", "2029-06-30", "2030-01-01"),
        ]  # fmt: skip
        assert [(e["kind"], e["change"], e["new_file_id"]) for e in found["evidence"]] == [
            ("学历证明", "replaced", file), ("业绩材料", "added", None),
        ]  # fmt: skip


async def test_later_changes_do_not_blur_an_earlier_round(city: City) -> None:
    way = await at_county(city)
    for until in ("2030-01-01", "2031-01-01"):
        await way.done("county", "decisions", BACK)
        await patched(way, contract_until=until)
        await way.done("talent", "submit")
    found = [(e["fields"][0]["old"], e["fields"][0]["new"]) for e in await rounds(way)]
    assert found == [("2030-01-01", "2031-01-01"), ("2029-06-30", "2030-01-01")]


async def test_the_same_file_put_in_again_is_called_the_same(city: City) -> None:
    who = await applicant(city)
    first = (await file_of(who)).json()["id"]
    way = await at_county(city, evidence=[{"kind": "业绩材料", "file_id": first}])
    await way.done("county", "decisions", BACK)
    second = (await file_of(who)).json()["id"]
    await patched(way, evidence=[{"kind": "业绩材料", "file_id": second}])
    await way.done("talent", "submit")
    (found,) = await rounds(way)
    assert found["evidence"][0]["same_content"] is True


async def test_a_replaced_file_stays_readable_for_who_sees_the_application(city: City) -> None:
    who = await applicant(city)
    first = (await file_of(who)).json()["id"]
    way = await at_county(city, evidence=[{"kind": "业绩材料", "file_id": first}])
    await way.done("county", "decisions", BACK)
    await patched(way, evidence=[])
    assert (await (await way.who("county")).get(f"/v1/files/{first}")).status_code == 200
    assert (await (await way.who("city")).get(f"/v1/files/{first}")).status_code == 404
    other = await city.person("talent", region="370200")
    assert (await other.get(f"/v1/files/{first}")).status_code == 404


async def test_what_stood_there_is_kept_sealed(city: City) -> None:
    way = await at_county(city)
    await way.done("county", "decisions", BACK)
    (row,) = await city.sql("SELECT * FROM application_returns")
    kept = b"".join(str(value).encode() for value in row.values())
    for secret in ("陈若溪", "370105199011082868", "13805310004", "经十路"):
        assert secret.encode() not in kept
    assert row["before"].startswith(b"k1.")


async def test_looking_at_somebody_elses_file_is_on_record(city: City) -> None:
    who = await applicant(city)
    file = (await file_of(who)).json()["id"]
    way = await at_county(city, evidence=[{"kind": "业绩材料", "file_id": file}])
    await who.get(f"/v1/files/{file}")
    assert await city.sql("SELECT 1 FROM file_reads") == []
    county = await way.who("county")
    await county.get(f"/v1/files/{file}")
    await (await way.who("city")).get(f"/v1/files/{file}")  # not there yet: nothing was read
    (read,) = await city.sql("SELECT file_id, role, read_at FROM file_reads")
    assert (str(read["file_id"]), read["role"], read["read_at"]) == (file, "reviewer", city.now)


def test_words_name_each_thing_once() -> None:
    assert words([Missing("evidence", "合同"), Missing("field", "phone")]) == (
        "缺少或需更换材料:合同。请核对并更正:电话。"
    )


PROOFS = st.lists(
    st.builds(
        Evidence,
        kind=st.sampled_from(["甲", "乙", "丙"]),
        file_id=st.sampled_from([None, *(UUID(int=n) for n in range(3))]),
        note=st.sampled_from([None, "说明"]),
    ),
    max_size=6,
)


@given(before=PROOFS, after=PROOFS)
def test_the_changes_lead_from_what_stood_there_to_what_stands_there(
    before: list[Evidence], after: list[Evidence]
) -> None:
    left = list(before)
    for each in changes.of_evidence(before, after):
        if each.change != "added":
            left.remove(Evidence(each.kind, each.old_file_id, each.old_note))
        if each.change != "removed":
            left.append(Evidence(each.kind, each.new_file_id, each.new_note))
    assert sorted(map(str, left)) == sorted(map(str, after))


@given(proofs=PROOFS)
def test_nothing_changed_is_no_change(proofs: list[Evidence]) -> None:
    assert changes.of_evidence(proofs, list(reversed(proofs))) == []


def test_a_thing_is_done_only_when_something_new_stands_there() -> None:
    old = Evidence("合同", uuid4())
    before = Snapshot({"phone": "1"}, [old])
    asked = Missing("evidence", "合同")
    assert not changes.is_done(asked, before, before)
    assert not changes.is_done(asked, before, Snapshot({}, [Evidence("别的", uuid4())]))
    assert changes.is_done(asked, before, Snapshot({}, [Evidence("合同", uuid4())]))
    assert not changes.is_done(asked, before, Snapshot({}, [Evidence("合同")]))
    assert not changes.is_done(Missing("field", "phone"), before, Snapshot({"phone": "1"}, []))
    assert changes.is_done(Missing("field", "phone"), before, Snapshot({"phone": "2"}, []))
