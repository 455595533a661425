"""Giving a request to a partner, or to 专家中心 where none is able (api.md 5.2, 5.6)."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from events import log
from service import ids
from service.partners.models import Partner, Route
from service.reference import regions
from service.requests import clocks, rules
from service.requests.actions import reach
from service.requests.batches import joining
from service.requests.models import Dispatch, Request
from service.requests.routing import Choice, Wanted, choose, left_to_ask, wanted_of
from service.requests.states import UNROUTED, Ended
from service.requests.weighing import NOTHING, Given, candidate_of, starts_of


async def dispatch(session: AsyncSession, request_id: UUID, now: datetime) -> Dispatch | None:
    """Offer the request to the partner that the data choose; None where nothing was to be done.

    Nobody able: 专家中心 is to rule. Safe to call twice or late: only an unrouted request moves.
    """
    request = await reach.locked(session, request_id)
    if request.state not in UNROUTED:
        return None
    choice = await weigh(session, request, now)
    if choice.partner_id is None:
        await open_ruling(session, request, now)
        return None
    return await give(session, request, choice.partner_id, choice, now)


async def give(
    session: AsyncSession,
    request: Request,
    partner_id: UUID,
    choice: Choice,
    now: datetime,
    by: log.Author = log.SYSTEM,
) -> Dispatch:
    """Make the offer: its row, its acceptance clock, its fact. The request is locked."""
    query = select(func.count()).where(Dispatch.request_id == request.id)
    offer = Dispatch(
        id=ids.new_id(),
        request_id=request.id,
        partner_id=partner_id,
        round=(await session.scalar(query) or 0) + 1,
        considered=msgspec.to_builtins(choice.considered),
        offered_at=now,
    )
    session.add(offer)
    version = await reach.version_of(session, request)
    clock = await clocks.start(session, request, "acceptance", version, now)
    event = request.offer(offer, clock.due_at or now)
    await session.flush()
    await log.append(session, event, by=by, region=request.region, now=now)
    return offer


async def open_ruling(session: AsyncSession, request: Request, now: datetime) -> None:
    """专家中心 is to rule; meanwhile the holder's promise stands still (time.md P1)."""
    event = request.open_ruling()
    await clocks.pause(session, request, "ruling", now)
    await session.flush()
    await log.append(session, event, by=log.SYSTEM, region=request.region, now=now)


async def weigh(session: AsyncSession, request: Request, now: datetime) -> Choice:
    """Who would get it now, and why the others would not."""
    places = await regions.of(session)
    chain = places.chain(request.region)
    routes = await _routes(session, request, chain)
    if _counts_decide([route for route, _ in routes]):
        # Two requests at once would both see the last place free; one waits for the other.
        await session.execute(
            sa.text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 2))"),
            {"name": f"routing {request.offering}"},
        )
    given = await given_of(session, request.offering, now)
    back, declined = await _tried(session, request.id)
    candidates = [
        candidate_of(
            rules.of_route(route),
            partner.name,
            given.get(route.partner_id, NOTHING),
            sent_back=route.partner_id in back,
            declined=route.partner_id in declined,
            silent=partner.silent_since is not None,
        )
        for route, partner in routes
    ]
    agency = await joining.agency_of(session, request.id)
    wanted = wanted_of(request.form)
    if agency is not None:
        wanted = Wanted((str(agency),), others=True, batch=True)
    return choose(candidates, chain=chain, now=now, wanted=wanted)


def _counts_decide(routes: Sequence[Route]) -> bool:
    """Whether what others were given before matters: a capacity, or a share beside another."""
    capped = any(r.daily_capacity is not None or r.batch_capacity is not None for r in routes)
    beside = Counter((r.region, r.rank) for r in routes)
    return capped or any(number > 1 for number in beside.values())


async def _routes(
    session: AsyncSession, request: Request, chain: Sequence[str]
) -> list[tuple[Route, Partner]]:
    query = (
        select(Route, Partner)
        .join(Partner, Partner.id == Route.partner_id)
        .where(Route.offering == request.offering, Route.region.in_(chain))
    )
    return [(route, partner) for route, partner in await session.execute(query)]


async def given_of(session: AsyncSession, offering: str, now: datetime) -> dict[UUID, Given]:
    """What each partner was offered of this offering, today and in this month's batch."""
    today, month = starts_of(now)
    query = (
        select(
            Dispatch.partner_id,
            func.count().filter(Dispatch.offered_at >= today),
            func.count(),
        )
        .join(Request, Request.id == Dispatch.request_id)
        .where(Request.offering == offering, Dispatch.offered_at >= month)
        .group_by(Dispatch.partner_id)
    )
    rows = await session.execute(query)
    return {partner_id: Given(day, batch) for partner_id, day, batch in rows}


async def more_to_ask(session: AsyncSession, request: Request, now: datetime) -> bool:
    """Whether the holder's choice leaves another partner to ask after the one that has it."""
    if not wanted_of(request.form).goes_on:
        return False
    return left_to_ask(await weigh(session, request, now), request.partner_id)


async def _tried(session: AsyncSession, request_id: UUID) -> tuple[set[UUID], set[UUID]]:
    """Who sent the request back or let it lapse, and who declined it."""
    query = select(Dispatch.partner_id, Dispatch.end, Dispatch.declined_at)
    rows = (await session.execute(query.where(Dispatch.request_id == request_id))).all()
    back = {partner for partner, end, _ in rows if end in (Ended.BOUNCED, Ended.LAPSED)}
    return back, {partner for partner, _, declined_at in rows if declined_at is not None}
