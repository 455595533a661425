import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.offerings import details, forms
from service.requests import fields

SHIPPED = sorted((details.DATA / "forms").glob("*.json"))
SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["size", "phone"],
    "properties": {
        "size": {"type": "integer", "title": "人数", "minimum": 1, "maximum": 10},
        "area": {"type": "number", "title": "面积"},
        "layout": {
            "type": "string",
            "title": "户型",
            "enum": ["one", "two"],
            "x-titles": {"one": "一室", "two": "两室"},
        },
        "own_home": {"type": "boolean", "title": "有住房"},
        "movers": {
            "type": "array",
            "title": "随迁",
            "items": {"enum": ["spouse", "child"], "x-titles": {"spouse": "配偶"}},
        },
        "district": {"type": "string", "title": "县区", "pattern": fields.REGION},
        "on": {"type": "string", "title": "日期", "format": "date"},
        "why": {"type": "string", "title": "原因", "maxLength": 500},
        "currency": {"const": "CNY", "title": "币种"},
        "phone": {"type": "string", "title": "电话", "maxLength": 11},
    },
}
FORM = {
    "size": 3,
    "area": 88.5,
    "layout": "two",
    "own_home": False,
    "movers": ["child"],
    "district": "370102",
    "on": "2026-05-01",
    "currency": "CNY",
    "phone": "13800000000",
}


def test_each_member_has_the_input_that_suits_it() -> None:
    kinds = {field.name: field.kind for field in fields.of(SCHEMA)}
    assert kinds == {
        "size": "number",
        "area": "number",
        "layout": "one",
        "own_home": "yes",
        "movers": "several",
        "district": "region",
        "on": "date",
        "why": "long",
        "phone": "text",
    }
    assert [field.name for field in fields.of(SCHEMA) if field.required] == ["size", "phone"]


def test_what_was_typed_comes_back_beside_what_was_wrong() -> None:
    shown = fields.of(
        SCHEMA, posted={"size": ["x"], "movers": ["child"]}, errors={"size": "应为整数。"}
    )
    by_name = {field.name: field for field in shown}
    assert (by_name["size"].value, by_name["size"].error) == ("x", "应为整数。")
    assert [option.chosen for option in by_name["movers"].options] == [False, True]


def test_choices_kept_elsewhere_make_a_list() -> None:
    shown = fields.of(SCHEMA, choices={"region": [("370102", "历下区")], "phone": [("1", "一")]})
    by_name = {field.name: field for field in shown}
    assert by_name["district"].kind == by_name["phone"].kind == "one"
    assert by_name["district"].options[0].label == "历下区"


def test_a_form_goes_out_to_the_page_and_comes_back_the_same() -> None:
    assert fields.values(SCHEMA, fields.posted_of(SCHEMA, FORM)) == FORM


def test_what_is_left_empty_is_left_out() -> None:
    assert fields.values(SCHEMA, {"size": [" "], "why": [""]}) == {
        "own_home": False,
        "currency": "CNY",
    }


@given(st.text(max_size=20))
def test_anything_typed_into_a_number_is_judged_by_the_schema(text: str) -> None:
    typed = fields.values(SCHEMA, {"size": [text], "area": [text]})
    assert all(isinstance(typed.get(name, ""), int | float | str) for name in ("size", "area"))


def test_a_form_is_read_back_in_words() -> None:
    lines = {line.title: line.value for line in fields.lines(SCHEMA, FORM, {"370102": "历下区"})}
    assert lines["户型"] == "两室"
    assert lines["有住房"] == "否"
    assert lines["县区"] == "历下区"
    assert "币种" not in lines


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_every_shipped_form_can_be_filled_in_on_a_page(path: Path) -> None:
    schema = json.loads(path.read_text())["form_schema"]
    for example in schema["examples"]:
        typed = fields.values(schema, fields.posted_of(schema, example))
        forms.check_form(schema, typed)
        assert {name: typed[name] for name in example} == example
