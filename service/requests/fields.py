"""A form as people fill it in, from an offering's JSON Schema: fields out, values back. Pure.

Schemas here are flat: text, numbers, yes or no, one of, several of, dates. A member that is none of
these is shown as text, and the schema has the last word when the form is checked.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

Schema = Mapping[str, Any]
Posted = Mapping[str, Sequence[str]]

REGION = "^37[0-9]{4}$"
LONG_TEXT = 200
OPTION_NAMES = "x-titles"


class Option(msgspec.Struct, frozen=True):
    """One thing to choose."""

    value: str
    label: str
    chosen: bool = False


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """One field of a page: which input, what stands in it, what was wrong with it."""

    name: str
    title: str
    kind: str
    required: bool
    description: str
    value: str = ""
    picked: tuple[str, ...] = ()
    options: tuple[Option, ...] = ()
    error: str = ""
    attributes: Mapping[str, Any] = {}


def of(
    schema: Schema,
    *,
    posted: Posted | None = None,
    errors: Mapping[str, str] | None = None,
    choices: Mapping[str, Sequence[tuple[str, str]]] | None = None,
    notes: Mapping[str, str] | None = None,
) -> list[Field]:
    """The fields of a schema, with what was typed and what was wrong.

    `notes` say of a member what holds in this case, in place of its description.

    `choices` gives the options of members whose values are kept elsewhere (regions, banks), by
    name or by kind.
    """
    wanted = set(schema.get("required", ()))
    return [
        _field(
            name,
            _noted(part, notes.get(name) if notes else None),
            name in wanted,
            posted or {},
            errors or {},
            choices or {},
        )
        for name, part in schema.get("properties", {}).items()
        if not _is_fixed(part) and not part.get("deprecated")
    ]


def _noted(part: Schema, note: str | None) -> Schema:
    return part if note is None else {**part, "description": note}


def _field(
    name: str,
    part: Schema,
    required: bool,
    posted: Posted,
    errors: Mapping[str, str],
    choices: Mapping[str, Sequence[tuple[str, str]]],
) -> Field:
    kind = kind_of(part)
    given = posted.get(name, ())
    known = choices.get(name) or (choices.get(kind) if kind == "region" else None)
    options = known or _named(part)
    if known and kind != "order":
        kind = "one"
    return Field(
        name=name,
        title=str(part.get("title", name)),
        kind=kind,
        required=required,
        description="" if known else str(part.get("description", "")),
        value=given[0] if given else "",
        picked=_places(part, given, len(options)) if kind == "order" else (),
        options=tuple(Option(value, label, value in given) for value, label in options),
        error=errors.get(name, ""),
        attributes=_attributes(part),
    )


def _places(part: Schema, given: Sequence[str], options: int) -> tuple[str, ...]:
    """What stands at each place of an order, first to last; empty where nothing does."""
    wanted = min(int(part.get("maxItems", options)), options)
    filled = [each for each in given if each][:wanted]
    return (*filled, *[""] * (wanted - len(filled)))


def kind_of(part: Schema) -> str:
    """Which input a member wants: one, several, order, yes, number, date, region, long or text."""
    if part.get("x-order"):
        return "order"
    if "enum" in part:
        return "one"
    plain = {"boolean": "yes", "integer": "number", "number": "number", "array": "several"}
    if kind := plain.get(str(part.get("type"))):
        return kind
    if part.get("format") == "date":
        return "date"
    if part.get("pattern") == REGION:
        return "region"
    return "long" if int(part.get("maxLength", 0)) > LONG_TEXT else "text"


def _is_fixed(part: Schema) -> bool:
    return "const" in part and part.get("type") != "boolean"


def _named(part: Schema) -> list[tuple[str, str]]:
    listed: Schema = part.get("items", part)
    names = listed.get(OPTION_NAMES, {})
    return [(str(each), str(names.get(each, each))) for each in listed.get("enum", ())]


def _attributes(part: Schema) -> dict[str, Any]:
    names = {"minimum": "min", "maximum": "max", "maxLength": "maxlength"}
    found = {html: part[name] for name, html in names.items() if name in part}
    if part.get("type") == "number":
        found["step"] = "any"
    if str(part.get("pattern", "")).startswith("^1[3-9]"):
        found["inputmode"] = "tel"
    return found


def values(schema: Schema, posted: Posted) -> dict[str, Any]:
    """What a form says, in the schema's types; what is left empty is left out."""
    found: dict[str, Any] = {}
    for name, part in schema.get("properties", {}).items():
        if _is_fixed(part):
            found[name] = part["const"]
        elif kind_of(part) == "yes":
            found[name] = bool(posted.get(name))
        elif kind_of(part) in ("several", "order"):
            found[name] = [each for each in posted.get(name, ()) if each]
        elif text := "".join(posted.get(name, ())[:1]).strip():
            found[name] = _typed(part, text)
    return {name: value for name, value in found.items() if value != []}


def _typed(part: Schema, text: str) -> Any:
    if part.get("type") == "integer" and re.fullmatch(r"-?\d{1,15}", text, re.ASCII):
        return int(text)
    if part.get("type") == "number" and re.fullmatch(r"-?\d{1,12}(\.\d{1,6})?", text, re.ASCII):
        return float(text)
    return text


class Line(msgspec.Struct, frozen=True):
    """One line of what was filled in."""

    title: str
    value: str


def lines(
    schema: Schema, form: Mapping[str, Any], names: Mapping[str, str] | None = None
) -> list[Line]:
    """A form as people read it: titles and words; `names` knows places by their code."""
    parts = schema.get("properties", {})
    return [
        Line(str(part.get("title", name)), _words(part, form[name], names or {}))
        for name, part in parts.items()
        if name in form and not _is_fixed(part)
    ]


class Changed(msgspec.Struct, frozen=True):
    """One line of a form that a correction's answer changed; `old` is empty where it was."""

    title: str
    old: str
    new: str


def changed(
    schema: Schema,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    names: Mapping[str, str] | None = None,
) -> list[Changed]:
    """What an answer to a correction changed, in words."""
    old = {line.title: line.value for line in lines(schema, before, names)}
    return [
        Changed(line.title, old.get(line.title, ""), line.value)
        for line in lines(schema, after, names)
        if old.get(line.title) != line.value
    ]


def _words(part: Schema, value: Any, names: Mapping[str, str]) -> str:
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, list):
        return "、".join(_words(part.get("items", {}), each, names) for each in value)
    if kind_of(part) == "region":
        return names.get(str(value), str(value))
    return str(part.get(OPTION_NAMES, {}).get(value, value))


def posted_of(schema: Schema, form: Mapping[str, Any]) -> dict[str, list[str]]:
    """A form's values as they would be typed, to fill the fields again."""
    found: dict[str, list[str]] = {}
    for name, value in form.items():
        if isinstance(value, bool):
            found[name] = ["yes"] if value else []
        elif isinstance(value, list):
            found[name] = [str(each) for each in value]
        else:
            found[name] = [str(value)]
    return {name: value for name, value in found.items() if name in schema.get("properties", {})}
