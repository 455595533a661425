"""Every offering of the shipped catalogue is whole: forms, titles, materials, policy and source."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from sqlalchemy import select

from service.editing import content as contents
from service.offerings import catalogue, details
from service.offerings.models import OfferingVersion
from service.reference import tables
from tests.city import City

ROWS = tables.read_table("catalogue", (tables.DATA / "catalogue.tsv").read_text())
CASES = [row["code"] for row in ROWS if row["mode"] == "case"]
CHINESE = re.compile(r"[\u4e00-\u9fff]")
DIALECT = "https://json-schema.org/draft/2020-12/schema"


def parts(schema: dict[str, Any], at: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every member of an object, however deep, with its place."""
    for name, part in schema.get("properties", {}).items():
        yield f"{at}/{name}", part
        yield from parts(part, f"{at}/{name}")
        yield from parts(part.get("items", {}), f"{at}/{name}/items")


def schemas(code: str) -> tuple[dict[str, Any], dict[str, Any]]:
    form = details.form_of(code, "case")
    return form.form_schema, form.result_schema


def test_there_are_thirty_six() -> None:
    assert (len(ROWS), len(CASES)) == (36, 27)
    assert {row["sector"] for row in ROWS} == {"public", "social", "market"}


@pytest.mark.parametrize("code", CASES)
def test_form_and_result_are_closed_objects_of_2020_12(code: str) -> None:
    for schema in schemas(code):
        Draft202012Validator.check_schema(schema)
        assert (schema["$schema"], schema["type"]) == (DIALECT, "object")
        assert schema["additionalProperties"] is False
        assert set(schema["required"]) <= set(schema["properties"])
        for example in schema["examples"]:
            Draft202012Validator(schema).validate(example)


@pytest.mark.parametrize("code", CASES)
def test_everything_asked_and_answered_has_a_chinese_title(code: str) -> None:
    for schema in schemas(code):
        assert CHINESE.search(schema["title"])
        for at, part in parts(schema):
            assert CHINESE.search(part["title"]), (code, at)
            listed = part.get("items", part)
            for value in listed.get("enum", ()):
                assert CHINESE.search(listed["x-titles"][value]), (code, at, value)


@pytest.mark.parametrize("row", ROWS, ids=[row["code"] for row in ROWS])
def test_it_has_materials_a_policy_and_where_that_is_written(row: dict[str, str]) -> None:
    policy = details.policies().get(row["code"])
    assert policy, "told in its own words"
    assert policy != catalogue.NO_POLICY
    assert CHINESE.search(policy.text)
    assert CHINESE.search(policy.source)
    content = catalogue.content_of(row, policy)
    assert content["materials"]
    assert all(CHINESE.search(each) for each in content["materials"])
    # What is published says where; what is assumed says that it is (guide.md: P and A).
    assert ("默认" in policy.source) is (row["basis"] == "A"), row["code"]


def test_there_is_no_policy_for_what_is_not_there() -> None:
    assert set(details.policies()) == {row["code"] for row in ROWS}


async def test_what_stands_in_the_database_would_pass_the_editor(city: City) -> None:
    async with city.sessions() as session:
        versions = (await session.scalars(select(OfferingVersion))).all()
    assert len(versions) == 36
    for version in versions:
        found = contents.faults(contents.of(version), version.mode, {1, 2, 3, 4, 5})
        assert not found, (version.code, found)
