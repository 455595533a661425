"""Messages on their way: handed over once, tried again with the same key, given up in the end."""

import asyncio
import base64
import hashlib
import hmac
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from structlog.testing import capture_logs

from service.channels import planning, sending
from service.channels.composing import Words
from service.channels.planning import Fact
from service.channels.topics import EMAIL, SMS
from service.settings import Settings
from tests.certificates import certificate
from tests.city import City
from tests.mailing import (
    PASSWORD,
    SMS_SECRET,
    USER,
    Gateway,
    Mailbox,
    mail_server,
    sms_gateway,
    with_mail,
    with_sms,
)
from tests.workers.outgoing import give_address, send_all, states, switched_to
from workers import outward

CLERK, ADDRESS, PHONE = "clerk-housing", "qin@housing.example", "13800001111"
MONDAY_NOON = "2026-03-02 11:00"


class Post:
    """A clerk with an address of each kind, and the receivers of both."""

    def __init__(self, city: City, box: Mailbox, gateway: Gateway, settings: Settings) -> None:
        self.city, self.box, self.gateway, self.settings = city, box, gateway, settings
        self.account_id: UUID = UUID(int=0)
        self.facts = 0

    async def tell(self, *, channels: int = 1, kind: str = "deadline.warned") -> None:
        """One fact for the clerk, and the time until it goes out."""
        self.facts += 1
        fact = Fact(
            account_id=self.account_id, key=f"requests/x#{self.facts}", kind=kind,
            text=f"第{self.facts}件“人才公寓申请”申请将到期。", region="370102",
            role="partner_clerk",
        )  # fmt: skip
        async with self.city.sessions.begin() as session:
            assert await planning.plan(session, [fact], self.city.now) == channels
        self.city.pass_time(timedelta(minutes=10))

    async def send(self) -> int:
        return await send_all(self.city, self.settings)

    async def row(self, column: str) -> Any:
        (row,) = await self.city.sql(f"SELECT {column} AS it FROM sendings")
        return row["it"]

    async def waits(self) -> timedelta:
        """How long until the next try."""
        next_at: datetime = await self.row("next_at")
        return next_at - self.city.now


@pytest.fixture
async def by_mail(city: City) -> AsyncIterator[Post]:
    city.at(MONDAY_NOON)
    async with mail_server() as box:
        settings = with_mail(city.settings, box.port)
        with switched_to(settings):
            post = Post(city, box, Gateway(), settings)
            post.account_id = await give_address(city, CLERK, ADDRESS)
            yield post


@pytest.fixture
async def by_sms(city: City) -> AsyncIterator[Post]:
    city.at(MONDAY_NOON)
    async with sms_gateway() as gateway:
        settings = with_sms(city.settings, gateway.url)
        with switched_to(settings):
            post = Post(city, Mailbox(), gateway, settings)
            post.account_id = await give_address(city, CLERK, PHONE, SMS)
            yield post


async def test_a_letter_has_its_own_key_and_says_that_no_person_wrote_it(by_mail: Post) -> None:
    await by_mail.tell()
    await by_mail.send()
    (letter,) = by_mail.box.letters
    assert letter["Message-ID"] == f"<{await by_mail.row('id')}@hck.example>"
    assert letter["Auto-Submitted"] == "auto-generated"
    assert letter["To"] == ADDRESS
    assert "第1件" in by_mail.box.texts[0]


@pytest.mark.parametrize(
    ("phase", "answer", "error"),
    [("RCPT", "450 later", "recipient-450"), ("DATA", "451 busy", "data-451")],
)
async def test_a_server_that_says_later_is_asked_later(
    by_mail: Post, phase: str, answer: str, error: str
) -> None:
    by_mail.box.answer_to[phase] = answer
    await by_mail.tell()
    assert await by_mail.send() == 1
    assert (await by_mail.row("state"), await by_mail.row("error")) == ("waiting", error)
    assert timedelta(seconds=50) < await by_mail.waits() < timedelta(seconds=70)
    assert await by_mail.send() == 0
    by_mail.box.answer_to.clear()
    by_mail.city.pass_time(timedelta(minutes=2))
    await by_mail.send()
    assert (await by_mail.row("state"), len(by_mail.box.letters)) == ("sent", 1)


async def test_an_address_that_is_no_good_is_not_written_to_again(by_mail: Post) -> None:
    by_mail.box.answer_to["RCPT"] = "550 5.1.1 no such user"
    await by_mail.tell()
    await by_mail.send()
    assert await by_mail.row("state") == "failed"
    assert await by_mail.city.events(f"accounts/{by_mail.account_id}") == ["hck.channel.bounced.v1"]
    by_mail.box.answer_to.clear()
    await by_mail.tell(channels=0)
    assert await by_mail.send() == 0


