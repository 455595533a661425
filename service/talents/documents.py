"""身份证件: the numbers that people are known by, each kind with its own rules (guide.md 7.5)."""

import re
from datetime import date
from typing import Literal, NamedTuple

from stdnum.cn import ric
from stdnum.exceptions import InvalidChecksum, InvalidFormat, ValidationError

from service.problems import FieldError

RESIDENT: Literal["resident_id"] = "resident_id"
IdKind = Literal["resident_id", "passport", "hmt_permit", "hmt_residence", "foreign_pr"]

EIGHTEEN = re.compile(r"[1-9][0-9]{16}[0-9X]")
OF_RESIDENTS = re.compile(r"[1-7]")
OF_HMT = re.compile(r"8[1-3]")
OLD_FOREIGN_PR = re.compile(r"[A-Z]{3}[0-9]{12}")
HMT_PERMIT = re.compile(r"[HM][0-9]{8}(?:[0-9]{2})?|[0-9]{8}(?:[0-9]{2})?")
"""往来内地通行证: H or M and 8 digits (with two more for the issue), from Taiwan 8 digits."""
PASSPORT = re.compile(r"(?=.*[0-9])[A-Z0-9]{5,17}")

TITLES: dict[str, str] = {
    "resident_id": "居民身份证",
    "hmt_residence": "港澳台居民居住证",
    "foreign_pr": "外国人永久居留身份证",
    "hmt_permit": "往来内地(大陆)通行证",
    "passport": "护照",
}
SAYS: dict[str, str] = {
    "resident_id": "居民身份证号码不对,请核对 18 位号码和校验位。",
    "hmt_residence": "港澳台居民居住证号码不对,应为 81、82、83 开头的 18 位,请核对校验位。",
    "foreign_pr": "外国人永久居留身份证号码不对,应为 9 开头的 18 位,或旧版 3 个字母加 12 位数字。",
    "hmt_permit": "通行证号码不对,港澳为 H 或 M 加 8 位数字,台湾为 8 位数字。",
    "passport": "护照号码不对,应为 5–17 位字母和数字,至少有一个数字。",
}


class Document(NamedTuple):
    """A document's number in one form, with the birthday that it says or that was given."""

    kind: str
    number: str
    born_on: date | None


def check(kind: str, number: str, born_on: date | None) -> Document | list[FieldError]:
    """The document, or what is wrong with it; pointers name the member alone.

    Spaces are dropped and letters raised. A number of 18 digits says the birthday itself (GB
    11643 and its kin); for every other kind it has to be given.
    """
    plain = re.sub(r"\s", "", number).upper()
    try:
        said = _birthday(kind, plain)
    except ValidationError:
        return [FieldError("id_number", "invalid", SAYS[kind])]
    if said is None and born_on is None:
        return [FieldError("born_on", "invalid", "此类证件须另填出生日期。")]
    return Document(kind, plain, said or born_on)


def _birthday(kind: str, number: str) -> date | None:
    """The birthday in the number, None where it has none; raises ValidationError."""
    match kind:
        case "resident_id":
            return _of_eighteen(number, OF_RESIDENTS)
        case "hmt_residence":
            return _of_eighteen(number, OF_HMT)
        case "foreign_pr" if number.startswith("9"):
            return _of_eighteen(number, re.compile("9"))
        case "foreign_pr":
            form = OLD_FOREIGN_PR
        case "hmt_permit":
            form = HMT_PERMIT
        case _:
            form = PASSPORT
    if not form.fullmatch(number):
        raise InvalidFormat
    return None


def _of_eighteen(number: str, begins: re.Pattern[str]) -> date:
    """Not `ric.validate`: it refuses places that had no such code in the year of birth, though the
    code is that of the place and time where the number was given.
    """
    if not EIGHTEEN.fullmatch(number) or not begins.match(number):
        raise InvalidFormat
    if number[-1] != ric.calc_check_digit(number):
        raise InvalidChecksum
    born_on: date = ric.get_birth_date(number)
    return born_on
