"""The database's edge: engine, sessions, the transaction of a request."""

from datetime import datetime
from typing import Any, NewType

import asyncpg
import msgspec
from sqlalchemy import DateTime, MetaData, Text, event
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import (
    AsyncEngine,
    AsyncSession,
    async_sessionmaker,
    create_async_engine,
)
from sqlalchemy.orm import DeclarativeBase

from service.settings import Settings, async_url

ReadSession = NewType("ReadSession", AsyncSession)
"""A session that only reads; queries take this type."""

NAMES = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """Every row of the service."""

    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map = {
        datetime: DateTime(timezone=True),
        str: Text,
        dict[str, Any]: JSONB,
        list[Any]: JSONB,
        list[str]: JSONB,
    }


def make_engine(settings: Settings, *, pool: int | None = None) -> AsyncEngine:
    """The engine of one process; made on the loop that uses it."""
    engine = create_async_engine(
        async_url(settings.database_url),
        # No overflow: a connection beyond the pool's size is closed after each use, and opening
        # one costs more than the whole call that needed it. The last used is used again first.
        pool_size=2 * (pool or settings.database_pool),
        max_overflow=0,
        pool_use_lifo=True,
        pool_timeout=10,
        json_serializer=lambda value: msgspec.json.encode(value).decode(),
        json_deserializer=msgspec.json.decode,
    )
    event.listen(engine.sync_engine, "checkout", _check_open)
    return engine


def _check_open(connection: Any, *_: Any) -> None:
    """Replace a pooled connection whose other end has gone; the driver knows without asking."""
    if connection.driver_connection.is_closed():
        raise DisconnectionError


def make_sessions(engine: AsyncEngine) -> async_sessionmaker[AsyncSession]:
    """Sessions of an engine; rows stay readable after the commit."""
    return async_sessionmaker(engine, expire_on_commit=False)


KEYED = {"enable_seqscan": "off", "jit": "off"}
"""Every statement of a counter looks up by key. A plan kept from when a table was small would go
on reading all of it while it grows, until the next ANALYZE (docs/performance.md)."""


async def make_pool(settings: Settings) -> asyncpg.Pool:
    """Plain asyncpg connections, for the doors where a counter waits (docs/adr/0003)."""

    async def prepare(connection: Any) -> None:
        await connection.set_type_codec(
            "jsonb",
            schema="pg_catalog",
            encoder=lambda value: msgspec.json.encode(value).decode(),
            decoder=msgspec.json.decode,
        )

    async def keep(_: Any) -> None:
        """Nothing to reset: no session state is set, and the default costs a round trip a use."""

    return await asyncpg.create_pool(
        settings.database_url,
        min_size=1,
        max_size=2 * settings.database_pool,
        init=prepare,
        reset=keep,
        server_settings=KEYED,
    )
