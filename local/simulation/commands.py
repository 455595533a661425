"""`python3 dev.py simulate`: a year by the real rules, and what if something changed."""

import argparse
import sys
from datetime import date
from pathlib import Path

import msgspec

from local.simulation import backtest, tables
from local.simulation.agencies import AGENCIES, DEMAND
from local.simulation.engine import Simulation
from local.simulation.report import play
from local.simulation.world import Plan, World, month_after

LAST = date(2027, 1, 1)
"""A run ends with the last published year, so that what is open then still has a calendar."""


def add_to(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("--months", type=int, default=12, help="申请进来的月数")
    parser.add_argument("--requests", type=int, default=10_000, help="申请件数")
    parser.add_argument("--seed", type=int, default=7, help="种子;同一个种子,结果逐字相同")
    parser.add_argument("--from", dest="begin", metavar="2026-01", help="第一个月")
    parser.add_argument("--budget", action="append", default=[], metavar="HO-01.handling=10",
                        help="改一项时限再算一遍,可写多次")  # fmt: skip
    parser.add_argument("--calendar", type=Path, help="换一份日历(calendar 或 calendar_overlays)")
    parser.add_argument("--agencies", type=Path, default=AGENCIES, help="办理单位的行为")
    parser.add_argument("--demand", type=Path, default=DEMAND, help="申请从哪来")
    parser.add_argument("--backtest", action="store_true", help="用这段历史回测超期预测")
    parser.add_argument("--json", action="store_true", help="输出 JSON,含每一天")


def run(arguments: argparse.Namespace) -> int:
    """Print what a run shows; with a change, both runs and the difference."""
    usual = plan_of(arguments)
    if arguments.backtest:
        return _backtest(usual, as_json=arguments.json)
    changed = msgspec.structs.replace(
        usual, budgets=tuple(arguments.budget), calendar=arguments.calendar
    )
    before, _ = play(usual)
    after = play(changed)[0] if changed != usual else None
    if arguments.json:
        found = {"usual": before} if after is None else {"usual": before, "changed": after}
        sys.stdout.write(msgspec.json.encode(found).decode() + "\n")
        return 0
    print("\n".join(tables.shown(before)))
    if after is not None:
        print("\n—— 改后\n\n" + "\n".join(tables.shown(after)))
        print("\n—— 相差\n\n" + "\n".join(tables.compared(before, after)))
    return 1 if before.faults or (after is not None and after.faults) else 0


def _backtest(plan: Plan, *, as_json: bool) -> int:
    """Make the forecasts of a run's mornings, and print how they came true."""
    world = World(plan)
    made = list(backtest.forecasts(world, Simulation(world).run().history))
    found = backtest.scores(made)
    if as_json:
        sys.stdout.write(msgspec.json.encode(found).decode() + "\n")
    else:
        print("\n".join(line for score in found for line in tables.scored(score)))
    return 0


def plan_of(arguments: argparse.Namespace) -> Plan:
    """The run as the rules and data stand."""
    if arguments.begin:
        begins_on = date.fromisoformat(f"{arguments.begin}-01")
    else:
        begins_on = month_after(LAST, -arguments.months)
    return Plan(
        requests=arguments.requests,
        months=arguments.months,
        seed=arguments.seed,
        begins_on=begins_on,
        agencies=arguments.agencies,
        demand=arguments.demand,
    )
