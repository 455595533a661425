"""The whole product in one process, with a clock that stands still, and people who use it."""

import contextlib
import itertools
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pyotp
from litestar import Litestar

from service.app import create_app
from service.auth.signing_in import LIFE
from service.settings import Settings
from workers import relay, runtime, timers

SHANGHAI = ZoneInfo("Asia/Shanghai")
MONDAY = datetime(2026, 3, 2, 10, 0, tzinfo=SHANGHAI)
_keys = itertools.count(1)


class Someone:
    """A person or a machine that is signed in."""

    def __init__(self, http: httpx.AsyncClient, token: str | None, entry: dict[str, Any]) -> None:
        self.http, self.entry = http, entry
        self.headers = {"Authorization": f"Bearer {token}"} if token else {}

    async def send(
        self, method: str, path: str, *, headers: Mapping[str, str] | None = None, **rest: Any
    ) -> httpx.Response:
        """One call with these credentials."""
        return await self.http.request(
            method, path, headers={**self.headers, **(headers or {})}, **rest
        )

    async def get(self, path: str, **rest: Any) -> httpx.Response:
        """`GET path`."""
        return await self.send("GET", path, **rest)

    async def post(
        self,
        path: str,
        json: Any = None,
        *,
        key: str | None = "fresh",
        etag: str | None = None,
        headers: Mapping[str, str] | None = None,
        **rest: Any,
    ) -> httpx.Response:
        """`POST path`, with a fresh Idempotency-Key unless one (or None) is given."""
        more = dict(headers or {})
        if key is not None:
            more["Idempotency-Key"] = f"key-{next(_keys)}" if key == "fresh" else key
        if etag is not None:
            more["If-Match"] = etag
        if json is not None:
            rest["json"] = json
        return await self.send("POST", path, headers=more, **rest)

    async def patch(self, path: str, json: Any, *, etag: str | None = None) -> httpx.Response:
        """`PATCH path`."""
        headers = {"If-Match": etag} if etag else {}
        return await self.send("PATCH", path, json=json, headers=headers)

    async def delete(self, path: str, **rest: Any) -> httpx.Response:
        """`DELETE path`."""
        return await self.send("DELETE", path, **rest)


_app: list[Litestar] = []
"""Putting the application together takes longer than most tests; its state is each test's own."""


def app_of(settings: Settings, clock: Callable[[], datetime]) -> Litestar:
    """The run's application, with nothing left of the test before."""
    if not _app:
        _app.append(create_app(settings, clock))
    state = _app[0].state
    for name in state.dict():
        delattr(state, name)
    state.settings, state.clock = settings, clock
    return _app[0]


class City:
    """The product, its people and their clock."""

    def __init__(self, settings: Settings, planted: dict[str, Any]) -> None:
        self.settings, self.planted = settings, planted
        self.now = MONDAY
        self.app = app_of(settings, lambda: self.now)
        self._known: dict[str, tuple[datetime, Someone]] = {}

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator["City"]:
        """Start the application, and the workers' side of it in this same loop."""
        transport = httpx.ASGITransport(app=self.app)  # type: ignore[arg-type]
        async with (
            self.app.lifespan(),
            httpx.AsyncClient(transport=transport, base_url=self.settings.base_url) as self.http,
        ):
            self.sessions, self.pool = self.app.state.sessions, self.app.state.pool
            with runtime.using(self.sessions, clock=lambda: self.now):
                yield self

    def pass_time(self, span: timedelta) -> None:
        """Let time go by."""
        self.now += span

    def at(self, when: datetime | str) -> None:
        """Set the clock; a text without a zone is Shanghai's time."""
        found = datetime.fromisoformat(when) if isinstance(when, str) else when
        self.now = found if found.tzinfo else found.replace(tzinfo=SHANGHAI)

    @property
    def nobody(self) -> Someone:
        """Somebody without credentials."""
        return Someone(self.http, None, {})

    def entry(self, role: str, **wanted: Any) -> dict[str, Any]:
        """The sample person with this role (and region, organisation …)."""
        for each in self.planted["people"]:
            if each["role"] == role and all(each.get(k) == v for k, v in wanted.items()):
                return dict(each)
        raise LookupError(f"no sample person {role} {wanted}")

    async def person(self, role: str, **wanted: Any) -> Someone:
        """A sample person, signed in; again where the clock has run past the session's life."""
        entry = self.entry(role, **wanted)
        login = entry["login"]
        signed_in_at, known = self._known.get(login, (None, None))
        if known is None or signed_in_at is None or self.now - signed_in_at >= LIFE:
            body = {"login": login, "password": entry["password"]}
            if secret := entry.get("totp_secret"):
                body["otp"] = pyotp.TOTP(secret).at(int(self.now.timestamp()))
            answer = await self.http.post("/v1/sessions", json=body)
            assert answer.status_code == 201, answer.text
            self.http.cookies.clear()
            known = Someone(self.http, answer.json()["access_token"], entry)
            self._known[login] = (self.now, known)
        return known

    async def client(self, key: str) -> Someone:
        """A sample machine with a fresh access token (they live 15 minutes)."""
        entry = next(each for each in self.planted["clients"] if each["key"] == key)
        answer = await self.http.post(
            "/oauth/token",
            data={"grant_type": "client_credentials"},
            auth=(entry["client_id"], entry["client_secret"]),
        )
        assert answer.status_code == 200, answer.text
        return Someone(self.http, answer.json()["access_token"], dict(entry))

    async def settle(self) -> None:
        """Relay and run every consumer until nothing is left to do."""
        while True:
            sent = await self._relayed()
            if not sent:
                return
            for actor, subject in sent:
                await actor.fn.__wrapped__(subject)

    async def _relayed(self) -> list[tuple[Any, str]]:
        """One batch of the relay, with the messages handed to us in place of a broker."""
        sent: list[tuple[Any, str]] = []
        async with self.sessions.begin() as session:
            await relay.publish_batch(session, sent.extend, self.now)
        return sent

    async def sweep(self) -> None:
        """Let the timers do what is due at `now`, then settle; until nothing is due."""
        while await timers.sweep(self.sessions, self.now):
            await self.settle()
        await self.settle()

    async def sql(self, query: str, *arguments: Any) -> Sequence[Any]:
        """Rows of a plain query."""
        rows: Sequence[Any] = await self.pool.fetch(query, *arguments)
        return rows

    async def events(self, subject: str) -> list[str]:
        """The types of a subject's events, in order."""
        query = "SELECT type FROM events WHERE subject = $1 ORDER BY sequence"
        return [row["type"] for row in await self.sql(query, subject)]
