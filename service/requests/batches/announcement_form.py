"""The form of an announcement as a clerk fills it in: choices out of the offering's form, the
announcement back. Pure."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from service.pages.forms import FormSent
from service.problems import FieldError, InvalidBody
from service.requests.batches import rules
from service.requests.batches.announcing import COUNTED, Opening, direction, titles_of
from service.requests.batches.rules import Key
from service.worktime.hours import SHANGHAI

STEPS = 5
"""Lines of the rule that the page offers."""


class Class(msgspec.Struct, frozen=True):
    """One choice by which places can be divided."""

    field: str
    title: str
    values: tuple[tuple[str, str], ...]


class Choices(msgspec.Struct, frozen=True):
    """What a rule may go by, each as a code with its words; by what places can be divided."""

    keys: tuple[tuple[str, str], ...]
    classes: tuple[Class, ...]
    steps: int = STEPS


def choices_of(schema: Mapping[str, Any]) -> Choices:
    """What this offering's form allows."""
    keys, classes = list(rules.TITLES.items()), []
    for name, part in schema.get("properties", {}).items():
        title = part.get("title", name)
        if "enum" in part:
            titles = titles_of(schema, name)
            values = tuple((each, titles.get(each, each)) for each in part["enum"])
            classes.append(Class(name, title, values))
            keys.append((f"form:{name}", f"{title}({' 先于 '.join(t for _, t in values)})"))
        elif part.get("type") in COUNTED or part.get("format") == "date":
            for code in (f"form:{name}", f"form:{name}:largest"):
                keys.append((code, f"{title}({direction(_key(code, schema), part)})"))
    return Choices(tuple(keys), tuple(classes))


def _key(code: str, schema: Mapping[str, Any]) -> Key:
    """`tier`, `form:family_size:largest`: raises ValueError for what is none."""
    kind, _, rest = code.partition(":")
    name, _, how = rest.partition(":")
    if kind != "form":
        return msgspec.convert({"key": kind}, Key)
    values = tuple(schema.get("properties", {}).get(name, {}).get("enum", ()))
    return Key("form", field=name, largest_first=how == "largest", values=values)


def opening_of(given: FormSent, schema: Mapping[str, Any]) -> Opening:
    """The announcement; raises InvalidBody where it says nothing that can be read."""
    plain: dict[str, Any] = {
        "offering": given.text("offering"), "region": given.text("region"),
        "title": given.text("title")[:60], "leftover": given.text("leftover") or "carry",
        "opens_at": _moment(given, "opens_at"), "closes_at": _moment(given, "closes_at"),
        "rule": _rule(given, schema), **_places(given, schema),
    }  # fmt: skip
    if given.text("ranks_at"):
        plain["ranks_at"] = _moment(given, "ranks_at")
    try:
        return msgspec.convert(plain, Opening)
    except msgspec.ValidationError as wrong:
        text = "请填写标题、地区、时段、名额和至少一条排序规则。"
        raise InvalidBody(FieldError("", "invalid", text)) from wrong


def _moment(given: FormSent, name: str) -> datetime:
    try:
        return datetime.fromisoformat(given.text(name)).replace(tzinfo=SHANGHAI)
    except ValueError as wrong:
        raise InvalidBody(FieldError(f"/{name}", "invalid", "请填写日期和时刻。")) from wrong


def _rule(given: FormSent, schema: Mapping[str, Any]) -> list[Any]:
    codes = [code.strip() for code in given.texts.get("rule", []) if code.strip()][:STEPS]
    try:
        return [msgspec.to_builtins(_key(code, schema)) for code in codes]
    except msgspec.ValidationError as wrong:
        raise InvalidBody(FieldError("/rule", "unknown", "请从列出的排序依据中选择。")) from wrong


def _places(given: FormSent, schema: Mapping[str, Any]) -> dict[str, Any]:
    """One number of places, or one for each choice of a member of the form."""
    by = given.text("group_field")
    if not by:
        return {"places": _number(given, "places")}
    choices = schema.get("properties", {}).get(by, {}).get("enum", ())
    groups = [
        {"value": each, "places": _number(given, name)}
        for each in choices
        if given.text(name := f"group:{by}:{each}")
    ]
    return {"group_field": by, "groups": groups}


def _number(given: FormSent, name: str) -> int:
    text = given.text(name)
    if not (text.isascii() and text.isdecimal() and len(text) < 6):
        raise InvalidBody(FieldError("/places", "missing", "请填写名额数。"))
    return int(text)
