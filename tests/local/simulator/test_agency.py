"""Simulated partners against the real service: the whole way, stops and hiccups in between."""

import contextlib
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import httpx
import msgspec
import pytest
import structlog
import structlog.testing

from local.simulator.agency import Agency
from local.simulator.client import Credentials, Machine
from local.simulator.manner import Crashed, Manner
from service.offerings import details
from tests.city import City

ALL = ["hck.request.accepted.v1", "hck.request.progressed.v1", "hck.request.completed.v1"]


class Hiccups(httpx.AsyncBaseTransport):
    """The service behind a line on which the first answers are lost or refused."""

    def __init__(self, city: City, *answers: Callable[[httpx.Request], httpx.Response]) -> None:
        self.inside = httpx.ASGITransport(app=city.app)  # type: ignore[arg-type]
        self.answers = list(answers)
        self.calls: list[str] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """One call: a hiccup while there are any, then the service itself."""
        self.calls.append(f"{request.method} {request.url.path}")
        if self.answers:
            return self.answers.pop(0)(request)
        return await self.inside.handle_async_request(request)


class Slept(list[float]):
    """Pauses that were asked for; none is waited for."""

    async def __call__(self, seconds: float) -> None:
        """Note the pause."""
        self.append(seconds)


def agency(city: City, key: str, folder: Path, transport: Hiccups | None = None) -> Agency:
    """The simulated partner with this key."""
    entry = next(each for each in city.planted["clients"] if each["key"] == key)
    http = city.http
    if transport is not None:
        http = httpx.AsyncClient(transport=transport, base_url=city.settings.base_url)
    machine = Machine(
        http, msgspec.convert(entry, Credentials), clock=lambda: city.now, sleep=Slept()
    )
    return Agency(machine, folder / f"{key}.json", pace_seconds=0)


async def submitted(city: City, offering: str, region: str) -> str:
    """A request that a holder handed in and that was routed; its id."""
    talent = await city.person("talent", region="370100")
    form = details.form_of(offering, "case").form_schema["examples"][0]
    body = {"offering": offering, "region": region, "form": form}
    answer = await talent.post("/v1/requests", body)
    assert answer.status_code == 201, answer.text
    await city.settle()
    request_id: str = answer.json()["id"]
    return request_id


async def state(city: City, request_id: str) -> str:
    """The request's state and outcome, as its holder sees them."""
    talent = await city.person("talent", region="370100")
    shown = (await talent.get(f"/v1/requests/{request_id}")).json()
    return f"{shown['state']} {shown['outcome']}"


@pytest.mark.parametrize(
    ("key", "offering"), [("housing", "HO-01"), ("education", "ED-02"), ("bank1", "FI-01")]
)
async def test_a_simulated_partner_takes_a_request_from_offer_to_completion(
    city: City, tmp_path: Path, key: str, offering: str
) -> None:
    request_id = await submitted(city, offering, "370100")
    partner = agency(city, key, tmp_path)
    steps = ALL if key != "bank1" else [*ALL[:2], "hck.request.first_reviewed.v1", ALL[2]]
    for _ in steps:
        await partner.turn(0)
        await city.settle()
    assert await state(city, request_id) == "completed granted"
    assert (await city.events(f"requests/{request_id}"))[-len(steps) :] == steps


async def test_a_bank_signs_its_assertions(city: City, tmp_path: Path) -> None:
    bank = agency(city, "bank1", tmp_path)
    await city.sql(
        "UPDATE clients SET secret_hash = NULL WHERE client_id = $1",
        bank.machine.credentials.client_id,
    )
    assert await bank.turn(0) == 0
    assert (await bank.machine.get("/v1/me")).json()["scopes"] == ["requests:handle"]


async def test_a_partner_that_is_started_again_goes_on_where_it_was(
    city: City, tmp_path: Path
) -> None:
    request_id = await submitted(city, "HO-01", "370100")
    for _ in ALL:  # a new process for each step
        await agency(city, "housing", tmp_path).turn(0)
        await city.settle()
    assert await state(city, request_id) == "completed granted"


async def test_a_stop_between_act_and_bookmark_does_nothing_twice(
    city: City, tmp_path: Path
) -> None:
    request_id = await submitted(city, "HO-01", "370100")
    partner = agency(city, "housing", tmp_path)
    await partner.turn(0)
    partner.bookmark.unlink()
    for _ in range(4):
        await partner.turn(0)
    assert (await city.events(f"requests/{request_id}"))[-3:] == ALL


