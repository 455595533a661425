"""The kinds of 卡务 as data: who opens, who decides, how soon, and what follows.

`data/matters.tsv`. `level` is that of the window that decides: `city` and `province` as they are
called (a provincial unit's card goes to the province either way), `card` the place of the card,
`unit` the level of the new unit. `told`: whether the holder reads of it. `basis` says whether the
rule is the policy's (P) or ours until officials say otherwise (A).
"""

import csv
from collections.abc import Collection, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Literal

import msgspec

from service.auth.callers import Role

DATA = Path(__file__).parent / "data" / "matters.tsv"
KindName = Literal["renewal", "revocation", "leaving", "unit_change", "death", "replacement"]
StateName = Literal["open", "agreed", "declined", "withdrawn"]
STATES: Mapping[str, str] = {
    "open": "办理中", "agreed": "已同意", "declined": "未同意", "withdrawn": "已终止",
}  # fmt: skip
BADGES: Mapping[str, str] = {"open": "warn", "agreed": "good", "declined": "bad"}


class Opener(StrEnum):
    """As whom somebody brings a matter up."""

    HOLDER = "holder"
    UNIT_MANAGER = "unit_manager"
    UNIT_SPECIALIST = "unit_specialist"
    STEWARD = "steward"
    WINDOW = "window"


ROLE_OF: Mapping[Opener, Role] = {
    Opener.HOLDER: Role.TALENT,
    Opener.UNIT_MANAGER: Role.UNIT_MANAGER,
    Opener.UNIT_SPECIALIST: Role.UNIT_SPECIALIST,
    Opener.STEWARD: Role.STEWARD,
    Opener.WINDOW: Role.REVIEWER,
}


class Kind(msgspec.Struct, frozen=True):
    """One kind of matter."""

    kind: str
    title_zh: str
    opened_by: tuple[Opener, ...]
    level: str
    workdays: int
    states: tuple[str, ...]
    follows: str
    statement: bool
    told: bool
    basis: str

    def opens(self, hands: Collection[Opener]) -> bool:
        """Whether such hands may bring it up."""
        return not set(self.opened_by).isdisjoint(hands)

    @property
    def ends(self) -> bool:
        """Whether agreeing ends the card for good."""
        return self.follows == "revoke"


def read(content: str) -> dict[str, Kind]:
    """The kinds of a table, in order."""
    rows = csv.DictReader(content.splitlines(), delimiter="\t")
    return {
        row["kind"]: Kind(
            kind=row["kind"],
            title_zh=row["title_zh"],
            opened_by=tuple(Opener(each) for each in row["opened_by"].split(",")),
            level=row["level"],
            workdays=int(row["workdays"]),
            states=tuple(row["states"].split(",")),
            follows=row["follows"],
            statement=row["statement"] == "yes",
            told=row["told"] == "yes",
            basis=row["basis"],
        )
        for row in rows
    }


KINDS: Mapping[str, Kind] = read(DATA.read_text(encoding="utf-8"))
TITLES: Mapping[str, str] = {each.kind: each.title_zh for each in KINDS.values()}
UNTOLD = tuple(each.kind for each in KINDS.values() if not each.told)
"""Kinds of which the holder's own account never reads."""
