"""A year's table and a region's days as somebody sends them: read, and checked line by line. Pure.

A fault names its line in the table (`/table/3`) or its field, in words for officials.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Annotated, Literal

import msgspec

from service.problems import FieldError
from service.reference.tables import BadTable, Row, read_lines
from service.worktime.calendars import FESTIVALS, Calendar, Kind
from service.worktime.checking import calendar_fault
from service.worktime.current import WorkingTime
from service.worktime.statutory import provisional_holidays

MOST_HOLIDAYS, MOST_MAKEUPS = 45, 12
LEAST_HOLIDAYS = 11
SINCE_2025 = 2025
"""From this year on the statute has its thirteen days; earlier years had fewer."""
FEASTS = ("元旦", "春节", "清明节", "劳动节", "端午节", "中秋节", "国庆节")
Text = Annotated[str, msgspec.Meta(max_length=200)]


class NoticeGiven(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="notice"
):
    """一个年度的放假安排:文号、日期、来源,和制表符分隔的日子表(date kind name_en state)。"""

    year: int
    table: Annotated[str, msgspec.Meta(max_length=100_000)]
    notice: Text = ""
    published_on: date | None = None
    source: Text = ""


class LocalDay(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """一个地区(含下级)的一天:改成哪种日子,原因和依据。"""

    date: date
    region: Annotated[str, msgspec.Meta(pattern="^[0-9]{6}$")]
    kind: Kind
    reason: Text
    source: Text


class OverlayGiven(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="overlay"
):
    """地区的单日调整,一次可有几天。"""

    days: Annotated[list[LocalDay], msgspec.Meta(min_length=1, max_length=60)]


Given = NoticeGiven | OverlayGiven


class YearKept(msgspec.Struct, frozen=True):
    """A notice's year as it is kept: its state, and its days as rows of the calendar's table."""

    year: int
    state: Literal["published", "provisional"]
    notice: str
    published_on: date | None
    source: str
    days: list[Row]


def read_year(
    given: NoticeGiven, known: WorkingTime, today: date
) -> tuple[YearKept | None, list[FieldError]]:
    """The year as it would be kept, and all that is wrong with it."""
    try:
        lines = read_lines("calendar", given.table)
    except BadTable as wrong:
        return None, [FieldError("/table/1", "bad-table", wrong.detail)]
    faults = [*_year_faults(given, known.calendar), *_line_faults(lines, given, known.calendar)]
    if faults:
        return None, faults
    own = [row for _, row in lines if _is_of(row, given.year, known.calendar)]
    states = {row["state"] for row in own}
    state: Literal["published", "provisional"] = (
        "published" if states == {"published"} else "provisional"
    )
    faults = [*_notice_faults(given, state, today), *_count_faults(own, given.year)]
    if faults:
        return None, faults
    kept = YearKept(
        given.year, state, given.notice.strip(), given.published_on, given.source.strip(), own
    )
    return kept, []


def _year_faults(given: NoticeGiven, calendar: Calendar) -> Iterator[FieldError]:
    first, published = min(calendar.years), _last_published(calendar)
    if not first <= given.year <= published + 1:
        detail = f"年份应在 {first} 至 {published + 1} 之间,不能跳过中间的年份。"
        yield FieldError("/year", "out-of-range", detail)


def _last_published(calendar: Calendar) -> int:
    return max(year for year, each in calendar.years.items() if each.state == "published")


def _line_faults(
    lines: Sequence[tuple[int, Row]], given: NoticeGiven, calendar: Calendar
) -> Iterator[FieldError]:
    seen: dict[str, int] = {}
    first = min(calendar.years)
    for number, row in lines:
        try:
            wrong = calendar_fault(row)
        except ValueError:
            wrong = f"日期“{row['date'][:20]}”写法不对,应如 {given.year}-01-01"
        else:
            wrong = wrong or _place_fault(row, given.year, first, calendar)
        if earlier := seen.get(row["date"]):
            wrong = wrong or f"日期与第 {earlier} 行重复"
        seen.setdefault(row["date"], number)
        if wrong:
            yield FieldError(f"/table/{number}", "invalid", f"第 {number} 行:{wrong}。")
    years = {row["date"][:4] for _, row in lines}
    if str(given.year) not in years:
        yield FieldError("/table", "no-days", f"表中没有 {given.year} 年的日子。")
    states = Counter(row["state"] for _, row in lines if row["date"].startswith(str(given.year)))
    if len(states) > 1:
        detail = f"{given.year} 年的各行须同为 published 或同为 provisional。"
        yield FieldError("/table", "mixed-states", detail)


def _place_fault(row: Row, year: int, first: int, calendar: Calendar) -> str | None:
    """Years before may stand in it as they are; it changes its year and the December before."""
    on = date.fromisoformat(row["date"])
    if on.year < first:
        return f"{on.year} 年早于日历的第一年 {first} 年"
    if on.year > year:
        return f"{on.year} 年不属于 {year} 年的通知"
    if on.year == year or (on.year == year - 1 and on.month == 12):
        return None
    if on.year in calendar.years and calendar.kind_of(on) == row["kind"]:
        return None
    return f"{on} 与现行日历不同,{year} 年的通知只能改 {year} 年和上年 12 月"


def _is_of(row: Row, year: int, calendar: Calendar) -> bool:
    on = date.fromisoformat(row["date"])
    if on.year == year:
        return True
    return on.year == year - 1 and on.month == 12 and calendar.kind_of(on) != row["kind"]


def _notice_faults(given: NoticeGiven, state: str, today: date) -> Iterator[FieldError]:
    if state == "provisional":
        return
    for name, value, title in (
        ("notice", given.notice.strip(), "文号"), ("source", given.source.strip(), "来源"),
        ("published_on", given.published_on, "发文日期"),
    ):  # fmt: skip
        if not value:
            detail = f"{given.year} 年写明已公布(published),须填写通知的{title}。"
            yield FieldError(f"/{name}", "missing", detail)
    if given.published_on and given.published_on > today:
        yield FieldError("/published_on", "future", "发文日期晚于今天。")


def _count_faults(rows: Sequence[Row], year: int) -> Iterator[FieldError]:
    own = [row for row in rows if row["date"].startswith(str(year))]
    holidays = {date.fromisoformat(row["date"]) for row in own if row["kind"] == Kind.HOLIDAY}
    makeups = {date.fromisoformat(row["date"]) for row in own if row["kind"] == Kind.MAKEUP}
    if not LEAST_HOLIDAYS <= len(holidays) <= MOST_HOLIDAYS:
        allowed = f"应在 {LEAST_HOLIDAYS} 至 {MOST_HOLIDAYS} 之间"
        detail = f"{year} 年列了 {len(holidays)} 个放假日,{allowed}。"
        yield FieldError("/table", "holiday-count", detail)
    if len(makeups) > MOST_MAKEUPS:
        detail = f"{year} 年列了 {len(makeups)} 个调休上班日,多于 {MOST_MAKEUPS} 个,请核对。"
        yield FieldError("/table", "makeup-count", detail)
    names = {FESTIVALS.get(row["name_en"], row["name_en"]) for row in own}
    if missing := [each for each in FEASTS if each not in names]:
        yield FieldError("/table", "no-festival", f"缺少节日:{'、'.join(missing)}。")
    statutory = provisional_holidays(year) if year >= SINCE_2025 else None
    for on, name in sorted((statutory or {}).items()):
        if on in makeups or (on not in holidays and on.weekday() < 5):
            detail = f"{on}({name})是法定节假日,表中没有放假。"
            yield FieldError("/table", "statutory-day", detail)


def overlay_faults(given: OverlayGiven, known: WorkingTime) -> list[FieldError]:
    """All that is wrong with a region's days."""
    found = []
    seen: set[tuple[date, str]] = set()
    for n, day in enumerate(given.days):
        for name, detail in _day_faults(day, known):
            found.append(FieldError(f"/days/{n}/{name}", "invalid", f"第 {n + 1} 天:{detail}"))
        if (day.date, day.region) in seen:
            found.append(FieldError(f"/days/{n}", "duplicate", f"第 {n + 1} 天:与前面的重复。"))
        seen.add((day.date, day.region))
    return found


