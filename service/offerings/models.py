"""Rows of 服务事项."""

import re
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, ForeignKey, Index, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from service.db import Base

CODE = re.compile(r"[A-Z0-9-]{1,16}")
"""An offering's code: `HO-01`."""
TABLE, EDITOR, MERGED = "table", "editor", "merged"
"""Where a version comes from: the officials' catalogue, the editor, or a row of the catalogue that
changed under an edited version, of which what the catalogue has no columns for stays."""


class Offering(Base):
    """服务事项: its code; everything else is in its versions."""

    __tablename__ = "offerings"
    code: Mapped[str] = mapped_column(primary_key=True)
    created_at: Mapped[datetime]


class OfferingVersion(Base):
    """What an offering promises from one day on; a request keeps the version it began under.

    Times: `accept_hours` in working hours (60 working minutes each), `*_wd` in working days. From
    `stopped_on` on nobody can ask for it; `stop_note` says what to do, `instead` names another.
    `partner_fields` are the shared fields that a partner (by its id) gets, where it gets fewer.
    """

    __tablename__ = "offering_versions"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(ForeignKey("offerings.code"))
    version: Mapped[int]
    valid_from: Mapped[date]
    name_zh: Mapped[str]
    name_en: Mapped[str]
    sector: Mapped[str]
    mode: Mapped[str]
    department: Mapped[str]
    accept_hours: Mapped[int | None]
    first_review_wd: Mapped[int | None]
    complete_wd: Mapped[int | None]
    correction_wd: Mapped[int | None]
    publicity_wd: Mapped[int | None]
    categories: Mapped[list[Any]]
    beneficiaries: Mapped[list[str]]
    annual_limit: Mapped[int | None]
    unit: Mapped[str]
    companions_max: Mapped[int]
    low_value: Mapped[bool]
    materials: Mapped[list[str]]
    window: Mapped[str | None]
    exclusive_with: Mapped[str | None]
    basis: Mapped[str]
    policy_text: Mapped[str]
    policy_source: Mapped[str]
    # JSON, not JSONB, which would forget in which order people fill a form in.
    form_schema: Mapped[dict[str, Any]] = mapped_column(JSON)
    result_schema: Mapped[dict[str, Any]] = mapped_column(JSON)
    shared_fields: Mapped[list[str]]
    # Whether an agency may give its places by batches; a request joins the one that is open.
    batched: Mapped[bool] = mapped_column(default=False, server_default=false())
    partner_fields: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
    stopped_on: Mapped[date | None]
    stop_note: Mapped[str | None]
    instead: Mapped[str | None] = mapped_column(ForeignKey("offerings.code"))
    search_text: Mapped[str]
    published_at: Mapped[datetime]
    source: Mapped[str] = mapped_column(default=TABLE, server_default=TABLE)

    __table_args__ = (
        UniqueConstraint("code", "version"),
        Index("ix_offering_versions_valid", "code", "valid_from"),
    )

    def has_stopped(self, on: date) -> bool:
        """Whether nobody can ask for it any more on that day."""
        return self.stopped_on is not None and self.stopped_on <= on

    def fields_for(self, partner_id: UUID | None) -> list[str]:
        """Which members of a form leave to this partner: the shared ones, or fewer."""
        narrowed = self.partner_fields or {}
        own = narrowed.get(str(partner_id), self.shared_fields)
        return [name for name in self.shared_fields if name in own]
