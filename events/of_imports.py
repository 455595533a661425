"""What happens to a table of holders that is imported."""

from uuid import UUID

from events.base import Event


class ImportApplied(Event, frozen=True, kw_only=True, tag="hck.import.applied.v1"):
    """Every line of a table became a card, in one transaction."""

    import_id: UUID
    cards: int

    @property
    def subject(self) -> str:
        """The import."""
        return f"imports/{self.import_id}"
