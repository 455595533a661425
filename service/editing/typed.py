"""The editor's forms: a version's content as texts, and back."""

import json
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

import msgspec

from service.editing import content as contents
from service.editing.content import MEMBER_FIELDS, Drafted
from service.editing.drafting import Opened
from service.pages.forms import FormSent
from service.problems import FieldError, InvalidBody, Problem

NUMBERS = (
    "accept_hours", "first_review_wd", "complete_wd", "correction_wd", "publicity_wd",
    "annual_limit", "companions_max",
)  # fmt: skip
SCHEMAS = ("form_schema", "result_schema")
OWN = "fields-"
"""Before a partner's id: the members that it gets."""


def texts_of(content: contents.Content, valid_from: date) -> dict[str, list[str]]:
    """The form as it stands."""
    found: dict[str, list[str]] = {"valid_from": [valid_from.isoformat()]}
    for name in contents.FIELDS:
        value = getattr(content, name)
        if name in SCHEMAS:
            found[name] = [json.dumps(value, ensure_ascii=False, indent=2) if value else ""]
        elif name in ("categories", "beneficiaries"):
            found[name] = [str(each) for each in value]
        elif isinstance(value, list):
            found[name] = ["\n".join(value)]
        elif isinstance(value, bool):
            found[name] = ["yes"] if value else []
        elif name == "partner_fields":
            found |= {f"{OWN}{partner}": list(names) for partner, names in value.items()}
        else:
            found[name] = ["" if value is None else str(value)]
    return found


def drafted_of(given: FormSent) -> Drafted:
    """What the form says; raises InvalidBody where a number or a schema is none."""
    plain: dict[str, Any] = {
        name: given.text(name)
        for name in ("name_zh", "name_en", "sector", "department", "unit", "policy_text",
                     "policy_source")
    }  # fmt: skip
    plain |= {name: _number(given, name) for name in NUMBERS}
    plain |= {name: _schema(given, name) for name in SCHEMAS}
    plain |= {name: _lines(given, name) for name in ("materials", "shared_fields")}
    chosen = given.texts.get("categories", [])
    plain["categories"] = [int(each) for each in chosen if each.isdecimal() and len(each) < 4]
    plain["beneficiaries"] = given.texts.get("beneficiaries", [])
    plain["companions_max"] = plain["companions_max"] or 0
    for name in ("low_value", "batched"):
        plain[name] = given.text(name) == "yes"
    plain["window"] = given.text("window") or None
    plain["partner_fields"] = narrowed_of(given, plain["shared_fields"])
    plain |= stop_of(given)
    valid_from = given.day("valid_from")
    why = given.text("why")[:500]
    wrong = []
    if valid_from is None:
        wrong.append(FieldError("/valid_from", "missing", "请填写生效日期。"))
    if len(why) < 2:
        wrong.append(FieldError("/why", "missing", "请写明为什么改。"))
    if wrong or valid_from is None:
        raise InvalidBody(*wrong)
    return Drafted(plain, valid_from, why)


def _number(given: FormSent, name: str) -> int | None:
    text = given.text(name)
    if not text:
        return None
    if not text.isdecimal() or len(text) > 5:
        raise InvalidBody(FieldError(f"/content/{name}", "invalid", "请填写整数。"))
    return int(text)


def _schema(given: FormSent, name: str) -> Any:
    text = given.text(name)
    if not text:
        return {}
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        advice = "不是 JSON,请检查逗号、引号和括号。"
        raise InvalidBody(FieldError(f"/content/{name}", "not-json", advice)) from None


def _lines(given: FormSent, name: str) -> list[str]:
    return [line.strip() for line in given.text(name).splitlines() if line.strip()]


def errors_of(problem: Problem | None) -> dict[str, str]:
    """What is wrong with which field of the form."""
    found: dict[str, str] = {}
    for each in getattr(problem, "errors", ()) or ():
        name = each.pointer.removeprefix("/content").lstrip("/").partition("/")
        where = f"{name[2]}: " if name[2] else ""
        found.setdefault(name[0], f"{where}{each.detail}")
    return found


def opened_of(given: FormSent) -> Opened:
    """What the form of a wholly new offering says; raises InvalidBody."""
    drafted = drafted_of(given)
    plain = msgspec.structs.asdict(drafted) | {
        "code": given.text("code").upper(),
        "mode": given.text("mode"),
        "municipal": given.text("municipal") == "yes",
        "keywords": _lines(given, "keywords"),
    }
    try:
        return msgspec.convert(plain, Opened)
    except msgspec.ValidationError as wrong:
        name = str(wrong).rpartition("at `$.")[2].rstrip("`").partition("[")[0] or "code"
        advice = (
            "代码写作 HO-09:两个大写字母、短横、两位数字。"
            if name == "code"
            else "填写不符合要求。"
        )
        raise InvalidBody(FieldError(f"/{name}", "invalid", advice)) from None


def stop_of(given: FormSent) -> dict[str, Any]:
    """What the form says of stopping; all None where it says nothing."""
    stops = given.day("stopped_on")
    return {
        "stopped_on": stops.isoformat() if stops else None,
        "stop_note": given.text("stop_note") or None,
        "instead": given.text("instead") or None,
    }


def narrowed_of(given: FormSent, shared: Sequence[str]) -> dict[str, list[str]]:
    """The partners that get fewer members. One for which everything is ticked that the form showed
    is not narrowed, and gets what is shared from now on."""
    shown = set(given.texts.get("offered", []))
    found = {}
    for partner in given.texts.get("narrowable", []):
        ticked = given.texts.get(f"{OWN}{partner}", [])
        if not shown <= set(ticked):
            found[partner] = [name for name in ticked if name in shared]
    return found


class Narrowing(msgspec.Struct, frozen=True):
    """One partner as the form shows it: each shared member by name and title, and whether it gets
    that."""

    partner_id: str
    name: str
    parts: list[tuple[str, str, bool]]

    @property
    def number(self) -> int:
        """How many it gets."""
        return sum(ticked for _, _, ticked in self.parts)


def narrowing(
    partners: Sequence[tuple[UUID, str]], typed: Mapping[str, Sequence[str]]
) -> list[Narrowing]:
    """Which partner gets what of the shared members, as the form stands."""
    shared = "".join(typed.get("shared_fields", [])).split()
    titles = titles_of("".join(typed.get("form_schema", [])))
    posted = "narrowable" in typed
    found = []
    for key, name in partners:
        own = typed.get(f"{OWN}{key}", [] if posted else shared)
        parts = [(each, titles.get(each, each), each in own) for each in shared]
        found.append(Narrowing(str(key), name, parts))
    return found


def titles_of(schema: str) -> dict[str, str]:
    """The Chinese titles of a form's members; none where it is no form yet."""
    try:
        parts = json.loads(schema or "{}")["properties"]
        return {name: str(part["title"]) for name, part in parts.items()} | MEMBER_FIELDS
    except (ValueError, RecursionError, LookupError, TypeError, AttributeError):
        return MEMBER_FIELDS
