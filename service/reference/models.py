"""The rows that keep officials' tables."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Mapped, mapped_column

from service.db import Base


class TableVersion(Base):
    """One version of a table that officials may change: regions, categories, tags, loans …

    Rows are kept whole as loaded; the newest version is in force, older ones stay readable.
    """

    __tablename__ = "table_versions"
    name: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    sha256: Mapped[str]
    rows: Mapped[list[Any]]
    loaded_at: Mapped[datetime]
