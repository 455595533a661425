"""What may be published, rule by rule (api.md 4.1, 4.2)."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.editing import content as contents
from service.editing.content import Content, changes, faults, window_is_one

FORM = {
    "type": "object",
    "properties": {"family_size": {"type": "integer", "title": "共同居住人数"}},
    "required": ["family_size"],
}
RESULT = {"type": "object", "properties": {"room": {"type": "string", "title": "房号"}}}
CASE: dict[str, Any] = {
    "name_zh": "人才公寓申请", "name_en": "Apartment", "sector": "public", "department": "住建局",
    "accept_hours": 16, "complete_wd": 20, "categories": [1, 5], "beneficiaries": ["holder"],
    "unit": "times", "materials": ["无房证明"], "policy_text": "按办法办理。",
    "policy_source": "鲁建〔2024〕1号", "form_schema": FORM, "result_schema": RESULT,
    "shared_fields": ["family_size"],
}  # fmt: skip
BENEFIT = CASE | {
    "accept_hours": None, "complete_wd": None, "form_schema": {}, "result_schema": {},
    "shared_fields": [],
}  # fmt: skip


def wrong(mode: str = "case", **changed: Any) -> list[tuple[str, str]]:
    base = CASE if mode == "case" else BENEFIT
    content = msgspec.convert(base | changed, Content)
    return [(each.pointer, each.code) for each in faults(content, mode, range(1, 6))]


def test_a_whole_one_of_either_mode_may_be_published() -> None:
    assert wrong() == []
    assert wrong("benefit") == []


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"sector": "secret"}, ("/sector", "not-one-of")),
        ({"unit": "pieces"}, ("/unit", "not-one-of")),
        ({"categories": [1, 9]}, ("/categories", "unknown")),
        ({"beneficiaries": ["cousin"]}, ("/beneficiaries", "not-one-of")),
        ({"companions_max": 1}, ("/companions_max", "not-for-beneficiaries")),
        ({"accept_hours": None}, ("/accept_hours", "missing")),
        ({"complete_wd": None}, ("/complete_wd", "missing")),
        ({"window": "13-01/13-02"}, ("/window", "invalid")),
        ({"window": "7月"}, ("/window", "invalid")),
        ({"shared_fields": ["phone"]}, ("/shared_fields", "unknown")),
        ({"form_schema": {}}, ("/form_schema", "not-an-object")),
        ({"form_schema": {"type": "array"}}, ("/form_schema", "not-an-object")),
        ({"form_schema": FORM | {"required": "x"}}, ("/form_schema/required", "invalid")),
        ({"form_schema": FORM | {"$ref": "http://elsewhere/x"}}, ("/form_schema", "reference")),
        (
            {"form_schema": {"type": "object", "properties": {"a": {"title": "size"}}},
             "shared_fields": []},
            ("/form_schema/properties/a", "untitled"),
        ),
        (
            {"form_schema": {"type": "object",
                             "properties": {"a": {"title": "甲", "pattern": "("}}},
             "shared_fields": []},
            ("/form_schema/properties/a/pattern", "invalid"),
        ),
        ({"form_schema": FORM | {"description": "长" * 40_000}}, ("/form_schema", "too-large")),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_its_place(
    changed: dict[str, Any], told: tuple[str, str]
) -> None:
    assert told in wrong(**changed)


def test_a_benefit_has_no_form() -> None:
    assert ("/form_schema", "not-for-mode") in wrong("benefit", form_schema=FORM)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inside: (
    st.lists(inside, max_size=3)
    | st.dictionaries(st.sampled_from(["type", "properties", "title", "pattern", "$ref", "x"]),
                      inside, max_size=4)
), max_leaves=12))  # fmt: skip
def test_no_schema_of_any_shape_ends_the_check(schema: Any) -> None:
    if isinstance(schema, dict):
        assert isinstance(wrong(form_schema=schema), list)


@pytest.mark.parametrize("window", ["07-01/08-20", "12-01/01-31", "02-29/03-01"])
def test_a_window_of_days_that_there_are_is_one(window: str) -> None:
    assert window_is_one(window)


def test_changes_name_each_field_with_before_and_after() -> None:
    before = msgspec.convert(CASE, Content)
    after = msgspec.convert(CASE | {"complete_wd": 10, "materials": []}, Content)
    assert [(each.field, each.old, each.new) for each in changes(before, after)] == [
        ("complete_wd", 20, 10), ("materials", ["无房证明"], []),
    ]  # fmt: skip
    assert changes(before, before) == []
    assert set(contents.TITLES) == set(contents.FIELDS)
