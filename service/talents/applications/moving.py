"""An application's way from hand to hand: one row lock, one transaction each (api.md 3.3)."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from events import log
from events.of_applications import OfApplication
from service import ids
from service.auth.callers import Caller, Role
from service.auth.models import Account, GrantRow
from service.etag import check_revision
from service.problems import FieldError, InvalidBody, NotFound, WrongState
from service.talents import queries
from service.talents.applications import checking, clocks, holding, returns, steps
from service.talents.applications.application import Application
from service.talents.applications.opinions import Opinion
from service.talents.applications.returns import Missing
from service.talents.cards import issuing
from service.talents.models import Person, Unit
from service.talents.quota import places


class Assignment(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who completes it: a specialist of the unit, by account id or by login name."""

    specialist: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class Decision(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the step's holder decides.

    Of a return `to` names who mends it and `missing` what is asked for, thing by thing.
    """

    decision: Literal["pass", "return", "reject"]
    opinion: Annotated[str, msgspec.Meta(max_length=2000)] = ""
    to: Annotated[str, msgspec.Meta(max_length=40)] | None = None
    missing: Annotated[list[Missing], msgspec.Meta(max_length=30)] = []

    @property
    def words(self) -> str:
        """The opinion; of a return that only lists what is missing, that list."""
        return self.opinion if self.opinion.strip() else returns.words(self.missing)


async def got(
    session: AsyncSession, application_id: UUID, by: Caller, revision: int, act: str
) -> Application:
    """The application, locked and as the caller saw it, where the act is open to them.

    Raises NotFound, Stale, WrongState.
    """
    mine = select(Application.id).where(
        Application.id == application_id, await queries.seen_by(session, by)
    )
    if await session.scalar(mine) is None:
        raise NotFound
    query = select(Application).where(Application.id == application_id).with_for_update()
    application = (await session.scalars(query.execution_options(populate_existing=True))).one()
    check_revision(application.revision, revision)
    application.check(act, await holding.acts_of(session, by, application))
    return application


async def submit(
    session: AsyncSession, application_id: UUID, by: Caller, revision: int, now: datetime
) -> Application:
    """Hand it on: to the unit, or once mended back to who returned it (guide.md 2.3).

    Raises NotFound, Stale, WrongState, InvalidBody, QuotaNotNamed, QuotaTaken.
    """
    application = await got(session, application_id, by, revision, "submit")
    person = await session.get_one(Person, application.person_id)
    category = await checking.check(session, application, person, now)
    unit = await session.get_one(Unit, application.unit_id)
    if application.by_quota and application.step == steps.DRAFT:
        await places.take(session, application, by, now)
    await returns.close(session, application, now)
    event = application.submit(steps.path_of(unit.level, category.consent), now)
    await _tell(session, application, event, by, now)
    return application


async def assign(
    session: AsyncSession,
    application_id: UUID,
    by: Caller,
    revision: int,
    given: Assignment,
    now: datetime,
) -> Application:
    """The unit's manager names the specialist who completes it."""
    application = await got(session, application_id, by, revision, "assign")
    specialist_id = await specialist_named(session, application.unit_id, given.specialist)
    await _tell(session, application, application.assign(specialist_id, now), by, now)
    return application


async def reassign(
    session: AsyncSession,
    application_id: UUID,
    by: Caller,
    revision: int,
    given: Assignment,
    now: datetime,
) -> Application:
    """The unit's manager names another specialist, at any step after the first assignment."""
    application = await got(session, application_id, by, revision, "reassign")
    specialist_id = await specialist_named(session, application.unit_id, given.specialist)
    if specialist_id == application.specialist_id:
        raise InvalidBody(FieldError("/specialist", "unchanged", "已经是这位服务专员。"))
    await _tell(session, application, application.reassign(specialist_id), by, now)
    return application


async def give(
    session: AsyncSession, application: Application, specialist_id: UUID, by: Caller, now: datetime
) -> None:
    """A locked application goes to another specialist, who takes a colleague's files over."""
    await _tell(session, application, application.reassign(specialist_id), by, now)


async def specialist_named(session: AsyncSession, unit_id: UUID, name: str) -> UUID:
    """The unit's specialist by login or id; raises InvalidBody."""
    for account in await specialists_of(session, unit_id):
        if name in (str(account.id), account.login):
            return account.id
    advice = "本单位没有这位服务专员,请从本单位专员中选择。"
    raise InvalidBody(FieldError("/specialist", "unknown", advice))


async def specialists_of(session: AsyncSession, unit_id: UUID) -> list[Account]:
    """The unit's 服务专员 who can sign in."""
    query = (
        select(Account)
        .join(GrantRow, GrantRow.account_id == Account.id)
        .where(
            GrantRow.role == Role.UNIT_SPECIALIST.value,
            GrantRow.organisation_id == unit_id,
            Account.disabled_at.is_(None),
        )
        .order_by(Account.id)
    )
    return list((await session.scalars(query)).unique())


async def decide(
    session: AsyncSession,
    application_id: UUID,
    by: Caller,
    revision: int,
    given: Decision,
    now: datetime,
) -> Application:
    """Pass on, return or reject; the last pass issues the card in this transaction (3.4)."""
    application = await got(session, application_id, by, revision, "decisions")
    step = steps.STEPS[application.step]
    if given.decision not in step.decisions:
        raise WrongState(application.step, await holding.acts_of(session, by, application))
    check_decision(given)
    session.add(_opinion(application, by, given, now))
    match given.decision:
        case "pass":
            event = application.pass_(now)
        case "return":
            event = application.return_(mender(application, given.to), now)
            await returns.record(session, application, given.missing, now)
        case _:
            event = application.end(steps.REJECTED, now)
            await places.free(session, application, by, now)
    await _tell(session, application, event, by, now)
    if application.step == steps.ISSUING:
        await issuing.issue(session, application, now, by)
    return application


def _opinion(application: Application, by: Caller, given: Decision, now: datetime) -> Opinion:
    return Opinion(
        id=ids.new_id(), application_id=application.id, step=application.step,
        account_id=by.account_id, decision=given.decision, opinion=given.words, decided_at=now,
    )  # fmt: skip


def check_decision(given: Decision) -> None:
    """A return or a rejection says why, and only a return lists what is missing."""
    if given.missing and given.decision != "return":
        raise InvalidBody(FieldError("/missing", "not-for-decision", "只有退回时才列明所缺内容。"))
    returns.check_missing(given.missing)
    if given.decision != "pass" and not given.words.strip():
        raise InvalidBody(FieldError("/opinion", "missing", "退回或不通过须写明原因。"))


def mender(application: Application, to: str | None) -> str:
    """The step that mends: the one named, else the one that the table says; raises InvalidBody.

    Only an earlier step of this application's path can mend.
    """
    step = steps.STEPS[application.step]
    at = steps.WHO_MENDS.get(to, to) if to else step.returns_to
    earlier = application.path[: application.path.index(application.step)]
    if at not in earlier:
        raise InvalidBody(FieldError("/to", "not-one-of", f"可退回至:{'、'.join(earlier)}。"))
    return at


async def withdraw(
    session: AsyncSession, application_id: UUID, by: Caller, revision: int, now: datetime
) -> Application:
    """The talent takes it back, any time before it is issued."""
    application = await got(session, application_id, by, revision, "withdraw")
    await places.free(session, application, by, now)
    await _tell(session, application, application.end(steps.WITHDRAWN, now), by, now)
    return application


ROLES = (
    Role.TALENT, Role.UNIT_MANAGER, Role.UNIT_SPECIALIST, Role.REVIEWER, Role.OFFICE,
)  # fmt: skip


async def _tell(
    session: AsyncSession, application: Application, event: OfApplication, by: Caller, now: datetime
) -> None:
    await clocks.start(session, application)
    await session.flush()  # the answer's ETag is the new revision
    author = by.author(*ROLES)
    await log.append(session, event, by=author, region=application.region, now=now)
