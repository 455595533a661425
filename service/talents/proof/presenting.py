"""出示: a fresh live token for the holder's phone (card-token.md 9)."""

from datetime import datetime, timedelta
from typing import Any, ClassVar
from uuid import UUID

import asyncpg
import msgspec

from cards import token
from service import ids, sealing
from service.limits import Limiter
from service.pages.show import SHANGHAI
from service.problems import NotFound, Problem
from service.settings import Settings
from service.talents.proof import card_keys, statuslists
from service.talents.proof.statuslists import Place

REFRESH = timedelta(seconds=30)

FIND = """
SELECT c.id, c.state, c.valid_until, c.category, c.masked_name, d.list_id, d.idx, d.sub
FROM cards c LEFT JOIN card_days d ON d.card_id = c.id AND d.day = $2
WHERE c.person_id = $1
ORDER BY c.state IN ('active', 'suspended') DESC, c.issued_on DESC, c.id DESC LIMIT 1
"""

REASONS = {"suspended": "card-suspended", "expired": "card-expired"}


class CardNotActive(Problem):
    """The card cannot be shown; `reason` as counters know it (card-token.md 9.3)."""

    code: ClassVar[str] = "card-not-active"
    status: ClassVar[int] = 409
    title: ClassVar[str] = "此卡现在不能出示"
    advice: ClassVar[str] = "请联系您的服务专员。"

    def __init__(self, reason: str) -> None:
        super().__init__(token.MESSAGES[reason])
        self.reason = reason

    def members(self) -> dict[str, Any]:
        """Why."""
        return {"reason": self.reason}


class Presentation(msgspec.Struct, frozen=True):
    """A live token; ask anew at `refresh_at` (card-token.md 9.1)."""

    token: str
    typ: str
    issued_at: datetime
    expires_at: datetime
    refresh_at: datetime


class Desk(msgspec.Struct, frozen=True):
    """What presenting stands on in one process."""

    pool: asyncpg.Pool
    limiter: Limiter
    settings: Settings


async def present(desk: Desk, person_id: UUID | None, now: datetime) -> Presentation:
    """A fresh token for the person's card. Raises NotFound, CardNotActive, RateLimited.

    Nothing is stored that a repeat could double: the day's place is drawn once.
    """
    today = now.astimezone(SHANGHAI).date()
    row = await desk.pool.fetchrow(FIND, person_id, today) if person_id else None
    if row is None:
        raise NotFound("您还没有惠才卡,可在“办卡申请”中提出申请。")
    reason = why_not(row, today)
    if reason is not None:
        raise CardNotActive(reason)
    await desk.limiter.take(f"present {row['id']}", desk.settings.limit_present, now, lease=5)
    if row["list_id"] is None:
        place = await statuslists.place_of(desk.pool, row["id"], today, now)
    else:
        place = Place(row["list_id"], row["idx"], row["sub"])
    return await _minted(desk, row, place, now)


def why_not(row: Any, today: Any) -> str | None:
    """The reason why a card cannot be shown, or None (9.3)."""
    if row["state"] != "active":
        return REASONS.get(row["state"], "card-revoked")
    return "card-expired" if today > row["valid_until"] else None


async def _minted(desk: Desk, row: Any, place: Place, now: datetime) -> Presentation:
    iat = int(now.timestamp())
    tier = name = None
    if desk.settings.card_name_claim:
        tier = row["category"]
        name = sealing.ring().open(bytes(row["masked_name"]), "cards.masked_name").decode()
    live = token.Live(
        place.sub, iat, ids.random_bytes(16), statuslists.uri_of(place.list_id), place.idx,
        tier, name,
    )  # fmt: skip
    key = await card_keys.signer(desk.pool, now)
    issued_at = datetime.fromtimestamp(iat, SHANGHAI)
    return Presentation(
        token=token.mint_live(live, key, issuer=desk.settings.issuer),
        typ="L",
        issued_at=issued_at,
        expires_at=issued_at + timedelta(seconds=token.LIVE_SECONDS),
        refresh_at=issued_at + REFRESH,
    )
