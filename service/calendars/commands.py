"""`python -m service calendar …`: the calendar of working days.

show                     现行版本:各年已公布(文号)还是暂定,历次版本
import 文件 [选项]        检查一个年度的放假安排并试算;表是制表符分隔的 date kind name_en state
    --submit              登记,由专家中心一人生效
    --year 年份           通知的年度(不填即表中最后一年)
    --notice 文号 --date 发文日期 --source 来源    已公布的年度须填写
"""

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncSession

from service.calendars import drafting, trying, views
from service.calendars.models import NOTICE, OPEN, CalendarDraft
from service.calendars.reading import NoticeGiven
from service.calendars.trying import LEGS, DryRun
from service.pages.show import until
from service.problems import InvalidBody

USAGE = __doc__
TOLD = 20
OPTIONS = {"--year": "year", "--notice": "notice", "--date": "published_on", "--source": "source"}


async def run(session: AsyncSession, words: Sequence[str], now: datetime) -> list[str] | None:
    """What there is to say; None where the words are no such command. Raises Problem, OSError."""
    match list(words):
        case ["show"]:
            return await _show(session)
        case ["import", path, *more]:
            given = _given(path, more)
            return None if given is None else await _import(session, *given, now)
    return None


async def _show(session: AsyncSession) -> list[str]:
    said = []
    for year in await views.years(session):
        state = "已公布" if year.state == "published" else "暂定"
        notice = f" {year.notice},{year.published_on},{year.source}" if year.notice else ""
        said.append(f"{year.year} {state} 放假 {year.holidays} 日、调休 {year.makeups} 日{notice}")
    for each in await views.versions(session):
        done = each.progress
        moved = f",重算 {done.looked_at} 个、移动 {done.moved} 个" if done else ""
        by = f" {each.drafted_by} 起草、{each.applied_by} 生效" if each.kind else ""
        said.append(f"第 {each.version} 版 {each.made_at:%Y-%m-%d %H:%M}{by}{moved}")
    return said


def _given(path: str, more: Sequence[str]) -> tuple[NoticeGiven, bool] | None:
    words, submit = [each for each in more if each != "--submit"], "--submit" in more
    if len(words) % 2 or any(each not in OPTIONS for each in words[::2]):
        return None
    table = Path(path).read_text(encoding="utf-8-sig")
    found = {OPTIONS[name]: value for name, value in zip(words[::2], words[1::2], strict=True)}
    years = [line[:4] for line in table.splitlines() if line[:4].isdecimal()]
    year = found.get("year") or max(years, default="0")
    try:
        published_on = (
            date.fromisoformat(found["published_on"]) if "published_on" in found else None
        )
        given = NoticeGiven(
            int(year), table, found.get("notice", ""), published_on, found.get("source", "")
        )
    except ValueError:
        return None
    return given, submit


async def _import(
    session: AsyncSession, given: NoticeGiven, submit: bool, now: datetime
) -> list[str]:
    """A dry run; with `submit` the draft is kept too, for one of 专家中心 to apply (R1)."""
    try:
        content = await drafting.checked(session, given, now)
    except InvalidBody as wrong:
        said = [each.detail for each in wrong.errors]
        return [
            "有问题,未登记:",
            *said[:TOLD],
            *([f"……共 {len(said)} 处。"] if len(said) > TOLD else []),
        ]
    draft = CalendarDraft(kind=NOTICE, content=content, state=OPEN)
    said = _told(await trying.dry_run(session, draft, now))
    if not submit:
        return [*said, "以上是试算,没有登记;加 --submit 登记。"]
    kept = await drafting.begin(session, given, None, now)
    return [*said, f"已登记,须由专家中心一位同事在 /centre/calendars/drafts/{kept.id} 生效。"]


def _told(found: DryRun) -> list[str]:
    said = [f"与现行第 {found.calendar_version} 版相比,{len(found.days)} 天不同。"]
    ways = f"延后 {found.later} 个,提前 {found.earlier} 个"
    said.append(f"查看 {found.looked_at} 个未结时限,{found.moved} 个会变:{ways}。")
    said += [f"  {LEGS[leg]} {count} 个" for leg, count in found.by_leg.items()]
    if found.late:
        said.append(f"其中 {found.late} 个一生效即超期。")
    if found.was_late:
        said.append(f"其中 {found.was_late} 个此前已超期,超期记录不变。")
    said += [
        f"  {LEGS[each.leg]} {each.owner}: {until(each.was_due_at)} → {until(each.due_at)}"
        for each in found.moves[:TOLD]
    ]
    return said
