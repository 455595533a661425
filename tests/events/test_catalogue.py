"""The events themselves: names by a grammar, ids and codes only (events.md 1.3, 2.2)."""

import re
from datetime import UTC, date, datetime
from typing import Any, get_args, get_type_hints
from uuid import UUID

import pytest

from events import catalogue
from events.base import Event, type_of
from events.catalogue import EVENTS

PAST = {
    "card": "issued suspended reinstated replaced renewed revoked expired",
    "benefit": "redeemed",
    "request": "submitted offered withdrawn_offer accepted bounced correction_asked"
    " correction_answered publicity_began publicity_ended progressed completed withdrawn"
    " expired ruled",
    "deadline": "warned breached recomputed",
    "rating": "given called_back rectified ruled",
}
NAMED_BY_THE_CONTRACT = {
    f"hck.{thing}.{word}.v1" for thing, words in PAST.items() for word in words.split()
}
PLAIN = (str, int, bool, UUID, date, datetime, type(None), tuple)
PERSONAL = re.compile(r"name|phone|id_number|address|text|comment|note|opinion|email|birth")


def test_the_contract_s_events_are_there() -> None:
    assert set(EVENTS) >= NAMED_BY_THE_CONTRACT


@pytest.mark.parametrize("name", sorted(EVENTS))
def test_a_name_is_thing_past_and_version(name: str) -> None:
    assert re.fullmatch(r"hck\.[a-z_]+\.[a-z_]+\.v[1-9]", name)


@pytest.mark.parametrize("kind", EVENTS.values(), ids=lambda kind: kind.__name__)
def test_an_event_holds_ids_and_codes_only(kind: type[Event]) -> None:
    for member, hint in get_type_hints(kind).items():
        if member == "thing":
            continue
        assert not PERSONAL.search(member), member
        for part in get_args(hint) or (hint,):
            if part is not Ellipsis:
                assert part in PLAIN or getattr(part, "__origin__", None) is tuple, (member, part)


def example(kind: type[Event]) -> Event:
    values: dict[str, Any] = {}
    for member, hint in get_type_hints(kind).items():
        first = (get_args(hint) or (hint,))[0]
        made: dict[Any, Any] = {
            str: "x", int: 1, bool: True, UUID: UUID(int=7), date: date(2026, 3, 2),
            datetime: datetime(2026, 3, 2, 9, tzinfo=UTC),
        }  # fmt: skip
        if member != "thing":
            values[member] = (made.get(first, "x"),) if "tuple" in str(hint) else made[first]
    return kind(**values)


@pytest.mark.parametrize("kind", EVENTS.values(), ids=lambda kind: kind.__name__)
def test_an_event_is_read_back_as_it_was_written(kind: type[Event]) -> None:
    event = example(kind)
    assert catalogue.read(type_of(event), catalogue.data_of(event)) == event
    assert re.fullmatch(r"[a-z-]+/.+", event.subject)
