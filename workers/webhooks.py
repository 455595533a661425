"""Pushing events to partners: planned from the log, claimed, called, recorded (events.md 4).

Three steps, each on its own: claim (commit), call, record (commit). Never a call inside a
transaction; a slow receiver holds its own few calls and nothing else.
"""

import asyncio
import ssl
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import httpx
import structlog
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from service import nudge
from service.partners.webhooks import addresses, delivering, planning, signatures
from service.partners.webhooks.addresses import AddressRefused, Network
from service.partners.webhooks.delivering import Call, Outcome
from service.settings import Settings

Sessions = async_sessionmaker[AsyncSession]
log = structlog.get_logger("workers.webhooks")

CALL_SECONDS = 10.0
KEPT_OCTETS = 2_000
"""As much of an answer is kept for the partner's engineer to see."""
POLL_SECONDS = 0.2
"""A hint can be lost, and an event shows only once older transactions have ended."""
MOST_AT_ONCE = 400
AGENT = "huicaika-webhooks/1"


class Caller:
    """Calls receivers: each address resolved once and checked, no redirect, no proxy, 10 s."""

    def __init__(self, settings: Settings) -> None:
        self.base_url = settings.base_url
        self.origin = urlsplit(settings.base_url).hostname or ""
        self.allowed: list[Network] = addresses.networks_of(settings.webhook_networks)
        self._tls = ssl.create_default_context()

    async def call(
        self, call: Call, now: datetime, *, sent: bytes | None = None, unsigned: bool = False
    ) -> Outcome:
        """Make one delivery; whatever goes wrong is an outcome, never an error.

        A conformance run may send another body than was signed, or no signature at all.
        """
        headers = {"Content-Type": "application/cloudevents+json; charset=utf-8"}
        if not unsigned:
            headers |= signatures.headers_of(
                str(call.event_id), int(now.timestamp()), call.body, call.secrets, call.signing_key
            )
        body = call.body if sent is None else sent
        return await self._timed(lambda client: self._deliver(client, call, headers, body, now))

    async def ask(self, url: str) -> Outcome:
        """Whether the receiver wants our calls; an outcome too."""
        return await self._timed(lambda client: self._ask(client, url))

    async def _timed(self, work: Callable[[httpx.AsyncClient], Awaitable[Outcome]]) -> Outcome:
        begun = time.monotonic()
        try:
            # A connection of its own: one kept open by address could carry another host's call.
            async with (
                asyncio.timeout(CALL_SECONDS),
                httpx.AsyncClient(
                    verify=self._tls, trust_env=False, timeout=CALL_SECONDS,
                    limits=httpx.Limits(max_keepalive_connections=0),
                ) as client,
            ):  # fmt: skip
                outcome = await work(client)
        except TimeoutError:
            outcome = Outcome(error="timeout")
        except AddressRefused as refused:
            outcome = Outcome(error=refused.code)
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as wrong:
            outcome = Outcome(error=_kind(wrong))
        return _with(outcome, took_ms=int((time.monotonic() - begun) * 1000))

    async def _deliver(
        self,
        client: httpx.AsyncClient,
        call: Call,
        headers: dict[str, str],
        body: bytes,
        now: datetime,
    ) -> Outcome:
        if call.confirmed:
            return await self._post(client, call.url, headers, body, now)
        consent = await self._ask(client, call.url)
        if consent.error is not None:
            return consent
        outcome = await self._post(client, call.url, headers, body, now)
        return _with(outcome, confirmed=True, allowed_rate=consent.allowed_rate)

    async def _ask(self, client: httpx.AsyncClient, url: str) -> Outcome:
        """CloudEvents' webhook rules (events.md 4.2)."""
        headers = {"WebHook-Request-Origin": self.origin}
        answer, kept = await self._send(client, "OPTIONS", url, headers, b"")
        allowed = answer.headers.get("WebHook-Allowed-Origin", "")
        wanted = self.origin in [each.strip() for each in allowed.split(",")] or allowed == "*"
        if not 200 <= answer.status_code < 300 or not wanted:
            return Outcome(status=answer.status_code, error="no-consent", answer=kept)
        rate = answer.headers.get("WebHook-Allowed-Rate", "*").strip()
        return Outcome(
            status=answer.status_code,
            allowed_rate=max(1, int(rate)) if rate.isdecimal() else None,
        )

    async def _post(
        self,
        client: httpx.AsyncClient,
        url: str,
        headers: dict[str, str],
        body: bytes,
        now: datetime,
    ) -> Outcome:
        answer, kept = await self._send(client, "POST", url, headers, body)
        return Outcome(
            status=answer.status_code,
            answer=kept,
            retry_after_seconds=retry_after(answer.headers.get("Retry-After"), now),
        )

    async def _send(
        self, client: httpx.AsyncClient, method: str, url: str, headers: dict[str, str], body: bytes
    ) -> tuple[httpx.Response, bytes]:
        parts, address = await addresses.resolve(url, self.allowed)
        host = f"[{address}]" if address.version == 6 else str(address)
        netloc = f"{host}:{parts.port}" if parts.port else host
        request = client.build_request(
            method,
            parts._replace(netloc=netloc).geturl(),
            content=body,
            headers={**headers, "Host": parts.netloc, "User-Agent": AGENT},
            extensions={"sni_hostname": parts.hostname or ""},
        )
        answer = await client.send(request, stream=True, follow_redirects=False)
        try:
            return answer, await _beginning(answer)
        finally:
            await answer.aclose()


