"""The conformance run finds nothing wrong with a right receiver, and each fault by its name."""

import asyncio
import base64
import contextlib
import hashlib
import hmac
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from local.conformance import checks
from local.conformance.__main__ import LOOPBACK, is_secret
from service.partners.webhooks import signatures
from service.settings import Settings
from tests.service.partners.webhooks.receiver import Got, Receiver, receiving
from workers.webhooks import Caller

SECRET = signatures.new_secret()
SETTINGS = Settings(database_url="", database_owner_url="", webhook_networks=LOOPBACK)


def checked(call: Got) -> int:
    """What a right receiver answers: any `v1` that holds over the very octets, and is fresh."""
    stamp = call.headers.get("webhook-timestamp", "0")
    if abs(datetime.now(UTC).timestamp() - int(stamp)) > 300:
        return 401
    content = f"{call.headers['webhook-id']}.{stamp}.".encode() + call.body
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    right = f"v1,{base64.b64encode(hmac.digest(key, content, hashlib.sha256)).decode()}"
    return 204 if right in call.headers["webhook-signature"].split(" ") else 401


class Thinking(Receiver):
    """A receiver that looks at the call before it answers."""

    judge: Callable[[Got], int] = staticmethod(checked)

    def _reply(self, method: str) -> bytes:
        if method == "POST":
            self.status = self.judge(self.calls[-1])
        return super()._reply(method)


@contextlib.asynccontextmanager
async def thinking(judge: Callable[[Got], int]) -> AsyncIterator[Thinking]:
    receiver = Thinking()
    receiver.judge = judge
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        server.close()
        await server.wait_closed()


async def wrongs(receiver: Receiver) -> set[str]:
    run = checks.Run(Caller(SETTINGS), receiver.url, SECRET, uuid4(), datetime.now(UTC))
    return {each.asked for each in await checks.find(run) if each.wrong}


async def test_a_right_receiver_has_nothing_wrong() -> None:
    async with thinking(checked) as receiver:
        assert await wrongs(receiver) == set()


async def test_whoever_takes_anything_is_found_out() -> None:
    async with thinking(lambda _: 204) as receiver:
        found = await wrongs(receiver)
    assert found == {"伪造的签名", "签名后被改过的正文", "没有签名", "一小时前的时间戳"}


async def test_whoever_looks_at_the_first_signature_alone_is_found_out() -> None:
    def first_only(call: Got) -> int:
        first = call.headers.get("webhook-signature", "").split(" ")[0]
        return checked(Got("", "", {**call.headers, "webhook-signature": first}, call.body))

    async with thinking(first_only) as receiver:
        assert await wrongs(receiver) == {"换密钥期间的两个签名"}


async def test_whoever_refuses_what_they_do_not_know_or_had_is_found_out() -> None:
    seen: set[str] = set()

    def strict(call: Got) -> int:
        if "future" in call.body.decode() or (seen and call.headers.get("webhook-id") in seen):
            return 422
        if checked(call) == 204:
            seen.add(call.headers["webhook-id"])
        return checked(call)

    async with thinking(strict) as receiver:
        found = await wrongs(receiver)
    assert {"同一事件再来一次", "不认识的类型和成员"} <= found


async def test_without_consent_that_is_said_and_the_rest_is_asked_all_the_same() -> None:
    async with receiving(consent={}) as receiver:
        found = await wrongs(receiver)
        assert len(receiver.events) > 10
    assert "首次投递前的询问" in found


async def test_a_receiver_that_is_not_there_is_one_clear_line_each() -> None:
    async with receiving() as receiver:
        pass
    assert len(await wrongs(receiver)) == len(checks.CHECKS)


@pytest.mark.parametrize("text", ["", "whsec_", "whsec_!!", "secret", "c2VjcmV0"])
def test_what_is_no_secret_is_not_tried(text: str) -> None:
    assert not is_secret(text)
    command = [sys.executable, "-m", "local.conformance", "--url", "http://127.0.0.1:1", "--client"]
    done = subprocess.run(
        [*command, "x"], env={**os.environ, "HCK_WEBHOOK_SECRET": text}, capture_output=True
    )
    assert (done.returncode, "HCK_WEBHOOK_SECRET" in done.stderr.decode()) == (2, True)
