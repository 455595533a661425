"""Handing messages over: e-mail by SMTP, SMS by a gateway's HTTP door.

Three steps, each on its own: claim (commit), call, record (commit). Each channel has its own loop,
so that one that is slow or away delays no other.
"""

import asyncio
import contextlib
import smtplib
import ssl
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime, formataddr
from typing import Protocol
from urllib.parse import urlsplit

import httpx
import msgspec
import structlog
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from service.channels import sending
from service.channels.sending import Outcome, Parcel
from service.channels.topics import EMAIL, SMS
from service.partners.webhooks import signatures
from service.settings import Settings
from workers.webhooks import retry_after

Sessions = async_sessionmaker[AsyncSession]
log = structlog.get_logger("workers.outward")

POLL_SECONDS = 1.0
AT_ONCE = 5
SENDER_NAME = "山东惠才卡"
NOT_THE_MESSAGE = frozenset({408, 425, 429})
"""Refusals of the gateway that say nothing of the message."""


class Channel(Protocol):
    """One way to reach people."""

    name: str

    async def send(self, parcel: Parcel, now: datetime) -> Outcome:
        """Hand one message over; whatever goes wrong is an outcome, never an error."""


class Email:
    """SMTP, with TLS from the start or by STARTTLS; one connection a message."""

    name = EMAIL

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._tls = ssl.create_default_context(cafile=settings.smtp_ca_file or None)

    async def send(self, parcel: Parcel, now: datetime) -> Outcome:
        """Hand one message to the mail server."""
        return await asyncio.to_thread(self._send, self._letter(parcel, now))

    def _letter(self, parcel: Parcel, now: datetime) -> EmailMessage:
        letter = EmailMessage()
        letter["From"] = formataddr((SENDER_NAME, self.settings.smtp_from), "utf-8")
        letter["To"] = parcel.to
        letter["Subject"] = parcel.words.subject
        letter["Date"] = format_datetime(now)
        domain = self.settings.smtp_from.rpartition("@")[2]
        letter["Message-ID"] = f"<{parcel.sending_id}@{domain}>"  # the same at every try
        letter["Auto-Submitted"] = "auto-generated"
        letter.set_content(parcel.words.text, cte="base64")
        return letter

    def _send(self, letter: EmailMessage) -> Outcome:
        server: smtplib.SMTP | None = None
        try:
            server = self._connected()
            server.send_message(letter)
        except (smtplib.SMTPException, ssl.SSLError, OSError) as wrong:
            return refusal_of(wrong)
        finally:
            # The message is the server's by now: how the connection ends says nothing of it.
            if server is not None:
                server.close()
        return Outcome()

    def _connected(self) -> smtplib.SMTP:
        """Raises SMTPException or OSError."""
        of = self.settings
        if of.smtp_security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                of.smtp_host, of.smtp_port, timeout=of.smtp_timeout, context=self._tls
            )
        else:
            server = smtplib.SMTP(of.smtp_host, of.smtp_port, timeout=of.smtp_timeout)
        try:
            if of.smtp_security == "starttls":
                server.starttls(context=self._tls)
            if of.smtp_user:
                server.login(of.smtp_user, of.smtp_password)
        except BaseException:
            server.close()
            raise
        return server


def refusal_of(wrong: Exception) -> Outcome:
    """What an SMTP failure means: of the address, of the message, or of the moment."""
    match wrong:
        case smtplib.SMTPRecipientsRefused(recipients=refused):
            code = next(iter(refused.values()))[0]
            gone = code >= 500
            return Outcome(error=f"recipient-{code}", final=gone, bounced=gone)
        case smtplib.SMTPDataError(smtp_code=code):
            return Outcome(error=f"data-{code}", final=code >= 500)
        case smtplib.SMTPAuthenticationError():
            return Outcome(error="login-refused")  # the installation's matter, not the message's
        case smtplib.SMTPNotSupportedError():
            return Outcome(error="not-supported")
        case smtplib.SMTPResponseException(smtp_code=code):
            return Outcome(error=f"smtp-{code}")
        case smtplib.SMTPServerDisconnected():
            return Outcome(error="disconnected")  # by it, or by us after too long a silence
        case ssl.SSLError():
            return Outcome(error="tls-failed")
        case TimeoutError():
            return Outcome(error="timeout")
    return Outcome(error="not-reached")


