import uuid
from typing import Any

import httpx
import pytest

from service.requests import numbers
from tests.city import City
from tests.service.requests.ask import APARTMENT, body, submitted


async def refusal(city: City, **given: Any) -> httpx.Response:
    holder = await city.person("talent", region="370100")
    answer = await holder.post("/v1/requests", body(**given))
    rows = await city.sql("SELECT count(*) AS n FROM requests")
    assert rows[0]["n"] == 0
    return answer


async def test_a_request_has_a_number_a_state_a_deadline_and_an_etag(city: City) -> None:
    holder = await city.person("talent", region="370100")
    answer = await holder.post("/v1/requests", body())
    made = answer.json()
    assert answer.status_code == 201
    assert numbers.typed(made["number"]) == made["number"]
    assert made["number"].startswith("SQ-20260302-")
    assert made["state"] == "submitted"
    # 16 working hours (2 days and 2 hours) from Monday 10:00, then 20 working days
    assert made["deadline"].endswith("T00:00:00+08:00")
    assert made["allowed"] == ["withdraw", "messages"]
    assert answer.headers["ETag"] == '"1"'
    assert answer.headers["Location"] == f"/v1/requests/{made['id']}"
    assert await city.events(f"requests/{made['id']}") == ["hck.request.submitted.v1"]


async def test_the_same_key_submits_once(city: City) -> None:
    holder = await city.person("talent", region="370100")
    first = await holder.post("/v1/requests", body(), key="once")
    again = await holder.post("/v1/requests", body(), key="once")
    assert again.json() == first.json()
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.headers["ETag"] == first.headers["ETag"]


async def test_a_wrong_form_is_told_where(city: City) -> None:
    answer = await refusal(city, form={**APARTMENT, "family_size": 0, "contact_phone": "110"})
    assert answer.status_code == 422
    pointers = {each["pointer"] for each in answer.json()["errors"]}
    assert pointers == {"/form/family_size", "/form/contact_phone"}
    assert "110" not in answer.text.replace(answer.json()["trace_id"], "")


@pytest.mark.parametrize(
    ("given", "pointer"),
    [
        ({"offering": "XX-99"}, "/offering"),
        ({"region": "999999"}, "/region"),
        ({"region": "371200"}, "/region"),  # 莱芜 ended on 2018-12-31
        ({"files": [str(uuid.uuid4())]}, "/files/0"),
        ({"surprise": 1}, "/surprise"),
    ],
)
async def test_what_does_not_exist_is_told_where(
    city: City, given: dict[str, Any], pointer: str
) -> None:
    answer = await refusal(city, **given)
    assert answer.status_code == 422
    assert [each["pointer"] for each in answer.json()["errors"]] == [pointer]


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"beneficiaries": ["parent"]}, "beneficiary"),
        ({"offering": "ED-01", "beneficiaries": ["child"]}, "window-closed"),
        ({"offering": "RP-02"}, "category"),
    ],
)
async def test_who_is_not_entitled_is_told_by_which_rule(
    city: City, given: dict[str, Any], reason: str
) -> None:
    answer = await refusal(city, **given)
    assert (answer.status_code, answer.json()["code"]) == (409, "not-entitled")
    assert answer.json()["reason"] == reason


async def test_without_a_card_nothing_can_be_asked_for(city: City) -> None:
    newcomer = await city.person("talent", region="370102")
    answer = await newcomer.post("/v1/requests", body())
    assert (answer.status_code, answer.json()["reason"]) == (409, "no-card")


async def test_a_benefit_is_shown_for_not_asked_for(city: City) -> None:
    answer = await refusal(city, offering="TR-01", form={})
    assert (answer.status_code, answer.json()["code"]) == (409, "not-requestable")


async def test_only_a_talent_submits(city: City) -> None:
    centre = await city.person("centre")
    assert (await centre.post("/v1/requests", body())).status_code == 403
    assert (await city.nobody.post("/v1/requests", body())).status_code == 401
    holder = await city.person("talent", region="370100")
    missing = await holder.post("/v1/requests", body(), key=None)
    assert missing.json()["code"] == "idempotency-key-required"


async def test_a_bank_that_gives_no_loans_cannot_be_chosen(city: City) -> None:
    loan = {
        "borrower": "talent",
        "amount_yuan": "500000.00",
        "term_months": 36,
        "purpose": "研发设备采购",
        "credit_authorised": True,
        "contact_phone": "13800000000",
    }
    for wrong in ("济南市教育局", "\0", str(uuid.uuid4())):
        answer = await refusal(city, offering="FI-01", form={**loan, "bank": wrong})
        assert answer.json()["errors"][0]["pointer"] == "/form/bank", answer.text
    bank = await city.client("bank2")
    case = await submitted(city, offering="FI-01", form={**loan, "bank": bank.entry["partner"]})
    await city.settle()
    assert (await bank.get(case.desk)).status_code == 200


async def test_personal_data_are_sealed_and_stay_out_of_the_log(city: City) -> None:
    case = await submitted(city)
    rows = await city.sql("SELECT form, requests::text AS whole FROM requests")
    assert b"13800000000" not in bytes(rows[0]["form"])
    assert "13800000000" not in rows[0]["whole"]
    logged = await city.sql("SELECT data::text AS data FROM events WHERE subject LIKE 'requests/%'")
    assert all("13800000000" not in row["data"] for row in logged)
    assert case.made["form"]["contact_phone"] == "13800000000"


async def test_a_body_nested_without_end_is_a_wrong_body(city: City) -> None:
    holder = await city.person("talent", region="370100")
    deep = '{"a":' * 3000 + "1" + "}" * 3000
    answer = await holder.post(
        "/v1/requests",
        content=f'{{"offering":"HO-01","region":"370100","form":{deep}}}',
        headers={"Content-Type": "application/json"},
    )
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "too-deep")


async def test_only_files_that_the_caller_put_in_go_with_a_request(city: City) -> None:
    files = {login: await file_of(city, login) for login in ("talent1", "talent2")}
    answer = await refusal(city, files=[files["talent1"], files["talent2"]])
    assert [each["pointer"] for each in answer.json()["errors"]] == ["/files/1"]
    case = await submitted(city, files=[files["talent1"]])
    assert case.made["files"] == [files["talent1"]]


async def file_of(city: City, login: str) -> str:
    """A document that somebody put in; its id."""
    rows = await city.sql(
        "INSERT INTO files (id, account_id, sha256, media_type, octets, content, created_at)"
        " SELECT gen_random_uuid(), id, '', 'application/pdf', 1, 'x', now() FROM accounts"
        " WHERE login = $1 RETURNING id",
        login,
    )
    return str(rows[0]["id"])
