"""The published documents, by outside validators and by what is really sent (api.md 1.2)."""

import json
from typing import Any

import jsonschema
from openapi_spec_validator import OpenAPIV31SpecValidator

from events.catalogue import EVENTS
from events.feed import TEST_TYPE
from service.problems import CATALOGUE
from tests import npm
from tests.city import City

ASYNCAPI = (
    "@asyncapi/specs",
    "6.11.1",
    "sha512-A3WBLqAKGoJ2+6FWFtpjBlCQ1oFCcs4GxF7zsIGvNqp/klGUHjlA3aAcZ9XMMpLGE8zPeYDz2x9FmO6DSuKraQ==",
    "schemas/3.0.0.json",
)  # fmt: skip
"""AsyncAPI's own JSON Schema; no Python package carries it."""

ASKING: dict[str, Any] = {
    "offering": "LE-01",
    "region": "370100",
    "form": {"matter": "咨询专利实施许可合同的条款", "contact_phone": "13800005678"},
}


async def openapi_of(city: City) -> dict[str, Any]:
    return dict((await city.http.get("/schema/openapi.json")).json())


async def test_the_openapi_page_is_true_to_its_standard(city: City) -> None:
    page = await openapi_of(city)
    OpenAPIV31SpecValidator(page).validate()
    for path, operations in page["paths"].items():
        for method, operation in operations.items():
            assert "default" in operation["responses"], (method, path)
            assert operation.get("summary") or operation.get("description"), (method, path)
    codes = page["components"]["schemas"]["Problem"]["properties"]["code"]["enum"]
    assert set(codes) == set(CATALOGUE)


async def test_every_json_body_is_closed_and_every_precondition_asked_for(city: City) -> None:
    page = await openapi_of(city)
    for path, operations in page["paths"].items():
        for operation in operations.values():
            for name in _names(operation.get("requestBody", {}).get("content", {})):
                assert page["components"]["schemas"][name]["additionalProperties"] is False, path
            for parameter in operation.get("parameters", ()):
                if parameter["name"] == "If-Match":
                    asked = not path.endswith(("/messages", "/rating"))  # those may do without
                    assert parameter.get("required", False) is asked, path


def _names(content: dict[str, Any]) -> list[str]:
    found = [each.get("schema", {}).get("$ref", "") for each in content.values()]
    return [reference.rsplit("/", 1)[-1] for reference in found if reference]


async def test_below_schema_an_unknown_page_is_a_problem_like_any_other(city: City) -> None:
    missing = await city.http.get("/schema/nothing")
    assert (missing.status_code, missing.json()["code"]) == (404, "not-found")


async def test_the_asyncapi_page_is_true_to_its_standard(city: City) -> None:
    page = (await city.http.get("/schema/asyncapi.json")).json()
    schema = json.loads(npm.file_of(*ASYNCAPI))
    wrong = list(jsonschema.Draft7Validator(schema).iter_errors(page))
    assert not wrong, [(list(each.path), each.message) for each in wrong]
    assert page["asyncapi"] == "3.0.0"
    named = {each["name"] for each in page["components"]["messages"].values()}
    assert named == {*EVENTS, TEST_TYPE}
    assert "WebhookTest" not in page["channels"]["feed"]["messages"]


async def test_what_a_partner_reads_is_what_the_asyncapi_page_says(city: City) -> None:
    """Every event of the feed against its message's payload, envelope and data."""
    page = (await city.http.get("/schema/asyncapi.json")).json()
    named = {each["name"]: each["payload"] for each in page["components"]["messages"].values()}
    await (await city.person("talent")).post("/v1/requests", ASKING)
    await city.settle()
    read = 0
    for key in ("window", "housing", "bank1"):
        feed = (await (await city.client(key)).get("/v1/partner/events?limit=200")).json()
        for event in feed["events"]:
            schema = {**named[event["type"]], "components": page["components"]}
            jsonschema.Draft202012Validator(
                schema, format_checker=jsonschema.FormatChecker()
            ).validate(event)
            stored = (await city.http.get(event["dataschema"])).json()
            jsonschema.Draft202012Validator(stored).validate(event["data"])
            read += 1
    assert read