def _day_faults(day: LocalDay, known: WorkingTime) -> Iterator[tuple[str, str]]:
    if known.places.get(day.region) is None:
        yield "region", "没有这个行政区划。"
        return
    if day.date.year not in known.calendar.years:
        yield "date", f"没有 {day.date.year} 年的工作日历。"
        return
    weekend = day.date.weekday() >= 5
    if (weekend and day.kind is Kind.WORKDAY) or (
        not weekend and day.kind in (Kind.WEEKEND, Kind.MAKEUP)
    ):
        yield "kind", "周六、周日用 weekend、holiday 或 makeup,其余的日子用 workday 或 holiday。"
    if known.of(day.region).kind_of(day.date) is day.kind:
        yield "kind", "这一天在该地区本来就是这种日子。"
    for name, title in (("reason", "原因"), ("source", "依据")):
        if not getattr(day, name).strip():
            yield name, f"须写明{title}。"


def merged(rows: Sequence[Row], year: YearKept) -> list[Row]:
    """The calendar's table with a year in the place of what it said of that year before."""
    fresh = {row["date"]: row for row in year.days}
    old = (r for r in rows if not r["date"].startswith(str(year.year)) and r["date"] not in fresh)
    return sorted([*old, *fresh.values()], key=lambda row: row["date"])


def with_notice(rows: Sequence[Row], year: YearKept) -> list[Row]:
    """The table of notices with this year's; a provisional year has none."""
    others = [row for row in rows if row["year"] != str(year.year)]
    if year.state == "provisional" or year.published_on is None:
        return others
    own = {
        "year": str(year.year), "notice": year.notice,
        "published_on": year.published_on.isoformat(), "source": year.source,
    }  # fmt: skip
    return sorted([*others, own], key=lambda row: row["year"])


def with_days(rows: Sequence[Row], days: Sequence[Mapping[str, str]]) -> list[Row]:
    """The table of regional days with these in the place of the same before."""
    fresh = {(day["date"], day["region"]): dict(day) for day in days}
    others = [row for row in rows if (row["date"], row["region"]) not in fresh]
    return sorted([*others, *fresh.values()], key=lambda row: (row["date"], row["region"]))


def table_of(columns: Sequence[str], rows: Sequence[Row]) -> str:
    """Rows as the text of a table."""
    lines = ["\t".join(columns), *("\t".join(row.get(c, "") for c in columns) for row in rows)]
    return "\n".join(lines) + "\n"
