"""`python -m service 命令`: the service's commands.

migrate                  建立或升级数据库结构,并载入随产品的首版数据表
serve [granian 参数]      启动 API
load 表名 文件            载入官员的新表(先整表检查,整版本生效)
deadlines 文件            逐行推算时限,一行 JSON 一个答案
check-legs               核对每件申请的时间是否首尾相接
rotate-keys              换密钥并重封个人信息
import-holders 文件 [--apply]  导入持卡人:逐行检查,加 --apply 才生效
card-keys list|make|switch|retire|revoke   卡的签发密钥
dead-letters list|show|retry|drop   处理不了的事件:列出、细看、重试、跳过
audit list|export|keys|check   日志的封存:列出、取走一日、验签公钥、逐日核对
calendar show|import    工作日历:现行、检查并试算一个年度的放假安排
routing show|check|replay   派单规则:现行、检查、用上个月的日志试算
prove [rebuild]          指标所用的计数与日志重新数出的逐格比较;rebuild 从日志重建
batches list|rank|check   批次名额:列出、排序、重算核对
"""

import asyncio
import os
import shutil
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from service import db, migrating, rotation, sealing
from service.audit import commands as audit_commands
from service.auth import keys
from service.calendars import commands as calendar_commands
from service.dead_letters import commands as dead_letter_commands
from service.offerings import catalogue as _offerings  # noqa: F401 - hears of its table
from service.problems import Problem
from service.reference import tables
from service.reference.tables import BadTable
from service.requests import conservation, rule_commands
from service.requests.batches import commands as batch_commands
from service.requests.loans import checking as _loans  # noqa: F401 - hears of its tables
from service.satisfaction import commands as figure_commands
from service.settings import Settings, SettingsError, read
from service.talents.family import municipal as _municipal  # noqa: F401 - hears of its table
from service.talents.importing import commands as import_commands
from service.talents.proof import card_keys, key_commands
from service.talents.proof.key_store import store_of
from service.worktime import batch
from service.worktime import checking as _calendars  # noqa: F401 - hears of its tables

Sessions = async_sessionmaker[AsyncSession]
BY_TWO = ("calendar", "calendar_overlays", "calendar_notices")
"""Tables that one person imports and another applies (time.md R1)."""


def migrate(settings: Settings) -> None:
    """Build or change the database; then the first tables and keys, where there are none."""
    role = unquote(urlsplit(settings.database_url).username or "")
    sealing.use(sealing.load_ring(settings))  # some migrations read what is sealed
    migrating.migrate(settings.database_owner_url, role)
    card_keys.use(store_of(settings))
    asyncio.run(with_sessions(settings, first_data))
    print("数据库已是最新。")


async def first_data(sessions: Sessions) -> None:
    """Shipped tables, an access key and a card key: what a service cannot be without."""
    now = datetime.now(UTC)
    async with sessions.begin() as session:
        await tables.load_shipped(session, now)
        await keys.ensure_access_key(session, now)
        await card_keys.ensure_card_key(session, now)


async def with_sessions(settings: Settings, work: Any) -> Any:
    """Run `work(sessions)` over an engine of its own."""
    engine = db.make_engine(settings)
    try:
        return await work(db.make_sessions(engine))
    finally:
        await engine.dispose()


def load(settings: Settings, name: str, path: str) -> None:
    """Load a newer table of the officials; raises BadTable for one that takes two people."""
    if name in BY_TWO:
        raise BadTable(
            "工作日历须先试算、由另一人生效: 用 calendar import 文件,或页面 /centre/calendars。"
        )
    content = Path(path).read_text(encoding="utf-8-sig")

    async def work(sessions: Sessions) -> int:
        async with sessions.begin() as session:
            return await tables.load(session, name, content, datetime.now(UTC))

    sealing.use(sealing.load_ring(settings))
    version = asyncio.run(with_sessions(settings, work))
    print(f"数据表 {name} 现行版本: {version}。")