async def test_a_lost_bookmark_costs_no_request(city: City, tmp_path: Path) -> None:
    request_id = await submitted(city, "HO-01", "370100")
    partner = agency(city, "housing", tmp_path)
    partner.bookmark.write_text('{"cursor": "nonsense"}')
    assert await partner.turn(0) == 0
    assert await state(city, request_id) == "accepted None"


async def test_hiccups_of_line_and_service_are_outlived(city: City, tmp_path: Path) -> None:
    def cut(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("cut", request=request)

    def refuse(status: int, **headers: str) -> Callable[[httpx.Request], httpx.Response]:
        return lambda _: httpx.Response(status, headers=headers)

    request_id = await submitted(city, "HO-01", "370100")
    line = Hiccups(city, cut, refuse(503), refuse(502), refuse(429, **{"Retry-After": "7"}))
    partner = agency(city, "housing", tmp_path, line)
    await partner.turn(0)
    assert await state(city, request_id) == "accepted None"
    assert isinstance(partner.machine.sleep, Slept)
    assert max(partner.machine.sleep) <= 10


async def test_an_answer_lost_on_the_way_back_is_asked_for_again_not_acted_twice(
    city: City, tmp_path: Path
) -> None:
    request_id = await submitted(city, "HO-01", "370100")
    line = Hiccups(city)
    inside = line.inside.handle_async_request
    lost: list[str] = []

    async def lose_the_first_act(request: httpx.Request) -> httpx.Response:
        answer = await inside(request)
        if request.url.path.endswith("/accept") and not lost:
            lost.append(request.url.path)
            raise httpx.ReadError("lost", request=request)
        return answer

    line.inside.handle_async_request = lose_the_first_act  # type: ignore[method-assign]
    await agency(city, "housing", tmp_path, line).turn(0)
    told = await city.events(f"requests/{request_id}")
    assert (len(lost), told.count(ALL[0])) == (1, 1)


async def test_a_token_that_ran_out_is_renewed(city: City, tmp_path: Path) -> None:
    partner = agency(city, "housing", tmp_path)
    await partner.turn(0)
    city.pass_time(timedelta(minutes=20))
    assert await partner.turn(0) == 0


async def test_whoever_was_quicker_at_the_desk_has_it(city: City, tmp_path: Path) -> None:
    request_id = await submitted(city, "HO-01", "370100")
    clerk = await city.person("partner_clerk", partner="housing")
    seen = await clerk.get(f"/v1/partner/requests/{request_id}")
    done = await clerk.post(
        f"/v1/partner/requests/{request_id}/bounce",
        {"reason": "no_capacity"},
        etag=seen.headers["ETag"],
    )
    assert done.status_code == 200, done.text
    await city.settle()
    await agency(city, "housing", tmp_path).turn(0)
    assert "hck.request.accepted.v1" not in await city.events(f"requests/{request_id}")


async def test_nothing_that_people_wrote_is_logged(city: City, tmp_path: Path) -> None:
    await submitted(city, "ED-02", "370100")
    partner = agency(city, "education", tmp_path)
    with structlog.testing.capture_logs() as lines:
        for _ in ALL:
            await partner.turn(0)
    told = json.dumps(lines, ensure_ascii=False)
    assert [line["act"] for line in lines if line["event"] == "act"] == [
        "accept", "progress", "complete",
    ]  # fmt: skip
    for secret in ("小明", "13800000000", partner.machine.credentials.client_secret):
        assert secret not in told


async def test_a_partner_that_crashes_after_every_act_does_each_thing_once(
    city: City, tmp_path: Path
) -> None:
    request_id = await submitted(city, "HO-01", "370100")
    for _ in range(8):
        partner = agency(city, "housing", tmp_path)
        partner.manner = Manner(crash=1)
        with contextlib.suppress(Crashed):
            await partner.turn(0)
        await city.settle()
    assert await state(city, request_id) == "completed granted"
    assert (await city.events(f"requests/{request_id}"))[-3:] == ALL


async def test_a_partner_that_bounces_sends_the_request_on(city: City, tmp_path: Path) -> None:
    request_id = await submitted(city, "HO-01", "370100")
    partner = agency(city, "housing", tmp_path)
    partner.manner = Manner(bounce=1)
    await partner.turn(0)
    await city.settle()
    assert "hck.request.bounced.v1" in await city.events(f"requests/{request_id}")
    assert await state(city, request_id) != "completed granted"
