from datetime import UTC, datetime
from typing import Any, get_args
from uuid import uuid4

import msgspec
import pytest

from events.base import type_of
from events.catalogue import AnyEvent, read
from events.of_loans import OfLoan
from events.of_requests import MessageSent, RequestOffered, RequestRuled
from service.requests import timeline

OF_REQUEST = [
    each
    for each in get_args(AnyEvent)
    if "request_id" in each.__struct_fields__ and not issubclass(each, OfLoan)
]
"""Events of a request's own story; a loan that came of it has one of its own."""
PLAIN: dict[str, Any] = {
    "UUID": "0195c0de-0000-7000-8000-000000000001",
    "datetime": "2026-03-05T16:00:00Z",
    "date": "2026-03-04",
    "int": 1,
    "str": "assigned",
    "bool": True,
}


def example(kind: Any) -> AnyEvent:
    data = {
        field.name: PLAIN[str(getattr(field.type, "__name__", "str"))]
        for field in msgspec.structs.fields(kind)
        if field.required
    }
    return read(type_of(kind), data)


@pytest.mark.parametrize("kind", OF_REQUEST, ids=lambda kind: kind.__name__)
def test_every_event_of_a_request_has_a_sentence(kind: Any) -> None:
    said = timeline.words(example(kind), "济南市住建局")
    assert said not in ("", "已记录")
    assert "hck." not in said


def test_an_offer_names_the_partner_and_until_when() -> None:
    offered = RequestOffered(
        request_id=uuid4(),
        offering="HO-01",
        dispatch_id=uuid4(),
        due_at=datetime(2026, 3, 4, 3, tzinfo=UTC),
    )
    assert (
        timeline.words(offered, "历下区住建局")
        == "已派送给历下区住建局,应在3月4日(周三)11:00前接件"
    )


def test_rulings_are_told_apart() -> None:
    said = {
        timeline.words(RequestRuled(request_id=uuid4(), offering="HO-01", ruling=ruling), "住建局")
        for ruling in ("opened", "assigned", "ended")
    }
    assert len(said) == 3
    message = MessageSent(request_id=uuid4(), offering="HO-01", message_id=uuid4())
    assert timeline.words(message, "住建局") == "留言"
