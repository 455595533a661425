"""Tables that officials change: loaded as whole versions, checked before anything is kept.

`python3 dev.py load TABLE FILE` loads a newer one; the product ships a first version of each.
"""

import csv
import hashlib
import io
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import ClassVar

from sqlalchemy import bindparam, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from events import log
from events.of_tables import TableLoaded
from service.problems import Problem
from service.reference.models import TableVersion

Row = dict[str, str]
Apply = Callable[[AsyncSession, Sequence[Row], datetime], Awaitable[None]]

DATA = Path(__file__).parent / "data"
PROVINCE = "370000"

COLUMNS: dict[str, tuple[str, ...]] = {
    "regions": ("code", "name_zh", "level", "parent", "valid_from", "valid_to"),
    "categories": ("category", "name_zh", "route", "consent", "validity", "tier", "age_limit"),
    "rating_tags": ("grade", "code", "text_zh"),
    "rating_rules": ("name", "value", "text_zh"),
    "quota_rules": ("name", "value", "text_zh"),
    "void_reasons": ("code", "text_zh"),
    "loans": ("product", "city", "cap_talent_yuan", "cap_enterprise_yuan", "compensation_pct"),
    "lpr": ("tenor", "min_months", "percent", "valid_from", "source"),
    "calendar_overlays": ("date", "region", "kind", "reason", "source"),
    "business_hours": ("region", "opens", "closes"),
    "calendar_notices": ("year", "notice", "published_on", "source"),
    "calendar": ("date", "kind", "name_en", "state"),
    "opinion_templates": ("code", "step", "decision", "text_zh"),
    "catalogue": (
        "code", "name_zh", "name_en", "sector", "mode", "department", "accept_hours",
        "complete_wd", "correction_wd", "publicity_wd", "categories", "beneficiaries",
        "annual_limit", "materials", "window", "exclusive_with", "basis",
    ),
    "municipal": (
        "city", "tier", "card_name", "offering", "annual_limit", "companions_max", "amount_yuan",
        "basis",
    ),
    "routes": (
        "offering", "region", "partner", "rank", "share", "daily_capacity", "batch_capacity",
        "opens_at", "closes_at", "valid_from", "valid_to",
    ),
    "quiet_hours": ("region", "role", "from", "to", "rest_days", "gather_minutes"),
    "escalation": ("leg", "rung", "to", "repeat_hours", "repeats"),
    "partner_heads": ("partner", "login"),
}  # fmt: skip
"""The tables and the columns that each must have, in the order in which they are loaded."""

_listeners: dict[str, list[Apply]] = {}


class BadTable(Problem):
    """The file is not the table that it is meant to be; nothing of it is kept."""

    code: ClassVar[str] = "bad-table"
    status: ClassVar[int] = 422
    title: ClassVar[str] = "数据表有误"
    advice: ClassVar[str] = "请按所示行号修改后重新载入;原有数据未受影响。"


def on_load(name: str, apply: Apply) -> None:
    """A room that keeps rows of its own from a table is told of each load.

    `apply` writes what differs from its rows and nothing else: the same table may come again.
    """
    listeners = _listeners.setdefault(name, [])
    if apply not in listeners:
        listeners.append(apply)


def read_table(name: str, content: str) -> list[Row]:
    """The rows of a tab-separated file; raises BadTable naming the line that is wrong."""
    rows = [row for _, row in read_lines(name, content)]
    _check_keys(name, rows)
    return rows


def read_lines(name: str, content: str) -> list[tuple[int, Row]]:
    """The rows with their lines' numbers, before keys are looked at; raises BadTable."""
    if name not in COLUMNS:
        raise BadTable(f"没有名为“{name}”的数据表,可载入: {'、'.join(COLUMNS)}。")
    reader = csv.reader(io.StringIO(content.removeprefix("\ufeff")), delimiter="\t", quoting=3)
    lines = [(number, cells) for number, cells in enumerate(reader, 1) if any(cells)]
    if not lines:
        raise BadTable("文件是空的。")
    header = lines[0][1]
    if missing := [column for column in COLUMNS[name] if column not in header]:
        raise BadTable(f"第 1 行缺少列: {'、'.join(missing)}。")
    rows = [(number, _row(number, header, cells)) for number, cells in lines[1:]]
    if not rows:
        raise BadTable("文件没有数据行。")
    return rows


