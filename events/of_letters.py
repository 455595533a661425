"""What people do with a dead letter."""

from uuid import UUID

from events.base import Event


class OfLetter(Event, frozen=True, kw_only=True):
    """Happened to an event that a consumer could not take."""

    letter_id: UUID
    event_id: UUID
    consumer: str

    @property
    def subject(self) -> str:
        """The dead letter."""
        return f"dead-letters/{self.letter_id}"


class LetterRetried(OfLetter, frozen=True, kw_only=True, tag="hck.dead_letter.retried.v1"):
    """It is to be tried again."""


class LetterDropped(OfLetter, frozen=True, kw_only=True, tag="hck.dead_letter.dropped.v1"):
    """The consumer passes it over; its effect was not had."""
