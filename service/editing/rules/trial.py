"""What a draft of rules changes, and what it would have done last month (api.md 5.6)."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from service.editing.comparing import NOTHING
from service.editing.models import RulesDraft
from service.editing.rules import drafting
from service.reference import regions
from service.reference.tables import COLUMNS, Row
from service.requests import rules
from service.requests.replaying import Replay
from service.requests.rule_commands import NOBODY, follow, month_before
from service.requests.rules import Rule
from service.satisfaction import names

TITLES = {
    "region": "地区", "partner": "办理单位", "rank": "顺位", "share": "份额",
    "daily_capacity": "每日承接", "batch_capacity": "每月承接", "opens_at": "开门",
    "closes_at": "关门", "valid_from": "生效", "valid_to": "截止",
}  # fmt: skip
DATA = tuple(column for column in COLUMNS[rules.TABLE] if column in TITLES)


class Moved(msgspec.Struct, frozen=True):
    """What one partner was given last month, and would have been."""

    partner: str
    was: int
    would: int


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """What the draft changes in words, and last month again by its rules: how many choices, how
    many of them otherwise, and whom it moves."""

    changes: list[str]
    month: str
    choices: int
    otherwise: int
    moved: list[Moved]


async def of_draft(session: AsyncSession, draft: RulesDraft, now: datetime) -> Trial:
    """Try a draft; nothing is written. Raises BadTable where a row names what is gone."""
    known = await names.partners(session)
    places = await regions.of(session)
    mine = await rules.read(session, draft.rows, first=1)
    before = await drafting.of_offering(session, draft.offering)
    since, until = month_before(now)
    tried = Replay(mine, {UUID(key): name for key, name in known.items()}, places)
    await follow(session, tried, since, until, draft.offering)
    partners = sorted({*tried.was, *tried.would}, key=lambda each: known.get(str(each), ""))
    return Trial(
        changes=changes(before, mine, lambda rule: _called(rule, known, places.full_name)),
        month=f"{since.year}年{since.month}月",
        choices=tried.choices,
        otherwise=len(tried.differences),
        moved=[
            Moved(known.get(str(each), NOBODY), tried.was[each], tried.would[each])
            for each in partners
        ],
    )


def changes(
    before: Sequence[Rule], after: Sequence[Rule], called: Callable[[Rule], str]
) -> list[str]:
    """What the rules say otherwise, a line each: `增加`, `删去`, or which cells became what."""
    old, new = ({rule.key: rule for rule in each} for each in (before, after))
    said = [f"增加 {called(rule)}" for key, rule in new.items() if key not in old]
    said += [f"删去 {called(rule)}" for key, rule in old.items() if key not in new]
    for key in new.keys() & old.keys():
        if cells := _cells(rules.row_of(old[key], {}), rules.row_of(new[key], {})):
            said.append(f"{called(new[key])}:{cells}")
    return sorted(said)


def _cells(old: Row, new: Row) -> str:
    return "、".join(
        f"{TITLES[name]} {old[name] or NOTHING} 改为 {new[name] or NOTHING}"
        for name in DATA
        if old[name] != new[name]
    )


def _called(rule: Rule, known: Mapping[str, str], place: Callable[[str], str]) -> str:
    return f"{known.get(str(rule.partner_id), '')}({place(rule.region)})"