async def test_a_letter_that_is_refused_is_given_up_and_the_address_stays(by_mail: Post) -> None:
    by_mail.box.answer_to["DATA"] = "554 not like this"
    await by_mail.tell()
    await by_mail.send()
    failed = f"sendings/{await by_mail.row('id')}"
    assert await by_mail.city.events(failed) == ["hck.sending.failed.v1"]
    by_mail.box.answer_to.clear()
    await by_mail.tell()
    assert await by_mail.send() == 1


async def test_after_so_many_tries_it_is_given_up_and_staff_can_have_it_tried_again(
    by_mail: Post,
) -> None:
    away = with_mail(by_mail.settings, 1)  # nobody listens there
    await by_mail.tell()
    tries = 0
    while await by_mail.row("state") != "failed":
        tries += await send_all(by_mail.city, away)
        by_mail.city.pass_time(timedelta(hours=1))
    assert (tries, await by_mail.row("error")) == (sending.TRIES, "not-reached")
    admin = await by_mail.city.person("system_admin")
    (line,) = (await admin.get("/v1/sendings?state=failed")).json()["items"]
    assert "error" in line
    assert ADDRESS not in str(line)
    answer = await admin.post(f"/v1/sendings/{line['id']}/retry")
    assert (answer.status_code, answer.json()["state"]) == (202, "waiting")
    again = await admin.post(f"/v1/sendings/{line['id']}/retry")
    assert (again.status_code, again.json()["code"]) == (409, "wrong-state")
    by_mail.city.at("2026-03-06 10:00")
    await by_mail.send()
    assert await states(by_mail.city) == ["sent"]


async def test_a_try_again_keeps_the_quiet_hours_too(by_mail: Post) -> None:
    by_mail.city.at("2026-03-02 17:45")
    away = with_mail(by_mail.settings, 1)
    await by_mail.tell()
    assert await send_all(by_mail.city, away) == 1
    by_mail.city.at("2026-03-02 18:05")
    assert await by_mail.send() == 0
    assert await by_mail.row("next_at") == datetime.fromisoformat("2026-03-03T08:30+08:00")
    by_mail.city.at("2026-03-03 08:30")
    assert await by_mail.send() == 1


async def test_a_server_that_does_not_speak_is_not_waited_for_long(city: City) -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    channel = outward.Email(with_mail(city.settings, port, smtp_timeout=0.2))
    parcel = sending.Parcel(UUID(int=1), 1, ADDRESS, outward_words())
    assert (await channel.send(parcel, city.now)).error == "disconnected"
    server.close()


def outward_words() -> Words:
    return Words("惠才卡", "有申请即将到期。")


async def test_killed_between_call_and_record_it_goes_out_again_under_the_same_key(
    by_mail: Post,
) -> None:
    await by_mail.tell()
    channel = outward.Email(by_mail.settings)
    city = by_mail.city
    async with city.sessions.begin() as session:
        (parcel,) = await sending.claim(session, EMAIL, city.now, "https://hck.example")
    await channel.send(parcel, city.now)  # and then the process is gone
    assert await by_mail.send() == 0  # its lease holds
    city.pass_time(sending.LEASE)
    assert await by_mail.send() == 1
    keys = {letter["Message-ID"] for letter in by_mail.box.letters}
    assert (len(by_mail.box.letters), len(keys)) == (2, 1)
    async with city.sessions.begin() as session:  # the one thought dead speaks up too late
        await sending.record(session, parcel, sending.Outcome(error="timeout"), city.now)
    assert await states(city) == ["sent"]


async def test_two_senders_take_each_message_once(by_mail: Post) -> None:
    await by_mail.tell()
    channel = outward.Email(by_mail.settings)
    done = await asyncio.gather(
        *(
            outward.send_due(by_mail.city.sessions, channel, lambda: by_mail.city.now, "")
            for _ in range(4)
        )
    )
    assert (sum(done), len(by_mail.box.letters)) == (1, 1)


@pytest.mark.parametrize("security", ["tls", "starttls"])
async def test_the_mail_server_is_known_by_its_certificate(
    city: City, tmp_path: Path, security: str
) -> None:
    authority, context = certificate(tmp_path)
    parcel = sending.Parcel(UUID(int=1), 1, ADDRESS, outward_words())
    async with mail_server(context, starttls=security == "starttls") as box:
        more: dict[str, Any] = {"smtp_security": security, "smtp_host": "localhost"}
        if security == "starttls":
            more |= {"smtp_user": USER, "smtp_password": PASSWORD}
        settings = with_mail(city.settings, box.port, **more)
        refused = await outward.Email(settings).send(parcel, city.now)
        assert refused.error == "tls-failed"
        known = with_mail(city.settings, box.port, **more, smtp_ca_file=str(authority))
        assert (await outward.Email(known).send(parcel, city.now)).error is None
        assert len(box.letters) == 1
        if security == "starttls":
            more |= {"smtp_password": "wrong", "smtp_ca_file": str(authority)}
            wrong = with_mail(city.settings, box.port, **more)
            outcome = await outward.Email(wrong).send(parcel, city.now)
            assert (outcome.error, outcome.final) == ("login-refused", False)


