"""The rows of calendar versions (time.md C3, C4)."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from service.db import Base


class CalendarVersion(Base):
    """One version of the calendar: which versions of the officials' tables it is made of.

    0 stands for a table that was not there yet. Never changed once made, so that a deadline can be
    explained years later by the very days that it was reckoned by. `digest` is of their contents.
    """

    __tablename__ = "calendar_versions"
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    calendar: Mapped[int]
    overlays: Mapped[int]
    hours: Mapped[int]
    notices: Mapped[int]
    digest: Mapped[str]
    made_at: Mapped[datetime]
