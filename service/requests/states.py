"""States of a request and who may do what in each (api.md 5.2, 1.7). A table, no rows."""

from enum import StrEnum


class State(StrEnum):
    """States of api.md 5.2."""

    SUBMITTED = "submitted"
    ROUTING = "routing"
    OFFERED = "offered"
    ACCEPTED = "accepted"
    AWAITING_CORRECTION = "awaiting_correction"
    IN_PUBLICITY = "in_publicity"
    IN_RULING = "in_ruling"
    COMPLETED = "completed"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


ENDED = (State.COMPLETED, State.WITHDRAWN, State.EXPIRED)
OPEN = tuple(state for state in State if state not in ENDED)
UNROUTED = (State.SUBMITTED, State.ROUTING)


class Party(StrEnum):
    """On whose side somebody stands: the steward acts for the holder (guide.md 4)."""

    HOLDER = "holder"
    PARTNER = "partner"
    CENTRE = "centre"


class Stage(StrEnum):
    """How far an accepted request is where its offering has a first review (guide.md 5.1)."""

    FIRST_REVIEW = "first_review"
    DECISION = "decision"


FIRST_REVIEW = "first-review"
"""The act that ends a first review; open during one only."""

ACTS: dict[Party, dict[State, tuple[str, ...]]] = {
    Party.HOLDER: {
        **{state: ("withdraw", "messages") for state in OPEN},
        State.AWAITING_CORRECTION: ("answers", "withdraw", "messages"),
    },
    Party.PARTNER: {
        State.OFFERED: ("accept", "bounce", "messages"),
        State.ACCEPTED: (FIRST_REVIEW, "ask", "publicity", "progress", "complete", "messages"),
        State.AWAITING_CORRECTION: ("progress", "messages"),
        State.IN_PUBLICITY: ("progress", "messages"),
    },
    Party.CENTRE: {State.IN_RULING: ("assign", "end")},
}
"""The acts open to each side, named as in the paths of api.md 5.3, 5.4 and 6.2."""

LIMIT_OF_BOUNCES = 3
"""The third bounce or lapse leads to a ruling (api.md 5.2, time.md L2)."""


class Ended(StrEnum):
    """How an offer to one partner ended."""

    ACCEPTED = "accepted"
    BOUNCED = "bounced"
    LAPSED = "lapsed"
    WITHDRAWN = "withdrawn"


BOUNCES: dict[str, str] = {
    "not_responsible": "不属本单位职责",
    "out_of_region": "不在本单位辖区",
    "no_capacity": "当前无力承接",
    "duplicate": "与已办事项重复",
    "other": "其他原因",
}
"""Why a partner may send a request back; the log keeps the code, never free text."""
