"""The steps of an application, as data: which there are, who holds them, which are skipped.

`data/steps.tsv`, in order. `unit_levels` empty: every unit; `consent` empty: every category.
`decisions` are those that the step's holder may take; `returns_to` mends unless another is named.
`workdays` is the time promised for the step, `mend_workdays` for mending there what was returned;
empty where nobody is on the clock. `batch`: several may be passed at once.
"""

import csv
from collections.abc import Mapping
from pathlib import Path

import msgspec

from service.auth.callers import Role

DATA = Path(__file__).parent / "data" / "steps.tsv"
DRAFT, ISSUING, ISSUED = "draft", "issuing", "issued"
RETURNED, REJECTED, WITHDRAWN = "returned", "rejected", "withdrawn"
ENDED = (ISSUED, REJECTED, WITHDRAWN)
OFF_PATH: Mapping[str, str] = {RETURNED: "已退回待补充", REJECTED: "未通过", WITHDRAWN: "已撤回"}
WHO_MENDS: Mapping[str, str] = {
    "talent": DRAFT,
    "unit_specialist": "unit_complete",
    "unit_manager": "unit_endorse",
}
"""A return may name a step or, as people say it, who must mend."""


class Step(msgspec.Struct, frozen=True):
    """One step; `level` is that of the reviewer's region."""

    step: str
    title_zh: str
    role: Role | None
    level: str
    acts: tuple[str, ...]
    decisions: tuple[str, ...]
    unit_levels: tuple[str, ...]
    consent: str
    returns_to: str
    workdays: int | None
    mend_workdays: int | None
    batch: bool

    def applies(self, unit_level: str, consent: str) -> bool:
        """Whether an application of such a unit and category goes through it (api.md 3.3)."""
        fits = not self.unit_levels or unit_level in self.unit_levels
        return fits and (not self.consent or consent == self.consent)


def _words(text: str) -> tuple[str, ...]:
    return tuple(word for word in text.split(",") if word)


def _number(text: str) -> int | None:
    return int(text) if text else None


def read(content: str) -> dict[str, Step]:
    """The steps of a table, in order."""
    rows = csv.DictReader(content.splitlines(), delimiter="\t")
    return {
        row["step"]: Step(
            step=row["step"],
            title_zh=row["title_zh"],
            role=Role(row["role"]) if row["role"] else None,
            level=row["level"],
            acts=_words(row["acts"]),
            decisions=_words(row["decisions"]),
            unit_levels=_words(row["unit_levels"]),
            consent=row["consent"],
            returns_to=row["returns_to"],
            workdays=_number(row["workdays"]),
            mend_workdays=_number(row["mend_workdays"]),
            batch=row["batch"] == "yes",
        )
        for row in rows
    }


STEPS: Mapping[str, Step] = read(DATA.read_text())
TITLES: Mapping[str, str] = {**{s.step: s.title_zh for s in STEPS.values()}, **OFF_PATH}
ORDER = tuple(STEPS)


def path_of(unit_level: str, consent: str) -> list[str]:
    """The steps of one application: a province's unit has no county review, and so on."""
    return [step.step for step in STEPS.values() if step.applies(unit_level, consent)]


def from_on(step: str) -> tuple[str, ...]:
    """The step and all after it."""
    return ORDER[ORDER.index(step) :]
