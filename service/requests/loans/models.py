"""A loan's row and its rules: never more drawn than granted, never more owed than drawn."""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Numeric, text
from sqlalchemy.orm import Mapped, mapped_column

from events.of_loans import LoanClosed, LoanDrawn, LoanGranted, LoanReported, OfLoan
from service.db import Base
from service.problems import FieldError, InvalidBody, WrongState

TALENT, ENTERPRISE = "talent", "enterprise"


class Loan(Base):
    """One grant of one bank. Sums in 分; rate and term as decided, empty where the decision did not
    say. It counts against its cap until `closed_at`."""

    __tablename__ = "loans"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    request_id: Mapped[UUID] = mapped_column(ForeignKey("requests.id"), unique=True)
    offering: Mapped[str]
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"))
    bank_id: Mapped[UUID] = mapped_column(ForeignKey("partners.id"), index=True)
    region: Mapped[str]
    borrower: Mapped[str]
    enterprise_uscc: Mapped[str | None]
    granted: Mapped[int] = mapped_column(BigInteger)
    drawn: Mapped[int] = mapped_column(BigInteger)
    balance: Mapped[int] = mapped_column(BigInteger)
    balance_on: Mapped[date | None]
    annual_rate_percent: Mapped[Decimal | None] = mapped_column(Numeric(6, 4))
    term_months: Mapped[int | None]
    compensation_pct: Mapped[int]
    granted_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    revision: Mapped[int] = mapped_column()
    __mapper_args__ = {"version_id_col": revision}

    __table_args__ = (
        CheckConstraint("0 <= balance AND balance <= drawn AND drawn <= granted", name="sums"),
        CheckConstraint("borrower <> 'enterprise' OR enterprise_uscc IS NOT NULL", name="whose"),
        Index("ix_loans_person", "person_id", postgresql_where=text("closed_at IS NULL")),
        Index("ix_loans_enterprise", "enterprise_uscc", postgresql_where=text("closed_at IS NULL")),
    )

    @property
    def allowed(self) -> list[str]:
        """The acts open to its bank."""
        return [] if self.closed_at else ["close", "draw", "report"]

    def check(self, act: str) -> None:
        """Raises WrongState on a loan that is closed."""
        if act not in self.allowed:
            raise WrongState("closed", self.allowed)

    def grant(self) -> OfLoan:
        """What a new one tells."""
        return self._event(LoanGranted)

    def draw(self, fen: int) -> OfLoan:
        """Money paid out. Raises WrongState, InvalidBody."""
        self.check("draw")
        if fen <= 0 or self.drawn + fen > self.granted:
            advice = "累计放款不能超过授信金额,请核对。"
            raise InvalidBody(FieldError("/amount_yuan", "over-grant", advice))
        self.drawn += fen
        self.balance += fen
        return self._event(LoanDrawn)

    def report(self, fen: int, on: date, today: date) -> OfLoan:
        """What is owed at the end of a day. Raises WrongState, InvalidBody."""
        self.check("report")
        if fen > self.drawn:
            advice = "余额不能超过累计放款,请核对。"
            raise InvalidBody(FieldError("/balance_yuan", "over-drawn", advice))
        if on > today or (self.balance_on is not None and on < self.balance_on):
            advice = "余额日期不能晚于今天,也不能早于上次报告的日期。"
            raise InvalidBody(FieldError("/on", "out-of-order", advice))
        self.balance, self.balance_on = fen, on
        return self._event(LoanReported)

    def close(self, now: datetime) -> OfLoan:
        """Paid back, or the rest of the line given up. Raises WrongState, InvalidBody."""
        self.check("close")
        if self.balance:
            advice = "还有余额,请先报告余额为 0 再结清。"
            raise InvalidBody(FieldError("/balance_yuan", "not-paid-back", advice))
        self.closed_at = now
        return self._event(LoanClosed)

    def _event(self, kind: type[OfLoan]) -> OfLoan:
        return kind(
            loan_id=self.id, request_id=self.request_id, offering=self.offering,
            bank_id=self.bank_id,
        )  # fmt: skip
