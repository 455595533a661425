"""One message for each account and channel gathers what is told; each fact is in it once."""

from collections import Counter
from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from service.auth.models import Account
from service.channels import planning, sending, switched, wishes
from service.channels.models import Address, Sending, SendingLine
from service.channels.planning import Fact
from service.channels.topics import EMAIL, SMS
from service.settings import Settings
from tests.service.satisfaction.make import MONDAY, Stage

BOTH = ("deadline.breached", "request.correction_asked")
"""Kinds that go out by both channels unless somebody chose otherwise."""


@pytest.fixture
async def reached(stage: Stage, both_on: Settings) -> Stage:
    """The clerk and the officer have an address of each kind."""
    assert switched.on() == [EMAIL, SMS]
    for caller in (stage.clerk, stage.officer):
        for channel, address in ((EMAIL, "a@b.cn"), (SMS, "13800001111")):
            stage.session.add(
                Address(
                    account_id=caller.account_id, channel=channel, address=address,
                    confirmed_at=MONDAY, bounced_at=None, wanted=None, code_hash=None,
                    code_until=None,
                )
            )  # fmt: skip
    await stage.session.flush()
    return stage


def fact(account_id: UUID | None, number: int, kind: str = BOTH[0]) -> Fact:
    assert account_id is not None
    return Fact(
        account_id=account_id, key=f"requests/x#{number}", kind=kind, text=f"第{number}件。",
        region="370102", role="partner_clerk",
    )  # fmt: skip


async def sent(session: AsyncSession, channel: str, hours: int = 1) -> list[sending.Parcel]:
    """What goes out, recorded as taken."""
    now = MONDAY + timedelta(hours=hours)
    found = await sending.claim(session, channel, now, "https://hck.example", limit=100)
    for parcel in found:
        await sending.record(session, parcel, sending.Outcome(), now)
    return found


FACTS = st.lists(st.tuples(st.integers(0, 1), st.integers(1, 6), st.integers(0, 40)), max_size=14)


@given(FACTS)
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_every_fact_goes_out_once_to_each_and_a_digest_holds_them_all(
    reached: Stage, told: list[tuple[int, int, int]]
) -> None:
    session, people = reached.session, (reached.clerk.account_id, reached.officer.account_id)
    async with session.begin_nested() as all_of_it:
        for who, number, minute in told:
            now = MONDAY + timedelta(minutes=minute)
            await planning.plan(session, [fact(people[who], number)], now)
        expected = {(people[who], number) for who, number, _ in told}
        for channel in (EMAIL, SMS):
            parcels = await sent(session, channel)
            assert len(parcels) == len({who for who, _ in expected})  # one digest each
            if channel == EMAIL:
                texts = Counter(
                    line for each in parcels for line in each.words.text.split() if "件。" in line
                )
                wanted = Counter(f"第{number}件。" for _, number in expected)
                assert texts == wanted
            assert await sent(session, channel, hours=2) == []
        await all_of_it.rollback()


async def test_the_same_fact_again_makes_no_second_message(reached: Stage) -> None:
    session, clerk = reached.session, reached.clerk.account_id
    assert await planning.plan(session, [fact(clerk, 1)], MONDAY) == 2
    await sent(session, EMAIL)
    assert await planning.plan(session, [fact(clerk, 1)], MONDAY + timedelta(hours=2)) == 0
    assert await sent(session, EMAIL, hours=3) == []


async def test_what_somebody_refused_does_not_go_out_not_even_what_had_gathered(
    reached: Stage,
) -> None:
    session, clerk = reached.session, reached.clerk.account_id
    assert clerk is not None
    await planning.plan(session, [fact(clerk, 1, "request.offered")], MONDAY)
    by = reached.clerk.author()
    await wishes.choose(session, clerk, "desk", EMAIL, False, by, MONDAY)
    assert await sent(session, EMAIL) == []
    assert await planning.plan(session, [fact(clerk, 2, "request.offered")], MONDAY) == 0


async def test_what_must_be_told_cannot_be_refused(reached: Stage) -> None:
    session, clerk = reached.session, reached.clerk.account_id
    assert clerk is not None
    with pytest.raises(wishes.MandatoryNotice):
        await wishes.choose(
            session, clerk, "deadline", EMAIL, False, reached.clerk.author(), MONDAY
        )
    await wishes.choose(session, clerk, "deadline", SMS, False, reached.clerk.author(), MONDAY)
    assert await planning.plan(session, [fact(clerk, 1)], MONDAY) == 1  # by e-mail


async def test_a_fact_that_is_taken_back_in_time_is_not_told(reached: Stage) -> None:
    session, clerk = reached.session, reached.clerk.account_id
    assert clerk is not None
    await planning.plan(session, [fact(clerk, 1), fact(clerk, 2)], MONDAY)
    await planning.withdraw(session, [clerk], ["requests/x#1"])
    (parcel,) = await sent(session, EMAIL)
    assert "第1件" not in parcel.words.text
    await planning.withdraw(session, [clerk], ["requests/x#2"])
    assert await sent(session, SMS) == []
    states = (await session.scalars(select(Sending.state).order_by(Sending.channel))).all()
    assert states == ["sent", "dropped"]


async def test_whose_account_is_closed_hears_nothing_more(reached: Stage) -> None:
    session, clerk = reached.session, reached.clerk.account_id
    assert clerk is not None
    await planning.plan(session, [fact(clerk, 1)], MONDAY)
    account = await session.get_one(Account, clerk)
    account.disabled_at = MONDAY
    await session.flush()
    assert await sent(session, EMAIL) == []
    lines = (await session.scalars(select(SendingLine.channel))).all()
    assert sorted(lines) == [EMAIL, SMS]
