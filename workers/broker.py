"""The message queue: RabbitMQ where BROKER_URL names it, else one inside PostgreSQL.

A message is a subject and nothing else; what happened stands in the log. So a queue that loses,
doubles or shuffles messages costs time, never truth (docs/adr/0002).
"""

import os
from collections.abc import Sequence
from typing import Any
from urllib.parse import unquote, urlencode, urlsplit

import dramatiq
import psycopg
from dramatiq.broker import Broker
from dramatiq.brokers.rabbitmq import DEAD_MESSAGE_TTL, RabbitmqBroker
from dramatiq.brokers.stub import StubBroker
from dramatiq.common import xq_name
from dramatiq.message import Message
from dramatiq.middleware import AsyncIO, Retries, ShutdownNotifications, TimeLimit
from dramatiq_postgres import PostgresBroker
from dramatiq_postgres.schema import init
from dramatiq_postgres.utils import transaction
from psycopg import sql

SCHEMA = "dramatiq"
MAX_BACKOFF_MS = 60_000
DEAD_AFTER = {"heartbeat_interval": 2.0, "heartbeat_ttl": 10.0, "maintenance_interval": 5.0}
"""Seconds: what a killed worker held is handed on soon; a slow one only costs a second look."""


class QuorumBroker(RabbitmqBroker):
    """RabbitMQ with replicated queues; a delivery counts once the cluster has confirmed it."""

    def _build_queue_arguments(self, queue_name: str) -> dict[str, Any]:
        arguments = super()._build_queue_arguments(queue_name)  # type: ignore[no-untyped-call]
        return {**arguments, "x-queue-type": "quorum"}

    def _declare_xq_queue(self, queue_name: str) -> Any:
        arguments = {"x-message-ttl": DEAD_MESSAGE_TTL, "x-queue-type": "quorum"}
        return self.channel.queue_declare(
            queue=xq_name(queue_name), durable=True, arguments=arguments
        )


def middleware() -> list[dramatiq.Middleware]:
    """A list replaces Dramatiq's defaults, so everything needed is named here."""
    return [
        AsyncIO(),
        TimeLimit(time_limit=60_000),
        ShutdownNotifications(),
        Retries(max_retries=8, min_backoff=200, max_backoff=MAX_BACKOFF_MS),
    ]


def make_broker(broker_url: str, database_url: str) -> Broker:
    """The broker of these addresses; with neither, one in memory that only tests read."""
    if broker_url.startswith("amqp"):
        return QuorumBroker(url=broker_url, confirm_delivery=True, middleware=middleware())
    if database_url:
        embedded: Broker = PostgresBroker(
            url=embedded_url(database_url),
            results=False,
            schema=SCHEMA,
            middleware=middleware(),
            **DEAD_AFTER,
        )
        return embedded
    return StubBroker(middleware=middleware())


def embedded_url(database_url: str) -> str:
    """The embedded queue's address: its commits need not wait for the disk.

    The relay marks an event published in a later commit that does wait, and the write-ahead log
    is in order; a lost acknowledgement means a second delivery, which finds nothing to do.
    """
    return f"{database_url}?{urlencode({'options': '-c synchronous_commit=off'})}"


def prepare(owner_url: str, service_role: str) -> None:
    """Make the embedded queue's tables where they are missing, for the service's role to use."""
    with psycopg.connect(owner_url) as connection:
        init(connection.cursor(), SCHEMA)
        for statement in GRANTS:
            connection.execute(sql.SQL(statement).format(role=sql.Identifier(service_role)))


def role_of(database_url: str) -> str:
    """The role that an address signs in as."""
    return unquote(urlsplit(database_url).username or "")


GRANTS = (
    "GRANT USAGE ON SCHEMA dramatiq TO {role}",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA dramatiq TO {role}",
    "GRANT USAGE ON ALL SEQUENCES IN SCHEMA dramatiq TO {role}",
)


ENQUEUE_ALL = """
INSERT INTO dramatiq.queue (queue_name, message_id, state, message)
SELECT q, id, 'queued', m FROM unnest(%s::text[], %s::uuid[], %s::jsonb[]) AS one (q, id, m)
"""
"""What dramatiq-postgres does for one message, for many: its version is pinned by the lock."""


def enqueue_all(messages: Sequence[Message[Any]]) -> None:
    """Put messages into their queues: embedded in one transaction, with one hint for each queue."""
    if not isinstance(broker, PostgresBroker):
        for message in messages:
            broker.enqueue(message)
        return
    if not messages:
        return
    for message in messages:
        broker.emit_before("enqueue", message, None)
    columns = (
        [message.queue_name for message in messages],
        [message.message_id for message in messages],
        [message.encode().decode() for message in messages],
    )
    with transaction(broker.pool) as cursor:
        cursor.execute(ENQUEUE_ALL, columns)
        for queue in sorted(set(columns[0])):
            cursor.execute("SELECT pg_notify(%s, '')", (f"dramatiq.{queue}.enqueue",))
    for message in messages:
        broker.emit_after("enqueue", message, None)


broker: Broker = make_broker(os.environ.get("BROKER_URL", ""), os.environ.get("DATABASE_URL", ""))
"""This process's broker; every actor names it, so that the order of imports decides nothing."""

dramatiq.set_broker(broker)
