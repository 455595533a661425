"""What time does: sweeps for what is due, and the housekeeping of keys, lists and old rows.

`now` is handed in; the loop at the end is the only place that waits. Any number of these may run.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, time, timedelta
from time import monotonic

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from events import feed
from service import limits
from service.audit import days
from service.auth import keys
from service.calendars import recomputing
from service.escalation import repeating
from service.requests import falling, lapsing, retention
from service.requests.batches import advancing
from service.requests.clocks import Act
from service.satisfaction import case_clocks, defaults
from service.talents import alike
from service.talents.applications import clocks
from service.talents.cards import expiring
from service.talents.care import absences, handing
from service.talents.importing import actions as imports
from service.talents.matters import following, reminding
from service.talents.proof import card_keys, drawing, key_acts, statuslists
from service.worktime.hours import SHANGHAI
from workers.steady import Steady

Sessions = async_sessionmaker[AsyncSession]
Work = Callable[[AsyncSession, datetime], Awaitable[object]]

log = structlog.get_logger("workers.timers")

BATCH = 20
"""Requests that one transaction keeps locked; a partner waits no longer than it takes."""

BATCHES = 1
"""Batches that one transaction moves on: each holds all requests of its list."""

CLOCKS = 100
"""Requests whose rungs are fired together; they take a tenth of a second."""

ACTS: Mapping[str, Act] = {"lapse": lapsing.lapse, "expire": lapsing.expire}
"""What the acting rungs of the ladder call (service/requests/ladder.py)."""

FORGOTTEN = timedelta(hours=48)
LISTS_FROM = time(20)
"""From this hour on tomorrow's status lists are published (card-token.md 8.4)."""

WAIT, TIDY_EVERY = 1.0, timedelta(minutes=1)


async def sweep(sessions: Sessions, now: datetime) -> int:
    """Do what is due at `now`, each duty in its own transaction; returns how much was done.

    A duty that fails does not keep the others from their turn; then the first error is raised.
    """
    done, failed = 0, list[Exception]()
    for duty in DUTIES:
        try:
            async with sessions.begin() as session:
                done += await duty(session, now)
        except Exception as error:
            log.error("a duty failed", duty=duty.__name__, kind=type(error).__name__)
            failed.append(error)
    if failed:
        raise failed[0]
    return done


async def _end_pauses(session: AsyncSession, now: datetime) -> int:
    # Before the clocks: what fell after the pause's end is fired in the same sweep.
    return await falling.end_pauses(session, now, BATCH, lapsing.end_publicity)


async def _fire_clocks(session: AsyncSession, now: datetime) -> int:
    return await falling.fire_due(session, now, CLOCKS, ACTS)


async def _rate_by_default(session: AsyncSession, now: datetime) -> int:
    return await defaults.record_due(session, now)


async def _follow_cases(session: AsyncSession, now: datetime) -> int:
    return await case_clocks.fire_due(session, now, BATCH)


async def _expire_cards(session: AsyncSession, now: datetime) -> int:
    return await expiring.expire_due(session, now, BATCH)


async def _close_matters(session: AsyncSession, now: datetime) -> int:
    return await following.close_orphans(session, now, BATCH)


async def _remind(session: AsyncSession, now: datetime) -> int:
    return await reminding.remind_due(session, now, BATCH)


async def _remind_again(session: AsyncSession, now: datetime) -> int:
    return await repeating.repeat_due(session, now, BATCH)


async def _turn_absences(session: AsyncSession, now: datetime) -> int:
    return await absences.turn_due(session, now, BATCH)


async def _advance_batches(session: AsyncSession, now: datetime) -> int:
    moved = await advancing.advance_due(session, now, BATCHES)
    return moved + await advancing.release_due(session, now, BATCH)


async def _recompute(session: AsyncSession, now: datetime) -> int:
    return await recomputing.step(session, now)


DUTIES = (
    _end_pauses, _recompute, _fire_clocks, _advance_batches, _rate_by_default, _expire_cards,
    _close_matters, _remind, _remind_again, _turn_absences, _follow_cases,
)  # fmt: skip


