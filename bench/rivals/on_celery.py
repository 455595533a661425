"""The job on Celery: commit, then send; the worker acknowledges late, the effect's key sees to
doubles. A process that dies between commit and sending loses the effect: nothing finds it."""

import asyncio
import importlib
import os
import sys
import threading
from typing import Any
from uuid import uuid4

import psycopg

from bench.rivals.job import CHANGE, EFFECT, by_writers

celery: Any = importlib.import_module("celery")
app = celery.Celery("rivals", broker=os.environ.get("BROKER_URL", ""))
app.conf.update(
    task_acks_late=True,
    task_default_queue_type="quorum",
    task_ignore_result=True,
    broker_transport_options={"confirm_publish": True},
    worker_prefetch_multiplier=32,
)
_mine = threading.local()


def connection() -> "psycopg.Connection[Any]":
    """This thread's connection."""
    if not hasattr(_mine, "connection"):
        _mine.connection = psycopg.connect(os.environ["DATABASE_URL"])
    found: psycopg.Connection[Any] = _mine.connection
    return found


def _effect(thing: str) -> None:
    with connection().transaction():
        connection().execute(EFFECT, [thing])
    connection().commit()


effect = app.task(_effect, name="effect")


def _change() -> None:
    thing = str(uuid4())
    with connection().transaction():
        connection().execute(CHANGE, [thing])
    connection().commit()
    effect.delay(thing)


async def produce(count: int) -> None:
    """Change, then message; a thread for each writer."""

    async def change() -> None:
        await asyncio.to_thread(_change)

    await by_writers(count, change)


if __name__ == "__main__":
    if sys.argv[1] == "produce":
        asyncio.run(produce(int(sys.argv[2])))
    else:
        words = "-A bench.rivals.on_celery worker -c 4 --without-gossip --without-mingle -l ERROR"
        celery.bin = importlib.import_module("celery.bin.celery")
        sys.argv[1:] = words.split()
        celery.bin.main()
