"""材料: judged by content, sealed, seen by whom it concerns (api.md 3.1)."""

import hashlib

import pytest

from service.talents import files
from tests.city import City
from tests.service.talents.apply import PDF, applicant, at_county, drafted, file_of

PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)
JPEG = b"\xff\xd8\xff\xe0" + bytes(20)


@pytest.mark.parametrize(
    ("content", "kind"),
    [(PDF, "application/pdf"), (PNG, "image/png"), (JPEG, "image/jpeg")],
)
async def test_a_file_is_kept_and_comes_back_as_it_was(
    city: City, content: bytes, kind: str
) -> None:
    who = await applicant(city)
    kept = await file_of(who, content, "随便.exe")
    assert kept.status_code == 201, kept.text
    told = kept.json()
    assert told["sha256"] == hashlib.sha256(content).hexdigest()
    assert (told["media_type"], told["octets"]) == (kind, len(content))
    back = await who.get(f"/v1/files/{told['id']}")
    assert (back.content, back.headers["content-type"]) == (content, kind)
    assert back.headers["content-security-policy"] == (
        "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'self'"
    )
    assert "no-store" in back.headers["cache-control"]


async def test_a_declaration_that_it_is_not_secret_is_kept_with_it(city: City) -> None:
    who = await applicant(city)
    assert (await file_of(who)).json()["declared_at"] is None
    said = await who.post(
        "/v1/files", files={"file": ("x", PDF, "application/pdf")}, data={"not_secret": "yes"}
    )
    assert said.json()["declared_at"] == said.json()["created_at"]


async def test_the_name_does_not_count(city: City) -> None:
    who = await applicant(city)
    refused = await file_of(who, b"MZ\x90\x00" + PDF, "证明.pdf")
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "unsupported-file")


async def test_ten_megabytes_are_taken_and_one_byte_more_is_not(city: City) -> None:
    who = await applicant(city)
    full = PDF + bytes(files.LARGEST - len(PDF))
    assert (await file_of(who, full)).status_code == 201
    over = await file_of(who, full + b"\0")
    assert (over.status_code, over.json()["code"]) == (413, "payload-too-large")
    far_over = await file_of(who, full * 2)
    assert (far_over.status_code, far_over.json()["code"]) == (413, "payload-too-large")


async def test_a_body_that_is_no_form_or_has_no_file_is_refused(city: City) -> None:
    who = await applicant(city)
    assert (await who.post("/v1/files", {"file": "x"})).status_code == 415
    empty = await who.post("/v1/files", files={}, data={"file": "x"})
    assert empty.status_code in (415, 422)
    nothing = await file_of(who, b"")
    assert nothing.status_code == 422


async def test_at_rest_it_is_sealed(city: City) -> None:
    who = await applicant(city)
    told = (await file_of(who)).json()
    (row,) = await city.sql("SELECT content FROM files WHERE id = $1", told["id"])
    assert b"PDF" not in bytes(row["content"])


async def test_a_file_is_seen_by_those_whom_the_application_has_come_to(city: City) -> None:
    who = await applicant(city)
    proof = (await file_of(who)).json()["id"]
    loose = (await file_of(who)).json()["id"]
    way = await at_county(city, evidence=[{"kind": "学历证明", "file_id": proof}])
    for hand, status in (
        ("talent", 200), ("manager", 200), ("specialist", 200), ("county", 200), ("city", 404),
        ("office", 404), ("steward", 404), ("auditor", 404),
    ):  # fmt: skip
        asked = await (await way.who(hand)).get(f"/v1/files/{proof}")
        assert asked.status_code == status, hand
    assert (await (await way.who("county")).get(f"/v1/files/{loose}")).status_code == 404
    other = await city.person("talent", region="370200")
    assert (await other.get(f"/v1/files/{proof}")).status_code == 404
    assert (await city.nobody.get(f"/v1/files/{proof}")).status_code == 401


async def test_a_file_of_a_draft_is_its_talents_alone(city: City) -> None:
    proof = (await file_of(await applicant(city))).json()["id"]
    way = await drafted(city, evidence=[{"kind": "学历证明", "file_id": proof}])
    for hand in ("manager", "specialist", "county"):
        assert (await (await way.who(hand)).get(f"/v1/files/{proof}")).status_code == 404


async def test_what_the_specialist_added_is_seen_like_the_talents_own(city: City) -> None:
    way = await drafted(city)
    await way.done("talent", "submit")
    specialist = await way.who("specialist")
    await way.done("manager", "assign", {"specialist": specialist.entry["login"]})
    added = (await file_of(specialist)).json()["id"]
    seen = await way.seen("specialist")
    mended = await specialist.patch(
        way.path, {"evidence": [{"kind": "单位推荐", "file_id": added}]}, etag=seen.headers["ETag"]
    )
    assert mended.status_code == 200, mended.text
    assert (await (await way.who("talent")).get(f"/v1/files/{added}")).status_code == 200


async def test_another_room_may_let_its_own_people_see(city: City) -> None:
    proof = (await file_of(await applicant(city))).json()["id"]
    clerk = await city.person("partner_clerk")
    assert (await clerk.get(f"/v1/files/{proof}")).status_code == 404

    async def everybody(*_: object) -> bool:
        return True

    files.seen_through(everybody)
    try:
        assert (await clerk.get(f"/v1/files/{proof}")).status_code == 200
    finally:
        files._seen_through.remove(everybody)
