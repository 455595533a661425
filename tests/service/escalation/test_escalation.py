"""Who is told at a rung, as whom, and what makes it stop: rules on the stage, without a city."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from events import log
from events.of_requests import DeadlineBreached, DeadlineWarned
from service import ids
from service.auth.callers import Caller, Role
from service.auth.models import GrantRow
from service.escalation import acknowledging, repeating, rules, wording
from service.escalation.models import Escalation
from service.problems import NotFound
from service.reference import tables
from service.reference.tables import BadTable
from service.requests.ladder import ACTING, LADDER
from service.requests.models import Clock, Request, State
from service.satisfaction.models import Notice
from service.satisfaction.sentences import Audience
from tests.service.satisfaction.make import MONDAY, Stage
from workers.notices import write_notices

HEAD = "leg\trung\tto\trepeat_hours\trepeats\n"
DAY = timedelta(days=1)


class Scene:
    """A request that is being handled, and the rungs of its clock."""

    def __init__(self, stage: Stage, request: Request, clock: Clock) -> None:
        self.stage, self.session, self.request, self.clock = stage, stage.session, request, clock

    async def falls(self, rung: str, at: timedelta = timedelta()) -> None:
        """A rung fires and those concerned are told."""
        kind = DeadlineBreached if rung == "breach" else DeadlineWarned
        event = kind(
            request_id=self.request.id, offering="HO-01", partner_id=self.stage.housing,
            clock_id=self.clock.id, leg="handling", generation=1, rung=rung, due_at=MONDAY,
            late_seconds=0,
        )  # fmt: skip
        await log.append(self.session, event, by=log.SYSTEM, region="370102", now=MONDAY + at)
        await write_notices(self.session, event.subject, now=MONDAY + at)

    async def repeats(self, at: timedelta) -> int:
        return await repeating.repeat_due(self.session, MONDAY + at)

    async def said_to(self, who: Caller) -> list[str]:
        query = select(Notice.text).where(Notice.account_id == who.account_id)
        return list(await self.session.scalars(query.order_by(Notice.id)))

    async def of(self, who: Caller, rung: str) -> Escalation:
        query = select(Escalation).where(
            Escalation.account_id == who.account_id, Escalation.rung == rung
        )
        return (await self.session.scalars(query)).one()


@pytest.fixture
async def scene(session: AsyncSession) -> Scene:
    stage = await Stage(session).set()
    request = await stage.request(State.ACCEPTED)
    clock = Clock(
        id=ids.new_id(), request_id=request.id, leg="handling", budget={}, region="370102",
        calendar_version=1, generation=1, started_at=MONDAY, due_at=MONDAY, provisional=False,
        stopped_at=None, breached_at=None, next_at=None, next_rung=None,
    )  # fmt: skip
    session.add(clock)
    await session.flush()
    return Scene(stage, request, clock)


async def test_a_rung_of_the_table_tells_those_whom_it_names(scene: Scene) -> None:
    table = HEAD + "handling\t0.5\tclerks\t\t\nhandling\t0.5\tcentre\t\t\n"
    await tables.load(scene.session, rules.TABLE, table, MONDAY)
    await scene.falls("0.5")
    await scene.falls("0.8")  # which the table does not name
    assert len(await scene.said_to(scene.stage.clerk)) == 1
    assert len(await scene.said_to(scene.stage.officer)) == 1
    assert (await scene.of(scene.stage.clerk, "0.5")).next_at is None


async def test_a_head_is_told_as_one_and_not_twice(scene: Scene) -> None:
    head = await scene.stage.account(Role.PARTNER_CLERK, organisation_id=scene.stage.housing)
    login = f"partner\tlogin\n{scene.stage.housing}\tt-{head.account_id}\n"
    await tables.load(scene.session, "partner_heads", login, MONDAY)
    await scene.falls("breach")
    assert await scene.said_to(head) == ["本单位经办的“人才公寓申请”申请办理已超期,请督促办理。"]
    assert await scene.said_to(scene.stage.clerk) == ["“人才公寓申请”申请办理已超期,请立即办理。"]


async def test_it_repeats_as_often_as_the_table_says_and_no_more(scene: Scene) -> None:
    table = HEAD + "handling\tbreach\tclerks\t24\t2\n"
    await tables.load(scene.session, rules.TABLE, table, MONDAY)
    await scene.falls("breach")
    assert [await scene.repeats(DAY * n - timedelta(minutes=1)) for n in (1,)] == [0]
    assert [await scene.repeats(DAY * n) for n in (1, 2, 3, 4)] == [1, 1, 0, 0]
    said = await scene.said_to(scene.stage.clerk)
    assert [text.rpartition("(")[2] for text in said[1:]] == ["第 2 次提醒)", "第 3 次提醒)"]


async def test_a_later_rung_speaks_for_the_earlier_ones(scene: Scene) -> None:
    await scene.falls("breach")
    assert (await scene.of(scene.stage.clerk, "breach")).next_at is not None
    await scene.falls("breach+1", timedelta(hours=9))
    assert (await scene.of(scene.stage.clerk, "breach")).next_at is None
    assert await scene.repeats(DAY) == 0
    assert await scene.repeats(timedelta(hours=33)) == 1


async def test_taking_note_stops_it_for_that_side_and_is_on_record_once(scene: Scene) -> None:
    colleague = await scene.stage.account(Role.PARTNER_CLERK, organisation_id=scene.stage.housing)
    await scene.falls("breach")
    mine = await scene.of(scene.stage.clerk, "breach")
    for _ in range(2):
        await acknowledging.acknowledge(scene.session, mine.id, scene.stage.clerk, MONDAY)
    assert (await scene.of(colleague, "breach")).acknowledged_by == scene.stage.clerk.account_id
    assert await scene.repeats(DAY) == 0
    story = await log.of_subject(scene.session, f"requests/{scene.request.id}")
    assert [row.type for row in story].count("hck.deadline.acknowledged.v1") == 1
    assert story[-1].role == "partner_clerk"
    unread = select(Notice).where(Notice.read_at.is_(None), Notice.account_id == mine.account_id)
    assert (await scene.session.scalars(unread)).all() == []


async def test_nobody_takes_note_for_somebody_else(scene: Scene) -> None:
    await scene.falls("breach")
    mine = await scene.of(scene.stage.clerk, "breach")
    for who in (scene.stage.other_clerk, scene.stage.officer, scene.stage.holder):
        with pytest.raises(NotFound):
            await acknowledging.acknowledge(scene.session, mine.id, who, MONDAY)
    with pytest.raises(NotFound):
        await acknowledging.acknowledge(scene.session, UUID(int=1), scene.stage.clerk, MONDAY)


async def test_a_clock_that_has_stopped_reminds_of_nothing(scene: Scene) -> None:
    await scene.falls("breach")
    scene.clock.stopped_at = MONDAY + timedelta(hours=1)
    assert await scene.repeats(DAY) > 0
    assert len(await scene.said_to(scene.stage.clerk)) == 1
    assert (await scene.of(scene.stage.clerk, "breach")).next_at is None


async def test_a_clock_that_stands_still_waits_and_counts_nothing(scene: Scene) -> None:
    await scene.falls("breach")
    scene.clock.due_at = None
    await scene.repeats(DAY)
    row = await scene.of(scene.stage.clerk, "breach")
    assert (row.told, row.next_at) == (1, MONDAY + 2 * DAY)
    scene.clock.due_at = MONDAY
    await scene.repeats(2 * DAY)
    assert row.told == 2


async def test_a_clerk_who_left_is_not_reminded(scene: Scene) -> None:
    await scene.falls("breach")
    grants = select(GrantRow).where(GrantRow.account_id == scene.stage.clerk.account_id)
    await scene.session.delete((await scene.session.scalars(grants)).one())
    await scene.repeats(DAY)
    assert len(await scene.said_to(scene.stage.clerk)) == 1


@pytest.mark.parametrize(
    ("row", "line"),
    [
        ("handling\t0.3\tclerks\t\t", "时限档"),
        ("correction\texpire\tholder\t\t", "时限档"),
        ("handling\t0.5\teverybody\t\t", "不能通知"),
        ("handling\t0.5\tclerks\t-2\t1", "repeat_hours"),
        ("handling\t0.5\tclerks\t24\t31", "repeats"),
    ],
)
async def test_a_table_that_is_wrong_is_refused_by_its_line(
    session: AsyncSession, row: str, line: str
) -> None:
    with pytest.raises(BadTable) as refusal:
        await tables.load(session, rules.TABLE, f"{HEAD}{row}\n", MONDAY)
    assert refusal.value.detail.startswith("第 2 行")
    assert line in refusal.value.detail


async def test_a_head_must_be_a_clerk_of_that_agency(session: AsyncSession) -> None:
    stage = await Stage(session).set()
    for partner, login in ((stage.schools, stage.clerk), ("无此单位", stage.clerk)):
        table = f"partner\tlogin\n{partner}\tt-{login.account_id}\n"
        with pytest.raises(BadTable):
            await tables.load(session, "partner_heads", table, MONDAY)


async def test_every_rung_that_warns_is_told_to_somebody(session: AsyncSession) -> None:
    for leg, rungs in LADDER.items():
        for rung in rungs:
            if rung.name in ACTING or (leg, rung.name) == ("correction", "breach"):
                continue  # which ends the request in the same instant, and that is told
            assert await rules.at(session, leg, rung.name), (leg, rung.name)


def test_every_side_has_its_words_before_at_and_after_the_deadline() -> None:
    for audience in wording.TOLD:
        for phase in (wording.NEAR, wording.BREACH, wording.PAST):
            assert wording.SAID[audience, phase].endswith("。")
    assert {Audience.CLERKS, Audience.HEADS, Audience.STEWARD, Audience.CENTRE} <= wording.TOLD
