"""What an agency says of a batch before it is one: times, rule, places. Pure."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

import msgspec

from service.problems import FieldError, InvalidBody
from service.requests.batches import rules
from service.requests.batches.rules import Key

LONGEST = timedelta(days=200)
COUNTED = ("integer", "boolean")

Places = Annotated[int, msgspec.Meta(ge=1, le=5000)]
Line = Annotated[str, msgspec.Meta(min_length=2, max_length=60)]


class Class(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """班额: who chose `value` in the form competes for these places."""

    value: Annotated[str, msgspec.Meta(min_length=1, max_length=60)]
    places: Places
    title: Annotated[str, msgspec.Meta(max_length=60)] = ""


class Opening(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """名额公告。 `rule` 依次排序,全部相同时抽签;`ranks_at` 为最迟排序时刻,默认即截止时刻;
    `leftover` 为未轮到者转入下一批(carry)或本批结束即办结(end)。
    """

    offering: Annotated[str, msgspec.Meta(pattern="^[A-Z0-9-]{1,16}$")]
    region: Annotated[str, msgspec.Meta(pattern="^[0-9]{6}$")]
    title: Line
    opens_at: datetime
    closes_at: datetime
    rule: Annotated[list[Key], msgspec.Meta(min_length=1, max_length=8)]
    places: Places | None = None
    group_field: Annotated[str, msgspec.Meta(max_length=60)] | None = None
    groups: Annotated[list[Class], msgspec.Meta(max_length=50)] = []
    ranks_at: datetime | None = None
    leftover: Literal["carry", "end"] = "carry"


def check_times(given: Opening, now: datetime) -> None:
    """Opens, closes, is ranked, in this order, and not in the past; raises InvalidBody."""
    wrong = []
    ranks_at = given.ranks_at or given.closes_at
    for name in ("opens_at", "closes_at", "ranks_at"):
        moment = getattr(given, name)
        if moment is not None and moment.tzinfo is None:
            text = "时刻须带时区,如 2026-03-02T09:00:00+08:00。"
            raise InvalidBody(FieldError(f"/{name}", "no-zone", text))
    if given.closes_at <= max(given.opens_at, now):
        wrong.append(FieldError("/closes_at", "too-early", "截止时刻应晚于开放时刻和现在。"))
    if ranks_at < given.closes_at:
        wrong.append(FieldError("/ranks_at", "too-early", "排序时刻不能早于截止时刻。"))
    if ranks_at - min(given.opens_at, now) > LONGEST:
        text = f"从开放到排序不超过 {LONGEST.days} 天。"
        wrong.append(FieldError("/ranks_at", "too-late", text))
    if wrong:
        raise InvalidBody(*wrong)


def check_rule(given: Opening, schema: Mapping[str, Any]) -> None:
    """Keys and groups read members of the form that can be ordered; raises InvalidBody."""
    parts: Mapping[str, Any] = schema.get("properties", {})
    wrong = []
    for n, key in enumerate(given.rule):
        if key.key != "form" and (key.field or key.values or key.largest_first):
            text = "只有 form 项才写 field、values、largest_first。"
            wrong.append(FieldError(f"/rule/{n}", "not-here", text))
        if key.key == "form" and not _orderable(key, parts.get(key.field)):
            text = "表单中没有此项,或它不是数字、日期、是否、可选项(可选项须在 values 中排出先后)。"
            wrong.append(FieldError(f"/rule/{n}/field", "not-orderable", text))
    names = [key.name for key in given.rule]
    if len(set(names)) < len(names):
        wrong.append(FieldError("/rule", "repeated", "排序规则中有重复的项。"))
    if wrong := [*wrong, *_wrong_groups(given, parts)]:
        raise InvalidBody(*wrong)


def _orderable(key: Key, part: Mapping[str, Any] | None) -> bool:
    if part is None:
        return False
    if "enum" in part:
        return bool(key.values) and set(key.values) <= set(part["enum"])
    if key.values:
        return False
    return part.get("type") in COUNTED or part.get("format") == "date"


def _wrong_groups(given: Opening, parts: Mapping[str, Any]) -> list[FieldError]:
    values = [each.value for each in given.groups]
    if given.group_field is None:
        if values:
            return [FieldError("/group_field", "missing", "分类名额须写明按表单哪一项分类。")]
        if given.places is None:
            return [FieldError("/places", "missing", "请填写名额数。")]
        return []
    if given.places is not None:
        return [FieldError("/places", "not-here", "已分类给出名额,不再填写总数。")]
    choices = parts.get(given.group_field, {}).get("enum", ())
    if not values or not set(values) <= set(choices) or len(set(values)) < len(values):
        text = "分类须是表单中一项的可选项,每类一行,不重复。"
        return [FieldError("/groups", "not-of-the-form", text)]
    return []


def titles_of(schema: Mapping[str, Any], field: str | None) -> Mapping[str, str]:
    """What the choices of a form's member are called."""
    part: Mapping[str, Any] = schema.get("properties", {}).get(field or "", {})
    titles: Mapping[str, str] = part.get("x-titles", {})
    return titles


def titled(key: Key, schema: Mapping[str, Any]) -> Key:
    """The key with its Chinese title: as given, the form's own, or ours."""
    if key.title:
        return key
    if key.key != "form":
        return msgspec.structs.replace(key, title=rules.TITLES[key.key])
    title = schema["properties"][key.field].get("title", key.field)
    titles = titles_of(schema, key.field)
    if key.values:
        how = " 先于 ".join(titles.get(each, each) for each in key.values)
    else:
        how = direction(key, schema["properties"][key.field])
    return msgspec.structs.replace(key, title=f"{title}({how})"[:60])


def direction(key: Key, part: Mapping[str, Any]) -> str:
    """`多者在前`, `早者在前`, `否者在前`."""
    match part.get("type"):
        case "boolean":
            return "是者在前" if key.largest_first else "否者在前"
        case "integer":
            return "多者在前" if key.largest_first else "少者在前"
    return "晚者在前" if key.largest_first else "早者在前"
