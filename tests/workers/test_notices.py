"""Who is told what: the right people, once, in words without anybody's data."""

from datetime import date, timedelta
from typing import get_args
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from events import catalogue, log, of_ratings, of_requests
from events.base import Event
from service import ids
from service.auth.callers import Caller, Role
from service.auth.models import Account
from service.requests.models import State
from service.satisfaction import rating, sentences
from service.satisfaction.models import Notice
from service.talents.models import Person
from tests.service.satisfaction.make import BAD, MONDAY, Stage
from workers.notices import TOLD, write_notices


@pytest.fixture
async def stage(session: AsyncSession) -> Stage:
    return await Stage(session).set()


async def happens(stage: Stage, event: Event, region: str = "370102", role: str = "system") -> None:
    by = log.Author("system", role, "worker")
    await log.append(stage.session, event, by=by, region=region, now=MONDAY)
    await write_notices(stage.session, event.subject, now=MONDAY)


async def inbox_of(stage: Stage, who: Caller) -> list[str]:
    query = select(Notice).where(Notice.account_id == who.account_id).order_by(Notice.id)
    return [each.text for each in (await stage.session.scalars(query)).all()]


async def accepted(stage: Stage) -> of_requests.RequestAccepted:
    row = await stage.request(State.ACCEPTED)
    due_at = MONDAY + timedelta(days=10)
    return of_requests.RequestAccepted(
        request_id=row.id, offering="HO-01", partner_id=stage.housing, due_at=due_at
    )


async def test_the_holder_is_told_by_whom_and_by_when(stage: Stage) -> None:
    await happens(stage, await accepted(stage))
    assert await inbox_of(stage, stage.holder) == [
        "您的“人才公寓申请”申请已由某市住建局受理,3月12日(周四)10:00前办结。"
    ]
    assert await inbox_of(stage, stage.clerk) == []


async def test_the_steward_of_the_talent_is_told_too(stage: Stage) -> None:
    steward = await stage.account(Role.STEWARD, region="370100")
    person = await stage.session.get_one(Person, stage.person_id)
    person.steward_id = steward.account_id
    await happens(stage, await accepted(stage))
    assert len(await inbox_of(stage, steward)) == 1


async def test_a_message_that_comes_twice_tells_once(stage: Stage) -> None:
    event = await accepted(stage)
    await happens(stage, event)
    assert await write_notices(stage.session, event.subject, now=MONDAY) == 0
    assert len(await inbox_of(stage, stage.holder)) == 1


async def test_a_notice_names_its_place_in_the_story(stage: Stage) -> None:
    event = await accepted(stage)
    await happens(stage, event)
    notice = (await stage.session.scalars(select(Notice))).one()
    assert (notice.subject, notice.sequence, notice.kind) == (event.subject, 1, "request.accepted")


async def test_an_offer_is_for_the_clerks_of_that_agency_alone(stage: Stage) -> None:
    row = await stage.request(State.OFFERED)
    event = of_requests.RequestOffered(
        request_id=row.id, offering="HO-01", partner_id=stage.housing, dispatch_id=ids.new_id(),
        due_at=MONDAY,
    )  # fmt: skip
    await happens(stage, event)
    assert len(await inbox_of(stage, stage.clerk)) == 1
    assert await inbox_of(stage, stage.other_clerk) == []
    assert await inbox_of(stage, stage.holder) == []


async def test_a_breach_reaches_the_centre_of_that_place_and_above(stage: Stage) -> None:
    jinan = await stage.account(Role.CENTRE, region="370100")
    qingdao = await stage.account(Role.CENTRE, region="370200")
    row = await stage.request(State.ACCEPTED)
    await stage.breach(row, "handling")
    await write_notices(stage.session, f"requests/{row.id}", now=MONDAY)
    assert await inbox_of(stage, jinan) == ["一件“人才公寓申请”申请办理超期。"]
    assert len(await inbox_of(stage, stage.officer)) == 1
    assert await inbox_of(stage, qingdao) == []
    assert await inbox_of(stage, stage.clerk) == ["“人才公寓申请”申请办理已超期,请立即办理。"]


async def test_a_bad_rating_reaches_the_centre_and_not_yet_the_agency(stage: Stage) -> None:
    request = await stage.request()
    made = await rating.rate_request(stage.session, request.id, BAD, stage.holder, MONDAY)
    await write_notices(stage.session, f"ratings/{made.id}", now=MONDAY)
    assert await inbox_of(stage, stage.officer) == ["收到一条“人才公寓申请”差评,请按时回访。"]
    assert await inbox_of(stage, stage.clerk) == []
    found = of_ratings.RatingCalledBack(
        rating_id=made.id, about=made.about, offering=made.offering, verdict="substantiated"
    )
    await happens(stage, found)
    assert await inbox_of(stage, stage.clerk) == ["一条“人才公寓申请”差评经回访属实,请按期整改。"]


async def test_a_message_is_told_to_the_other_side(stage: Stage) -> None:
    row = await stage.request(State.ACCEPTED)
    for role in ("talent", "partner_clerk"):
        event = of_requests.MessageSent(
            request_id=row.id, offering="HO-01", partner_id=stage.housing, message_id=ids.new_id()
        )
        await happens(stage, event, role=role)
    assert len(await inbox_of(stage, stage.clerk)) == 1
    assert len(await inbox_of(stage, stage.holder)) == 1


async def test_a_disabled_account_is_not_told(stage: Stage) -> None:
    account = await stage.session.get_one(Account, stage.holder.account_id)
    account.disabled_at = MONDAY
    await happens(stage, await accepted(stage))
    assert await inbox_of(stage, stage.holder) == []


FILLED: dict[str, object] = {
    "due_at": MONDAY, "items": 2, "leg": "handling", "ruling": "opened", "kind": "renewal",
    "decision": "agree", "valid_until": date(2031, 3, 1), "days": 7, "lapses": 3,
    "until": date(2026, 3, 9), "stopped_on": date(2026, 4, 1), "cause": "assigned", "rank": 3,
}  # fmt: skip


def made(kind: type[Event]) -> Event:
    """An event of any kind with something in each field that a sentence may name."""
    names = kind.__struct_fields__
    return kind(**{name: FILLED.get(name, uuid4()) for name in names})


@pytest.mark.parametrize("kind", sentences.LINES)
def test_every_sentence_can_be_said_and_nothing_in_it_is_left_blank(kind: type[Event]) -> None:
    for line in sentences.LINES[kind]:
        said = sentences.sentence(line, made(kind), "人才公寓申请", "某局")
        assert "{" not in said
        assert "—" not in said
        assert said.endswith("。")


def test_every_event_that_has_a_sentence_is_subscribed_to() -> None:
    assert set(sentences.LINES) <= set(TOLD) <= set(get_args(catalogue.AnyEvent))


def test_ids_stay_out_of_sentences() -> None:
    for kind, lines in sentences.LINES.items():
        event = made(kind)
        own = [
            str(v)
            for v in (getattr(event, n) for n in kind.__struct_fields__)
            if isinstance(v, UUID)
        ]
        assert not any(each in sentences.sentence(x, event, "", "") for x in lines for each in own)
