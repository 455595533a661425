"""A form told in words, for whoever wants to know beforehand what will be asked. Pure."""

from collections.abc import Collection, Mapping

import msgspec

from service.requests import fields
from service.requests.fields import Field, Schema

PLAIN = {
    "text": "文字", "long": "文字", "number": "数字", "date": "日期", "yes": "是或否",
    "region": "省内的市或县(市、区)", "order": "按先后选择",
}  # fmt: skip
LONGEST_CHOICE = 12
"""So many options are named; of more only their number is told."""


class Asked(msgspec.Struct, frozen=True):
    """One line of a form: what is asked, whether it must be filled in, what goes there."""

    title: str
    need: str
    answer: str


def asked(schema: Schema) -> list[Asked]:
    """Each field of a form in words: `希望租期(月)`, `选填`, `数字,6 至 60`."""
    parts: Mapping[str, Schema] = schema.get("properties", {})
    sometimes = _sometimes(schema)
    return [
        Asked(each.title, _need(each, sometimes), _answer(each, parts[each.name]))
        for each in fields.of(schema)
    ]


def titles(schema: Schema, names: Collection[str] | None = None) -> list[str]:
    """The titles of a schema's members, or of those named, in its order."""
    parts: Mapping[str, Schema] = schema.get("properties", {})
    return [
        str(part.get("title", name))
        for name, part in parts.items()
        if names is None or name in names
    ]


def _need(each: Field, sometimes: frozenset[str]) -> str:
    if each.required:
        return "必填"
    return "视情况必填" if each.name in sometimes else "选填"


def _sometimes(schema: Schema) -> frozenset[str]:
    """What is required under a condition alone."""
    found = {name for each in schema.get("dependentRequired", {}).values() for name in each}
    for branch in (schema, *schema.get("allOf", ())):
        for way in ("then", "else"):
            found |= set(branch.get(way, {}).get("required", ()))
    return frozenset(found)


def _answer(each: Field, part: Schema) -> str:
    # A place is chosen by its name: how its code is written is for machines.
    hint = [each.description] if each.description and each.kind != "region" else []
    return ";".join([*_kind(each, part), *hint])


def _kind(each: Field, part: Schema) -> list[str]:
    labels = [option.label for option in each.options]
    if each.kind in ("one", "several") and labels:
        verb = "选一项" if each.kind == "one" else "可选多项"
        many = len(labels) > LONGEST_CHOICE
        return [f"{verb}:{f'共 {len(labels)} 项' if many else '、'.join(labels)}"]
    if each.kind == "yes" and part.get("const") is True:
        return ["须同意"]
    word = PLAIN.get(each.kind, "文字")
    if each.kind == "number":
        return [word + _span(part)]
    if each.kind == "long":
        return [f"{word},最多 {part['maxLength']} 字"]
    # A text that says itself how it is written (a phone, an amount) needs no word before it.
    return [] if each.kind == "text" and each.description else [word]


def _span(part: Schema) -> str:
    low, high = part.get("minimum"), part.get("maximum")
    if low is not None and high is not None:
        return f",{low} 至 {high}"
    if low is not None:
        return f",不小于 {low}"
    return "" if high is None else f",不大于 {high}"
