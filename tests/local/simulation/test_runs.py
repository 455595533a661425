"""A year on a virtual clock: the same rules, the same seed, the same result."""

from datetime import date
from pathlib import Path

import msgspec
import pytest

from local.__main__ import main
from local.simulation.agencies import AGENCIES, CENTRE
from local.simulation.report import Report, play
from local.simulation.world import Plan

MANY = 250


def plan(**changes: object) -> Plan:
    usual = Plan(requests=MANY, months=2, seed=7, begins_on=date(2026, 9, 1))
    return msgspec.structs.replace(usual, **changes)


def told(arguments: str, capsys: pytest.CaptureFixture[str]) -> str:
    assert main(["simulate", "--months", "1", *arguments.split()]) == 0
    return capsys.readouterr().out


def agencies(path: Path, **changes: str) -> Path:
    """The shipped partners, each with these cells instead; 专家中心 stays as it is."""
    head, *lines = AGENCIES.read_text(encoding="utf-8").splitlines()
    names = head.split("\t")
    rows = [dict(zip(names, line.split("\t"), strict=True)) for line in lines]
    rows = [row if row["key"] == CENTRE else {**row, **changes} for row in rows]
    file = path / "agencies.tsv"
    text = "\n".join([head, *("\t".join(row[name] for name in names) for row in rows)])
    file.write_text(text + "\n", encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def usual() -> Report:
    return play(plan())[0]


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(
    capsys: pytest.CaptureFixture[str],
) -> None:
    first = told("--requests 60 --seed 7 --json", capsys)
    assert told("--requests 60 --seed 7 --json", capsys) == first
    assert told("--requests 60 --seed 8 --json", capsys) != first


def test_every_request_comes_to_an_end_and_its_time_adds_up(usual: Report) -> None:
    assert usual.submitted == MANY == usual.completed + usual.withdrawn + usual.expired
    assert usual.faults == 0
    assert sum(day.submitted for day in usual.days) == MANY
    assert {length.leg for length in usual.lengths} > {"acceptance", "handling", "pause:correction"}
    assert usual.promise.clocks == MANY


def test_fewer_days_for_the_same_work_are_kept_less_often(usual: Report) -> None:
    tighter = play(plan(budgets=("HO-01.handling=8", "FI-01.handling=6")))[0]
    assert tighter.promise.breached > usual.promise.breached
    changed = {c for c, kept in tighter.offerings.items() if kept != usual.offerings[c]}
    assert changed <= {"HO-01", "FI-01"}
    assert tighter.lengths == usual.lengths  # the work is the same; only the promise is not


def test_days_that_are_closed_move_both_the_work_and_the_promise(
    usual: Report, tmp_path: Path
) -> None:
    closed = tmp_path / "closed.tsv"
    days = "\n".join(f"2026-09-{n:02}\t370000\tholiday\t全运会\t鲁政办" for n in range(7, 19))
    closed.write_text(f"date\tregion\tkind\treason\tsource\n{days}\n", encoding="utf-8")
    changed = play(plan(calendar=closed))[0]
    assert changed.submitted == MANY
    assert changed.lengths != usual.lengths


def test_partners_that_never_answer_lapse_until_the_centre_ends_it(tmp_path: Path) -> None:
    report = play(plan(requests=40, agencies=agencies(tmp_path, ignores="1")))[0]
    assert report.completed == 0
    assert report.rulings >= 4 * report.expired > 0
    assert report.fell_silent > 0
    lapsed = sum(partner.lapsed for partner in report.partners)
    assert lapsed == sum(partner.acceptance.breached for partner in report.partners) > 0


def test_partners_that_are_quick_keep_every_promise(tmp_path: Path) -> None:
    quick = agencies(tmp_path, speed="0.1", answer="0.05", ignores="0", bounces="0", per_day="")
    assert play(plan(agencies=quick))[0].promise.breached == 0


def test_a_change_is_shown_beside_what_stands(capsys: pytest.CaptureFixture[str]) -> None:
    text = told("--requests 80 --budget FI-01.handling=5", capsys)
    assert "时间守恒:每件的各段首尾相接、分毫不差。" in text
    assert "—— 改后" in text
    assert "个百分点" in text
    # One more line of the table: columns stand under each other in Chinese too.
    assert "泉城银行股份有限公司济南科技支行  " in text


@pytest.mark.parametrize(
    "budget", ["HO-01.handling=0", "XX-99.handling=3", "HO-01.speed=3", "ME-01.handling=3"]
)
def test_a_budget_that_is_none_is_refused_in_a_sentence(
    budget: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["simulate", "--requests", "1", "--budget", budget]) == 1
    assert "HO-01.handling=10" in capsys.readouterr().err


def test_a_table_of_partners_with_a_bad_line_is_refused_by_its_number(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = agencies(tmp_path, speed="快")
    assert main(["simulate", "--requests", "1", "--agencies", str(bad)]) == 1
    assert "第 2 行" in capsys.readouterr().err
