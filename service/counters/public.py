"""Anybody's look at a printed code: the door and the page `/c` behind it (card-token.md 4.3)."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency

from cards import token
from cards.token import Refused
from events.log import trace
from service import ids, sealing
from service.counters import standing, verifying
from service.counters.door import Door, door_of
from service.counters.routes import NO_STORE, SCAN_BODY
from service.counters.standing import Question
from service.counters.verifying import refusal, valid
from service.counters.views import Shown, VerificationView
from service.pages.show import page

NOBODY, NOWHERE = "public", UUID(int=0)
ORIGIN = "https://c"
"""Any origin: only what follows it is read."""


class CardCheck(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The token of a printed code: its text, or the part after `#` of its address."""

    token: Shown


def text_of(given: str) -> str:
    """The token's text; the part after `#` is the same bytes in base64url (4.3)."""
    if given.startswith(token.PREFIX):
        return given
    return token.from_url(f"{ORIGIN}/c#{given}") or given


async def check(door: Door, given: str, now: datetime) -> VerificationView:
    """Check a printed code: no photo, no benefits; a live code is not for everybody's eyes.

    Every text has an answer.
    """
    claims = await verifying.examine(door, text_of(given), now, live_only=False)
    if not isinstance(claims, Refused) and claims.typ != "P":
        claims = Refused("type-not-accepted", claims.typ, claims)
    if isinstance(claims, Refused):
        await _audit(door, claims.claims, None, claims.reason, now)
        return refusal(claims.reason, typ=claims.typ, card=None)
    way, arguments = standing.arguments(Question(point="", claims=claims), now)
    row = await door.pool.fetchrow(standing.STATEMENTS[way], *arguments)
    found = standing.seen(row)
    refused = verifying.judge(claims, found, now)
    reason = refused.reason if refused else None
    await _audit(door, claims, found.card.id if found.card else None, reason, now)
    if refused is not None or found.card is None:
        return refusal(reason or "card-unknown", typ="P", card=found.card)
    return valid(claims, found.card)


async def _audit(
    door: Door, claims: Any, card_id: UUID | None, reason: str | None, now: datetime
) -> None:
    """Kept like a counter's look, without whoever looked."""
    pair = (claims.iss, claims.cti) if claims else (None, None)
    result = "refused" if reason else "valid"
    about = (None, False, result, reason, *pair, card_id, trace.get())
    await door.audits.ask((ids.new_id(), now, NOBODY, NOWHERE, *about))


@post(
    "/v1/public/card-checks",
    status_code=200,
    opt={"open": True, "no_key": True, "own_limit": True},
    request_max_body_size=SCAN_BODY,
)
async def card_checks(
    data: CardCheck, request: Request[Any, Any, Any], state: State, now: NamedDependency[datetime]
) -> Response[VerificationView]:
    """任何人扫印制码核对真伪,不需登录;动态码请到网点核验。 Problems: 413, 422, 429."""
    address = request.client.host if request.client else ""
    # The address is kept blind: who looks at whose card is nobody's matter.
    bucket = sealing.ring().blind(address, "public check").hex()[:24]
    limits = state.settings
    await state.limiter.take(f"public {bucket}", limits.limit_public_check, now)
    await state.limiter.take("public", limits.limit_public_checks, now, lease=20)
    return Response(await check(door_of(state), data.token, now), headers=NO_STORE)


@get("/c", opt={"open": True, "page": True}, include_in_schema=False)
async def check_page(request: Request[Any, Any, Any]) -> Response[Any]:
    """扫印制码打开的页。"""
    headers = {"Referrer-Policy": "no-referrer", "Cache-Control": "no-cache"}
    return page(request, "counters/templates/c.html", headers=headers)


ROUTES: list[Any] = [card_checks, check_page]
