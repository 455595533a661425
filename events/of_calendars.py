"""What happens to the calendar: a change drafted, dropped, applied, carried through (time.md 6)."""

from uuid import UUID

from events.base import Event


class OfCalendar(Event, frozen=True, kw_only=True):
    """Happened to a draft of a calendar's change; `kind` is `notice` or `overlay`."""

    draft_id: UUID
    kind: str

    @property
    def subject(self) -> str:
        """The draft."""
        return f"calendar-drafts/{self.draft_id}"


class CalendarDrafted(OfCalendar, frozen=True, kw_only=True, tag="hck.calendar.drafted.v1"):
    """Somebody imported a notice, or a region's days, for another to apply."""


class CalendarDropped(OfCalendar, frozen=True, kw_only=True, tag="hck.calendar.dropped.v1"):
    """It will not be applied."""


class CalendarApplied(OfCalendar, frozen=True, kw_only=True, tag="hck.calendar.applied.v1"):
    """A second person applied it: new clocks go by this version, open ones are recomputed."""

    version: int


class CalendarRecomputed(OfCalendar, frozen=True, kw_only=True, tag="hck.calendar.recomputed.v1"):
    """Every open clock that the change touches has been reckoned anew; `moved` of them moved."""

    version: int
    looked_at: int
    moved: int
