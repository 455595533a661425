"""What one version of an offering says otherwise than another, in words. Pure."""

from collections.abc import Mapping, Sequence
from datetime import date
from itertools import pairwise
from typing import Any

from service.editing import content as contents
from service.editing.content import Change
from service.offerings.models import OfferingVersion
from service.pages.show import day
from service.requests.words import KINDS, SECTORS, window

NOTHING = "无"
SHOWN = 60


def with_previous(versions: Sequence[OfferingVersion]) -> Mapping[int, list[str]]:
    """For each version what it changed of the one before; the first changed nothing.

    `versions` are all of one offering, in any order.
    """
    ordered = sorted(versions, key=lambda each: each.version)
    found: dict[int, list[str]] = {}
    for before, after in pairwise(ordered):
        changes = contents.changes(contents.of(before), contents.of(after))
        found[after.version] = [in_words(change) for change in changes]
    return found


def in_words(change: Change) -> str:
    """`办结(工作日):20 改为 10`, `材料:增加身份证`, `表单:删去“备注”`."""
    if change.field == "partner_fields":
        said = "有改动"
    elif isinstance(change.old, dict):
        said = _schema(change.old, change.new)
    elif isinstance(change.old, list):
        said = _list(change)
    elif change.field in ("policy_text", "stop_note") and change.old and change.new:
        said = "文字有改动"
    else:
        said = f"{_one(change.field, change.old)} 改为 {_one(change.field, change.new)}"
    return f"{change.title}:{said}"


def _one(field: str, value: Any) -> str:
    if value in (None, ""):
        return NOTHING
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, date):
        return day(value)
    words = {"sector": SECTORS, "beneficiaries": KINDS}.get(field, {}).get(str(value))
    if field == "window":
        return window(str(value))
    return words or str(value)[:SHOWN]


def _list(change: Change) -> str:
    more = [_one(change.field, each) for each in change.new if each not in change.old]
    less = [_one(change.field, each) for each in change.old if each not in change.new]
    return _said(more, less, []) or "次序有改动"


def _schema(old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    before, after = old.get("properties", {}), new.get("properties", {})
    more = [_title(after, name) for name in after if name not in before]
    less = [_title(before, name) for name in before if name not in after]
    other = [
        _title(after, name) for name in after if name in before and after[name] != before[name]
    ]
    required = set(old.get("required", ())) ^ set(new.get("required", ()))
    other += [
        _title(after, name)
        for name in sorted(required & set(before) & set(after))
        if after[name] == before[name]
    ]
    return _said(more, less, other) or "次序或说明有改动"


def _title(properties: Mapping[str, Any], name: str) -> str:
    return f"“{properties[name].get('title', name)}”"


def _said(more: Sequence[str], less: Sequence[str], other: Sequence[str]) -> str:
    parts = {"增加": more, "删去": less, "改动": other}
    return ";".join(f"{verb}{'、'.join(which)}" for verb, which in parts.items() if which)