async def test_a_server_without_starttls_gets_no_letter(city: City) -> None:
    parcel = sending.Parcel(UUID(int=1), 1, ADDRESS, outward_words())
    async with mail_server() as box:
        settings = with_mail(city.settings, box.port, smtp_security="starttls")
        assert (await outward.Email(settings).send(parcel, city.now)).error == "not-supported"
        assert box.letters == []


def signature(headers: dict[str, str], body: bytes) -> str:
    """What the gateway itself reckons."""
    content = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    key = base64.b64decode(SMS_SECRET.removeprefix("whsec_"))
    return "v1," + base64.b64encode(hmac.digest(key, content, hashlib.sha256)).decode()


async def test_the_gateway_can_check_who_asks_and_knows_a_message_by_its_key(by_sms: Post) -> None:
    await by_sms.tell()
    await by_sms.send()
    ((headers, body),) = by_sms.gateway.calls
    assert headers["webhook-signature"] == signature(headers, body)
    assert headers["idempotency-key"] == str(await by_sms.row("id"))
    (taken,) = by_sms.gateway.taken.values()
    assert (taken["to"], taken["sign"]) == (PHONE, "惠才卡")
    assert taken["text"] == "有申请即将到期,请登录惠才卡查看。"


@pytest.mark.parametrize(
    ("answer", "state", "error"),
    [
        ((503, {}, b""), "waiting", "http-503"),
        ((429, {"Retry-After": "900"}, b""), "waiting", "http-429"),
        ((401, {}, b""), "waiting", "http-401"),
        ((302, {"Location": "http://127.0.0.1:1/"}, b""), "waiting", "http-302"),
        ((400, {}, b"{}"), "failed", "http-400"),
        ((422, {}, b'{"code":"unreachable"}'), "failed", "http-422"),
    ],
)
async def test_what_the_gateway_answers_decides_what_happens_next(
    by_sms: Post, answer: tuple[int, dict[str, str], bytes], state: str, error: str
) -> None:
    by_sms.gateway.answers.append(answer)
    await by_sms.tell()
    await by_sms.send()
    assert (await by_sms.row("state"), await by_sms.row("error")) == (state, error)
    if "Retry-After" in answer[1]:
        assert await by_sms.waits() >= timedelta(seconds=900)
    bounced = await by_sms.city.events(f"accounts/{by_sms.account_id}")
    assert bool(bounced) is (b"unreachable" in answer[2])


async def test_a_slow_gateway_is_left_and_asked_again_under_the_same_key(by_sms: Post) -> None:
    by_sms.gateway.slow = 2.0
    hurried = with_sms(by_sms.settings, by_sms.gateway.url, sms_timeout=0.3)
    await by_sms.tell()
    await send_all(by_sms.city, hurried)
    assert (await by_sms.row("state"), await by_sms.row("error")) == ("waiting", "timeout")
    by_sms.gateway.slow = 0.0
    by_sms.city.pass_time(timedelta(minutes=2))
    await by_sms.send()
    assert await by_sms.row("state") == "sent"
    assert len({headers["idempotency-key"] for headers, _ in by_sms.gateway.calls}) == 1


async def test_no_log_line_and_no_kept_row_names_whom_it_went_to(
    by_mail: Post,
) -> None:
    with capture_logs() as logged:
        await by_mail.tell()
        by_mail.box.answer_to["RCPT"] = f"451 <{ADDRESS}> greylisted"
        await by_mail.send()
        by_mail.city.pass_time(timedelta(minutes=2))
        by_mail.box.answer_to = {"RCPT": f"550 <{ADDRESS}> unknown"}
        await by_mail.send()
    told = str(logged)
    assert "recipient-550" in told
    for table in ("events", "sendings", "sending_lines"):
        rows = await by_mail.city.sql(f"SELECT t::text AS row FROM {table} t")
        told += " ".join(row["row"] for row in rows)
    assert ADDRESS not in told
    assert "qin" not in told
    assert ADDRESS not in repr(sending.Parcel(UUID(int=1), 1, ADDRESS, outward_words()))


async def test_health_and_metrics_show_the_channels(by_mail: Post) -> None:
    city = by_mail.city
    assert (await city.http.get("/readyz")).json()["channels"] == {"email": "off", "sms": "off"}
    city.app.state.settings = by_mail.settings
    await by_mail.tell()
    assert (await city.http.get("/readyz")).json()["channels"]["email"] == "ok"
    await city.settle()
    city.pass_time(timedelta(minutes=6))
    ready = await city.http.get("/readyz")
    assert (ready.status_code, ready.json()["channels"]["email"]) == (200, "behind")
    metrics = (await city.http.get("/metrics")).text
    assert 'hck_sendings_open{channel="email"} 1.0' in metrics
