"""The log sealed day by day, in the database and out of it (events.md 1.2)."""

import asyncio
import hashlib
import json
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from events import __main__ as checker
from events import log
from events.of_requests import RequestWithdrawn
from service.audit import commands, days
from tests.city import MONDAY, SHANGHAI, City
from workers import timers

TUESDAY = datetime(2026, 3, 3, 0, 10, tzinfo=SHANGHAI)


async def happen(city: City, at: datetime, region: str = "370100", times: int = 1) -> None:
    async with city.sessions.begin() as session:
        for _ in range(times):
            event = RequestWithdrawn(request_id=uuid4(), offering="HO-01")
            await log.append(session, event, by=log.SYSTEM, region=region, now=at)


async def seal(city: City, now: datetime) -> int:
    async with city.sessions.begin() as session:
        return await days.seal_due(session, now)


async def proof(city: City, day: str | None = None) -> dict[str, Any]:
    auditor = await city.person("auditor")
    answer = await auditor.get("/v1/audit/proof", params={"day": day} if day else {})
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def test_a_day_is_sealed_ten_minutes_after_it_is_over(city: City) -> None:
    await happen(city, MONDAY - timedelta(days=1))
    await happen(city, MONDAY)
    await seal(city, TUESDAY - timedelta(seconds=1))
    assert (await proof(city))["day"] == "2026-03-01"
    assert await seal(city, TUESDAY) > 0
    told = await proof(city)
    assert told["day"] == "2026-03-02"
    assert told["count"] == sum(each["count"] for each in told["regions"])


async def test_a_seal_agrees_with_an_outsiders_own_reckoning(city: City) -> None:
    """From the words of the rule alone, without the service's code."""
    await happen(city, MONDAY, "370200", 3)
    city.at(TUESDAY)
    await seal(city, TUESDAY)
    told = await proof(city, "2026-03-02")
    auditor = await city.person("auditor")
    lines = (await auditor.get("/v1/audit/export?day=2026-03-02")).text.splitlines()
    first = f"hck-audit-1\n370200\n2026-03-02\n{told['previous']}\n"
    link, count = hashlib.sha256(first.encode()).digest(), 0
    for line in lines[1:]:
        if json.loads(line)["region"] == "370200":
            link = hashlib.sha256(link + hashlib.sha256(line.encode()).digest()).digest()
            count += 1
    [of_city] = [each for each in told["regions"] if each["region"] == "370200"]
    assert (of_city["count"], of_city["chain"]) == (count, link.hex())
    assert count >= 3
    statement = {
        "version": "hck-audit-1", "day": "2026-03-02", "previous": told["previous"],
        "regions": [{k: each[k] for k in ("region", "count", "chain")} for each in told["regions"]],
    }  # fmt: skip
    plain = json.dumps(statement, sort_keys=True, separators=(",", ":"))
    assert hashlib.sha256(plain.encode()).hexdigest() == told["hash"]


async def test_every_day_is_sealed_also_one_without_events_and_each_names_the_one_before(
    city: City,
) -> None:
    await happen(city, MONDAY)
    city.at("2026-03-06 00:10")
    await seal(city, city.now)
    chain = [await proof(city, f"2026-03-0{n}") for n in range(2, 6)]
    assert [each["previous"] for each in chain[1:]] == [each["hash"] for each in chain[:-1]]
    # The sealing of a day is itself in the log, of the day on which it happened.
    assert chain[1]["regions"] == []


async def test_an_event_that_commits_after_its_days_seal_is_in_the_next(city: City) -> None:
    await happen(city, MONDAY)
    slow = city.sessions()
    event = RequestWithdrawn(request_id=uuid4(), offering="HO-01")
    await log.append(slow, event, by=log.SYSTEM, region="371300", now=MONDAY)
    await seal(city, TUESDAY)
    await happen(city, TUESDAY, "371300")
    await slow.commit()
    await slow.close()
    city.at("2026-03-04 00:10")
    await seal(city, city.now)
    regions = {each["region"] for each in (await proof(city, "2026-03-02"))["regions"]}
    [late] = [
        each for each in (await proof(city, "2026-03-03"))["regions"] if each["region"] == "371300"
    ]
    assert "371300" not in regions
    assert (late["count"], late["late"]) == (2, 1)
    assert (await command(city, "check"))[1]


async def test_two_timers_at_once_seal_a_day_once(city: City) -> None:
    await happen(city, MONDAY)
    city.at(TUESDAY)
    await asyncio.gather(*(timers.tidy(city.sessions, TUESDAY) for _ in range(4)))
    sealed = await city.sql("SELECT day FROM audit_days ORDER BY day DESC")
    assert sealed[0]["day"] == date(2026, 3, 2)
    assert await city.events("audit/2026-03-02") == ["hck.audit.sealed.v1"]


