"""The events of one request's life, as a receiver would get them."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from events import feed, of_requests
from events.base import Event, type_of
from events.catalogue import data_of
from service import ids

OFFERING = "HO-01"


def life(partner_id: UUID, now: datetime) -> Iterator[Event]:
    """Offered, accepted, a correction, publicity, completed; and one that is bounced."""
    about: dict[str, Any] = {
        "request_id": ids.new_id(), "offering": OFFERING, "partner_id": partner_id,
    }  # fmt: skip
    due = now + timedelta(days=7)
    yield of_requests.RequestOffered(**about, dispatch_id=ids.new_id(), due_at=due)
    yield of_requests.RequestAccepted(**about, due_at=due)
    yield of_requests.CorrectionAsked(**about, items=1, due_at=due)
    yield of_requests.CorrectionAnswered(**about, due_at=due)
    yield of_requests.PublicityBegan(**about, begins_on=now.date(), ends_on=due.date())
    yield of_requests.PublicityEnded(**about, due_at=due)
    yield of_requests.RequestCompleted(**about, outcome="granted", in_time=True)
    other = {**about, "request_id": ids.new_id()}
    yield of_requests.RequestOffered(**other, dispatch_id=ids.new_id(), due_at=due)
    yield of_requests.RequestBounced(**other, reason="capacity", bounces=1)


def outside(event: Event, sequence: int, now: datetime) -> dict[str, Any]:
    """The CloudEvent of an event that is in no log."""
    return {
        "specversion": "1.0",
        "id": str(ids.new_id()),
        "source": "/hck/370000",
        "type": type_of(event),
        "subject": event.subject,
        "time": now.astimezone(feed.SHANGHAI).isoformat(),
        "datacontenttype": "application/json",
        "sequence": sequence,
        "data": data_of(event),
    }