def _row(number: int, header: list[str], cells: list[str]) -> Row:
    if len(cells) > len(header):
        raise BadTable(f"第 {number} 行有 {len(cells)} 列,表头只有 {len(header)} 列。")
    cells = cells + [""] * (len(header) - len(cells))
    return {column: cell.strip() for column, cell in zip(header, cells, strict=True)}


KEYS: dict[str, tuple[str, ...]] = {
    "regions": ("code",),
    "categories": ("category",),
    "rating_tags": ("code",),
    "rating_rules": ("name",),
    "quota_rules": ("name",),
    "void_reasons": ("code",),
    "loans": ("product", "city"),
    "lpr": ("tenor", "valid_from"),
    "calendar_overlays": ("date", "region"),
    "business_hours": ("region", "opens"),
    "calendar_notices": ("year",),
    "calendar": ("date",),
    "opinion_templates": ("code",),
    "catalogue": ("code",),
    "municipal": ("city", "tier", "offering"),
    "routes": ("offering", "region", "partner", "valid_from"),
    "quiet_hours": ("region", "role"),
    "escalation": ("leg", "rung", "to"),
    "partner_heads": ("partner", "login"),
}


def _check_keys(name: str, rows: Sequence[Row]) -> None:
    seen: set[tuple[str, ...]] = set()
    for number, row in enumerate(rows, 2):
        key = tuple(row[column] for column in KEYS[name])
        if not all(key):
            raise BadTable(f"第 {number} 行缺少 {'、'.join(KEYS[name])}。")
        if key in seen:
            raise BadTable(f"第 {number} 行与前面的行重复: {' '.join(key)}。")
        seen.add(key)


async def load(session: AsyncSession, name: str, content: str, now: datetime) -> int:
    """Keep a table's newer version and tell the rooms that use it; returns the version in force.

    The same content again makes no version. All or nothing: raises BadTable before any write.
    """
    rows = read_table(name, content)
    # Two officials at once: the second waits, then sees the first's version.
    await session.execute(
        text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 1))"), {"name": f"table {name}"}
    )
    digest = hashlib.sha256(content.encode()).hexdigest()
    newest = await _newest(session, name)
    if newest is not None and newest.sha256 == digest:
        # What stands beside a table (the offerings' forms) may have changed all the same.
        await _tell(session, name, rows, now)
        return newest.version
    version = newest.version + 1 if newest else 1
    session.add(
        TableVersion(name=name, version=version, sha256=digest, rows=list(rows), loaded_at=now)
    )
    await session.flush()
    await _tell(session, name, rows, now)
    event = TableLoaded(table=name, version=version, rows=len(rows))
    await log.append(session, event, by=log.SYSTEM, region=PROVINCE, now=now)
    return version


async def _tell(session: AsyncSession, name: str, rows: Sequence[Row], now: datetime) -> None:
    for apply in _listeners.get(name, ()):
        await apply(session, rows, now)


async def load_shipped(session: AsyncSession, now: datetime) -> None:
    """Load the shipped first version of every table that has none yet; some begin empty."""
    for name in COLUMNS:
        file = DATA / f"{name}.tsv"
        if file.exists() and await _newest(session, name) is None:
            await load(session, name, file.read_text(), now)


async def version_of(session: AsyncSession, name: str) -> int:
    """The number of the version in force; 0 where nothing is loaded."""
    query = select(func.max(TableVersion.version)).where(TableVersion.name == name)
    return await session.scalar(query) or 0


IN_FORCE = (
    select(TableVersion.sha256, TableVersion.version)
    .where(TableVersion.name == bindparam("name"))
    .order_by(TableVersion.version.desc())
    .limit(1)
)
"""Built once: every measured door asks it."""


async def rows_of(session: AsyncSession, name: str, version: int | None = None) -> list[Row]:
    """The rows of a table: the version in force, or the one named; none where there is none.

    Each process keeps what it has read, by the content's hash, and always asks which is in force.
    """
    query = IN_FORCE if version is None else IN_FORCE.where(TableVersion.version == version)
    found = (await session.execute(query, {"name": name})).first()
    if found is None:
        return []
    digest, number = found
    if (name, digest) not in _kept:
        row = await session.get_one(TableVersion, (name, number))
        _kept[name, digest] = list(row.rows)
    return _kept[name, digest]


_kept: dict[tuple[str, str], list[Row]] = {}


async def _newest(session: AsyncSession, name: str) -> TableVersion | None:
    query = select(TableVersion).where(TableVersion.name == name)
    found: TableVersion | None = await session.scalar(
        query.order_by(TableVersion.version.desc()).limit(1)
    )
    return found
