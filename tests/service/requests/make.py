"""Rows of a request for tests of rules: no database."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from service.requests.models import Request
from service.requests.states import State

NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)


def request(state: State = State.SUBMITTED, **given: Any) -> Request:
    """A request as its form was filled in, in any state."""
    plain: dict[str, Any] = {
        "id": uuid4(),
        "number": "SQ-20260302-00000000-X",
        "person_id": uuid4(),
        "offering": "HO-01",
        "region": "370102",
        "form": {},
        "files": [],
        "state": state,
        "partner_id": None if state in (State.SUBMITTED, State.ROUTING) else uuid4(),
        "bounces": 0,
        "revision": 1,
    }
    return Request(**(plain | given))


def partner_of(row: Request) -> UUID:
    """The partner that has it."""
    assert row.partner_id is not None
    return row.partner_id
