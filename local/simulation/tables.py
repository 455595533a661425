"""A report for people: tables of text whose columns stand under each other in Chinese too."""

import unicodedata
from collections.abc import Iterator, Sequence
from itertools import groupby

from local.simulation.backtest import Score
from local.simulation.report import Kept, Load, Report

LEG_WORDS = {
    "routing": "派单",
    "acceptance": "待接件",
    "first_review": "初审",
    "handling": "办理",
    "pause:correction": "暂停(补正)",
    "pause:publicity": "暂停(公示)",
    "pause:ruling": "暂停(裁定)",
}
Cells = Sequence[str]


def shown(report: Report) -> list[str]:
    """One run."""
    return [
        *_whole(report),
        "",
        *grid(PARTNER, _partners(report)),
        "",
        *grid(("各段", "段数", "中位(小时)", "九成以内(小时)"), _lengths(report)),
        "",
        *grid(("月份", "工作日", "申请", "办结", "月末在办", "最忙日", "当日办结", "提醒", "超期"),
              _months(report)),
    ]  # fmt: skip


PARTNER = (
    "办理单位", "派来", "接件", "退回", "逾期未接", "办结", "接件超期", "办理超期", "承诺超期",
)  # fmt: skip


def compared(usual: Report, changed: Report) -> list[str]:
    """What the change does: partners and offerings whose breaches differ, before and after."""
    pairs = [(a.name, a.promise, b.promise) for a, b in zip(
        usual.partners, changed.partners, strict=True)]  # fmt: skip
    offerings = [(code, kept, changed.offerings[code]) for code, kept in usual.offerings.items()]
    head = ("承诺超期", "现行", "改后", "相差")
    return [
        *grid(head, [_difference("全部", usual.promise, changed.promise)]),
        "",
        *grid(("办理单位", *head[1:]), [_difference(*each) for each in pairs if _differ(each)]),
        "",
        *grid(("服务事项", *head[1:]), [_difference(*each) for each in offerings if _differ(each)]),
    ]


def scored(score: Score) -> Iterator[str]:
    """How the forecasts of one leg came true."""
    yield f"{LEG_WORDS[score.leg]}:{score.forecasts} 次预测,其中 {score.breached} 次超期。"
    yield (
        f"Brier {score.brier:.4f}(只报总超期率 {score.base:.4f},"
        f"只报本单位超期率 {score.by_partner:.4f}),比总超期率好 {score.skill_percent:.1f}%。"
    )
    yield (
        f"共预计超期 {score.expected:.1f} 件,实际 {score.breached} 件;"
        f"每单位每周平均差 {score.off_a_week:.2f} 件。"
    )
    yield from grid(
        ("预测可能", "次数", "平均预测", "实际超期"),
        [
            (f"{b.from_percent}–{b.from_percent + 10}%", str(b.forecasts),
             f"{b.said_percent:.1f}%", f"{b.came_percent:.1f}%")
            for b in score.buckets
        ],
    )  # fmt: skip
    yield ""


def grid(head: Cells, rows: Sequence[Cells]) -> Iterator[str]:
    """Lines of columns: the first to the left, numbers to the right."""
    widths = [max(map(width, column)) for column in zip(head, *rows, strict=True)]
    for cells in (head, *rows):
        first, *rest = (_padded(cell, w, n > 0) for n, (cell, w) in enumerate(
            zip(cells, widths, strict=True)))  # fmt: skip
        yield "  ".join((first, *rest)).rstrip()


def width(text: str) -> int:
    """Columns of a terminal that a text takes."""
    return sum(2 if unicodedata.east_asian_width(each) in "WF" else 1 for each in text)


def _padded(text: str, wanted: int, to_right: bool) -> str:
    room = " " * (wanted - width(text))
    return room + text if to_right else text + room


def _whole(report: Report) -> Iterator[str]:
    yield (
        f"申请 {report.submitted} 件:办结 {report.completed},撤回 {report.withdrawn},"
        f"补正逾期等终止 {report.expired};提交专家中心裁定 {report.rulings} 次,"
        f"单位被记为不应答 {report.fell_silent} 次。"
    )
    yield f"承诺超期 {_rate(report.promise)}({report.promise.breached}/{report.promise.clocks})。"
    whole = "每件的各段首尾相接、分毫不差" if not report.faults else f"{report.faults} 处时间不闭合"
    yield f"时间守恒:{whole}。"


def _partners(report: Report) -> list[Cells]:
    return [
        (
            each.name, *map(str, (each.offered, each.accepted, each.bounced, each.lapsed)),
            str(each.completed), _rate(each.acceptance), _rate(each.handling), _rate(each.promise),
        )
        for each in report.partners
    ]  # fmt: skip


def _rate(kept: Kept) -> str:
    return f"{kept.percent:.1f}%" if kept.clocks else "—"


def _lengths(report: Report) -> list[Cells]:
    return [
        (LEG_WORDS.get(each.leg, each.leg), str(each.count), f"{each.median_hours:.1f}",
         f"{each.p90_hours:.1f}")
        for each in report.lengths
    ]  # fmt: skip


def _months(report: Report) -> list[Cells]:
    return [
        _month(name, list(days)) for name, days in groupby(report.days, lambda d: f"{d.on:%Y-%m}")
    ]


def _month(name: str, days: Sequence[Load]) -> Cells:
    busiest = max(days, key=lambda day: day.completed)
    return (
        name, str(sum(day.worked for day in days)), str(sum(day.submitted for day in days)),
        str(sum(day.completed for day in days)), str(days[-1].open), f"{busiest.on:%m-%d}",
        str(busiest.completed), str(sum(day.warnings for day in days)),
        str(sum(day.breaches for day in days)),
    )  # fmt: skip


def _differ(each: tuple[str, Kept, Kept]) -> bool:
    return each[1] != each[2]


def _difference(name: str, before: Kept, after: Kept) -> Cells:
    points = after.percent - before.percent
    return name, _of(before), _of(after), f"{points:+.1f} 个百分点"


def _of(kept: Kept) -> str:
    return f"{_rate(kept)}({kept.breached}/{kept.clocks})"
