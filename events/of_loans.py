"""What happens to a loan that a bank granted (guide.md 5). Sums stay in the loan's own row."""

from uuid import UUID

from events.base import Event


class OfLoan(Event, frozen=True, kw_only=True):
    """Happened to a loan; its bank's feed shows it."""

    loan_id: UUID
    request_id: UUID
    offering: str
    bank_id: UUID

    @property
    def subject(self) -> str:
        """The loan."""
        return f"loans/{self.loan_id}"

    @property
    def concerns(self) -> UUID | None:
        """The bank."""
        return self.bank_id


class LoanGranted(OfLoan, frozen=True, kw_only=True, tag="hck.loan.granted.v1"):
    """A credit line within the caps of its talent or enterprise."""


class LoanDrawn(OfLoan, frozen=True, kw_only=True, tag="hck.loan.drawn.v1"):
    """Money was paid out on it."""


class LoanReported(OfLoan, frozen=True, kw_only=True, tag="hck.loan.reported.v1"):
    """The bank said what is owed on it."""


class LoanClosed(OfLoan, frozen=True, kw_only=True, tag="hck.loan.closed.v1"):
    """Paid back or given up: it counts against no cap any more."""
