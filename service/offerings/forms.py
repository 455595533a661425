"""What a holder fills in and a partner answers, checked against the version's schemas (api.md 5.1).

Each error says where (JSON pointer), which rule, and in Chinese what to do. The value itself is
never repeated: it is somebody's personal data.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend

from service.problems import FieldError, InvalidBody

Schema = Mapping[str, Any]

FORMATS = FormatChecker(formats=("date", "email"))
PATENT = re.compile(r"(?:ZL)?([0-9]{8}|[0-9]{12})\.([0-9X])", re.ASCII)


@FORMATS.checks("cn-patent-number")
def is_patent_number(value: object) -> bool:
    """Whether a text is a patent's number with its right check character (ZC 0006-2003): the digits
    weighted 2 to 9 over and over, their sum modulo 11, X for ten."""
    found = PATENT.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        return not isinstance(value, str)
    total = sum(int(digit) * (2 + place % 8) for place, digit in enumerate(found[1]))
    return "0123456789X"[total % 11] == found[2]


MOST_ERRORS = 50

SAID: dict[str, tuple[str, str]] = {
    "type": ("wrong-type", "类型不对,应为{value}。"),
    "enum": ("not-one-of", "请从可选项中选择。"),
    "const": ("not-one-of", "请按要求填写此项。"),
    "minLength": ("too-short", "过短,至少 {value} 个字。"),
    "maxLength": ("too-long", "过长,最多 {value} 个字。"),
    "pattern": ("wrong-form", "格式不符,请按说明填写。"),
    "format": ("wrong-form", "格式不符,应为{value}。"),
    "minimum": ("too-small", "不能小于 {value}。"),
    "maximum": ("too-large", "不能大于 {value}。"),
    "exclusiveMinimum": ("too-small", "应大于 {value}。"),
    "exclusiveMaximum": ("too-large", "应小于 {value}。"),
    "multipleOf": ("wrong-step", "应为 {value} 的整数倍。"),
    "minItems": ("too-few", "至少填 {value} 项。"),
    "maxItems": ("too-many", "最多填 {value} 项。"),
    "uniqueItems": ("repeated", "有重复的项,请去掉。"),
}
NAMES = {
    "string": "文字",
    "integer": "整数",
    "number": "数字",
    "boolean": "是或否",
    "array": "列表",
    "object": "一组内容",
    "date": "日期 YYYY-MM-DD",
    "email": "电子邮箱地址",
    "cn-patent-number": "专利号(含小数点后的校验位,请核对证书)",
}
OTHERWISE = ("invalid", "不符合要求,请按说明填写。")


def _pattern(_: Any, pattern: str, value: Any, schema: Any) -> Iterable[ValidationError]:
    """ECMA-262's `$` is the end; Python's would let a line break follow it."""
    if isinstance(value, str) and not re.search(re.sub(r"\$$", r"\\Z", pattern), value):
        yield ValidationError("pattern")


Validator = extend(Draft202012Validator, {"pattern": _pattern})  # type: ignore[no-untyped-call]


def check_form(schema: Schema, form: Mapping[str, Any]) -> None:
    """The form is what the offering's version asks for; raises InvalidBody under `/form`."""
    _check(schema, form, "/form")


def check_result(schema: Schema, result: Mapping[str, Any]) -> None:
    """The partner's result is what the version promises; raises InvalidBody under `/result`."""
    _check(schema, result, "/result")


def _check(schema: Schema, value: Mapping[str, Any], place: str) -> None:
    validator = Validator(schema, format_checker=FORMATS)
    errors = [said for found in validator.iter_errors(value) for said in _said(found, place)]
    if errors:
        raise InvalidBody(*sorted(errors, key=lambda each: each.pointer)[:MOST_ERRORS])


def _said(found: ValidationError, place: str) -> Iterable[FieldError]:
    pointer = place + "".join(f"/{_step(step)}" for step in found.absolute_path)
    match found.validator:
        case "required":
            yield from _missing(found, pointer)
        case "dependentRequired":
            yield FieldError(pointer, "missing", "还有相关的必填项没有填写。")
        case "additionalProperties" | "unevaluatedProperties":
            yield from _unknown(found, pointer)
        case keyword:
            code, detail = SAID.get(str(keyword), OTHERWISE)
            value = found.validator_value
            yield FieldError(pointer, code, detail.format(value=_shown(value)))


def _missing(found: ValidationError, pointer: str) -> Iterable[FieldError]:
    """One error stands for one missing member, which jsonschema names in its message alone."""
    wanted: Any = found.validator_value
    name = next((n for n in wanted if f"{n!r} is a required property" == found.message), "")
    yield FieldError(f"{pointer}/{_step(name)}", "missing", "请填写此项。")


def _unknown(found: ValidationError, pointer: str) -> Iterable[FieldError]:
    schema: Any = found.schema
    given: Any = found.instance
    for name in sorted(set(given) - set(schema.get("properties", {}))):
        yield FieldError(f"{pointer}/{_step(name)[:60]}", "unknown-member", "没有这一项,请去掉。")


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return "或".join(NAMES.get(str(each), str(each)) for each in value)
    return NAMES.get(str(value), str(value))


def _step(step: Any) -> str:
    """One step of a JSON pointer (RFC 6901)."""
    return str(step).replace("~", "~0").replace("/", "~1")
