"""A family joins the card, a city's card stands beside it, and a year goes by."""

from datetime import timedelta

from tests.city import City
from tests.service.counters.desk import benefit, desk
from tests.service.talents.family.kin import (
    added,
    child,
    chosen,
    declared,
    holder,
    number,
    rights,
)


async def test_a_child_changes_school_and_the_lounge_is_had_by_one_card(city: City) -> None:
    # Nothing for children yet, and the page says what to do.
    mother = await holder(city)
    assert (await rights(mother))["ED-02"]["explanation"] == "可添加子女后申请。"

    # She adds her daughter; without a guardian's consent she may not.
    refused = await mother.post("/v1/me/family", child(consent={}))
    assert refused.json()["code"] == "guardian-consent-required"
    kid = await added(mother, child())
    transfer = (await rights(mother))["ED-02"]
    assert transfer["usable"]
    assert transfer["for_whom"][0]["members"] == [{"id": kid, "masked_name": "王*"}]

    # The school transfer is asked for in the daughter's name; the bureau sees 王* and no number.
    form = (await mother.get("/v1/offerings/ED-02")).json()["form_schema"]["examples"][0]
    body = {"offering": "ED-02", "region": "370100", "form": form, "beneficiaries": [kid]}
    made = (await mother.post("/v1/requests", body)).json()
    await city.settle()
    bureau = await city.client("education")
    at_desk = f"/v1/partner/requests/{made['id']}"
    seen = await bureau.get(at_desk)
    assert seen.json()["members"] == [{"relation": "child", "masked_name": "王*"}]
    assert number() not in seen.text

    # She takes the consent back while it runs: off the list at once, kept for the bureau's work.
    assert (await mother.delete(f"/v1/me/family/{kid}")).status_code == 204
    taken = await bureau.post(f"{at_desk}/accept", etag=seen.headers["ETag"])
    done = {"outcome": "granted", "result": {"summary": "已转入"}}
    schema = seen.json()["result_schema"]
    done["result"] = (schema.get("examples") or [done["result"]])[0]
    ended = await bureau.post(f"{at_desk}/complete", done, etag=taken.headers["ETag"])
    assert ended.status_code == 200, ended.text
    await city.settle()
    (row,) = await city.sql("SELECT erased_at, name, relation FROM family_members")
    assert row["erased_at"] is not None
    assert (row["name"], row["relation"]) == (None, "child")
    assert (await rights(mother))["ED-02"]["used"] == 1

    # 青岛's card gives more at the airport: ours is not used there, until she says so.
    await declared(mother)
    airport = await desk(city)
    assert benefit(await airport.verify(await airport.token()), "TR-01")["reason"] == (
        "municipal-card"
    )
    assert (await airport.redeem(await airport.token())).json()["reason"] == "municipal-card"
    assert (await chosen(mother, "TR-01", "province")).status_code == 200
    city.pass_time(timedelta(seconds=30))
    given = await airport.redeem(await airport.token(), companions=1)
    assert (given.status_code, given.json()["left"]) == (201, 11)
    locked = await chosen(mother, "TR-01", "municipal")
    assert (locked.status_code, locked.json()["code"]) == (409, "municipal-choice-locked")
    assert "本年度内不能改用青岛市人才卡" in (await rights(mother))["TR-01"]["explanation"]
