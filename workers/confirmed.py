"""Handing a whole batch to RabbitMQ at once: each message confirmed, none waited for alone.

Dramatiq's own broker waits for each confirmation before the next message: 670 a second where a
quorum queue writes to disk. Here a batch is on its way together, over Pika's own loop adapter (30
µs of processor time a message; the coroutine a message of other clients costs 200); the relay
marks it published when the last one is confirmed (docs/performance.md).
"""

import asyncio
import contextlib
from collections.abc import Sequence
from typing import Any

import pika
from dramatiq.broker import Broker
from dramatiq.message import Message
from pika.adapters.asyncio_connection import AsyncioConnection

SECONDS, GOODBYE = 30.0, 3.0
"""A broker that does not confirm a batch within it is away: the batch is sent again."""
PERSISTENT = pika.BasicProperties(delivery_mode=2)


class NotTaken(ConnectionError):
    """RabbitMQ is away, or has not taken a message; what was sent may lie there all the same."""


class Batch:
    """Messages under way together; `done` is set when the last of `left` is confirmed."""

    def __init__(self, left: int, done: asyncio.Future[Any]) -> None:
        self.left, self.done = left, done


class Link:
    """One connection with one channel, and the batches that are under way on it."""

    def __init__(self) -> None:
        self._connection: Any = None
        self._channel: Any = None
        self._sent = 0
        self._under_way: dict[int, Batch] = {}
        self._waits: set[asyncio.Future[Any]] = set()

    async def open(self, url: str) -> None:
        """Connect and have deliveries confirmed. Raises NotTaken."""
        opened = self._wait()
        self._connection = AsyncioConnection(
            pika.URLParameters(url),
            on_open_callback=lambda _: _settle(opened),
            on_open_error_callback=lambda _, why: self._lost(str(why)),
            on_close_callback=lambda _, why: self._lost(str(why)),
            custom_ioloop=asyncio.get_running_loop(),
        )
        await opened
        channel = self._wait()
        self._channel = self._connection.channel(on_open_callback=lambda _: _settle(channel))
        await channel
        self._channel.add_on_close_callback(lambda _, why: self._lost(str(why)))
        # A message for a queue that is gone comes back, and is an error.
        self._channel.add_on_return_callback(lambda *_: self._lost("no such queue"))
        confirming = self._wait()
        self._channel.confirm_delivery(self._heard, callback=lambda _: _settle(confirming))
        await confirming

    async def send(self, messages: Sequence[Message[Any]]) -> None:
        """Put them on their way; returns when all are confirmed. Raises NotTaken."""
        batch = Batch(len(messages), self._wait())
        try:
            for each in messages:
                self._channel.basic_publish(
                    "", each.queue_name, each.encode(), PERSISTENT, mandatory=True
                )
                self._sent += 1
                self._under_way[self._sent] = batch
        except pika.exceptions.AMQPError as lost:
            raise NotTaken(type(lost).__name__) from lost
        await batch.done

    def _heard(self, frame: Any) -> None:
        """A confirmation: of one message, or (`multiple`) of all up to it."""
        said, tag = frame.method, frame.method.delivery_tag
        if said.NAME != "Basic.Ack":
            self._lost("refused")
            return
        tags = [tag]
        if said.multiple:
            tags = []
            for each in self._under_way:  # in the order in which they were sent
                if each > tag:
                    break
                tags.append(each)
        for each in tags:
            batch = self._under_way.pop(each, None)
            if batch is not None:
                batch.left -= 1
                if not batch.left:
                    _settle(batch.done)

    def _wait(self) -> asyncio.Future[Any]:
        wait: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waits.add(wait)
        wait.add_done_callback(self._waits.discard)
        return wait

    def _lost(self, why: str) -> None:
        """Nothing more is confirmed here: whoever waits is told."""
        self._under_way.clear()
        for each in tuple(self._waits):
            if not each.done():
                each.set_exception(NotTaken(why))

    async def close(self) -> None:
        """End the connection; a broker that is away does not say goodbye."""
        if self._connection is None:
            return
        self._lost("closed")
        closed = self._wait()
        with contextlib.suppress(pika.exceptions.AMQPError, NotTaken, TimeoutError):
            self._connection.close()
            await asyncio.wait_for(closed, GOODBYE)


def _settle(wait: asyncio.Future[Any]) -> None:
    if not wait.done():
        wait.set_result(None)


class Confirmed:
    """A link, opened at the first batch and anew after any failure; batches may overlap."""

    def __init__(self, url: str, broker: Broker) -> None:
        self._url, self._broker = url, broker
        self._link: Link | None = None
        self._opening = asyncio.Lock()

    async def send(self, messages: Sequence[Message[Any]]) -> None:
        """Put them into their queues; returns when all are confirmed, raises where one is not."""
        if not messages:
            return
        try:
            async with asyncio.timeout(SECONDS):
                link = await self._opened()
                await link.send(messages)
        except BaseException:
            await self.close()
            raise

    async def _opened(self) -> Link:
        async with self._opening:
            if self._link is None:
                await asyncio.to_thread(self._declare)
                link = Link()
                await link.open(self._url)
                self._link = link
            return self._link

    def _declare(self) -> None:
        """The queues as the actors know them, with Dramatiq's own arguments."""
        for queue in sorted(self._broker.get_declared_queues()):
            self._broker.declare_queue(queue, ensure=True)  # type: ignore[call-arg]

    async def close(self) -> None:
        """End the connection."""
        link, self._link = self._link, None
        if link is not None:
            await link.close()