def rotate_keys(settings: Settings) -> None:
    """A new sealing key, and every sealed value sealed anew."""
    ring = rotation.add_key(settings)
    done = asyncio.run(with_sessions(settings, lambda s: rotation.reseal(s, ring)))
    print(f"已启用密钥 {ring.current},重封 {done} 个值。旧密钥仍可打开旧备份。")


def card_key_command(settings: Settings, words: list[str]) -> bool:
    """Make, retire, revoke or list card keys; False where the words are no such command."""

    async def work(sessions: Sessions) -> list[str] | None:
        async with sessions.begin() as session:
            return await key_commands.run(session, words, store_of(settings), datetime.now(UTC))

    sealing.use(sealing.load_ring(settings))
    lines = asyncio.run(with_sessions(settings, work))
    print("\n".join(lines) if lines is not None else key_commands.USAGE)
    return lines is not None


def import_holders(settings: Settings, path: str, *, apply: bool) -> bool:
    """Look a table of holders over, and make cards of it if asked; False where a line is bad.

    The lines with something wrong are written beside the table, to correct and send again.
    """
    octets = Path(path).read_bytes()

    async def work(sessions: Sessions) -> tuple[list[str], bytes | None]:
        async with sessions.begin() as session:
            now = datetime.now(UTC)
            return await import_commands.run(session, octets, apply=apply, now=now)

    sealing.use(sealing.load_ring(settings))
    lines, bad = asyncio.run(with_sessions(settings, work))
    print("\n".join(lines))
    if bad is not None:
        beside = Path(path).with_name(import_commands.BAD)
        beside.write_bytes(bad)
        print(f"有问题的行已写到 {beside},改好后再导入。")
    return bad is None


def dead_letter_command(settings: Settings, words: list[str]) -> bool:
    """List, retry or drop dead letters; False where the words are no such command."""

    async def work(sessions: Sessions) -> list[str] | None:
        async with sessions.begin() as session:
            return await dead_letter_commands.run(session, words, datetime.now(UTC))

    lines = asyncio.run(with_sessions(settings, work))
    print("\n".join(lines) if lines is not None else dead_letter_commands.USAGE)
    return lines is not None


def audit_command(settings: Settings, words: list[str]) -> int:
    """Seals listed, a day taken out, the log checked; 1 where it is not as sealed, 2 misused."""
    sealing.use(sealing.load_ring(settings))
    told = asyncio.run(with_sessions(settings, lambda s: audit_commands.run(s, words)))
    if told is None:
        print(audit_commands.USAGE, file=sys.stderr)
        return 2
    lines, holds = told
    print("\n".join(lines))
    return 0 if holds else 1


def prove_command(settings: Settings, words: list[str]) -> int:
    """The log against its seals, then the figures against the log; 1 where either differs."""
    sealing.use(sealing.load_ring(settings))
    told = asyncio.run(with_sessions(settings, lambda s: figure_commands.run(s, words)))
    if told is None:
        print(figure_commands.USAGE, file=sys.stderr)
        return 2
    lines, agrees = told
    sealed = 0 if words else audit_command(settings, ["check"])
    print("\n".join(lines))
    return 0 if agrees and not sealed else 1


def routing_command(settings: Settings, words: list[str]) -> bool:
    """Rules shown, checked, tried on the log; False where the words are no such command."""

    async def work(sessions: Sessions) -> list[str] | None:
        async with sessions() as session:
            return await rule_commands.run(session, words, datetime.now(UTC))

    sealing.use(sealing.load_ring(settings))
    lines = asyncio.run(with_sessions(settings, work))
    print("\n".join(lines) if lines is not None else rule_commands.USAGE)
    return lines is not None


