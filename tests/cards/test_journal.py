"""A counter's own journal: one winner for a token, nothing lost, nothing torn (13.2, 13.3)."""

import fcntl
import json
import resource
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cards import journal
from cards.__main__ import main
from cards.journal import BadJournal
from service.counters.journals.entries import Entry
from tests.cards.test_command import Printed, claims, pack_of, told
from tests.cards.vectors import FULL, NOW, TOKENS


@pytest.fixture
def words(tmp_path: Path) -> list[str]:
    """A counter's command, with its journal as the last word but two."""
    pack = tmp_path / "pack.json"
    pack.write_text(json.dumps(pack_of({}, claims().uri or "")))
    return [
        "verify", FULL, "--pack", str(pack), "--offering", "TR-01", "--json",
        "--now", str(NOW), "--journal", str(tmp_path / "journal.jsonl"),
    ]  # fmt: skip


def entry() -> dict[str, Any]:
    return {"token": FULL, "offering": "TR-01"}


def test_13_2_the_second_time_is_refused(words: list[str], capsys: Printed) -> None:
    path = Path(words[-1])
    assert main(words) == 0
    capsys.readouterr()
    assert main(words) == 1
    assert told(capsys)["reason"] == "token-replayed"
    assert len(path.read_text().splitlines()) == 1
    assert path.stat().st_mode & 0o777 == 0o600


def test_what_is_refused_is_not_written(words: list[str]) -> None:
    printed = [words[0], TOKENS["print"]["token"], *words[2:]]
    assert main(printed) == 1
    assert Path(words[-1]).read_bytes() == b""


def test_13_2_while_a_journal_is_open_nobody_else_gets_it(words: list[str]) -> None:
    path = Path(words[-1])
    with journal.opened(path), path.open("rb") as rival, pytest.raises(BlockingIOError):
        fcntl.flock(rival, fcntl.LOCK_EX | fcntl.LOCK_NB)
    with path.open("rb") as rival:
        fcntl.flock(rival, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_13_2_of_counters_that_scan_at_once_one_accepts(
    words: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other one has written by the time that the lock is ours: what it wrote counts."""
    path = Path(words[-1])
    ours = fcntl.flock

    def lock(descriptor: int, how: int) -> None:
        monkeypatch.setattr(fcntl, "flock", ours)
        with journal.opened(path) as first:
            first.add(claims(), entry())
        ours(descriptor, how)

    monkeypatch.setattr(fcntl, "flock", lock)
    assert main(words) == 1
    assert len(journal.read(path.read_bytes())) == 1


@pytest.mark.parametrize("kept", [1, 5, 10, 40, -40, -2])
def test_a_line_that_power_cut_off_was_never_given(words: list[str], kept: int) -> None:
    path = Path(words[-1])
    main(words)
    path.write_bytes(path.read_bytes()[:kept])
    assert main(words) == 0
    assert len(journal.read(path.read_bytes())) == 1


def test_a_whole_line_counts_though_an_editor_took_its_end(words: list[str]) -> None:
    path = Path(words[-1])
    main(words)
    path.write_bytes(path.read_bytes().rstrip(b"\n"))
    assert main(words) == 1
    assert path.read_bytes().endswith(b"}\n")


@pytest.mark.parametrize(
    "content", [b"{}", b"{}\n", b"x\n", b"[]\n", b"\xff", b'{"pair": 1, "entry": {}}\n', b"\n\n"]
)
def test_a_file_that_is_something_else_is_left_alone(
    content: bytes, words: list[str], capsys: Printed
) -> None:
    path = Path(words[-1])
    path.write_bytes(content)
    assert main(words) == 2
    assert "没有动它" in capsys.readouterr().err
    assert path.read_bytes() == content
    with pytest.raises(BadJournal):
        journal.read(content)


def test_a_full_disk_gives_nothing_and_leaves_the_journal_whole(words: list[str]) -> None:
    path = Path(words[-1])
    main(words)
    before = path.read_bytes()
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    script = (
        "import resource, signal, sys; from pathlib import Path; from cards import journal\n"
        "from tests.cards.test_command import claims\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({len(before) + 30}, {limit[1]}))\n"
        f"with journal.opened(Path({str(path)!r})) as own:\n"
        "    try: own.add(claims()._replace(cti=bytes(16)), {'token': 'x'})\n"
        "    except OSError: sys.exit(7)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 7, done.stderr
    assert path.read_bytes() == before


def test_13_3_it_becomes_what_is_uploaded(words: list[str], capsys: Printed) -> None:
    main(words)
    capsys.readouterr()
    assert main(["upload", words[-1], "--service-point", "p-1"]) == 0
    body = told(capsys)
    assert body["service_point"] == "p-1"
    (line,) = body["entries"]
    assert (line["token"], line["offering"], line["companions"]) == (FULL, "TR-01", 0)
    taken = msgspec.convert(line, Entry)  # the service's own reading: it forbids other members
    assert taken.scanned_at == datetime(2026, 3, 2, 1, 0, 30, tzinfo=UTC)


def test_13_3_no_upload_has_more_than_500_entries(tmp_path: Path, capsys: Printed) -> None:
    path = tmp_path / "journal"
    lines = (json.dumps({"pair": f"hck37 {n}", "entry": entry()}) for n in range(1001))
    path.write_text("".join(f"{line}\n" for line in lines))
    assert main(["upload", str(path), "--service-point", "p-1"]) == 0
    bodies = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [len(body["entries"]) for body in bodies] == [500, 500, 1]
