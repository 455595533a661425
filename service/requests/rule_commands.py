"""`python -m service routing …`: the rules by which requests are given to partners.

show                 现行派单规则(制表符分隔,可改后用 `load routes 文件` 生效)
check 文件           逐行检查一份规则,不生效
replay 文件 [年-月]   这份规则上个月(或该月)会怎么派:与日志逐次比较
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from events import catalogue, log, of_partners, of_requests
from events.base import type_of
from service.pages.show import when
from service.partners.models import Partner
from service.problems import FieldError, InvalidBody
from service.reference import regions, tables
from service.reference.regions import Regions
from service.requests import rules
from service.requests.replaying import Difference, Happened, Replay
from service.worktime.hours import SHANGHAI

USAGE = __doc__
CHOSEN = (of_requests.RequestOffered, of_requests.RequestRuled)
READ = (
    *CHOSEN, of_requests.RequestSubmitted, of_requests.RequestChosen, of_requests.RequestBounced,
    of_requests.RequestDeclined, of_requests.OfferWithdrawn,
    of_partners.PartnerFellSilent, of_partners.PartnerAnswered,
)  # fmt: skip
NOBODY = "(转裁定)"


async def run(session: AsyncSession, words: Sequence[str], now: datetime) -> list[str] | None:
    """What there is to say; None where the words are no such command. Raises Problem, OSError."""
    names = {each: name for each, name in await session.execute(select(Partner.id, Partner.name))}
    match list(words):
        case ["show"]:
            return rules.lines_of(await rules.in_force(session), names)
        case ["check", path]:
            found = await _of_file(session, path)
            return [f"{len(found)} 条规则,逐行合格。"]
        case ["replay", path, *month] if len(month) < 2:
            since, until = _month(month[0]) if month else month_before(now)
            places = await regions.of(session)
            tried = Replay(await _of_file(session, path), names, places)
            await follow(session, tried, since, until)
            return told(tried, since, places)
    return None


async def _of_file(session: AsyncSession, path: str) -> list[rules.Rule]:
    content = Path(path).read_text(encoding="utf-8-sig")  # noqa: ASYNC240 - nothing else waits
    return await rules.read(session, tables.read_table(rules.TABLE, content))


def _month(text: str) -> tuple[datetime, datetime]:
    """`2026-10` from its first instant to the next month's; raises InvalidBody."""
    try:
        since = datetime.strptime(text, "%Y-%m").replace(tzinfo=SHANGHAI)
    except ValueError as wrong:
        raise InvalidBody(FieldError("/month", "invalid", "月份请写成 2026-10。")) from wrong
    over = since.month == 12
    return since, since.replace(year=since.year + over, month=1 if over else since.month + 1)


def month_before(now: datetime) -> tuple[datetime, datetime]:
    """The month before this one, from its first instant to this month's."""
    here = now.astimezone(SHANGHAI)
    first = here.month == 1
    return _month(f"{here.year - first:04}-{12 if first else here.month - 1:02}")


async def follow(
    session: AsyncSession, tried: Replay, since: datetime, until: datetime, offering: str = ""
) -> None:
    """Hand the log to the replay: the span, and what came before of whatever was chosen in it; of
    one offering alone where it is named."""
    events = log.events
    in_span = sa.select(events.c.subject).where(
        events.c.type.in_([type_of(kind) for kind in CHOSEN]),
        events.c.at >= since,
        events.c.at < until,
    )
    if offering:
        in_span = in_span.where(events.c.data["offering"].astext == offering)
    whole = sa.false() if offering else events.c.at >= since
    partners = events.c.subject.startswith("partners/")
    query = (
        sa.select(events.c.type, events.c.at, events.c.region, events.c.data)
        .where(
            events.c.type.in_([type_of(kind) for kind in READ]),
            events.c.at < until,
            sa.or_(whole, partners, events.c.subject.in_(in_span)),
        )
        .order_by(events.c.at, events.c.id)
    )
    async for row in await session.stream(query):
        tried.follow(Happened(row.at, row.region, catalogue.read(row.type, row.data)), since)


def told(tried: Replay, since: datetime, places: Regions) -> list[str]:
    """The differences one by one, then what each partner would have had."""
    lines = [_line(each, tried.names, places) for each in tried.differences]
    number = len(tried.differences)
    same = "按此规则结果完全相同" if not number else f"按此规则有 {number} 次不同"
    lines.append(f"{since.year}年{since.month}月共派单 {tried.choices} 次,{same}。")
    if number:
        lines.append("办理单位\t原派\t改派")
        for partner in sorted({*tried.was, *tried.would}, key=lambda p: _name(p, tried.names)):
            name = _name(partner, tried.names)
            lines.append(f"{name}\t{tried.was[partner]}\t{tried.would[partner]}")
    return lines


def _line(each: Difference, names: Mapping[UUID, str], places: Regions) -> str:
    why = f"({each.why})" if each.why else ""
    cells = (
        when(each.at), each.offering, places.full_name(each.region), str(each.request_id),
        f"原派 {_name(each.was, names)}{why}", f"改派 {_name(each.would, names)}",
    )  # fmt: skip
    return "\t".join(cells)


def _name(partner: UUID | None, names: Mapping[UUID, str]) -> str:
    return NOBODY if partner is None else names.get(partner, str(partner))
