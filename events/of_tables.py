"""What happens to the officials' tables."""

from events.base import Event


class TableLoaded(Event, frozen=True, kw_only=True, tag="hck.table.loaded.v1"):
    """Officials loaded a newer table of data."""

    table: str
    version: int
    rows: int

    @property
    def subject(self) -> str:
        """The table."""
        return f"tables/{self.table}"
