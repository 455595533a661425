"""Who an offering is for (guide.md 3.1, 3.3): the rule that needs only the version."""

from typing import Literal

from service.offerings.models import OfferingVersion

Reason = Literal["category", "beneficiary"]


def why_not(version: OfferingVersion, category: int, beneficiary: str = "holder") -> Reason | None:
    """Why a holder of this category may not have it for this person, or None where they may."""
    if category not in version.categories:
        return "category"
    if beneficiary not in version.beneficiaries:
        return "beneficiary"
    return None
