"""Calls that wait at the same moment share one round trip to the database.

Each counter still waits for its own answer, and for the commit behind it; alone it waits no longer
than before. Where many wait, most of what a call costs is the trip (docs/performance.md).
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

Q = TypeVar("Q")
R = TypeVar("R")

MOST = 64


class Together(Generic[Q, R]):
    """Hands what was asked meanwhile to `work`, which answers in the same order."""

    def __init__(self, work: Callable[[Sequence[Q]], Awaitable[Sequence[R]]]) -> None:
        self._work = work
        self._waiting: list[tuple[Q, asyncio.Future[R]]] = []
        self._running: asyncio.Task[None] | None = None

    async def ask(self, question: Q) -> R:
        """The answer to this question; raises what the work raised."""
        answer: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._waiting.append((question, answer))
        if self._running is None:
            self._running = asyncio.create_task(self._run())
        return await answer

    async def _run(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
                await self._answer(batch)
        finally:
            self._running = None

    async def _answer(self, batch: Sequence[tuple[Q, asyncio.Future[R]]]) -> None:
        try:
            answers = await self._work([question for question, _ in batch])
        except Exception as failed:
            for _, waiting in batch:
                if not waiting.done():  # whoever has gone away is not told
                    waiting.set_exception(failed)
            return
        for (_, waiting), answer in zip(batch, answers, strict=True):
            if not waiting.done():
                waiting.set_result(answer)