@pytest.mark.parametrize("table", ["audit_days", "audit_regions"])
@pytest.mark.parametrize("act", ["UPDATE {} SET day = '2020-01-01'", "DELETE FROM {}"])
async def test_nobody_changes_a_seal(city: City, table: str, act: str) -> None:
    for url in (city.settings.database_url, city.settings.database_owner_url):
        somebody = await asyncpg.connect(url)
        with pytest.raises(asyncpg.PostgresError):
            await somebody.execute(act.format(table))
        await somebody.close()


async def command(city: City, *words: str) -> tuple[list[str], bool]:
    told = await commands.run(city.sessions, words)
    assert told is not None
    return told


async def bend(city: City, statement: str, *arguments: Any) -> None:
    """What somebody does who owns the database and takes the log's guard away."""
    owner = await asyncpg.connect(city.settings.database_owner_url)
    await owner.execute("SET session_replication_role = replica")
    await owner.execute(statement, *arguments)
    await owner.close()


@pytest.fixture
async def tuesday(city: City) -> City:
    """Sunday is sealed, and Monday with five events of Dongying in it."""
    await happen(city, MONDAY - timedelta(days=1))
    await happen(city, MONDAY, "370500", 5)
    city.at(TUESDAY)
    await seal(city, TUESDAY)
    return city


async def test_the_log_is_held_against_its_seals(tuesday: City) -> None:
    lines, holds = await command(tuesday, "check")
    assert holds
    assert "逐条相符" in lines[0]


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("UPDATE events SET actor = 'accounts/9' WHERE id = $1", "内容与封存时不同"),
        ("DELETE FROM events WHERE id = $1", "封存时有,现在没有"),
        ("UPDATE events SET region = '370600' WHERE id = $1", "封存时"),
        ("UPDATE events SET at = at - interval '9 days' WHERE id = $1", "现在没有"),
    ],
)
async def test_whoever_bends_the_log_is_found_by_the_event(
    tuesday: City, statement: str, told: str
) -> None:
    [row] = await tuesday.sql("SELECT id FROM events WHERE region = '370500' LIMIT 1")
    await bend(tuesday, statement, row["id"])
    lines, holds = await command(tuesday, "check")
    assert not holds
    assert any(str(row["id"]) in line and told in line for line in lines)


async def test_an_event_put_in_behind_the_logs_back_is_found(tuesday: City) -> None:
    await bend(
        tuesday,
        "INSERT INTO events (id, subject, sequence, type, region, at, actor, role, origin, trace,"
        " data, xact) SELECT $1, 'requests/x', 1, type, region, at, actor, role, origin, trace,"
        " data, xact FROM events WHERE region = '370500' LIMIT 1",
        uuid4(),
    )
    lines, holds = await command(tuesday, "check")
    assert not holds
    assert any("封存时没有这一条" in line for line in lines)


async def test_an_export_is_checked_without_the_service(
    tuesday: City, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, keys = tmp_path / "monday.jsonl", tmp_path / "keys.json"
    await command(tuesday, "export", "2026-03-02", str(file))
    await command(tuesday, "keys", str(keys))
    assert checker.main(["check", str(file), "--keys", str(keys)]) == 0
    assert "签名有效" in capsys.readouterr().out
    lines = file.read_text().splitlines()
    seal = json.loads(lines[0])
    seal["seal"]["previous"] = "00" * 32
    file.write_text("\n".join([json.dumps(seal), *lines[1:]]))
    assert checker.main(["check", str(file), "--keys", str(keys)]) == 1
    told = capsys.readouterr().out
    assert "[seal]" in told
    assert "[signature]" in told


async def test_a_day_that_names_another_day_before_is_found_across_files(
    tuesday: City, tmp_path: Path
) -> None:
    monday, sunday = tmp_path / "monday.jsonl", tmp_path / "sunday.jsonl"
    await command(tuesday, "export", "2026-03-02", str(monday))
    await command(tuesday, "export", "2026-03-01", str(sunday))
    assert checker.main(["check", str(sunday), str(monday)]) == 0
    first = json.loads(sunday.read_text().splitlines()[0])
    first["seal"]["hash"] = "00" * 32
    sunday.write_text(json.dumps(first) + "\n")
    assert checker.main(["check", str(sunday), str(monday)]) == 1


def test_a_file_that_is_no_export_ends_the_checker_with_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "x.jsonl"
    file.write_text("{}")
    assert checker.main(["check", str(file)]) == 2
    assert checker.main(["check", str(tmp_path / "none")]) == 2
    assert "✗" in capsys.readouterr().err
