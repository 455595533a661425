"""People, agencies and what was done for them, as rows: the stage on which ratings are tried."""

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from events import log
from events.of_cards import BenefitRedeemed
from events.of_requests import DeadlineBreached, RequestCompleted
from service import ids
from service.auth.callers import Caller, Grant, Role
from service.auth.models import Account, GrantRow
from service.auth.models import Session as SignedIn
from service.auth.signing_in import token_hash
from service.counters.models import Redemption
from service.offerings.models import OfferingVersion
from service.partners.models import Partner, ServicePoint
from service.requests.models import Request, State
from service.satisfaction.rating import NewRating
from service.talents.cards.card import Card
from service.talents.models import Person
from tests.city import City, Someone

MONDAY = datetime.fromisoformat("2026-03-02T10:00:00+08:00")
HISTORIC = MONDAY - timedelta(days=400)


class Stage:
    """A holder, two agencies with a clerk each, an officer of the centre; made in one session."""

    def __init__(self, session: AsyncSession) -> None:
        self.session = session
        self.person_id, self.card_id = ids.new_id(), ids.new_id()
        self.housing, self.schools = ids.new_id(), ids.new_id()
        self.point = ids.new_id()

    async def set(self, category: int = 3) -> "Stage":
        """Put everybody in their place."""
        for name, partner_id in (("某市住建局", self.housing), ("某市教育局", self.schools)):
            self.session.add(
                Partner(
                    id=partner_id, name=name, kind="test", region="370100",
                    last_seen_at=None, created_at=HISTORIC,
                )
            )  # fmt: skip
        self.session.add(_person(self.person_id))
        await self.session.flush()
        self.session.add(_card(self.card_id, self.person_id, category))
        self.session.add(
            ServicePoint(id=self.point, partner_id=self.schools, name="一楼窗口", region="370102")
        )
        await self.session.flush()
        self.holder = await self.account(Role.TALENT, person_id=self.person_id)
        self.clerk = await self.account(Role.PARTNER_CLERK, organisation_id=self.housing)
        self.other_clerk = await self.account(Role.PARTNER_CLERK, organisation_id=self.schools)
        self.officer = await self.account(Role.CENTRE, region="370000")
        return self

    async def account(
        self,
        role: Role,
        region: str | None = None,
        organisation_id: UUID | None = None,
        person_id: UUID | None = None,
    ) -> Caller:
        """Somebody with an account and one role."""
        account_id = ids.new_id()
        self.session.add(
            Account(
                id=account_id, login=f"t-{account_id}", name="某人", password_hash="-",
                totp_secret=None, person_id=person_id, disabled_at=None, created_at=HISTORIC,
            )
        )  # fmt: skip
        await self.session.flush()
        self.session.add(
            GrantRow(
                id=ids.new_id(), account_id=account_id, role=role, region=region,
                organisation_id=organisation_id, granted_at=HISTORIC,
            )
        )  # fmt: skip
        await self.session.flush()
        grant = Grant(role, region, organisation_id)
        return Caller(
            id=str(account_id), account_id=account_id, person_id=person_id, grants=(grant,)
        )

    async def version(self, offering: str) -> OfferingVersion:
        """The offering as the catalogue has it."""
        query = select(OfferingVersion).where(OfferingVersion.code == offering)
        return (await self.session.scalars(query.order_by(OfferingVersion.version))).one()

    async def request(
        self, state: State = State.COMPLETED, at: datetime = MONDAY, **given: Any
    ) -> Request:
        """A request, completed at `at` with its event unless another state is given."""
        offering = given.pop("offering", "HO-01")
        done = at if state is State.COMPLETED else None
        request_id = ids.new_id()
        plain: dict[str, Any] = {
            "id": request_id, "number": f"T-{request_id}", "person_id": self.person_id,
            "card_id": self.card_id, "category": 3, "offering": offering,
            "offering_version_id": (await self.version(offering)).id, "region": "370102",
            "form": {}, "beneficiaries": [], "files": [], "state": state,
            "partner_id": self.housing, "outcome": "granted" if done else None, "bounces": 0,
            "submitted_at": at - timedelta(days=5), "accepted_at": at - timedelta(days=4),
            "completed_at": done, "ended_at": done, "in_time": True if done else None,
        }  # fmt: skip
        row = Request(**(plain | given))
        self.session.add(row)
        await self.session.flush()
        if done:
            event = RequestCompleted(
                request_id=row.id, offering=offering, partner_id=row.partner_id,
                outcome="granted", in_time=bool(row.in_time),
            )  # fmt: skip
            await log.append(self.session, event, by=log.SYSTEM, region=row.region, now=at)
        return row

    async def redemption(self, at: datetime = MONDAY, offering: str = "CT-01") -> Redemption:
        """A benefit that the holder's card was redeemed for, with its event."""
        row = Redemption(
            id=ids.new_id(), iss="hck37", cti=ids.random_bytes(8), card_id=self.card_id,
            offering=offering, offering_version_id=(await self.version(offering)).id,
            partner_id=self.schools, service_point_id=self.point, companions=0, redeemed_at=at,
        )  # fmt: skip
        self.session.add(row)
        await self.session.flush()
        event = BenefitRedeemed(
            redemption_id=row.id, card_id=row.card_id, offering=offering,
            partner_id=row.partner_id, service_point_id=row.service_point_id, companions=0,
        )  # fmt: skip
        await log.append(self.session, event, by=log.SYSTEM, region="370102", now=at)
        return row

    async def breach(self, row: Request, leg: str, at: datetime = MONDAY) -> None:
        """A missed deadline of a request, as the log tells of it."""
        event = DeadlineBreached(
            request_id=row.id, offering=row.offering, partner_id=row.partner_id,
            clock_id=ids.new_id(), leg=leg, generation=1, rung="breach", due_at=at, late_seconds=0,
        )  # fmt: skip
        await log.append(self.session, event, by=log.SYSTEM, region=row.region, now=at)


def _person(person_id: UUID) -> Person:
    return Person(
        id=person_id, name="林小满", id_kind="passport", id_number=str(person_id),
        id_blind=ids.random_bytes(32), phone="13800001234", phone_blind=None, address=None,
        born_on=None, steward_id=None, created_at=HISTORIC,
    )  # fmt: skip


def _card(card_id: UUID, person_id: UUID, category: int) -> Card:
    return Card(
        id=card_id, number=f"T-{card_id}", person_id=person_id, application_id=None,
        category=category, tier="B", region="370100", unit_id=None, state="active",
        masked_name="林*", issued_on=date(2025, 1, 1), valid_until=date(2030, 1, 1),
        print_cti=None, replaced_by=None,
    )  # fmt: skip


GOOD = NewRating(grade=5, tags=["510"])
BAD = NewRating(grade=1, comment="窗口让我跑了三次,电话 13800001234,我是林小满")


async def signed_in(city: City, caller: Caller) -> Someone:
    """The stage's people at the doors: a session as signing in would have made it."""
    assert caller.account_id is not None
    token = ids.new_secret()
    async with city.sessions.begin() as session:
        session.add(
            SignedIn(
                token_hash=token_hash(token), account_id=caller.account_id,
                created_at=city.now, expires_at=city.now + timedelta(hours=8), ended_at=None,
            )
        )  # fmt: skip
    return Someone(city.http, token, {})
