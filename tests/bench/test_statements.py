"""What PostgreSQL logged of one call becomes a script that pgbench can run on other rows."""

import json
from pathlib import Path

from bench.statements import Ran, Script, quoted, read_log

OLD = "01900000-0000-7000-8000-000000000001"
NEW = "01a20000-0000-7000-8000-000000000002"
SINCE_MS = 0x01A100000000


def script(sql: str, arguments: dict[int, str | None], varied: dict[str, str]) -> str:
    return Script([Ran(sql, arguments)], varied, SINCE_MS).text(10).splitlines()[-1]


def test_only_the_services_statements_are_read_with_their_parameters(tmp_path: Path) -> None:
    entries = [
        {"user": "hck_owner", "message": "statement: SELECT 1"},
        {"user": "hck_service", "message": "statement: BEGIN;"},
        {
            "user": "hck_service",
            "message": "execute __asyncpg_1__: SELECT $1, $2",
            "detail": "Parameters: $1 = 'it''s', $2 = NULL",
        },
        {"user": "hck_service", "message": "duration: 1 ms"},
    ]
    log = tmp_path / "log"
    log.write_text("\n".join(map(json.dumps, entries)))
    assert read_log(log, "hck_service") == [
        Ran("BEGIN", {}),
        Ran("SELECT $1, $2", {1: "it's", 2: None}),
    ]


def test_an_id_that_the_call_made_is_new_each_time_and_an_old_one_stays() -> None:
    text = Script([Ran("SELECT $1, $2", {1: OLD, 2: NEW})], {}, SINCE_MS).text(10)
    assert "\\set u0 random(1, 999999999999)" in text
    assert f"E'{OLD}'" in text
    assert NEW not in text
    assert "lpad(:u0::text, 12, '0')))::uuid" in text


def test_an_id_inside_a_text_is_replaced_there_too() -> None:
    line = script("SELECT $1", {1: f"requests/{NEW}"}, {})
    assert (
        line == "SELECT (E'requests/' || ('00000000-0000-7000-8000-' || lpad(:u0::text, 12, '0')));"
    )
    assert script("SELECT $1", {1: json.dumps({"id": NEW})}, {}).endswith(")::jsonb;")


def test_what_the_door_varies_becomes_its_expression() -> None:
    varied = {"bench7": "('bench' || :n)", "c0ffee": "lpad(:k::text, 6, '0')"}
    assert script("SELECT $1", {1: "bench7"}, varied) == "SELECT (('bench' || :n));"
    line = script("SELECT $1", {1: "\\xc0ffee"}, varied)
    assert line == "SELECT decode(lpad(:k::text, 6, '0'), 'hex');"
    assert script("SELECT $1", {1: None}, varied) == "SELECT NULL;"


def test_a_literal_holds_nothing_that_pgbench_reads() -> None:
    assert quoted("10:00:now; it's \\") == "E'10\\x3a00\\x3anow\\x3b it''s \\\\'"
