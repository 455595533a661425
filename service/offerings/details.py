"""What the catalogue's table has no columns for: forms, policy texts, units.

Kept as JSON files in `data/`, so that officials change them without code: `policies.json` holds
texts and sources, `forms/<code>.json` the form of one offering, `forms/default.json` everybody
else's.
"""

import json
from pathlib import Path
from typing import Any, TypeVar

import msgspec

DATA = Path(__file__).parent / "data"
TIMES = "times"
"""The unit of a benefit: one redemption is one time."""

Schema = dict[str, Any]
T = TypeVar("T")


class Form(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A form and its answer as JSON Schema 2020-12; only `shared_fields` leave to the partner."""

    form_schema: Schema
    result_schema: Schema
    shared_fields: list[str]


class Policy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an offering is and where that is written; what it counts and how much is at stake.

    `low_value` benefits may be given offline on an older status list (card-token.md 13.2);
    `batched`: its places may be given by batches, with a waiting list; `keywords` are what people
    call it, for the search; `first_review_wd` are the working days of a first review before the
    decision, where it has one (guide.md 5.1).
    """

    text: str
    source: str
    unit: str = TIMES
    low_value: bool = False
    batched: bool = False
    keywords: list[str] = []
    first_review_wd: int | None = None


def form_of(code: str, mode: str) -> Form:
    """The form of an offering; a benefit is redeemed by showing the card and has none."""
    if mode != "case":
        return Form({}, {}, [])
    own = DATA / "forms" / f"{code}.json"
    return _read(own if own.exists() else DATA / "forms" / "default.json", Form)


def policies() -> dict[str, Policy]:
    """Texts and sources by offering."""
    return _read(DATA / "policies.json", dict[str, Policy])


def _read(path: Path, kind: type[T]) -> T:
    return msgspec.convert(json.loads(path.read_text(encoding="utf-8")), kind)
