"""Every door of the OpenAPI page, tried by schemathesis (api.md 1.2, 1.3): no 5xx for any input,
no status, type or shape that the page does not tell. The seed is fixed."""

import itertools
from collections.abc import Iterator
from typing import Any

import hypothesis
import pytest
import requests
import schemathesis
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.core.result import Ok
from schemathesis.generation import GenerationMode

from service.settings import Settings
from tests.city import City, Someone
from tests.service.requests import ask

EACH = 2
"""Cases of the shape that the page tells for each door; as many that break it; and each with ids
that exist, and with U+0000 somewhere."""
LEFT_OUT = {
    ("GET", "/v1/centre/stream"): "never ends; tests/service/satisfaction/test_stream.py",
    ("DELETE", "/v1/sessions/current"): "ends the caller's session",
}
PEOPLE = (
    "talent", "centre", "reviewer", "system_admin", "auditor", "security_admin", "unit_manager",
    "partner_clerk", "steward", "office", "unit_specialist",
)  # fmt: skip
MACHINES = ("housing", "hospital", "bank1")
load_all_checks()
CHECKED = [
    CHECKS.get_one(name)
    for name in (
        "not_a_server_error", "status_code_conformance", "content_type_conformance",
        "response_headers_conformance", "response_schema_conformance",
    )
]  # fmt: skip
TABLES = {
    "request_id": "requests", "card_id": "cards", "application_id": "card_applications",
    "webhook_id": "webhooks", "client_id": "clients", "steward_id": "people",
}  # fmt: skip


@pytest.fixture
def database(database: Settings) -> Settings:
    """Without limits: one caller knocks at every door within a second."""
    most = dict.fromkeys((n for n in database.__struct_fields__ if n.startswith("limit_")), 10**6)
    return type(database)(**{n: getattr(database, n) for n in database.__struct_fields__} | most)


def cases_of(operation: Any) -> list[Any]:
    """Some cases of a door, the same in every run."""
    found: list[Any] = []
    for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):

        @hypothesis.seed(7)
        @hypothesis.settings(
            max_examples=EACH,
            database=None,
            deadline=None,
            phases=[hypothesis.Phase.generate],
            suppress_health_check=list(hypothesis.HealthCheck),
        )
        @hypothesis.given(operation.as_strategy(generation_mode=mode))
        def collect(case: Any) -> None:
            found.append(case)

        try:
            collect()
        except hypothesis.errors.Unsatisfiable:
            continue  # nothing can be wrong about a door without body and parameters
    return found


def with_nul(part: Any) -> Any:
    """The same with U+0000 at the end of every text."""
    match part:
        case str():
            return f"{part}\0"
        case dict():
            return {name: with_nul(each) for name, each in part.items()}
        case list():
            return [with_nul(each) for each in part]
    return part


def variants(case: Any, known: dict[str, str]) -> Iterator[dict[str, Any]]:
    """The call as it was drawn, about things that exist, and with text no database can hold."""
    drawn = case.as_transport_kwargs(base_url="http://hck.example")
    drawn["params"] = dict(drawn.get("params") or {})
    if "wait" in drawn["params"]:
        drawn["params"]["wait"] = 0
    drawn.pop("cookies", None)
    yield drawn
    path = case.path
    for name, each in known.items():
        path = path.replace(f"{{{name}}}", each)
    if path != case.path and "{" not in path:
        headers = {**drawn["headers"], "If-Match": '"1"'}
        drawn = {**drawn, "url": f"http://hck.example{path}", "headers": headers}
        yield drawn
    if "json" in drawn:
        yield {**drawn, "json": with_nul(drawn["json"])}


async def known_ids(city: City) -> dict[str, str]:
    """Path parameters that name something of the sample people's."""
    await (await ask.offered(city)).partner.get("/v1/me")
    housing = await city.client("housing")
    made = await housing.post(
        "/v1/partner/webhooks", {"url": "https://93.184.215.14/x", "types": []}
    )
    assert made.status_code == 201, made.text
    found = {}
    for name, table in TABLES.items():
        rows = await city.sql(f"SELECT * FROM {table} LIMIT 1")
        if rows:
            first = rows[0]
            found[name] = str(first["client_id"] if table == "clients" else first["id"])
    return found


async def who_may(everybody: list[Someone], call: dict[str, Any]) -> Someone:
    """The first of them whom the door lets in."""
    for someone in everybody:
        answer = await knock(someone, call)
        if answer.status_code not in (401, 403):
            return someone
    return everybody[0]


_keys = itertools.count()


async def knock(someone: Someone, call: dict[str, Any]) -> Any:
    """One call; a key that was drawn is made one's own, so that no call repeats another."""
    made = requests.Request(**call).prepare()
    headers: Any = {
        name: value if isinstance(value, bytes) else value.encode("utf-8", "surrogateescape")
        for name, value in {**made.headers, **someone.headers}.items()
    }
    if headers.get("Idempotency-Key", b"").strip():
        headers["Idempotency-Key"] = b"%s-%d" % (headers["Idempotency-Key"][:100], next(_keys))
    body: Any = made.body
    return await someone.http.request(call["method"], str(made.url), headers=headers, content=body)


async def test_no_door_answers_otherwise_than_the_page_says(city: City) -> None:
    page = (await city.http.get("/schema/openapi.json")).json()
    schema = schemathesis.openapi.from_dict(page)
    known = await known_ids(city)
    everybody = [await city.person(role) for role in PEOPLE]
    everybody.append(await city.person("reviewer", region="370000"))
    everybody += [await city.client(key) for key in MACHINES]
    wrong, tried = [], 0
    for result in schema.get_all_operations():
        assert isinstance(result, Ok)
        operation = result.ok()
        door = (operation.method.upper(), operation.path)
        if door in LEFT_OUT:
            continue
        someone = None
        for case in cases_of(operation):
            for call in variants(case, known):
                someone = someone or await who_may(everybody, call)
                answer = await knock(someone, call)
                tried += 1
                try:
                    case.validate_response(answer, checks=CHECKED)
                except Exception as told:
                    wrong.append(f"{door} as {someone.entry.get('role') or 'machine'}: {told}")
    assert not wrong, "\n\n".join(wrong[:10])
    assert tried > 1000
