"""Bodies and answers of the counters' doors (card-token.md 10, 11, 12.3)."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import msgspec

Shown = Annotated[str, msgspec.Meta(description="扫码枪或相机读到的全部文字")]
Companions = Annotated[int, msgspec.Meta(ge=0, le=1000, description="随行人数")]


class Verify(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Look at a token; naming an offering asks whether it may be given for this token."""

    token: Shown
    service_point: str
    offering: str | None = None


class VerifyNumber(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Look a card up by its number, typed by hand."""

    card_number: str
    service_point: str


class Redeem(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Give one benefit for one token."""

    token: Shown
    offering: str
    service_point: str
    companions: Companions = 0


class Holder(msgspec.Struct, frozen=True, omit_defaults=True):
    """Whose card it is, as far as a counter may know."""

    masked_name: str
    tier: str
    photo_url: str | None = None


class CardState(msgspec.Struct, frozen=True):
    """The card's state now and its last day."""

    status: str
    valid_until: date


class BenefitView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One benefit for this card: whether it may be given, and how much is left of it.

    `left` is null where the offering has no limit; `reason` says why it is not usable.
    """

    offering: str
    name: str
    usable: bool
    reason: str | None = None
    left: int | None
    unit: str
    period: str
    companions_max: int


class VerificationView(msgspec.Struct, frozen=True, kw_only=True):
    """Valid or refused, with one sentence for the counter (10.2)."""

    result: str
    reason: str | None
    message: str
    typ: str | None
    assurance: str | None
    expires_at: datetime | None
    holder: Holder | None
    card: CardState | None
    benefits: tuple[BenefitView, ...]


class RedemptionView(msgspec.Struct, frozen=True, kw_only=True):
    """One benefit given (11.1)."""

    id: UUID
    offering: str
    service_point: UUID
    companions: int
    redeemed_at: datetime
    left: int | None
    unit: str
    period: str


class PointView(msgspec.Struct, frozen=True):
    """One 服务网点 of the caller's own."""

    id: UUID
    name: str
    region: str
