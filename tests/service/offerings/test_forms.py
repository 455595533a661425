"""Forms and results against their schemas: where, which rule, what to do, never the value."""

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from service.offerings import details, forms
from service.problems import InvalidBody

FORMS = sorted(path.stem for path in (details.DATA / "forms").glob("*.json"))
SCHEMA = details.form_of("default", "case").form_schema
GOOD = {"matter": "请协助办理", "contact_phone": "13800000000"}


def refused(form: dict[str, Any], schema: dict[str, Any] = SCHEMA) -> list[tuple[str, str]]:
    """Pointers and codes of what is wrong with a form."""
    with pytest.raises(InvalidBody) as refusal:
        forms.check_form(schema, form)
    return [(each.pointer, each.code) for each in refusal.value.errors]


@pytest.mark.parametrize("code", FORMS)
def test_every_shipped_form_is_a_schema_with_titles_and_an_example_that_fits(code: str) -> None:
    form = details.form_of(code, "case")
    for schema in (form.form_schema, form.result_schema):
        Draft202012Validator.check_schema(schema)
        assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
        assert schema["additionalProperties"] is False
        assert all(part["title"] for part in schema["properties"].values())
        assert all(set(p.get("enum", ())) == set(p.get("x-titles", ())) for p in parts(schema))
    forms.check_form(form.form_schema, form.form_schema["examples"][0])
    forms.check_result(form.result_schema, form.result_schema["examples"][0])


def parts(schema: dict[str, Any]) -> list[dict[str, Any]]:
    """The members' schemas."""
    return list(schema["properties"].values())


@pytest.mark.parametrize("code", FORMS)
def test_only_members_of_the_form_are_shared(code: str) -> None:
    form = details.form_of(code, "case")
    assert set(form.shared_fields) <= set(form.form_schema["properties"])


def test_a_school_learns_where_a_child_goes_to_school_but_not_where_it_lives() -> None:
    assert "address" in details.form_of("ED-01", "case").form_schema["properties"]
    assert "address" not in details.form_of("ED-01", "case").shared_fields


def test_a_benefit_has_no_form() -> None:
    assert details.form_of("TR-01", "benefit") == details.Form({}, {}, [])


def test_a_complete_form_passes() -> None:
    forms.check_form(SCHEMA, GOOD)


def test_each_missing_member_is_named() -> None:
    assert refused({}) == [("/form/contact_phone", "missing"), ("/form/matter", "missing")]


def test_an_unknown_member_is_refused_with_an_escaped_pointer() -> None:
    assert refused({**GOOD, "a/b~c": 1}) == [("/form/a~1b~0c", "unknown-member")]


@pytest.mark.parametrize(
    ("member", "value", "code"),
    [
        ("matter", "好", "too-short"),
        ("matter", "好" * 1001, "too-long"),
        ("matter", 5, "wrong-type"),
        ("contact_phone", "12345", "wrong-form"),
        ("contact_phone", "13800000000\n", "wrong-form"),
        ("contact_phone", "１３８０００００００００"[:11], "wrong-form"),
        ("preferred_date", "2026-02-30", "wrong-form"),
        ("preferred_date", "20260301", "wrong-form"),
    ],
)
def test_a_member_that_breaks_its_rule_is_told_by_kind(member: str, value: Any, code: str) -> None:
    assert refused({**GOOD, member: value}) == [(f"/form/{member}", code)]


def test_an_item_of_a_list_has_a_pointer_with_its_place() -> None:
    schema = details.form_of("HR-01", "case").form_schema
    form = {**schema["examples"][0], "movers": ["holder", "cousin"]}
    assert refused(form, schema) == [("/form/movers/1", "not-one-of")]


def test_money_is_decimal_text() -> None:
    schema = details.form_of("FI-01", "case").form_schema
    example = schema["examples"][0]
    for wrong, code in ((500000, "wrong-type"), ("1e5", "wrong-form"), ("-1", "wrong-form")):
        found = refused({**example, "amount_yuan": wrong}, schema)
        assert found == [("/form/amount_yuan", code)]


def test_credit_must_be_looked_into_by_consent() -> None:
    schema = details.form_of("FI-01", "case").form_schema
    form = {**schema["examples"][0], "credit_authorised": False}
    assert refused(form, schema) == [("/form/credit_authorised", "not-one-of")]


def test_a_loan_is_granted_with_amount_rate_reference_and_drawdown() -> None:
    schema = details.form_of("FI-01", "case").result_schema
    with pytest.raises(InvalidBody) as refusal:
        forms.check_result(schema, {})
    assert [each.pointer for each in refusal.value.errors] == [
        "/result/amount_yuan",
        "/result/annual_rate_percent",
        "/result/drawdown_on",
        "/result/reference",
    ]


def test_no_error_repeats_what_was_typed() -> None:
    secret = "370102199001011234"
    with pytest.raises(InvalidBody) as refusal:
        forms.check_form(
            SCHEMA,
            {"matter": [secret], "contact_phone": secret, "preferred_date": secret, "remarks": 1},
        )
    assert len(refusal.value.errors) == 4
    assert secret not in json.dumps(refusal.value.members(), ensure_ascii=False)


def test_a_flood_of_errors_is_cut() -> None:
    assert len(refused({f"x{n}": n for n in range(500)})) == forms.MOST_ERRORS


@pytest.mark.parametrize(
    ("number", "right"),
    [
        ("ZL202310123456.6", True),
        ("202310123456.6", True),
        ("ZL202310123456.7", False),
        ("ZL202310123465.6", False),
        ("ZL00100001.0", False),
        ("ZL202310123456", False),
        ("zl202310123456.6", False),
    ],
)
def test_a_patent_s_number_is_checked_by_its_last_character(number: str, right: bool) -> None:
    form = details.form_of("FI-03", "case").form_schema
    given = form["examples"][0] | {"patent_number": number}
    if right:
        forms.check_form(form, given)
        return
    with pytest.raises(InvalidBody) as refusal:
        forms.check_form(form, given)
    assert {each.pointer for each in refusal.value.errors} == {"/form/patent_number"}


def test_an_enterprise_that_borrows_is_named() -> None:
    form = details.form_of("FI-01", "case").form_schema
    with pytest.raises(InvalidBody) as refusal:
        forms.check_form(form, form["examples"][0] | {"borrower": "enterprise"})
    assert {each.pointer for each in refusal.value.errors} == {
        "/form/enterprise_name", "/form/enterprise_uscc",
    }  # fmt: skip
