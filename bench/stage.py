"""Where it is measured: an embedded PostgreSQL with many holders, and the API beside it."""

import asyncio
import contextlib
import os
import sys
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import asyncpg
import msgspec

from local import database
from local.children import Child, stop_all
from local.folder import Folder
from local.postgres import Cluster, free_port
from service import sealing
from service.settings import Settings

HOLDERS = 1_000
ROOT = Path(__file__).parent.parent
READY_TRIES = 300
NO_LIMITS = {
    f"HCK_LIMIT_{name}": "1000000000"
    for name in ("VERIFY", "REDEEM", "PRESENT", "WRITE", "READ", "SIGN_IN")
}
"""What is measured is the work; the limits would end it after a second."""

UUID_OF = "('00000000-0000-7000-8000-' || lpad({n}::text, 12, '0'))"
SUB_OF = "('bench' || lpad({n}::text, 7, '0'))"


COPY = """
INSERT INTO {table} SELECT (jsonb_populate_record(NULL::{table}, to_jsonb(t) || {changes})).*
FROM {table} t, generate_series(1, $1) AS g WHERE {where}"""
"""Many rows like one, with what must differ."""

MANY = (
    ("people", "id = (SELECT person_id FROM accounts WHERE login = 'talent1')",
     "'id', {id}, 'id_blind', decode(md5(g::text), 'hex')"),
    ("accounts", "login = 'talent1'", "'id', {id}, 'person_id', {id}, 'login', 'bench-' || g"),
    ("grants", "account_id = (SELECT id FROM accounts WHERE login = 'talent1')",
     "'id', {id}, 'account_id', {id}"),
    ("cards", "person_id = (SELECT person_id FROM accounts WHERE login = 'talent1')",
     "'id', {id}, 'person_id', {id}, 'number', 'BENCH' || g, 'application_id', NULL"),
)  # fmt: skip
LIST = """
INSERT INTO status_lists
VALUES ('bench', (now() AT TIME ZONE 'Asia/Shanghai')::date, 65536 - $1::int, now())
"""
PLACES = """
INSERT INTO card_days
SELECT (now() AT TIME ZONE 'Asia/Shanghai')::date, {id}::uuid, {sub}, 'bench', g
FROM generate_series(1, $1) AS g
"""
SESSIONS = """
INSERT INTO sessions SELECT sha256(convert_to('bench-session-' || g, 'UTF8')), {id}::uuid, now(),
    now() + interval '12 hours', NULL FROM generate_series(1, $1) g
"""


def card_of(n: int) -> str:
    """The id of the n-th holder's card, person and account."""
    return f"00000000-0000-7000-8000-{n:012d}"


def sub_of(n: int) -> str:
    """What the n-th card is called today."""
    return f"bench{n:07d}"


def session_of(n: int) -> str:
    """The n-th holder's session token."""
    return f"bench-session-{n}"


class Stage:
    """The database, the people on it, and the processes over it."""

    def __init__(self, path: Path) -> None:
        self.folder = Folder(path)
        self.port = free_port()
        self.base_url = f"http://127.0.0.1:{self.port}"
        self.children: dict[str, Child] = {}
        self.cluster: Cluster
        self.settings: Settings
        self.environment: dict[str, str]
        self.document: dict[str, Any]

    def build(self) -> None:
        """Start PostgreSQL as in a local run, migrate, plant the sample people and many more."""
        self.folder.open()
        self.cluster = database.start_embedded(self.folder)
        asyncio.run(self._configure())
        self.cluster.stop()
        self.cluster.start({"max_connections": "200"}, log=self.folder.path / "postgres.log")
        own = database.environment_of(self.folder, self.cluster, self.base_url)
        self.environment = {**own, **NO_LIMITS, "HCK_LOG": "off"}
        self.settings = database.prepare({**os.environ, **self.environment}, self.owner_url)
        database.plant(self.settings, self.folder, self.base_url)
        self.document = msgspec.json.decode(self.folder.samples.read_bytes())
        asyncio.run(self._many())

    @property
    def owner_url(self) -> str:
        """The address of whoever may do everything."""
        return database.owner_url_of(self.folder, self.cluster)

    async def _configure(self) -> None:
        owner = await asyncpg.connect(self.owner_url)
        for name, value in (
            ("track_commit_timestamp", "on"),
            ("logging_collector", "on"),
            ("log_destination", "jsonlog"),
            ("log_directory", "log"),
            ("log_filename", "bench"),
            ("log_rotation_size", "0"),
        ):
            await owner.execute(f"ALTER SYSTEM SET {name} = '{value}'")
        await owner.close()

    async def _many(self) -> None:
        owner = await asyncpg.connect(self.owner_url)
        made = {"id": UUID_OF.format(n="g"), "sub": SUB_OF.format(n="g")}
        for table, where, changes in MANY:
            new = f"jsonb_build_object({changes.format(**made)})"
            await owner.execute(COPY.format(table=table, where=where, changes=new), HOLDERS)
        for text in (LIST, PLACES, SESSIONS):
            await owner.execute(text.format(**made), HOLDERS)
        await owner.execute("VACUUM ANALYZE")
        await owner.close()

    async def sql(self, query: str, *arguments: Any) -> list[Any]:
        """Rows of a query as the owner."""
        owner = await asyncpg.connect(self.owner_url)
        try:
            return list(await owner.fetch(query, *arguments))
        finally:
            await owner.close()

    async def fetchval(self, query: str, *arguments: Any) -> Any:
        """One value of a query as the owner."""
        return (await self.sql(query, *arguments))[0][0]

    async def script(self, statements: str) -> None:
        """Several statements as the owner."""
        owner = await asyncpg.connect(self.owner_url)
        try:
            await owner.execute(statements)
        finally:
            await owner.close()

    def start(self, name: str, *command: str, more: Mapping[str, str] | None = None) -> Child:
        """Start one process of the product."""
        environment = {**self.environment, **(more or {})}
        log = self.folder.path / f"{name}.log"
        child = Child(name, [sys.executable, "-m", *command], environment, log)
        child.start()
        self.children[name] = child
        return child

    async def start_api(self, *options: str) -> None:
        """Start the HTTP server as in production, and wait until it answers."""
        self.start("api", "service", "serve", "--port", str(self.port), *options)
        for _ in range(READY_TRIES):
            if await asyncio.to_thread(self._answers):
                return
            await asyncio.sleep(0.1)
        raise SystemExit(f"API 未能启动,详见 {self.folder.path / 'api.log'}")

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.base_url}/livez", timeout=2) as answer:  # noqa: S310
                return bool(answer.status == 200)
        except OSError:
            return False

    def api_cpu_seconds(self) -> float:
        """Processor time that the API's processes have used so far."""
        process = self.children["api"].process
        assert process is not None
        spent, parents = {}, {}
        for stat in Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):  # it has just ended
                pid, rest = int(stat.parent.name), stat.read_text().rpartition(")")[2].split()
                parents[pid], spent[pid] = int(rest[1]), int(rest[11]) + int(rest[12])
        ours = [pid for pid in spent if process.pid in (pid, parents[pid])]
        return sum(spent[pid] for pid in ours) / os.sysconf("SC_CLK_TCK")

    def stop(self, *names: str) -> None:
        """Stop these processes; all of them without names."""
        chosen = names or tuple(self.children)
        stop_all([self.children.pop(name) for name in chosen])

    def end(self) -> None:
        """Stop everything."""
        self.stop()
        self.cluster.stop()

    def ring(self) -> sealing.Keyring:
        """The run's keyring, for whoever mints tokens here."""
        return sealing.load_ring(self.settings)
