"""A partner's answer with files: for the holder's side and itself, for no other partner."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from service.requests import retention
from tests.city import City, Someone
from tests.service.requests.ask import GRANTED, accepted
from tests.service.requests.loans.test_banks import NO, asked, at, seen
from tests.service.requests.loans.test_loans import act, granted
from tests.service.requests.test_messages import PDF, paper, say


def with_files(done: dict[str, Any], *files: str) -> dict[str, Any]:
    return {**done, "files": list(files)}


async def opens(who: Someone, file: str) -> int:
    return (await who.get(f"/v1/files/{file}")).status_code


async def test_the_holder_gets_the_certificate_with_the_answer_and_not_before(city: City) -> None:
    case = await accepted(city)
    file, steward = await paper(case.partner), await city.person("steward")
    assert await opens(case.holder, file) == 404
    done = await case.act("complete", with_files(GRANTED, file))
    assert [each["id"] for each in done.json()["result_files"]] == [file]
    view = (await case.holder.get(case.path)).json()
    assert view["result_files"] == [
        {"id": file, "media_type": "application/pdf", "octets": len(PDF)}
    ]
    answer = await case.holder.get(f"/v1/files/{file}")
    assert (answer.content, answer.headers["x-content-type-options"]) == (PDF, "nosniff")
    assert await opens(steward, file) == 200
    page = (await case.holder.get(f"/my/requests/{case.id}")).text
    assert f'href="/v1/files/{file}" download=' in page
    assert "附结果材料 1 份" in page
    reads = await city.sql("SELECT count(*) AS n FROM file_reads WHERE file_id = $1", UUID(file))
    assert reads[0]["n"] == 2, "the holder's and the steward's look are on record"
    for key in ("education", "bank1"):
        assert await opens(await city.client(key), file) == 404
    assert await opens(await city.person("talent", region="370200"), file) == 404


async def test_only_what_the_partner_put_in_goes_with_its_answer(city: City) -> None:
    case = await accepted(city)
    theirs = await paper(case.holder)
    refused = await case.act("complete", with_files(GRANTED, theirs))
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/files/0")
    assert await case.state() == "accepted"
    many = await case.act("complete", with_files(GRANTED, *[theirs] * 11))
    assert many.status_code == 422


async def test_a_bank_that_is_asked_next_sees_nothing_of_the_first_one_s_answer(
    city: City,
) -> None:
    request = await asked(city, "bank2", "bank1")
    first, path = await at(city, "bank2", request)
    letter = await paper(first)
    moved = await act(first, path, "complete", with_files(NO, letter))
    assert moved.json()["state"] == "routing"
    await city.settle()
    second, path = await at(city, "bank1", request)
    assert letter not in (await second.get(path)).text
    assert await opens(second, letter) == 404
    holder = await city.person("talent", region="370100")
    view = await seen(city, request)
    assert (view["banks"][0]["files"], view["result_files"]) == ([letter], [])
    assert await opens(holder, letter) == 200
    contract = await paper(second)
    done = await act(second, path, "complete", with_files(granted("1000.00"), contract))
    assert done.status_code == 200, done.text
    assert await opens(first, contract) == 404
    [mine] = (await seen(city, request))["result_files"]
    assert mine["id"] == contract


async def test_a_clerk_completes_with_a_file_and_one_that_is_none_keeps_what_was_typed(
    city: City,
) -> None:
    case = await accepted(city)
    clerk = await city.person("partner_clerk", partner="housing")
    tag = (await case.tag()).strip('"')
    sent = {"_revision": tag, "_outcome": "granted", "summary": "已配租", "not_secret": "yes"}
    wrong = {"_files": ("a.exe", b"MZ", "application/pdf")}
    refused = await clerk.post(f"/desk/{case.id}/complete", data=sent, files=wrong)
    assert refused.status_code == 422
    assert "只接受 PDF、JPEG、PNG" in refused.text
    assert 'value="已配租"' in refused.text or ">已配租<" in refused.text
    right = {"_files": ("a.pdf", PDF, "application/pdf")}
    done = await clerk.post(f"/desk/{case.id}/complete", data=sent, files=right)
    assert done.status_code == 303, done.text
    [file] = (await case.holder.get(case.path)).json()["result_files"]
    assert await opens(case.holder, file["id"]) == 200
    assert await opens(case.partner, file["id"]) == 200, "the agency's other hands see it too"
    assert 'data-test="result-files"' in (await clerk.get(f"/desk/{case.id}")).text


async def test_a_result_outlasts_the_conversation_that_it_was_shown_in(city: City) -> None:
    case = await accepted(city)
    file = await paper(case.partner)
    await say(case.partner, case.desk, "草稿", file)
    assert (await case.act("complete", with_files(GRANTED, file))).status_code == 200
    later = city.now + retention.KEPT + timedelta(days=1)
    async with city.sessions.begin() as session:
        assert await retention.forget_messages(session, later) == 1
    assert (await case.holder.get(f"/v1/files/{file}")).content == PDF
