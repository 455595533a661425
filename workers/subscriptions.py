"""Who listens to what. Every event is a key; one that nobody hears has `()`."""

from typing import Any

from dramatiq import Actor

from events import catalogue as e
from events.base import Event
from workers import routing

SUBSCRIBERS: dict[type[Event], tuple[Actor[Any, Any], ...]] = {
    **dict.fromkeys(e.EVENTS.values(), ()),
    e.RequestSubmitted: (routing.route,),
    e.RequestBounced: (routing.route,),
    e.OfferWithdrawn: (routing.route,),
}

CONSUMERS: dict[str, Actor[Any, Any]] = {
    "routing.route": routing.route,
}
"""The actors by the name under which the inbox knows them."""
