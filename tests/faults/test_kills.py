"""Killed at the worst moment: nothing is lost, and nothing is done twice (events.md 1.4)."""

import asyncio
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest

from events.base import type_of
from events.of_requests import RequestOffered
from tests.faults.processes import Product, gate, until
from tests.service.requests.ask import body
from workers.subscriptions import HEARD

COUNT_OF = "SELECT count(*) FROM notices WHERE subject = $1"


async def submit(client: httpx.AsyncClient, token: str, key: str) -> httpx.Response:
    """Ask for an apartment."""
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": key}
    return await client.post("/v1/requests", json=body(), headers=headers)


async def signed_in(client: httpx.AsyncClient, planted: dict[str, Any]) -> str:
    """The talent of 济南."""
    who = next(
        each
        for each in planted["people"]
        if each["role"] == "talent" and each.get("region") == "370100"
    )
    answer = await client.post(
        "/v1/sessions", json={"login": who["login"], "password": who["password"]}
    )
    assert answer.status_code == 201, answer.text
    return str(answer.json()["access_token"])


async def effects(admin: asyncpg.Connection, subject: str) -> tuple[int, int, int]:
    """Notices, different notices, and offers made for one request."""
    query = """SELECT count(*), count(DISTINCT (account_id, sequence, text)),
               (SELECT count(*) FROM events WHERE subject = $1 AND type = 'hck.request.offered.v1')
               FROM notices WHERE subject = $1"""
    notices, different, offers = (await admin.fetch(query, subject))[0]
    return notices, different, offers


async def read_to_the_end(admin: asyncpg.Connection, subject: str) -> bool:
    """Whether the request is offered, and everybody has read the last event that they listen to."""
    story = await admin.fetch("SELECT type, sequence FROM events WHERE subject = $1", subject)
    read = await admin.fetch("SELECT consumer, sequence FROM inbox WHERE subject = $1", subject)
    marks = {row["consumer"]: row["sequence"] for row in read}
    for name, (_, kinds) in HEARD.items():
        heard = {type_of(kind) for kind in kinds}
        last = max((row["sequence"] for row in story if row["type"] in heard), default=0)
        if marks.get(name, 0) < last:
            return False
    return any(row["type"] == type_of(RequestOffered) for row in story)


@pytest.mark.parametrize("product", ["embedded"], indirect=True)
async def test_an_api_killed_between_commit_and_answer_gives_the_first_answer_again(
    product: Product, planted: dict[str, Any]
) -> None:
    key = f"key-{uuid4()}"
    async with product.admin() as admin:
        # The commit is on disk but not acknowledged while PostgreSQL waits for a standby; only
        # the transaction that appends an event asks to wait for one.
        await admin.execute("""
            ALTER ROLE hck_service SET synchronous_commit = local;
            CREATE FUNCTION wait_for_standby() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN PERFORM set_config('synchronous_commit', 'on', true); RETURN NULL; END $$;
            CREATE TRIGGER held AFTER INSERT ON events EXECUTE FUNCTION wait_for_standby()
        """)
        api, client = await product.api()
        token = await signed_in(client, planted)
        await admin.execute("ALTER SYSTEM SET synchronous_standby_names = 'nobody'")
        await admin.execute("SET synchronous_commit = local; SELECT pg_reload_conf()")
        try:
            call = asyncio.create_task(submit(client, token, key))
            await until(
                lambda: admin.fetchval(
                    "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
                    " AND datname = current_database()"
                ),
                "a commit that waits",
            )
            product.kill(api)
            assert isinstance((await asyncio.gather(call, return_exceptions=True))[0], Exception)
        finally:
            await admin.execute("ALTER SYSTEM RESET synchronous_standby_names")
            await admin.execute("SELECT pg_reload_conf()")
            await admin.execute("ALTER ROLE hck_service RESET synchronous_commit")
        await until(lambda: admin.fetchval("SELECT count(*) FROM requests"), "the commit")
        await client.aclose()
        _, client = await product.api()
        again = await submit(client, token, key)
        assert (again.status_code, again.headers["Idempotency-Replayed"]) == (201, "true")
        rows = await admin.fetch("SELECT id FROM requests")
        assert [str(row["id"]) for row in rows] == [again.json()["id"]]
    await client.aclose()


async def submitted(product: Product, planted: dict[str, Any]) -> str:
    """A request that no worker has heard of; returns its subject. The API ends again."""
    api, client = await product.api()
    made = await submit(client, await signed_in(client, planted), f"key-{uuid4()}")
    assert made.status_code == 201, made.text
    await client.aclose()
    product.kill(api)
    return f"requests/{made.json()['id']}"


async def test_a_relay_killed_between_sending_and_marking_sends_again_and_nothing_doubles(
    product: Product, planted: dict[str, Any]
) -> None:
    subject = await submitted(product, planted)
    async with product.admin() as admin:
        async with gate(product, "UPDATE ON events") as waiting:
            relay = product.start("workers", "relay")
            await until(waiting, "a relay that has sent and not marked")
            product.kill(relay)
            unread = "SELECT count(*) FROM events WHERE published_at IS NULL AND subject = $1"
            assert await admin.fetchval(unread, subject) >= 1
        product.start("workers", "relay")
        product.start("workers", "actors")
        await until(lambda: read_to_the_end(admin, subject), "every consumer at the end")
        # The same once more, now that there are effects to double.
        await asyncio.to_thread(product.send_again, subject)
        await product.finish()
        notices, different, offers = await effects(admin, subject)
        assert notices == different > 0
        assert offers == 1


async def test_a_worker_killed_in_the_middle_of_an_effect_does_it_once(
    product: Product, planted: dict[str, Any]
) -> None:
    subject = await submitted(product, planted)
    async with product.admin() as admin:
        product.start("workers", "relay")
        async with gate(product, "INSERT ON notices") as waiting:
            worker = product.start("workers", "actors")
            await until(waiting, "a worker in the middle")
            product.kill(worker)
            assert await admin.fetchval(COUNT_OF, subject) == 0
        product.start("workers", "actors")
        await until(lambda: read_to_the_end(admin, subject), "every consumer at the end")
        await product.finish()
        notices, different, offers = await effects(admin, subject)
        assert notices == different > 0
        assert offers == 1