class Sms:
    """An SMS gateway: a signed POST (Standard Webhooks 1.0), its id the idempotency key."""

    name = SMS

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._tls = ssl.create_default_context()

    async def send(self, parcel: Parcel, now: datetime) -> Outcome:
        """Hand one message to the gateway."""
        of = self.settings
        told = {
            "id": str(parcel.sending_id), "to": parcel.to, "sign": of.sms_sign,
            "text": parcel.words.text,
        }  # fmt: skip
        body = msgspec.json.encode(told)
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "X-HCK-Key": of.sms_key,
            "Idempotency-Key": str(parcel.sending_id),
            **signatures.headers_of(
                str(parcel.sending_id), int(now.timestamp()), body, [of.sms_secret], None
            ),
        }
        try:
            async with (
                asyncio.timeout(of.sms_timeout),
                httpx.AsyncClient(
                    verify=self._tls, trust_env=False, timeout=of.sms_timeout
                ) as client,
            ):
                answer = await client.post(of.sms_url, content=body, headers=headers)
        except TimeoutError:
            return Outcome(error="timeout")
        except (httpx.HTTPError, httpx.InvalidURL, OSError):
            return Outcome(error="not-reached")
        return answer_of(answer, now)


def answer_of(answer: httpx.Response, now: datetime) -> Outcome:
    """What the gateway's answer means. A 4xx is the message's own fault, but for a few."""
    status = answer.status_code
    if 200 <= status < 300:
        return Outcome()
    final = 400 <= status < 500 and status not in {401, 403, *NOT_THE_MESSAGE}
    return Outcome(
        error=f"http-{status}",
        final=final,
        bounced=status in (404, 410, 422) and _says_unreachable(answer),
        retry_after_seconds=retry_after(answer.headers.get("Retry-After"), now),
    )


def _says_unreachable(answer: httpx.Response) -> bool:
    try:
        return bool(answer.json()["code"] == "unreachable")
    except (ValueError, KeyError, TypeError):
        return False


def channels_of(settings: Settings) -> list[Channel]:
    """The channels that the settings switch on."""
    made: dict[str, Callable[[Settings], Channel]] = {EMAIL: Email, SMS: Sms}
    return [made[name](settings) for name, is_on in settings.channels.items() if is_on]


async def send_due(
    sessions: Sessions, channel: Channel, clock: Callable[[], datetime], base_url: str
) -> int:
    """One batch of a channel: claim, call, record; returns how many were claimed."""
    async with sessions.begin() as session:
        parcels = await sending.claim(session, channel.name, clock(), base_url, AT_ONCE)
    await asyncio.gather(*(_hand_over(sessions, channel, each, clock) for each in parcels))
    return len(parcels)


async def _hand_over(
    sessions: Sessions, channel: Channel, parcel: Parcel, clock: Callable[[], datetime]
) -> None:
    try:
        outcome = await channel.send(parcel, clock())
        async with sessions.begin() as session:
            await sending.record(session, parcel, outcome, clock())
    except Exception as wrong:  # due again when its lease is over
        log.error("a message was not recorded", channel=channel.name, kind=type(wrong).__name__)
        return
    if outcome.error:
        log.warning(
            "a message was not handed over",
            channel=channel.name, sending=str(parcel.sending_id), error=outcome.error,
        )  # fmt: skip


async def run(
    sessions: Sessions, clock: Callable[[], datetime], stop: asyncio.Event, settings: Settings
) -> None:
    """Send until `stop` is set, each channel in its own loop; what is under way is finished."""
    base_url = settings.base_url
    loops: Sequence[Awaitable[None]] = [
        _run_one(sessions, channel, clock, stop, base_url) for channel in channels_of(settings)
    ]
    await asyncio.gather(*loops, stop.wait())


async def _run_one(
    sessions: Sessions,
    channel: Channel,
    clock: Callable[[], datetime],
    stop: asyncio.Event,
    base_url: str,
) -> None:
    log.info("a channel is on", channel=channel.name, host=_host(channel))
    while not stop.is_set():
        try:
            more = await send_due(sessions, channel, clock, base_url)
        except Exception as lost:
            log.warning("messages must wait", channel=channel.name, kind=type(lost).__name__)
            more = 0
        if not more:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), POLL_SECONDS)


def _host(channel: Channel) -> str:
    """Where a channel goes, without its secrets."""
    match channel:
        case Email(settings=of):
            return f"{of.smtp_host}:{of.smtp_port}"
        case Sms(settings=of):
            return urlsplit(of.sms_url).hostname or ""
    return ""
