"""Changing the key that seals personal data, while the service runs (docs/adr/0006).

A new key joins the ring's file first; processes read the file again when they meet a value that
it sealed. Then every sealed column is sealed anew, a batch a transaction.
"""

import json

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from service import sealing, tables
from service.settings import Settings, SettingsError

BATCH = 500
Sealed = sealing.SealedText | sealing.SealedJson


def add_key(settings: Settings) -> sealing.Keyring:
    """Put a new sealing key into the ring's file; returns the ring that seals with it."""
    if settings.keyring:
        raise SettingsError("密钥环由环境变量 HCK_KEYRING 给出,请改用 HCK_KEYRING_FILE 后再轮换。")
    path = sealing.ring_file(settings)
    sealing.write_ring(path, sealing.with_new_key(json.loads(path.read_text())))
    ring = sealing.load_ring(settings)
    sealing.use(ring)
    return ring


def sealed_columns() -> list[tuple[sa.Table, sa.Column[object]]]:
    """Every column that holds sealed values."""
    return [
        (table, column)
        for metadata in tables.METADATA
        for table in metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, Sealed)
    ]


async def reseal(sessions: async_sessionmaker[AsyncSession], ring: sealing.Keyring) -> int:
    """Seal every value with the current key that another one sealed; returns how many.

    Safe to stop and to run again: what is done stays done.
    """
    done = 0
    for table, column in sealed_columns():
        while count := await _reseal_batch(sessions, ring, table, column):
            done += count
    return done


async def _reseal_batch(
    sessions: async_sessionmaker[AsyncSession],
    ring: sealing.Keyring,
    table: sa.Table,
    column: sa.Column[object],
) -> int:
    raw = sa.type_coerce(column, sa.LargeBinary)
    prefix = f"k{ring.current}.".encode()
    keys = list(table.primary_key.columns)
    query = (
        sa.select(*keys, raw.label("sealed"))
        .where(column.is_not(None), sa.func.substr(raw, 1, len(prefix)) != prefix)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    )
    async with sessions.begin() as session:
        rows = (await session.execute(query)).all()
        for row in rows:
            fresh = ring.seal(ring.open(row.sealed, column.type.about), column.type.about)  # type: ignore[attr-defined]
            mine = [key == value for key, value in zip(keys, row, strict=False)]
            change = sa.update(table).where(*mine)
            await session.execute(change.values({column: sa.literal(fresh, sa.LargeBinary)}))
    return len(rows)
