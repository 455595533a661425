"""A card from the first line of the application to the first token shown."""

from tests.city import City
from tests.service.talents.apply import WAYS, Way, applicant, body, file_of


async def test_an_application_is_returned_mended_passed_and_becomes_a_card_that_shows_itself(
    city: City,
) -> None:
    talent = await applicant(city)
    assert (await talent.get("/v1/me/card")).status_code == 404
    proof = (await file_of(talent)).json()
    made = await talent.post(
        WAYS, body(talent, evidence=[{"kind": "业绩材料", "file_id": proof["id"]}])
    )
    assert (made.status_code, made.json()["step"]) == (201, "draft")
    way = Way(city, made.json())

    assert (await way.done("talent", "submit"))["step"] == "unit_assign"
    specialist = (await way.who("specialist")).entry["login"]
    assert (await way.done("manager", "assign", {"specialist": specialist}))["step"] == (
        "unit_complete"
    )
    seen = await way.seen("specialist")
    mended = await (await way.who("specialist")).patch(
        way.path, {"contract_until": "2028-12-31"}, etag=seen.headers["ETag"]
    )
    assert mended.json()["contract_until"] == "2028-12-31"
    assert (await way.done("specialist", "submit"))["step"] == "unit_endorse"
    assert (await way.pass_("manager"))["step"] == "county_review"
    assert (await way.pass_("county"))["step"] == "city_review"

    back = {
        "decision": "return", "opinion": "请补交学历证明",
        "missing": [{"what": "evidence", "name": "学历证明"}],
    }  # fmt: skip
    returned = await way.done("city", "decisions", back)
    assert (returned["step"], returned["mend_at"]) == ("returned", "draft")
    assert [(each["name"], each["done"]) for each in returned["missing"]] == [("学历证明", False)]
    degree = (await file_of(talent)).json()
    seen = await way.seen("talent")
    evidence = [*seen.json()["evidence"], {"kind": "学历证明", "file_id": degree["id"]}]
    await talent.patch(way.path, {"evidence": evidence}, etag=seen.headers["ETag"])
    assert (await way.done("talent", "submit"))["step"] == "city_review"
    (back,) = (await (await way.who("city")).get(f"{way.path}/changes")).json()["items"]
    assert [(each["kind"], each["change"]) for each in back["evidence"]] == [("学历证明", "added")]
    assert [each["done"] for each in back["missing"]] == [True]

    assert (await way.pass_("city", "province"))["step"] == "office_consent"
    last = await way.pass_("office")
    assert (last["step"], last["allowed"]) == ("issued", [])
    await city.settle()

    card = (await talent.get("/v1/me/card")).json()
    assert (card["id"], card["valid_until"], card["tier"]) == (last["card_id"], "2028-12-31", "C")
    token = await talent.post("/v1/me/card/presentations", key=None)
    assert (token.status_code, token.json()["typ"]) == (201, "L")
    assert await way.events() == [
        "draft", "unit_assign", "unit_complete", "unit_endorse", "county_review", "city_review",
        "returned", "city_review", "province_review", "office_consent", "issuing", "issued",
    ]  # fmt: skip
    assert await city.events(f"cards/{card['id']}") == ["hck.card.issued.v1"]
    story = (await talent.get(f"{way.path}/timeline")).json()["items"]
    assert story[6]["opinion"] == "请补交学历证明"
    assert (story[6]["by"], story[6]["text"]) == ("市级人社", "已退回,请申请人补充")
