"""Who listens to what. Every event is a key; one that nobody hears has `()`."""

from typing import Any

from dramatiq import Actor

from events import catalogue as e
from events.base import Event
from workers import erasing, facts, notices, paces, routing

HEARD: dict[str, tuple[Actor[Any, Any], tuple[type[Event], ...]]] = {
    "routing.route": (routing.route, routing.UNPLACED),
    "facts.count": (facts.count, facts.COUNTED),
    "notices.tell": (notices.tell, notices.TOLD),
    "paces.note": (paces.note, paces.ENDS),
    "erasing.erase": (erasing.erase, erasing.ENDS),
}
"""Each consumer by the name under which the inbox knows it: its actor and what it listens to."""

SUBSCRIBERS: dict[type[Event], tuple[Actor[Any, Any], ...]] = {
    kind: tuple(actor for actor, kinds in HEARD.values() if kind in kinds)
    for kind in e.EVENTS.values()
}

CONSUMERS: dict[str, Actor[Any, Any]] = {name: actor for name, (actor, _) in HEARD.items()}
"""The actors by the name under which the inbox knows them."""

PACKED: set[Actor[Any, Any]] = {facts.count, notices.tell}
"""Actors whose message may name many subjects, done in one transaction (docs/adr/0024)."""
