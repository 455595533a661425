import pytest

from tests.city import City
from tests.service.requests.ask import Case, accepted, offered, submitted


async def test_an_offer_that_is_withdrawn_is_gone_and_its_partner_told(city: City) -> None:
    case = await offered(city)
    done = await case.hold("withdraw")
    assert (done.status_code, done.json()["state"]) == (200, "withdrawn")
    assert (await case.partner.get(case.desk)).status_code == 404
    rows = await city.sql(
        "SELECT partner_id FROM events WHERE type = 'hck.request.withdrawn_offer.v1'"
    )
    assert [str(row["partner_id"]) for row in rows] == [case.partner.entry["partner_id"]]
    await city.settle()
    assert (await case.events())[-1] == "request.withdrawn"


async def test_a_partner_at_work_sees_that_the_holder_withdrew(city: City) -> None:
    case = await accepted(city)
    await case.hold("withdraw")
    seen = (await case.partner.get(case.desk)).json()
    assert (seen["state"], seen["allowed"], seen["due_at"]) == ("withdrawn", [], None)
    running = await city.sql("SELECT leg FROM clocks WHERE stopped_at IS NULL")
    assert running == []


async def begun(city: City, state: str) -> Case:
    """A request in that state, brought there through the doors."""
    if state == "submitted":
        return await submitted(city)
    if state == "in_ruling":
        await city.sql("UPDATE routes SET valid_to = '2026-03-01' WHERE offering = 'HO-01'")
    case = await offered(city)
    if state not in ("offered", "in_ruling"):
        await case.act("accept")
    if state == "awaiting_correction":
        await case.act("ask", {"items": ["户口簿"]})
    if state == "in_publicity":
        await case.act("publicity", {"from": "2026-03-02", "to": "2026-03-04"})
    assert await case.state() == state
    return case


OPEN = (
    "submitted", "offered", "accepted", "awaiting_correction", "in_publicity", "in_ruling",
)  # fmt: skip


@pytest.mark.parametrize("state", OPEN)
async def test_it_is_withdrawn_at_any_time_and_whoever_has_it_is_told(
    city: City, state: str
) -> None:
    case = await begun(city, state)
    told = {"offered": "withdrawn_offer", "submitted": None, "in_ruling": None}
    assert (await case.hold("withdraw")).json()["state"] == "withdrawn"
    await city.settle()
    word = told.get(state, "withdrawn")
    feed = (await case.partner.get("/v1/partner/events")).json()["events"]
    assert [e["type"] for e in feed][-1:] == ([f"hck.request.{word}.v1"] if word else [])
    assert await city.sql("SELECT 1 FROM clocks WHERE stopped_at IS NULL") == []
    assert await city.sql("SELECT 1 FROM pauses WHERE ended_at IS NULL") == []
    again = await case.hold("withdraw")
    assert (again.json()["code"], again.json()["allowed"]) == ("wrong-state", [])
    assert (await case.holder.get(f"{case.path}/timeline")).json()["items"][-1][
        "text"
    ] == "申请已撤回"


async def test_nobody_else_sees_a_request(city: City) -> None:
    case = await submitted(city)
    others = [
        await city.person("talent", region="370200"),
        await city.person("reviewer", region="370100"),
        await city.client("housing"),
    ]
    for other in others:
        for path in (case.path, f"{case.path}/timeline"):
            assert (await other.get(path)).status_code == 404
    stranger = others[0]
    for act, content in (
        ("withdraw", None),
        ("answers", {"note": "x"}),
        ("messages", {"text": "x"}),
    ):
        answer = await stranger.post(f"{case.path}/{act}", content, etag='"1"')
        assert answer.status_code == 404
    assert (await stranger.get("/v1/requests")).json()["items"] == []
    assert (await others[2].get("/v1/requests")).status_code == 403


async def test_the_steward_acts_for_their_talent_on_record(city: City) -> None:
    case = await offered(city)
    steward = await city.person("steward")
    listed = (await steward.get("/v1/requests")).json()["items"]
    assert [line["id"] for line in listed] == [case.id]
    helped = Case(city, steward, case.partner, case.made)
    written = await helped.hold("messages", {"text": "请优先办理"})
    assert written.status_code == 201
    story = (await case.holder.get(f"{case.path}/timeline")).json()["items"]
    assert (story[-1]["by"], story[-1]["note"]) == ("服务专员", "请优先办理")


async def test_a_steward_does_not_see_other_peoples_talents(city: City) -> None:
    other = await city.person("talent", region="370200")
    made = await other.post(
        "/v1/requests",
        {
            "offering": "LE-01",
            "region": "370200",
            "form": {"matter": "专利许可合同咨询", "contact_phone": "13800000000"},
        },
    )
    assert made.status_code == 201, made.text
    steward = await city.person("steward")
    assert (await steward.get(f"/v1/requests/{made.json()['id']}")).status_code == 404
    centre = await city.person("centre")
    assert (await centre.get(f"/v1/requests/{made.json()['id']}")).status_code == 200


async def test_the_centre_sees_all_but_does_not_act_for_the_holder(city: City) -> None:
    case = await offered(city)
    centre = await city.person("centre")
    listed = (await centre.get("/v1/requests?state=offered&offering=HO-01")).json()["items"]
    assert [line["id"] for line in listed] == [case.id]
    refused = await centre.post(f"{case.path}/withdraw", etag='"2"')
    assert refused.status_code == 403


async def test_a_list_goes_on_where_it_stopped_while_requests_come_in(city: City) -> None:
    first = [await submitted(city) for _ in range(3)]
    holder = first[0].holder
    page = await holder.get("/v1/requests?limit=2")
    assert 'rel="next"' in page.headers["Link"]
    late = await submitted(city)
    rest = await holder.get(f"/v1/requests?limit=2&cursor={page.json()['next']}")
    seen = [line["id"] for line in page.json()["items"] + rest.json()["items"]]
    assert seen == [case.id for case in [*first, late]]


async def test_an_unchanged_request_answers_304(city: City) -> None:
    case = await submitted(city)
    tag = await case.tag(case.holder)
    again = await case.holder.get(case.path, headers={"If-None-Match": tag})
    assert (again.status_code, again.headers["ETag"]) == (304, tag)


async def test_a_message_may_go_without_if_match_but_not_with_a_stale_one(city: City) -> None:
    case = await offered(city)
    assert (await case.holder.post(f"{case.path}/messages", {"text": "您好"})).status_code == 201
    stale = await case.holder.post(f"{case.path}/messages", {"text": "您好"}, etag='"1"')
    assert stale.status_code == 412
    assert (await case.holder.post(f"{case.path}/messages", {"text": ""})).status_code == 422
    logged = await city.sql(
        "SELECT data::text AS data FROM events WHERE type = 'hck.request.message_sent.v1'"
    )
    assert len(logged) == 1
    assert "您好" not in logged[0]["data"]
