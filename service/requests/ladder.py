"""Which rungs each leg's clock has: data of this room (time.md E1).

`lapse` and `expire` are rungs that act instead of warning: the grace after the breach of an offer
(L2) is the number of working minutes in the table, none as shipped.
"""

import csv
from collections.abc import Mapping
from pathlib import Path

from service.worktime.rungs import Rung

FILE = Path(__file__).parent / "data" / "ladder.tsv"

ACTING = ("lapse", "expire")
"""Rungs that call the request's own verbs, handed in by the timers; they are no events."""


def read(text: str) -> dict[str, tuple[Rung, ...]]:
    """The rungs of each leg, in order, from rows `leg, rung, falls`."""
    found: dict[str, list[Rung]] = {}
    for row in csv.DictReader(text.splitlines(), delimiter="\t"):
        found.setdefault(row["leg"], []).append(Rung(row["rung"], row["falls"]))
    return {leg: tuple(rungs) for leg, rungs in found.items()}


LADDER: Mapping[str, tuple[Rung, ...]] = read(FILE.read_text(encoding="utf-8"))