async def tidy(sessions: Sessions, now: datetime) -> None:
    """Keys that sign, status lists ahead, rows that nobody needs: each by one process at a time.

    One that fails is logged and tried again the next time.
    """
    for name, work in HOUSEKEEPING.items():
        try:
            await _alone(sessions, name, work, now)
        except Exception as error:
            log.error("housekeeping failed", work=name, kind=type(error).__name__)


async def _alone(sessions: Sessions, name: str, work: Work, now: datetime) -> None:
    """Do it unless another process is at it."""
    lock = text("SELECT pg_try_advisory_xact_lock(hashtextextended(:name, 3))")
    async with sessions.begin() as session:
        if await session.scalar(lock, {"name": f"timers {name}"}):
            await work(session, now)


async def _prepare_lists(session: AsyncSession, now: datetime) -> None:
    local = now.astimezone(SHANGHAI)
    await statuslists.prepare_day(session, local.date(), now)
    if local.time() >= LISTS_FROM:
        tomorrow = local.date() + timedelta(days=1)
        await statuslists.prepare_day(session, tomorrow, now)
        await drawing.draw_ahead(session, tomorrow, now)


async def _card_keys(session: AsyncSession, now: datetime) -> None:
    await card_keys.ensure_card_key(session, now)
    await key_acts.tidy(session, now)


SENDINGS_KEPT = timedelta(days=90)
"""No fact is told again after so long: what repeats does so within weeks."""

FORGET: tuple[tuple[str, timedelta], ...] = (
    (limits.FORGET, limits.KEPT),
    ("DELETE FROM sessions WHERE expires_at < $1", FORGOTTEN),
    ("DELETE FROM idempotency_keys WHERE made_at < $1", FORGOTTEN),
    ("DELETE FROM used_assertions WHERE expires_at < $1", FORGOTTEN),
    ("DELETE FROM login_failures WHERE last_at < $1", FORGOTTEN),
    (
        "DELETE FROM webhook_tries t USING webhook_deliveries d"
        " WHERE d.id = t.delivery_id AND d.created_at < $1 AND d.next_at IS NULL",
        feed.KEPT,
    ),
    (
        "DELETE FROM sending_lines l USING sendings s"
        " WHERE s.id = l.sending_id AND s.created_at < $1 AND s.next_at IS NULL",
        SENDINGS_KEPT,
    ),
    ("DELETE FROM sendings WHERE created_at < $1 AND next_at IS NULL", SENDINGS_KEPT),
    ("DELETE FROM webhook_deliveries WHERE created_at < $1 AND next_at IS NULL", feed.KEPT),
)
"""Rows that nobody needs after so long (api.md 1.4 asks for keys of 24 hours)."""


async def _forget(session: AsyncSession, now: datetime) -> None:
    for statement, kept in FORGET:
        await session.execute(text(statement.replace("$1", ":before")), {"before": now - kept})


HOUSEKEEPING: dict[str, Work] = {
    "access keys": keys.ensure_access_key,
    "card keys": _card_keys,
    "status lists": _prepare_lists,
    "old days": statuslists.forget_old,
    "old imports": imports.forget_old,
    "old rows": _forget,
    "old messages": retention.forget_messages,
    "time of applications": clocks.give_missing,
    "holders without a steward": handing.assign_due,
    "seals": days.seal_due,
    "look-alikes": alike.mark,
}


async def run(
    sessions: Sessions,
    clock: Callable[[], datetime],
    stop: asyncio.Event | None = None,
    *,
    counting: Callable[[], float] = monotonic,
) -> None:
    """Sweep until `stop` is set, at once again while there is more to do; never gives up.

    `counting` are seconds that never go back: where `clock` has jumped against them, nothing is
    swept until it has settled (steady.py).
    """
    stop, tidied = stop or asyncio.Event(), datetime.min.replace(tzinfo=SHANGHAI)
    steady, held = Steady(counting), False
    while not stop.is_set():
        now, more = clock(), 0
        if held != (held := not steady.holds(now)):
            log.warning("the clock jumped" if held else "the clock has settled", now=str(now))
        if not held:
            if abs(now - tidied) >= TIDY_EVERY:  # also where it was set back
                await tidy(sessions, now)
                tidied = now
            with contextlib.suppress(Exception):  # logged where it happened, tried again
                more = await sweep(sessions, now)
        if not more:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), WAIT)
