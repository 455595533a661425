"""What officials may change in an offering, and what has to hold of it. Pure.

Code, mode (handled or redeemed) and what it excludes stay: the first two name what people already
asked for, the last concerns two offerings at once and comes with the catalogue's table. A new
offering has them in its opening (grounds.py).
"""

import re
from collections.abc import Collection, Mapping
from datetime import date
from typing import Annotated, Any

import msgspec
from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError

from service.offerings import details
from service.offerings.catalogue import FAMILY, SECTORS, WINDOW
from service.offerings.entitlement import UNITS
from service.problems import FieldError

Line = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
Text = Annotated[str, msgspec.Meta(min_length=1, max_length=4000)]
Days = Annotated[int, msgspec.Meta(ge=1, le=250)]
CHINESE = re.compile(r"[\u4e00-\u9fff]")
LARGEST_SCHEMA = 32 * 1024
MEMBER_FIELDS = {
    "member.name": "家庭成员姓名", "member.born_on": "家庭成员出生日期",
    "member.id_number": "家庭成员证件号码",
}  # fmt: skip
"""What may be shared beside the form: of the family members for whom it is asked."""
LEAP = 2024
"""A year that has every day a window may name."""


class Content(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An offering's next version. Times as in the catalogue: working hours, working days."""

    name_zh: Line
    name_en: Line
    sector: str
    department: Line
    accept_hours: Annotated[int, msgspec.Meta(ge=1, le=400)] | None = None
    first_review_wd: Days | None = None
    complete_wd: Days | None = None
    correction_wd: Days | None = None
    publicity_wd: Annotated[int, msgspec.Meta(ge=0, le=250)] | None = None
    categories: Annotated[list[int], msgspec.Meta(min_length=1, max_length=23)]
    beneficiaries: Annotated[list[str], msgspec.Meta(min_length=1, max_length=10)]
    annual_limit: Annotated[int, msgspec.Meta(ge=1, le=9999)] | None = None
    unit: str
    companions_max: Annotated[int, msgspec.Meta(ge=0, le=20)] = 0
    low_value: bool = False
    batched: bool = False
    materials: Annotated[list[Line], msgspec.Meta(max_length=30)] = []
    window: str | None = None
    policy_text: Text
    policy_source: Line
    form_schema: dict[str, Any] = {}
    result_schema: dict[str, Any] = {}
    shared_fields: Annotated[list[str], msgspec.Meta(max_length=100)] = []
    partner_fields: Annotated[dict[str, list[str]], msgspec.Meta(max_length=300)] = {}
    stopped_on: date | None = None
    stop_note: Annotated[str, msgspec.Meta(min_length=2, max_length=500)] | None = None
    instead: str | None = None


class Drafted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the next version says, from which day, and why."""

    content: dict[str, Any]
    valid_from: date
    why: Annotated[str, msgspec.Meta(min_length=2, max_length=500)]


FIELDS = Content.__struct_fields__
TITLES: Mapping[str, str] = {
    "name_zh": "名称", "name_en": "英文名称", "sector": "类型", "department": "主管部门",
    "accept_hours": "受理(工作小时)", "first_review_wd": "初审(工作日)",
    "complete_wd": "办结(工作日)",
    "correction_wd": "补正期限(工作日)", "publicity_wd": "公示(工作日)",
    "categories": "适用类别", "beneficiaries": "受益人", "annual_limit": "每年次数", "unit": "单位",
    "companions_max": "随行人数", "low_value": "小额(可宽限离线)",
    "batched": "可按批次分配名额", "materials": "材料",
    "window": "受理时段", "policy_text": "政策内容", "policy_source": "政策来源",
    "form_schema": "表单", "result_schema": "办理结果", "shared_fields": "给办理单位的项",
    "partner_fields": "只给部分项的单位", "stopped_on": "停办日期", "stop_note": "停办后怎么办",
    "instead": "替代事项",
}  # fmt: skip


def of(version: Any) -> Content:
    """What a version says, as the beginning of the next one."""
    return Content(**{name: getattr(version, name) for name in FIELDS})


def beginning(mode: str) -> Content:
    """What a wholly new offering's form begins with: the plain form, nothing else decided."""
    form = details.form_of("default", mode)
    case = mode == "case"
    return Content(
        name_zh="", name_en="", sector="public", department="",
        accept_hours=16 if case else None, complete_wd=10 if case else None,
        correction_wd=5 if case else None, publicity_wd=None, categories=[1, 2, 3, 4, 5],
        beneficiaries=["holder"], unit=details.TIMES, policy_text="", policy_source="",
        form_schema=form.form_schema, result_schema=form.result_schema,
        shared_fields=form.shared_fields,
    )  # fmt: skip


def values_of(content: Content) -> dict[str, Any]:
    """The content by the names of a version's columns."""
    return {name: getattr(content, name) for name in FIELDS}


def kept(content: dict[str, Any]) -> Content:
    """The content of a draft."""
    return msgspec.convert(content, Content)


def faults(content: Content, mode: str, categories: Collection[int]) -> list[FieldError]:
    """What is wrong with it, each with its place; none where it may be published."""
    found = [
        *_plain(content, categories),
        *(_case(content) if mode == "case" else _benefit(content)),
    ]
    if content.window and not window_is_one(content.window):
        found.append(_wrong("window", "invalid", "受理时段写作 07-01/08-20(月-日/月-日)。"))
    return [*found, *_stop(content)]


def _stop(content: Content) -> list[FieldError]:
    if content.stopped_on is None:
        given = [name for name in ("stop_note", "instead") if getattr(content, name) is not None]
        return [_wrong("stopped_on", "missing", "写了停办说明的,请填写停办日期。")] if given else []
    if content.stop_note is None:
        return [_wrong("stop_note", "missing", "请写明停办后怎么办,申请人会看到。")]
    return []


def _plain(content: Content, categories: Collection[int]) -> list[FieldError]:
    found = []
    if content.sector not in SECTORS:
        found.append(_wrong("sector", "not-one-of", f"类型应为 {'、'.join(SECTORS)} 之一。"))
    if content.unit not in UNITS:
        found.append(_wrong("unit", "not-one-of", f"单位应为 {'、'.join(UNITS)} 之一。"))
    if not set(content.categories) <= set(categories):
        found.append(_wrong("categories", "unknown", "适用类别中有不存在的人才类别。"))
    if not set(content.beneficiaries) <= set(FAMILY):
        found.append(_wrong("beneficiaries", "not-one-of", f"受益人应选自 {'、'.join(FAMILY)}。"))
    if content.companions_max and "companion" not in content.beneficiaries:
        advice = "受益人中没有随行人员(companion),随行人数应为 0。"
        found.append(_wrong("companions_max", "not-for-beneficiaries", advice))
    return found


def _case(content: Content) -> list[FieldError]:
    found = [
        _wrong(name, "missing", "须申请办理的事项必须承诺受理和办结时限。")
        for name in ("accept_hours", "complete_wd")
        if getattr(content, name) is None
    ]
    found += _schema_faults("form_schema", content.form_schema)
    found += _schema_faults("result_schema", content.result_schema)
    return [*found, *_shared(content)]


def _shared(content: Content) -> list[FieldError]:
    parts = content.form_schema.get("properties")
    known = set(parts) if isinstance(parts, dict) else set()
    found = []
    if strange := sorted(set(content.shared_fields) - known - set(MEMBER_FIELDS)):
        advice = f"表单里没有这些项: {'、'.join(each[:40] for each in strange[:5])}。"
        found.append(_wrong("shared_fields", "unknown", advice))
    for partner, names in content.partner_fields.items():
        if not set(names) <= set(content.shared_fields):
            advice = "单个单位只能比“给办理单位的项”少,不能多。"
            found.append(_wrong(f"partner_fields/{partner[:36]}", "not-shared", advice))
    return found


def _benefit(content: Content) -> list[FieldError]:
    advice = "出示卡即享的事项没有表单。"
    return [
        _wrong(name, "not-for-mode", advice)
        for name in ("form_schema", "result_schema", "shared_fields", "partner_fields")
        if getattr(content, name)
    ]


def _schema_faults(name: str, schema: dict[str, Any]) -> list[FieldError]:
    """JSON Schema 2020-12 of a flat object, every member with a Chinese title, nothing from
    elsewhere."""
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as wrong:
        where = "".join(f"/{step}" for step in wrong.absolute_path)
        return [FieldError(f"/{name}{where}"[:200], "invalid", "不符合 JSON Schema 2020-12。")]
    if len(msgspec.json.encode(schema)) > LARGEST_SCHEMA:
        return [_wrong(name, "too-large", "表单定义不超过 32 KB。")]
    parts = schema.get("properties")
    if schema.get("type") != "object" or not isinstance(parts, dict) or not parts:
        return [_wrong(name, "not-an-object", '应为 {"type": "object", "properties": {…}}。')]
    if "$ref" in str(schema) or "$dynamicRef" in str(schema):
        return [_wrong(name, "reference", "不要引用($ref)别处的定义,请写全。")]
    return [
        FieldError(f"/{name}/properties/{part}"[:200], "untitled", "每一项都要有中文标题(title)。")
        for part, rule in parts.items()
        if not (isinstance(rule, dict) and CHINESE.search(str(rule.get("title", ""))))
    ]


def window_is_one(window: str) -> bool:
    """Whether it names two days that there are."""
    if not WINDOW.fullmatch(window):
        return False
    try:
        for day in window.split("/"):
            date(LEAP, int(day[:2]), int(day[3:]))
    except ValueError:
        return False
    return True


def _wrong(name: str, code: str, detail: str) -> FieldError:
    return FieldError(f"/{name}", code, detail)


class Change(msgspec.Struct, frozen=True):
    """One field that becomes another."""

    field: str
    title: str
    old: Any
    new: Any


def changes(before: Content | None, after: Content) -> list[Change]:
    """What the next version changes; of a wholly new offering all that it says."""
    found = [
        Change(name, TITLES[name], getattr(before, name, None), getattr(after, name))
        for name in FIELDS
    ]
    if before is None:
        return [each for each in found if each.new not in (None, [], {}, False, 0)]
    return [each for each in found if each.old != each.new]
