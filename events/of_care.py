"""One-to-one: who looks after a holder, and who stands in for whom (guide.md 1, 4)."""

from datetime import date
from uuid import UUID

from events.base import Event
from events.of_cards import OfCard


class StewardSet(Event, frozen=True, kw_only=True, tag="hck.person.steward_set.v1"):
    """A holder has a 服务专员, or another one. `cause`: assigned, handed_over or left."""

    person_id: UUID
    steward_id: UUID
    was_id: UUID | None
    cause: str

    @property
    def subject(self) -> str:
        """The holder."""
        return f"people/{self.person_id}"


class SpecialistSet(OfCard, frozen=True, kw_only=True, tag="hck.card.specialist_set.v1"):
    """A holder has a specialist of their unit, or another one."""

    specialist_id: UUID
    was_id: UUID | None


class OfSteward(Event, frozen=True, kw_only=True):
    """Happened to a 服务专员. `begun`: the absence had begun by then."""

    steward_id: UUID
    absence_id: UUID
    deputy_id: UUID
    until: date
    begun: bool

    @property
    def subject(self) -> str:
        """The steward."""
        return f"stewards/{self.steward_id}"


class AbsenceNoted(OfSteward, frozen=True, kw_only=True, tag="hck.steward.absence_noted.v1"):
    """Will be away, with a deputy named."""


class AbsenceBegan(OfSteward, frozen=True, kw_only=True, tag="hck.steward.absence_began.v1"):
    """Is away from today; the deputy stands in."""


class AbsenceEnded(OfSteward, frozen=True, kw_only=True, tag="hck.steward.absence_ended.v1"):
    """Is back, or will not be away after all."""


class DeputyChanged(OfSteward, frozen=True, kw_only=True, tag="hck.steward.deputy_changed.v1"):
    """Somebody else stands in."""