def batch_command(settings: Settings, words: list[str]) -> int:
    """Batches listed, ranked, recomputed; 1 where a list is not what its rule makes, 2 misused."""

    async def work(sessions: Sessions) -> list[str] | None:
        async with sessions.begin() as session:
            return await batch_commands.run(session, words, datetime.now(UTC))

    sealing.use(sealing.load_ring(settings))
    lines = asyncio.run(with_sessions(settings, work))
    print("\n".join(lines) if lines is not None else batch_commands.USAGE)
    if lines is None:
        return 2
    return 1 if lines[-1].startswith("✗") else 0


def calendar_command(settings: Settings, words: list[str]) -> bool:
    """The calendar shown, a notice tried; False where the words are no such command."""

    async def work(sessions: Sessions) -> list[str] | None:
        async with sessions.begin() as session:
            return await calendar_commands.run(session, words, datetime.now(UTC))

    sealing.use(sealing.load_ring(settings))
    lines = asyncio.run(with_sessions(settings, work))
    print("\n".join(lines) if lines is not None else calendar_commands.USAGE)
    return lines is not None


def deadlines(path: str) -> None:
    """Answer each line of a file of cases (time.md D3)."""
    # As bytes, so that a line that is not UTF-8 spoils its own answer only.
    with Path(path).open("rb") as lines:
        for answers in batch.run_wide(lines):
            sys.stdout.buffer.write(answers)


def check_legs(settings: Settings) -> int:
    """Print each request whose time is not whole (time.md L1); returns how many faults."""

    async def work(sessions: Sessions) -> int:
        found = 0
        async with sessions() as session:
            await session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
            await session.execute(text("SELECT 1"))  # the snapshot, before the time is read
            async for request_id, fault in conservation.check_all(session, datetime.now(UTC)):
                found += 1
                print(f"{request_id} {fault}")
        return found

    sealing.use(sealing.load_ring(settings))
    found: int = asyncio.run(with_sessions(settings, work))
    print("每件申请的时间都首尾相接、分毫不差。" if not found else f"发现 {found} 处时间不闭合。")
    return found


def serving(extra: list[str]) -> list[str]:
    """The HTTP server's command; its own options may follow."""
    granian = shutil.which("granian", path=str(Path(sys.executable).parent)) or "granian"
    return [
        granian, "--interface", "asgi", "--factory", "--no-ws", "--log-level", "warning",
        *extra, "service.app:create_app",
    ]  # fmt: skip


def serve(extra: list[str]) -> None:
    """Become the HTTP server."""
    command = serving(extra)
    os.execv(command[0], command)  # noqa: S606 - our own server, no shell


def main(arguments: list[str]) -> int:
    """Do what the arguments name; a refusal is one sentence and status 1."""
    try:
        match arguments:
            case ["migrate"]:
                migrate(read())
            case ["serve", *extra]:
                read()
                serve(extra)
            case ["load", name, path]:
                load(read(), name, path)
            case ["deadlines", path]:
                deadlines(path)
            case ["check-legs"]:
                return 1 if check_legs(read()) else 0
            case ["rotate-keys"]:
                rotate_keys(read())
            case _:
                return of_a_room(arguments)
    except (SettingsError, Problem, OSError, UnicodeDecodeError) as wrong:
        print(f"✗ {getattr(wrong, 'detail', None) or wrong}", file=sys.stderr)
        return 1
    return 0


def of_a_room(arguments: list[str]) -> int:
    """The commands that a room of the service answers; 2 where nobody does."""
    match arguments:
        case ["import-holders", path, *more] if more in ([], ["--apply"]):
            return 0 if import_holders(read(), path, apply=bool(more)) else 1
        case ["card-keys", *words]:
            return 0 if card_key_command(read(), words) else 2
        case ["dead-letters", *words]:
            return 0 if dead_letter_command(read(), words) else 2
        case ["audit", *words]:
            return audit_command(read(), words)
        case ["prove", *words]:
            return prove_command(read(), words)
        case ["batches", *words]:
            return batch_command(read(), words)
        case ["calendar", *words]:
            return 0 if calendar_command(read(), words) else 2
        case ["routing", *words]:
            return 0 if routing_command(read(), words) else 2
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
