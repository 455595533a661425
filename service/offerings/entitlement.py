"""Who an offering is for (guide.md 3.1, 3.3): the rule that needs only the version."""

from collections.abc import Sequence
from typing import Any, Literal, Protocol

Reason = Literal["category", "beneficiary"]


class ForWhom(Protocol):
    """What the rule asks of a version: a row of it, or a counter's copy."""

    @property
    def categories(self) -> Sequence[Any]:
        """The card categories that may have it."""

    @property
    def beneficiaries(self) -> Sequence[str]:
        """Whom it is for, beside or instead of the holder."""


def why_not(version: ForWhom, category: int, beneficiary: str = "holder") -> Reason | None:
    """Why a holder of this category may not have it for this person, or None where they may."""
    if category not in version.categories:
        return "category"
    if beneficiary not in version.beneficiaries:
        return "beneficiary"
    return None
