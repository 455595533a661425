"""Deciding a matter of a card, taking it back, stating one's case (guide.md 2.4).

Whoever acts locks the card first and then the matter, as everybody does who changes a card.
"""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from events import log
from events.of_cards import OfCard
from service.auth.callers import Caller, Role
from service.etag import check_revision
from service.problems import FieldError, Forbidden, InvalidBody, Problem, Stale, WrongState
from service.reference import regions
from service.talents.cards.card import Card
from service.talents.matters import following, queries
from service.talents.matters.kinds import ROLE_OF, Opener
from service.talents.matters.models import Matter


class CardUnfit(Problem):
    """The card is no longer in a state in which this could follow."""

    code = "card-unfit-for-matter"
    status = 409
    title = "卡的现状不允许同意此事项"
    advice = "卡已暂停或失效。暂停的请先恢复使用再同意;已失效的请作不同意处理并说明。"


class OpinionMissing(InvalidBody):
    """Nobody is refused, and no card ended, without a word."""

    def __init__(self) -> None:
        advice = "不同意的,以及同意注销的,须写明理由。"
        super().__init__(FieldError("/opinion", "missing", advice))


class Decision(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """办理结果和意见;不同意的、同意注销的须写明理由。"""

    decision: Literal["agree", "decline"]
    opinion: Annotated[str, msgspec.Meta(max_length=2000)] = ""


class Statement(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """持卡人的陈述。"""

    statement: Annotated[str, msgspec.Meta(min_length=1, max_length=2000)]


async def decides(session: AsyncSession, caller: Caller, matter: Matter) -> bool:
    """Whether the caller's window is the one that decides, or one above it."""
    known = await regions.of(session)
    return any(known.within(matter.place, place) for place in caller.regions(Role.REVIEWER))


async def acts_of(session: AsyncSession, caller: Caller, matter: Matter) -> list[str]:
    """The acts open to the caller now (api.md 1.7)."""
    card = await session.get_one(Card, matter.card_id)
    return matter.acts(
        decides=await decides(session, caller, matter),
        opener=caller.account_id == matter.opened_by,
        holder=caller.has(Role.TALENT) and caller.person_id == card.person_id,
    )


async def got(
    session: AsyncSession, matter_id: UUID, by: Caller, revision: int, act: str
) -> tuple[Matter, Card]:
    """The matter and its card, locked and as the caller saw them, where the act is open to them.

    Raises NotFound, Forbidden, Stale, WrongState.
    """
    seen = await queries.visible(session, by, matter_id)
    card_id = seen.card_id
    fresh = {"populate_existing": True}
    of_card = select(Card).where(Card.id == card_id).with_for_update()
    card = (await session.scalars(of_card.execution_options(**fresh))).one()
    query = select(Matter).where(Matter.id == matter_id).with_for_update()
    matter = (await session.scalars(query.execution_options(**fresh))).one()
    check_revision(matter.revision, revision)
    if matter.card_id != card_id:  # a replacement carried it over while we waited
        raise Stale
    if act == "decisions" and not await decides(session, by, matter):
        raise Forbidden
    allowed = await acts_of(session, by, matter)
    if act not in allowed:
        raise WrongState(matter.state, allowed)
    return matter, card


async def decide(
    session: AsyncSession,
    matter_id: UUID,
    by: Caller,
    revision: int,
    given: Decision,
    now: datetime,
) -> Matter:
    """Agree, and what follows follows in this transaction; or decline, and all stays as it is.

    Raises NotFound, Forbidden, Stale, WrongState, InvalidBody, CardUnfit, ContractOver.
    """
    matter, card = await got(session, matter_id, by, revision, "decisions")
    opinion = given.opinion.strip()
    agreed = given.decision == "agree"
    if not opinion and (not agreed or matter.rules.ends):
        raise OpinionMissing
    if agreed and card.state not in matter.rules.states:
        raise CardUnfit
    assert by.account_id is not None  # noqa: S101 - reviewers are people
    event = matter.decide(given.decision, opinion, by.account_id, now)
    await _tell(session, card, event, by.author(Role.REVIEWER), now)
    if agreed:
        await following.follow(session, matter, card, by, now)
    return matter


async def withdraw(
    session: AsyncSession, matter_id: UUID, by: Caller, revision: int, now: datetime
) -> Matter:
    """Whoever brought it up takes it back."""
    matter, card = await got(session, matter_id, by, revision, "withdraw")
    opened_as = ROLE_OF[Opener(matter.opened_as)]
    await _tell(session, card, matter.withdraw(now), by.author(opened_as), now)
    return matter


async def state_case(
    session: AsyncSession,
    matter_id: UUID,
    by: Caller,
    revision: int,
    given: Statement,
    now: datetime,
) -> Matter:
    """The holder says what they have to say, before the province decides."""
    matter, card = await got(session, matter_id, by, revision, "statement")
    if not given.statement.strip():
        raise InvalidBody(FieldError("/statement", "missing", "请填写陈述内容。"))
    event = matter.state_case(given.statement.strip())
    await _tell(session, card, event, by.author(Role.TALENT), now)
    return matter


async def _tell(
    session: AsyncSession, card: Card, event: OfCard, by: log.Author, now: datetime
) -> None:
    await session.flush()  # the answer's ETag is the new revision
    await log.append(session, event, by=by, region=card.region, now=now)
