"""What an event is: small, frozen, ids and codes only (events.md 1.3)."""

from typing import ClassVar
from uuid import UUID

import msgspec


class Event(msgspec.Struct, frozen=True, kw_only=True, tag_field="type"):
    """One fact. Its tag is its public name; `subject` is the thing that it happened to."""

    thing: ClassVar[str] = ""

    @property
    def subject(self) -> str:
        """`requests/<id>`: one subject's events are in order (events.md 1.4)."""
        raise NotImplementedError

    @property
    def concerns(self) -> UUID | None:
        """The partner whose feed shows this event, if any (events.md 3.1)."""
        return None


def type_of(event: Event | type[Event]) -> str:
    """The public name: `hck.request.accepted.v1`."""
    return str(event.__struct_config__.tag)
