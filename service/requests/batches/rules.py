"""The order of a batch: published keys, then a draw that anybody can recompute (ADR 0022). Pure.

Every key of the rule turns one fact of a request into a whole number; the smaller comes first.
Where all keys are equal the draw decides: HMAC-SHA256 of the request's id under the batch's seed,
whose SHA-256 was published before anybody could join.
"""

import hashlib
import hmac
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec

Fact = int | str | bool | None
"""What a key reads: a number, a date or a choice as text, yes or no; None where nothing is said."""

TITLES: Mapping[str, str] = {
    "tier": "人才卡类别(类别数字小者在前)",
    "card_since": "惠才卡签发日期(早者在前)",
    "waiting_since": "进入轮候日期(早者在前)",
    "people": "一并受益的家庭成员数(多者在前)",
}
"""Keys that the request and its card answer, and what they are called unless said otherwise."""
DESCENDING = ("people",)
NOTHING_SAID = 10**9
"""Comes after everything that is said, in either direction."""

Value = Annotated[str, msgspec.Meta(min_length=1, max_length=60)]


class Key(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One line of the rule. `form`: by the member `field` of the form, the smaller (earlier, no)
    first, or `largest_first`; of a choice the one that stands earlier in `values` first."""

    key: Literal["tier", "card_since", "waiting_since", "people", "form"]
    field: Annotated[str, msgspec.Meta(max_length=60)] = ""
    title: Annotated[str, msgspec.Meta(max_length=60)] = ""
    largest_first: bool = False
    values: Annotated[tuple[Value, ...], msgspec.Meta(max_length=30)] = ()

    @property
    def name(self) -> str:
        """What names the fact: the form's member, or the key itself."""
        return self.field if self.key == "form" else self.key


class Standing(msgspec.Struct, frozen=True):
    """One request as the rule sees it; `facts` are by the names of the rule's keys."""

    request_id: UUID
    group: str
    facts: Mapping[str, Fact]


def measure(key: Key, fact: Fact) -> int:
    """The fact as a whole number, the smaller the better."""
    found = _number(key, fact)
    if found is None:
        return NOTHING_SAID
    return -found if key.largest_first or key.key in DESCENDING else found


def _number(key: Key, fact: Fact) -> int | None:
    if key.values:
        return key.values.index(fact) if fact in key.values else None
    match fact:
        case bool() | int():
            return int(fact)
        case str():
            try:
                return date.fromisoformat(fact).toordinal()
            except ValueError:
                return None
    return None


def commitment(seed: str) -> str:
    """What is published before the closing: `printf %s SEED | sha256sum`."""
    return hashlib.sha256(seed.encode()).hexdigest()


def draw(seed: str, request_id: UUID) -> str:
    """The lot of a request, the smaller first: HMAC-SHA256 of its id, the seed's octets the key."""
    return hmac.new(bytes.fromhex(seed), str(request_id).encode(), hashlib.sha256).hexdigest()


def order(rule: Sequence[Key], seed: str, standing: Sequence[Standing]) -> list[Standing]:
    """First to last, whatever order they come in."""

    def place(each: Standing) -> tuple[Any, ...]:
        keys = (measure(key, each.facts.get(key.name)) for key in rule)
        return (*keys, draw(seed, each.request_id), str(each.request_id))

    return sorted(standing, key=place)


def ranked(rule: Sequence[Key], seed: str, standing: Sequence[Standing]) -> dict[UUID, int]:
    """The place of each in its own group, from 1."""
    places: dict[UUID, int] = {}
    reached: dict[str, int] = {}
    for each in order(rule, seed, standing):
        reached[each.group] = reached.get(each.group, 0) + 1
        places[each.request_id] = reached[each.group]
    return places


class Queued(msgspec.Struct, frozen=True):
    """Somebody who waits for a place of a group, at a rank of it."""

    entry_id: UUID
    group: str
    rank: int


def next_in_line(
    quotas: Mapping[str, int], used: Collection[tuple[str, int]], queue: Iterable[Queued]
) -> list[tuple[UUID, int]]:
    """Who is offered which of the free places, by number: in each group the first of the list."""
    free = {
        group: [seat for seat in range(1, places + 1) if (group, seat) not in used]
        for group, places in quotas.items()
    }
    found = []
    for each in sorted(queue, key=lambda one: (one.group, one.rank)):
        if seats := free.get(each.group):
            found.append((each.entry_id, seats.pop(0)))
    return found


def is_tie(rule: Sequence[Key], one: Standing, other: Standing) -> bool:
    """Whether only the draw tells them apart."""
    return all(
        measure(key, one.facts.get(key.name)) == measure(key, other.facts.get(key.name))
        for key in rule
    )
