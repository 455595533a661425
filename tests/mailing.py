"""Real receivers of what goes out: a mail server and an SMS gateway, on this loop's own ports."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import msgspec
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from service.settings import Settings

USER, PASSWORD = "hck", "mail-password"


class Mailbox:
    """A mail server: what it took, and what it is to answer instead (`550 5.1.1 …`, per phase)."""

    def __init__(self) -> None:
        self.letters: list[EmailMessage] = []
        self.recipients: list[str] = []
        self.answer_to: dict[str, str] = {}
        self.logins: list[str] = []
        self.port = 0

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, _: list[str]
    ) -> str:
        if "RCPT" in self.answer_to:
            return self.answer_to["RCPT"]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if "DATA" in self.answer_to:
            return self.answer_to["DATA"]
        content = envelope.content
        assert isinstance(content, bytes)
        letter = message_from_bytes(content, policy=policy.default)
        assert isinstance(letter, EmailMessage)
        self.letters.append(letter)
        self.recipients += envelope.rcpt_tos
        return "250 taken"

    def authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any
    ) -> AuthResult:
        assert isinstance(data, LoginPassword)
        self.logins.append(data.login.decode())
        right = (data.login, data.password) == (USER.encode(), PASSWORD.encode())
        return AuthResult(success=right, handled=False)

    @property
    def texts(self) -> list[str]:
        """The words of each letter."""
        return [letter.get_content() for letter in self.letters]


@contextlib.asynccontextmanager
async def mail_server(
    tls: ssl.SSLContext | None = None, *, starttls: bool = False
) -> AsyncIterator[Mailbox]:
    """A mail server on a free port; with `tls` from the start, or by STARTTLS and a login."""
    box = Mailbox()
    loop = asyncio.get_running_loop()
    more: dict[str, Any] = {}
    if starttls:
        more = {
            "tls_context": tls, "require_starttls": True, "auth_required": True,
            "authenticator": box.authenticate,
        }  # fmt: skip

    def factory() -> SMTP:
        return SMTP(box, hostname="localhost", enable_SMTPUTF8=True, loop=loop, **more)

    server = await loop.create_server(
        factory, "127.0.0.1", 0, ssl=None if starttls else tls, start_serving=True
    )
    box.port = server.sockets[0].getsockname()[1]
    try:
        yield box
    finally:
        server.close()


class Gateway:
    """An SMS gateway: what came, each key counted once, and what it is to answer instead."""

    def __init__(self) -> None:
        self.calls: list[tuple[dict[str, str], bytes]] = []
        self.taken: dict[str, dict[str, Any]] = {}
        self.answers: list[tuple[int, dict[str, str], bytes]] = []
        self.slow = 0.0
        self.url = ""

    @property
    def texts(self) -> list[str]:
        """The words of each message that was taken."""
        return [each["text"] for each in self.taken.values()]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {k.lower(): v for k, _, v in (line.partition(": ") for line in head[1:] if line)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        self.calls.append((headers, body))
        if self.slow:
            await asyncio.sleep(self.slow)
        status, more, answer = self.answers.pop(0) if self.answers else (202, {}, b"{}")
        if status < 300:
            self.taken[headers["idempotency-key"]] = msgspec.json.decode(body)
        lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(answer)}", "Connection: close"]
        lines += [f"{name}: {value}" for name, value in more.items()]
        with contextlib.suppress(ConnectionError):
            writer.write("\r\n".join([*lines, "", ""]).encode() + answer)
            await writer.drain()
        writer.close()


@contextlib.asynccontextmanager
async def sms_gateway() -> AsyncIterator[Gateway]:
    """An SMS gateway on a free port."""
    gateway = Gateway()
    server = await asyncio.start_server(gateway.serve, "127.0.0.1", 0)
    gateway.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/send"
    try:
        yield gateway
    finally:
        server.close()


SMS_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def with_mail(settings: Settings, port: int, **more: Any) -> Settings:
    """The settings with e-mail on."""
    given: dict[str, Any] = {
        "smtp_host": "127.0.0.1", "smtp_port": port, "smtp_security": "none",
        "smtp_from": "no-reply@hck.example", "smtp_timeout": 5.0,
    }  # fmt: skip
    return msgspec.structs.replace(settings, **(given | more))


def with_sms(settings: Settings, url: str, **more: Any) -> Settings:
    """The settings with SMS on."""
    given: dict[str, Any] = {"sms_url": url, "sms_key": "hck", "sms_secret": SMS_SECRET}
    return msgspec.structs.replace(settings, **(given | more))
