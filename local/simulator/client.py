"""A partner's machine: OAuth client credentials, and calls that outlive hiccups (api.md 2.1)."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import httpx
import jwt
import msgspec
import structlog

from service import ids

log = structlog.get_logger("local.simulator")

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
METADATA = "/.well-known/oauth-authorization-server"
EARLY = timedelta(seconds=60)
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.5, 10.0

Sleep = Callable[[float], Awaitable[None]]
Clock = Callable[[], datetime]


class Credentials(msgspec.Struct, frozen=True):
    """An entry of `var/local.json`; with a private key the client signs (RFC 7523)."""

    key: str
    partner: str
    scopes: list[str]
    client_id: str
    client_secret: str
    private_key_pem: str | None = None


class Machine:
    """One client of the service. Tries again on 401, 429, 5xx and lost connections, for ever."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        credentials: Credentials,
        *,
        clock: Clock,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self.http, self.credentials, self.clock, self.sleep = http, credentials, clock, sleep
        self._token = ""
        self._fresh_until: datetime | None = None

    async def get(self, path: str, **query: Any) -> httpx.Response:
        """`GET path`; parameters that are None are left out."""
        wanted = {name: value for name, value in query.items() if value is not None}
        return await self._send("GET", path, params=wanted)

    async def act(self, path: str, body: Any, *, etag: str, key: str) -> httpx.Response:
        """`POST path` on what was seen as `etag`; the same `key` again does it only once."""
        headers = {"If-Match": etag, "Idempotency-Key": key}
        return await self._send("POST", path, headers=headers, json=body)

    async def _send(
        self, method: str, path: str, headers: Mapping[str, str] | None = None, **rest: Any
    ) -> httpx.Response:
        pause = FIRST_PAUSE_SECONDS
        while True:
            try:
                sent = {**(headers or {}), "Authorization": f"Bearer {await self._access()}"}
                answer = await self.http.request(method, path, headers=sent, **rest)
            except (httpx.TransportError, NotYet) as lost:
                log.info("trying again", client=self.credentials.key, why=type(lost).__name__)
            else:
                if not _passing(answer):
                    return answer
                if answer.status_code == 401:
                    self._fresh_until = None
                log.info("trying again", client=self.credentials.key, why=answer.status_code)
                pause = max(pause, _asked_pause(answer))
            await self.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)

    async def _access(self) -> str:
        if self._fresh_until is None or self.clock() >= self._fresh_until:
            metadata = await self.http.get(METADATA)
            if metadata.status_code != 200:
                raise NotYet
            page = metadata.json()
            answer = await self._ask_token(page["token_endpoint"])
            if answer.status_code != 200:
                raise NotYet
            given = answer.json()
            self._token = given["access_token"]
            self._fresh_until = self.clock() + timedelta(seconds=given["expires_in"]) - EARLY
        return self._token

    async def _ask_token(self, endpoint: str) -> httpx.Response:
        form = {"grant_type": "client_credentials"}
        who = self.credentials
        if who.private_key_pem is None:
            return await self.http.post(
                endpoint, data=form, auth=(who.client_id, who.client_secret)
            )
        signed = {"client_assertion_type": ASSERTION_TYPE, "client_assertion": self._sign(endpoint)}
        return await self.http.post(endpoint, data=form | signed)

    def _sign(self, audience: str) -> str:
        now = int(self.clock().timestamp())
        claims = {
            "iss": self.credentials.client_id,
            "sub": self.credentials.client_id,
            "aud": audience,
            "iat": now,
            "exp": now + 60,
            "jti": str(ids.new_id()),
        }
        return jwt.encode(claims, self.credentials.private_key_pem or "", algorithm="ES256")


class NotYet(Exception):
    """No access token for now."""


def _passing(answer: httpx.Response) -> bool:
    """Whether the same call may well succeed in a moment."""
    code = answer.status_code
    return code in (401, 429) or code >= 500 or (code == 409 and _key_in_use(answer))


def _key_in_use(answer: httpx.Response) -> bool:
    """The first try of this act is still under way: its answer comes with the next try."""
    return "idempotency-key-in-use" in answer.text


def _asked_pause(answer: httpx.Response) -> float:
    """`Retry-After` in seconds."""
    text = answer.headers.get("Retry-After", "")
    return float(text) if text.isascii() and text.isdigit() else 0.0