async def _beginning(answer: httpx.Response) -> bytes:
    """The first octets of an answer; what follows is not read."""
    kept = b""
    async for part in answer.aiter_raw():
        kept += part
        if len(kept) >= KEPT_OCTETS:
            break
    return kept[:KEPT_OCTETS]


def _kind(wrong: Exception) -> str:
    """What went wrong, as a code that the partner's engineer can act upon."""
    if isinstance(wrong, httpx.ConnectError):
        return "tls-failed" if "CERTIFICATE" in str(wrong) or "SSL" in str(wrong) else "not-reached"
    return "broken-answer"


def _with(outcome: Outcome, **changes: Any) -> Outcome:
    known = {name: getattr(outcome, name) for name in Outcome.__struct_fields__}
    return Outcome(**{**known, **changes})


def retry_after(text: str | None, now: datetime) -> int | None:
    """The seconds that the receiver asks us to wait: a number or a date (RFC 9110 10.2.3)."""
    if text is None:
        return None
    if text.strip().isdecimal():
        return min(int(text.strip()[:9]), 10**8)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return None
    return max(0, int((moment.replace(tzinfo=moment.tzinfo or UTC) - now).total_seconds()))


class Pusher:
    """The deliveries of one process."""

    def __init__(self, sessions: Sessions, clock: Callable[[], datetime], caller: Caller) -> None:
        self.sessions, self.clock, self.caller = sessions, clock, caller
        self.busy: Counter[UUID] = Counter()
        self.tasks: set[asyncio.Task[None]] = set()

    async def plan(self) -> int:
        """Make the deliveries of what is new; returns how many events there were."""
        async with self.sessions.begin() as session:
            return await planning.plan(session, self.clock())

    async def begin(self) -> int:
        """Claim what is due and begin to call; returns how many."""
        if len(self.tasks) >= MOST_AT_ONCE:
            return 0
        async with self.sessions.begin() as session:
            calls = await delivering.claim(
                session, self.clock(), base_url=self.caller.base_url, busy=self.busy
            )
        self._start(calls)
        return len(calls)

    def _start(self, calls: Sequence[Call]) -> None:
        for call in calls:
            self.busy[call.webhook_id] += 1
            task = asyncio.create_task(self._make(call))
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)

    async def _make(self, call: Call) -> None:
        try:
            outcome = await self.caller.call(call, self.clock())
            async with self.sessions.begin() as session:
                await delivering.record(session, call, outcome, self.clock())
        except Exception as wrong:  # due again when its lease is over
            log.error("a delivery was not recorded", kind=type(wrong).__name__)
        finally:
            self.busy[call.webhook_id] -= 1
            if not self.busy[call.webhook_id]:
                del self.busy[call.webhook_id]

    async def idle(self) -> None:
        """Wait until every call under way is recorded."""
        while self.tasks:
            await asyncio.wait(self.tasks)


async def push_due(sessions: Sessions, caller: Caller, clock: Callable[[], datetime]) -> int:
    """Make every delivery that is due now, and record it; returns how many."""
    pusher, done = Pusher(sessions, clock, caller), 0
    while await pusher.plan():
        pass
    while begun := await pusher.begin():
        done += begun
        await pusher.idle()
    return done


async def run(
    sessions: Sessions, clock: Callable[[], datetime], stop: asyncio.Event, caller: Caller
) -> None:
    """Push until `stop` is set; what is under way is finished first."""
    pusher = Pusher(sessions, clock, caller)
    while not stop.is_set():
        mark = nudge.mark()
        try:
            more = await pusher.plan() + await pusher.begin()
        except Exception as lost:
            log.warning("deliveries must wait", kind=type(lost).__name__)
            more = 0
        if not more:
            await nudge.changed(POLL_SECONDS, mark)
    await pusher.idle()
