"""Handing a whole batch to RabbitMQ at once: each message confirmed, none waited for alone.

Dramatiq's own broker waits for each confirmation before the next message: 670 a second where a
quorum queue writes to disk. Here a batch is on its way together; the relay marks it published when
the last one is confirmed (docs/performance.md).
"""

import asyncio
import contextlib
from collections.abc import Sequence
from typing import Any

import aio_pika
from aio_pika.abc import AbstractChannel, AbstractConnection
from dramatiq.broker import Broker
from dramatiq.message import Message

SECONDS, GOODBYE = 30.0, 3.0
"""A broker that does not confirm a batch within it is away: the batch is sent again."""


class Confirmed:
    """One connection, opened at the first batch and anew after any failure."""

    def __init__(self, url: str, broker: Broker) -> None:
        self._url, self._broker = url, broker
        self._connection: AbstractConnection | None = None
        self._channel: AbstractChannel | None = None

    async def send(self, messages: Sequence[Message[Any]]) -> None:
        """Put them into their queues; returns when all are confirmed, raises where one is not."""
        if not messages:
            return
        try:
            async with asyncio.timeout(SECONDS):
                channel = self._channel or await self._open()
                await asyncio.gather(*(self._publish(channel, each) for each in messages))
        except BaseException:
            await self.close()
            raise

    async def _publish(self, channel: AbstractChannel, message: Message[Any]) -> None:
        body = aio_pika.Message(message.encode(), delivery_mode=aio_pika.DeliveryMode.PERSISTENT)
        await channel.default_exchange.publish(body, routing_key=message.queue_name)

    async def _open(self) -> AbstractChannel:
        await asyncio.to_thread(self._declare)
        self._connection = await aio_pika.connect(self._url)
        # A message for a queue that is gone comes back, and is an error.
        self._channel = await self._connection.channel(on_return_raises=True)
        return self._channel

    def _declare(self) -> None:
        """The queues as the actors know them, with Dramatiq's own arguments."""
        for queue in sorted(self._broker.get_declared_queues()):
            self._broker.declare_queue(queue, ensure=True)  # type: ignore[call-arg]

    async def close(self) -> None:
        """End the connection."""
        connection, self._connection, self._channel = self._connection, None, None
        if connection is not None:
            # A broker that is away does not say goodbye.
            with contextlib.suppress(Exception):
                await asyncio.wait_for(connection.close(), GOODBYE)
