"""Whoever uses the product while it is killed, and what they were told."""

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

import httpx
import pyotp

ASKING, TRIES_SECONDS, REDEEMING = 0.35, 240.0, 3.0
FRESH_SECONDS = 40.0
"""So long a shown code is certainly not expired (card-token.md 9.1)."""
LOOKS = 4
APARTMENT = {
    "family_size": 2, "preferred_district": "370102", "move_in_on": "2027-05-01",
    "has_local_home": False, "contact_phone": "13800000000",
}  # fmt: skip
Headers = dict[str, str]


class Ledger:
    """What clients were told: the answer to every key, what was verified, what was wrong."""

    def __init__(self) -> None:
        self.requests: dict[str, str] = {}
        self.redemptions: dict[str, str] = {}
        self.refused: Counter[str] = Counter()
        self.asked_again = 0
        self.unanswered: list[str] = []
        self.verified = 0
        self.changes = 0
        self.misjudged: list[str] = []
        self.received: set[str] = set()


class People:
    """The sample people and machines, signed in."""

    def __init__(self, http: httpx.AsyncClient, document: dict[str, Any]) -> None:
        self.http, self.document = http, document

    async def person(self, login: str) -> Headers:
        """Somebody who has signed in."""
        entry = next(each for each in self.document["people"] if each["login"] == login)
        body = {"login": login, "password": entry["password"]}
        if secret := entry.get("totp_secret"):
            body["otp"] = pyotp.TOTP(secret).now()
        answer = await self.http.post("/v1/sessions", json=body)
        self.http.cookies.clear()
        return {"Authorization": f"Bearer {answer.json()['access_token']}"}

    async def machine(self, key: str) -> Headers:
        """An agency's machine with a fresh token."""
        client = next(each for each in self.document["clients"] if each["key"] == key)
        answer = await self.http.post(
            "/oauth/token",
            data={"grant_type": "client_credentials"},
            auth=(client["client_id"], client["client_secret"]),
        )
        return {"Authorization": f"Bearer {answer.json()['access_token']}"}

    async def point(self, machine: Headers) -> str:
        """The first counter of a machine's agency."""
        points = await self.http.get("/v1/service-points", headers=machine)
        return str(points.json()["items"][0]["id"])


async def steadily(
    http: httpx.AsyncClient, ledger: Ledger, path: str, body: Any, headers: Headers
) -> httpx.Response | None:
    """Ask until there is an answer, with one and the same key; None where none ever came."""
    until = time.monotonic() + TRIES_SECONDS
    while time.monotonic() < until:
        with contextlib.suppress(httpx.HTTPError):
            answer = await http.post(path, json=body, headers=headers)
            busy = answer.status_code in (429, 409) and answer.json().get("code") in (
                "idempotency-key-in-use", "rate-limited",
            )  # fmt: skip
            if answer.status_code < 500 and not busy:
                return answer
        ledger.asked_again += 1
        await asyncio.sleep(0.3)
    ledger.unanswered.append(path)
    return None


async def ask(http: httpx.AsyncClient, ledger: Ledger, talent: Headers) -> None:
    """Somebody hands in a request."""
    key = str(uuid4())
    body = {"offering": "HO-01", "region": "370100", "form": APARTMENT}
    answer = await steadily(http, ledger, "/v1/requests", body, {**talent, "Idempotency-Key": key})
    if answer is not None and answer.status_code == 201:
        ledger.requests[key] = answer.json()["id"]
    elif answer is not None:
        ledger.refused[answer.json().get("code", "")] += 1
    await asyncio.sleep(ASKING)


async def redeem(people: People, ledger: Ledger, talent: Headers) -> None:
    """A holder shows their card, and a counter gives a benefit for it."""
    await asyncio.sleep(REDEEMING)
    http, counter = people.http, await people.machine("airport")
    shown = await http.post("/v1/me/card/presentations", headers=talent)
    key = str(uuid4())
    body = {
        "token": shown.json()["token"], "offering": "TR-01", "companions": 0,
        "service_point": await people.point(counter),
    }  # fmt: skip
    headers = {**counter, "Idempotency-Key": key}
    answer = await steadily(http, ledger, "/v1/redemptions", body, headers)
    if answer is not None and answer.status_code == 201:
        ledger.redemptions[key] = answer.json()["id"]
    elif answer is not None:
        ledger.refused[answer.json().get("code", "")] += 1


class Gate:
    """A counter that looks at one card all the time, and knows what it should be told."""

    def __init__(self, people: People, ledger: Ledger, holder: Headers, window: Headers) -> None:
        self.people, self.http, self.ledger = people, people.http, ledger
        self.holder, self.window = holder, window

    async def watch(self) -> None:
        """A fresh code is valid, a forged one is not; suspended it is refused from the answer on,
        reinstated it is valid again."""
        await self._until("active", self.window)
        counter = await self.people.machine("airport")
        point = await self.people.point(counter)
        shown = await self.http.post("/v1/me/card/presentations", headers=self.holder)
        token, at = str(shown.json()["token"]), time.monotonic()

        async def look(text: str, *right: str) -> None:
            body = {"token": text, "service_point": point}
            answer = await steadily(self.http, self.ledger, "/v1/verifications", body, counter)
            if answer is None or time.monotonic() - at > FRESH_SECONDS:
                return
            told = answer.json().get("reason") or answer.json().get("result", "")
            self.ledger.verified += 1
            if answer.status_code != 200 or told not in right:
                self.ledger.misjudged.append(f"{'/'.join(right)}: {answer.status_code} {told}")

        for _ in range(LOOKS):
            await look(token, "valid")
        await look(forged(token), "bad-signature")
        await self._until("suspended", self.holder)
        await look(token, "card-suspended")
        await self._until("active", self.window)
        await look(token, "valid")

    async def _until(self, state: str, by: Headers) -> None:
        """Change the card's state until it is so; an answer may be lost with its process."""
        act = "suspend" if state == "suspended" else "reinstate"
        until = time.monotonic() + TRIES_SECONDS
        while time.monotonic() < until:
            with contextlib.suppress(httpx.HTTPError, KeyError, ValueError):
                mine = (await self.http.get("/v1/me/card", headers=self.holder)).json()
                path = f"/v1/cards/{mine['id']}"
                card = await self.http.get(path, headers=by)
                if card.json()["state"] == state:
                    self.ledger.changes += 1
                    return
                headers = {**by, "If-Match": card.headers["ETag"], "Idempotency-Key": str(uuid4())}
                await self.http.post(f"{path}/{act}", json={"reason": "演练"}, headers=headers)
                continue
            await asyncio.sleep(0.3)
        self.ledger.unanswered.append(act)


def forged(token: str) -> str:
    """The same code with other last characters: its signature does not hold."""
    last = token[-3:]
    return token[:-3] + next(each for each in ("000", "100") if each != last)


async def again_and_again(work: Callable[[], Awaitable[None]], stop: asyncio.Event) -> None:
    """Until told to stop; where somebody could not even begin, they come back a little later."""
    while not stop.is_set():
        try:
            await work()
        except (httpx.HTTPError, KeyError, ValueError, LookupError):
            await asyncio.sleep(0.5)
