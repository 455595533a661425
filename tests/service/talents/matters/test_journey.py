"""Whatever people do to a card in whatever order: what always holds (guide.md 2.4, api.md 3.5)."""

import random
from datetime import timedelta
from typing import Any

import pytest

from tests.city import City, Someone
from tests.service.talents.matters.life import (
    KINDS,
    agreed,
    asked,
    card_of,
    decide,
    holder,
    manager,
    specialist,
    uscc,
    window,
)

ENDS = {"revoked", "replaced", "expired"}
ACTS = ("suspend", "reinstate", "renew", "replace", "revoke")
STEPS = 50


class Journey:
    """One holder's cards, and everybody who may do something to them, in a random order."""

    def __init__(self, city: City, seed: int) -> None:
        self.city, self.draw = city, random.Random(seed)
        self.before: dict[str, tuple[str, Any, int]] = {}

    async def people(self) -> dict[str, Someone]:
        return {
            "holder": await holder(self.city),
            "manager": await manager(self.city),
            "specialist": await specialist(self.city),
            "steward": await self.city.person("steward"),
            "county": await window(self.city, "370102"),
            "city": await window(self.city, "370100"),
            "province": await window(self.city, "370000"),
        }

    async def step(self) -> None:
        """Somebody does something; refusals are as good as acts."""
        everybody = await self.people()
        who = everybody[self.draw.choice(list(everybody))]
        cards = await self.city.sql(
            "SELECT id FROM cards WHERE region LIKE '3701%'"
            " ORDER BY (state IN ('active', 'suspended')) DESC, id LIMIT $1",
            1 if self.draw.random() < 0.8 else 9,
        )
        matters = await self.city.sql("SELECT id FROM card_matters ORDER BY id DESC LIMIT 6")
        what = self.draw.choice(
            ("card", "card", "card", "ask", "ask", "matter", "matter", "matter", "time")
        )
        if what == "card":
            await self._card(who, str(self.draw.choice(cards)["id"]))
        elif what == "ask":
            await self._ask(who, str(self.draw.choice(cards)["id"]))
        elif what == "matter" and matters:
            await self._matter(who, str(self.draw.choice(matters)["id"]))
        else:
            self.city.pass_time(timedelta(days=self.draw.randint(1, 200)))
            await self.city.sweep()

    async def _send(self, who: Someone, read: str, path: str, body: Any) -> None:
        seen = await who.get(read)
        answer = await who.post(path, body, etag=seen.headers.get("ETag", '"0"'))
        assert answer.status_code < 500, answer.text

    async def _card(self, who: Someone, card_id: str) -> None:
        """Mostly what is open to them; ends come, but less often, for they end the journey."""
        seen = await who.get(f"/v1/cards/{card_id}")
        open_now = [each for each in seen.json().get("allowed", ()) if each in ACTS]
        wanted = [each for each in open_now if each != "revoke" or self.draw.random() < 0.1]
        name = self.draw.choice(wanted if wanted and self.draw.random() < 0.9 else ACTS)
        body: dict[str, Any] = {"reason": "试"}
        if name == "renew" and self.draw.random() < 0.8:
            until = self.city.now.date() + timedelta(days=self.draw.randint(-5, 2500))
            body["valid_until"] = until.isoformat()
        await self._send(who, f"/v1/cards/{card_id}", f"/v1/cards/{card_id}/{name}", body)

    async def _ask(self, who: Someone, card_id: str) -> None:
        kind = self.draw.choice(list(KINDS))
        body = {"kind": kind, "reason": "试", **KINDS[kind]}
        if kind == "renewal":
            until = self.city.now.date() + timedelta(days=self.draw.randint(1, 2000))
            body["contract_until"] = until.isoformat()
        if kind == "unit_change":
            body["unit_uscc"] = await uscc(self.city, self.draw.choice(("370100", "370102")))
        answer = await who.post(f"/v1/cards/{card_id}/matters", body)
        assert answer.status_code in (201, 403, 404, 409, 422), answer.text

    async def _matter(self, who: Someone, matter_id: str) -> None:
        name = self.draw.choice(("decisions", "decisions", "withdraw", "statement"))
        body: Any = None
        if name == "decisions":
            body = {"decision": self.draw.choice(("agree", "decline")), "opinion": "试"}
        if name == "statement":
            body = {"statement": "试"}
        path = f"/v1/card-matters/{matter_id}"
        await self._send(who, path, f"{path}/{name}", body)

    async def check(self) -> None:
        """At most one live card a person; an end is an end; a last day never moves back."""
        rows = await self.city.sql("SELECT id, person_id, state, valid_until, revision FROM cards")
        live = [row["person_id"] for row in rows if row["state"] not in ENDS]
        assert len(live) == len(set(live))
        for row in rows:
            state, until, revision = self.before.get(str(row["id"]), ("", row["valid_until"], 0))
            assert row["valid_until"] >= until
            assert state not in ENDS or (row["state"], row["revision"]) == (state, revision)
            self.before[str(row["id"])] = (row["state"], row["valid_until"], row["revision"])
        open_ones = "SELECT card_id, kind FROM card_matters WHERE state = 'open'"
        pairs = [tuple(row) for row in await self.city.sql(open_ones)]
        assert len(pairs) == len(set(pairs))


@pytest.mark.parametrize("seed", range(4))
async def test_a_journey_in_any_order_keeps_the_rules(city: City, seed: int) -> None:
    journey = Journey(city, seed)
    for _ in range(STEPS):
        await journey.step()
        await journey.check()
    await city.sweep()
    stale = (
        "SELECT 1 FROM card_matters m JOIN cards c ON c.id = m.card_id"
        " WHERE m.state = 'open' AND c.state NOT IN ('active', 'suspended')"
    )
    assert not await city.sql(stale)


async def test_a_suspended_card_is_refused_by_the_very_next_verification(city: City) -> None:
    mine, hospital = await holder(city), await city.client("hospital")
    card = await card_of(mine)
    shown = (await mine.post("/v1/me/card/presentations", key=None)).json()
    (point,) = (await hospital.get("/v1/service-points")).json()["items"][:1]
    body = {"token": shown["token"], "service_point": point["id"]}
    good = await hospital.post("/v1/verifications", body, key=None)
    assert good.json()["result"] == "valid", good.text
    stopped = await mine.post(f"/v1/cards/{card['id']}/suspend", {"reason": "遗失"}, etag='"1"')
    assert stopped.status_code == 200
    bad = await hospital.post("/v1/verifications", body, key=None)
    assert bad.json()["reason"] == "card-suspended", bad.text


async def test_a_decided_matter_is_decided_for_good(city: City) -> None:
    mine = await holder(city)
    card = await card_of(mine)
    jinan = await window(city, "370100")
    matter = await asked(mine, card["id"], "renewal")
    await agreed(jinan, matter)
    for decision in ("agree", "decline"):
        assert (await decide(jinan, matter, decision)).json()["code"] == "wrong-state"
