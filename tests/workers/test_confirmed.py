"""A batch handed to RabbitMQ: all of it confirmed, or an error and the next try finds its way."""

import asyncio
from pathlib import Path

import pika
import pytest
from dramatiq.brokers.stub import StubBroker
from dramatiq.message import Message
from pika.exceptions import AMQPError

from local import rabbit
from workers.broker import QuorumBroker, make_broker
from workers.confirmed import Confirmed, NotTaken

QUEUE = "confirmed"


def messages(count: int, queue: str = QUEUE) -> list[Message[None]]:
    return [Message(queue, "look", (f"requests/{n}",), {}, {}) for n in range(count)]


def broker_at(url: str, *queues: str) -> QuorumBroker:
    """A broker of this test's own, which knows these queues."""
    broker = make_broker(url, "")
    assert isinstance(broker, QuorumBroker)
    for queue in queues or (QUEUE,):
        broker.declare_queue(queue)
    return broker


def waiting(url: str, queue: str = QUEUE) -> int:
    """How many messages lie in a queue."""
    with pika.BlockingConnection(pika.URLParameters(url)) as connection:
        return int(connection.channel().queue_declare(queue, passive=True).method.message_count)


async def test_a_whole_batch_lies_in_a_quorum_queue_once_it_is_sent(rabbitmq: str) -> None:
    confirmed = Confirmed(rabbitmq, broker_at(rabbitmq))
    await confirmed.send(messages(700))
    await confirmed.send([])
    assert waiting(rabbitmq) == 700
    await confirmed.close()


async def test_batches_may_overlap_on_one_connection(rabbitmq: str) -> None:
    confirmed = Confirmed(rabbitmq, broker_at(rabbitmq, "overlap"))
    await asyncio.gather(*(confirmed.send(messages(90, "overlap")) for _ in range(5)))
    assert waiting(rabbitmq, "overlap") == 450
    await confirmed.close()


async def test_a_message_that_finds_no_queue_is_an_error_and_the_next_batch_goes(
    rabbitmq: str,
) -> None:
    confirmed = Confirmed(rabbitmq, broker_at(rabbitmq, "there"))
    with pytest.raises(NotTaken):
        await confirmed.send([*messages(3, "there"), *messages(1, "nowhere")])
    await confirmed.send(messages(2, "there"))
    assert waiting(rabbitmq, "there") >= 2
    await confirmed.close()


async def test_a_broker_that_was_away_is_found_again(tmp_path: Path) -> None:
    server = rabbit.Server(tmp_path)
    server.start()
    try:
        confirmed = Confirmed(server.url, broker_at(server.url))
        await confirmed.send(messages(1))
        server.kill()
        with pytest.raises((AMQPError, OSError)):
            await confirmed.send(messages(1))
        server.start()
        await confirmed.send(messages(2))
        assert waiting(server.url) == 3
        await confirmed.close()
    finally:
        server.kill()


async def test_nothing_is_opened_for_nothing() -> None:
    await Confirmed("amqp://nobody.invalid", StubBroker()).send([])
