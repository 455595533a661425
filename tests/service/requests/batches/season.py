"""A season of places: an agency that gives them, and talents who want one."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from service import ids
from service.auth.callers import Caller, Grant, Role
from service.auth.models import Account, GrantRow
from service.talents.cards.card import Card
from service.talents.models import Person
from tests.city import City, Someone
from tests.service.requests.ask import APARTMENT
from tests.service.satisfaction.make import signed_in

BATCHES = "/v1/partner/batches"
TIER = {"key": "tier"}
SINCE = {"key": "waiting_since"}
MANY = {"key": "form", "field": "family_size", "largest_first": True}
GRANTED = {"outcome": "granted", "result": {"summary": "已配租人才公寓一套"}}


class Wanting:
    """A talent with a card, and the one request that they have."""

    def __init__(self, city: City, account_id: UUID, person_id: UUID) -> None:
        self.city, self.account_id, self.person_id = city, account_id, person_id
        self.request = ""
        self._signed_in_at: datetime | None = None

    async def who(self) -> Someone:
        """Signed in; again where the clock has run on."""
        at = self._signed_in_at
        if at is None or self.city.now - at > timedelta(hours=6):
            caller = Caller(
                id=str(self.account_id), grants=(Grant(Role.TALENT),),
                account_id=self.account_id, person_id=self.person_id,
            )  # fmt: skip
            self._me, self._signed_in_at = await signed_in(self.city, caller), self.city.now
        return self._me

    async def asks(
        self, offering: str = "HO-01", whole: dict[str, Any] | None = None, **form: Any
    ) -> Any:
        """Hand a request in, 370100, with the sample form or a whole one; returns the answer."""
        where = form.pop("region", "370100")
        body = {"offering": offering, "region": where, "form": (whole or APARTMENT) | form}
        made = await (await self.who()).post("/v1/requests", body)
        if made.status_code == 201:
            self.request = made.json()["id"]
        return made

    async def get(self, what: str = "") -> Any:
        answer = await (await self.who()).get(f"/v1/requests/{self.request}{what}")
        return answer.json() if answer.status_code == 200 else answer

    async def place(self) -> Any:
        """Where they stand."""
        return await self.get("/place")

    async def acts(self, what: str, body: Any = None) -> Any:
        """`place`, `withdraw` and so on, on what they see now."""
        me = await self.who()
        tag = (await me.get(f"/v1/requests/{self.request}")).headers["ETag"]
        return await me.post(f"/v1/requests/{self.request}/{what}", body, etag=tag)

    async def answers(self, answer: str) -> Any:
        return await self.acts("place", {"answer": answer})


async def wanting(city: City, category: int = 3, name: str = "林小满") -> Wanting:
    """A new talent of 济南 with a card of this category."""
    person_id, account_id = ids.new_id(), ids.new_id()
    today = city.now.date()
    async with city.sessions.begin() as session:
        session.add(
            Person(
                id=person_id, name=name, id_kind="passport", id_number=str(person_id),
                id_blind=ids.random_bytes(32), phone="13800001234", phone_blind=None,
                address=None, born_on=None, steward_id=None, created_at=city.now,
            )
        )  # fmt: skip
        await session.flush()
        session.add(
            Card(
                id=ids.new_id(), number=f"T-{person_id}", person_id=person_id,
                application_id=None, category=category, tier="B", region="370100", unit_id=None,
                state="active", masked_name=f"{name[0]}*", issued_on=today,
                valid_until=today + timedelta(days=900), print_cti=None, replaced_by=None,
            )
        )  # fmt: skip
        session.add(
            Account(
                id=account_id, login=f"wants-{account_id}", name=name, password_hash="-",
                totp_secret=None, totp_step=0, totp_origin="", person_id=person_id,
                disabled_at=None, created_at=city.now,
            )
        )  # fmt: skip
        await session.flush()
        session.add(
            GrantRow(
                id=ids.new_id(), account_id=account_id, role=Role.TALENT, region="370100",
                organisation_id=None, granted_at=city.now,
            )
        )  # fmt: skip
    return Wanting(city, account_id, person_id)


class Season:
    """One batch, and those who queue in it."""

    def __init__(self, city: City, key: str, made: dict[str, Any]) -> None:
        self.city, self.key, self.id = city, key, made["id"]
        self.commitment: str = made["commitment"]
        self.path = f"{BATCHES}/{self.id}"
        self.public = f"/v1/public/batches/{self.id}"

    async def agency(self) -> Someone:
        return await self.city.client(self.key)

    async def seen(self) -> dict[str, Any]:
        """As its agency sees it."""
        answer = await (await self.agency()).get(self.path)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def at(self, moment: str) -> None:
        """Go there, and let the timers work."""
        self.city.at(moment)
        await self.city.sweep()

    async def post(self, what: str, body: Any = None) -> Any:
        return await (await self.agency()).post(f"{self.path}/{what}", body)

    async def acts(self, wanting: Wanting, act: str, body: Any = None) -> Any:
        """The agency acts on one request."""
        agency, path = await self.agency(), f"/v1/partner/requests/{wanting.request}"
        tag = (await agency.get(path)).headers["ETag"]
        return await agency.post(f"{path}/{act}", body, etag=tag)

    async def accepts(self, *wantings: Wanting) -> None:
        await self.city.settle()
        for each in wantings:
            answer = await self.acts(each, "accept")
            assert answer.status_code == 200, answer.text

    async def order(self) -> list[str]:
        """The requests of the list, first to last."""
        return [line["request_id"] for line in (await self.seen())["lines"]]

    async def states(self, *wantings: Wanting) -> list[str]:
        """Where each stands."""
        return [(await each.place())["state"] for each in wantings]


def announcement(**given: Any) -> dict[str, Any]:
    """Two apartments in 济南, of the working week after 2 March 2026."""
    return {
        "offering": "HO-01", "region": "370100", "title": "2026年3月人才公寓", "places": 2,
        "opens_at": "2026-03-02T09:00:00+08:00", "closes_at": "2026-03-06T17:00:00+08:00",
        "rule": [TIER, MANY],
    } | given  # fmt: skip


async def opened(city: City, key: str = "housing", **given: Any) -> Season:
    """A batch that takes requests now."""
    answer = await (await city.client(key)).post(BATCHES, announcement(**given))
    assert answer.status_code == 201, answer.text
    return Season(city, key, answer.json())


async def queueing(city: City, season: Season, *categories: int) -> list[Wanting]:
    """Talents of these categories with accepted requests in the batch."""
    found = [await wanting(city, category) for category in categories]
    for each in found:
        answer = await each.asks()
        assert answer.status_code == 201, answer.text
    await season.accepts(*found)
    return found
