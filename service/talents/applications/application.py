"""卡申请: the row and its rules. Which steps there are and who holds them is data (steps.py)."""

from collections.abc import Collection
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, false
from sqlalchemy.orm import Mapped, mapped_column

from events import of_applications as happened
from events.of_applications import OfApplication
from service.db import Base
from service.problems import WrongState
from service.talents.applications import steps

EVENTS: dict[str, type[OfApplication]] = {
    "draft": happened.ApplicationDrafted,
    "unit_assign": happened.ApplicationAtUnitAssign,
    "unit_complete": happened.ApplicationAtUnitComplete,
    "unit_endorse": happened.ApplicationAtUnitEndorse,
    "county_review": happened.ApplicationAtCountyReview,
    "city_review": happened.ApplicationAtCityReview,
    "province_review": happened.ApplicationAtProvinceReview,
    "office_consent": happened.ApplicationAtOfficeConsent,
    "issuing": happened.ApplicationIssuing,
    "issued": happened.ApplicationIssued,
    "returned": happened.ApplicationReturned,
    "rejected": happened.ApplicationRejected,
    "withdrawn": happened.ApplicationWithdrawn,
}


class Application(Base):
    """One person's application for a card, from draft to issued (api.md 3.3).

    `by_quota`: on the place of its enterprise rather than before the panel (guide.md 2.2).
    `path` is the list of steps that this one goes through, fixed when it is submitted.
    `return_to` is the step that it left when returned, rejected or withdrawn: a returned one comes
    back to it once mended at `mend_at`.
    `since` is when the clock of the step began that it is at, or that it will come back to, and
    `pauses` are when it was away being mended; `due_at` is when whoever must act should have acted
    (clocks.py reckons it), empty where nobody must.
    """

    __tablename__ = "card_applications"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"), index=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"), index=True)
    unit_id: Mapped[UUID] = mapped_column(ForeignKey("units.id"), index=True)
    category: Mapped[int]
    region: Mapped[str]
    contract_until: Mapped[date | None]
    management_until: Mapped[date | None]
    evidence: Mapped[list[Any]]
    by_quota: Mapped[bool] = mapped_column(default=False, server_default=false())
    step: Mapped[str]
    path: Mapped[list[str]]
    return_to: Mapped[str | None]
    mend_at: Mapped[str | None]
    specialist_id: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id"), index=True)
    created_at: Mapped[datetime]
    step_since: Mapped[datetime]
    since: Mapped[datetime | None]
    pauses: Mapped[list[Any]] = mapped_column(server_default="[]", default=list)
    due_at: Mapped[datetime | None]
    calendar_version: Mapped[int] = mapped_column(default=1, server_default="1")
    generation: Mapped[int] = mapped_column(default=1, server_default="1")
    revision: Mapped[int] = mapped_column()
    __mapper_args__ = {"version_id_col": revision}

    __table_args__ = (
        Index("ix_card_applications_step", "step", "region", "id"),
        Index("ix_card_applications_due_at", "due_at", "id"),
    )

    @property
    def at(self) -> str:
        """The step whose holder must act: where it is returned, the one that mends."""
        return self.mend_at if self.step == steps.RETURNED and self.mend_at else self.step

    @property
    def reached(self) -> str:
        """How far it has come, wherever it lies now."""
        return self.return_to or self.step

    @property
    def open(self) -> bool:
        """Whether somebody still has to act."""
        return self.step not in steps.ENDED

    @property
    def has_specialist(self) -> bool:
        """Whether a specialist of the unit looks after it, who may be replaced while it is open."""
        return self.open and self.specialist_id is not None

    def acts(self, held: Collection[str], *, own: bool) -> list[str]:
        """The acts open to somebody who holds the steps `held`; its talent may withdraw too."""
        found: list[str] = []
        if self.open and self.at in held:
            step = steps.STEPS[self.at]
            # What is mended goes back by `submit`, whoever mends it.
            mends = {"submit", *({"patch"} & {*step.acts})}
            found += mends if self.step == steps.RETURNED else step.acts
        if own and self.open:
            found.append("withdraw")
        return sorted(found)

    def check(self, act: str, allowed: Collection[str]) -> None:
        """Raises WrongState where the act is not among those open to the caller."""
        if act not in allowed:
            raise WrongState(self.step, list(allowed))

    def drafted(self) -> OfApplication:
        """What a new one tells."""
        return self._event()

    def submit(self, path: list[str], now: datetime) -> OfApplication:
        """Hand on: a new one begins its path, a mended one goes back to who returned it."""
        if self.step == steps.RETURNED and self.return_to:
            step, self.return_to, self.mend_at = self.return_to, None, None
            # Back with the rest of its time: being mended was a pause (time.md P3).
            self.pauses = [*self.pauses[:-1], [*self.pauses[-1][:1], now]] if self.pauses else []
            return self._move(step, now)
        if self.step == steps.DRAFT:
            self.path = path
        return self._onward(now)

    def assign(self, specialist_id: UUID, now: datetime) -> OfApplication:
        """The unit's manager names who completes it."""
        self.specialist_id = specialist_id
        return self._onward(now)

    def reassign(self, specialist_id: UUID) -> OfApplication:
        """The unit's manager names another specialist; the time runs on."""
        self.specialist_id = specialist_id
        return happened.ApplicationReassigned(application_id=self.id, category=self.category)

    def pass_(self, now: datetime) -> OfApplication:
        """On to the next step; `issuing` after the last."""
        return self._onward(now)

    def return_(self, mend_at: str, now: datetime) -> OfApplication:
        """Back to whoever must mend it (guide.md 2.3)."""
        self.return_to, self.mend_at = self.step, mend_at
        self.pauses = [*self.pauses, [now]]
        return self._move(steps.RETURNED, now, returned_to=mend_at)

    def end(self, how: str, now: datetime) -> OfApplication:
        """Rejected, or withdrawn by its talent."""
        self.return_to, self.mend_at = self.reached, None
        return self._move(how, now)

    def issued(self, now: datetime) -> OfApplication:
        """The card exists."""
        return self._move(steps.ISSUED, now)

    def _onward(self, now: datetime) -> OfApplication:
        self.since, self.pauses = now, []
        return self._move(self.path[self.path.index(self.step) + 1], now)

    def _move(self, step: str, now: datetime, returned_to: str | None = None) -> OfApplication:
        self.step, self.step_since = step, now
        return self._event(returned_to)

    def _event(self, returned_to: str | None = None) -> OfApplication:
        return EVENTS[self.step](
            application_id=self.id, category=self.category, returned_to=returned_to
        )
