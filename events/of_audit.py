"""What happens to the log itself: a day is sealed, somebody takes a copy of it."""

from datetime import date

from events.base import Event


class OfDay(Event, frozen=True, kw_only=True):
    """Happened to a day of the log (Asia/Shanghai)."""

    day: date

    @property
    def subject(self) -> str:
        """The day."""
        return f"audit/{self.day.isoformat()}"


class DaySealed(OfDay, frozen=True, kw_only=True, tag="hck.audit.sealed.v1"):
    """Its events are chained and its hash is signed; from now on no change goes unnoticed."""

    hash: str
    count: int


class DayExported(OfDay, frozen=True, kw_only=True, tag="hck.audit.exported.v1"):
    """An auditor took a copy of the day's events."""
