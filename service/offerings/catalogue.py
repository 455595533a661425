"""The officials' catalogue becomes offerings and their versions (api.md 4.2).

A newer table makes a new version of what it changes, from that day on, and leaves the rest alone:
requests keep the version that they began under.
"""

import re
from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from service import ids
from service.offerings import details
from service.offerings.entitlement import MUNICIPAL, exclusions_of
from service.offerings.models import (
    CODE,
    EDITOR,
    MERGED,
    TABLE,
    Offering,
    OfferingVersion,
)
from service.reference import tables
from service.reference.models import TableVersion
from service.reference.tables import BadTable

SHANGHAI = ZoneInfo("Asia/Shanghai")
SECTORS = ("public", "social", "market")
MODES = ("case", "benefit")
FAMILY = ("holder", "spouse", "child", "parent", "companion")
WINDOW = re.compile(r"\d\d-\d\d/\d\d-\d\d")
FIRST_DAY = date(2024, 1, 1)
"""From when the first catalogue holds: its list was published in 2024, before this system."""
NO_POLICY = details.Policy(text="按省高层次人才服务绿色通道规定办理。", source="待主管部门补充")


async def apply_catalogue(
    session: AsyncSession, rows: Sequence[dict[str, str]], now: datetime
) -> None:
    """Write the versions that these rows change; raises BadTable before anything is written.

    A row that is gone is refused: nothing says from when, and holders' requests still run. One
    that was stopped may go, and one that officials added beside the table needs none.
    """
    policies = details.policies()
    wanted = [content_of(row, policies.get(row["code"], NO_POLICY)) for row in rows]
    _exclude_each_other(wanted)
    newest = await _newest_versions(session)
    by_code = {row["code"]: row for row in rows}
    today = now.astimezone(SHANGHAI).date()
    if gone := await _gone(session, newest, set(by_code), today):
        raise BadTable(f"新表缺少在办事项 {'、'.join(gone)};删行不能停办,请先在“服务事项”中停办。")
    known = set(await session.scalars(select(Offering.code)))
    session.add_all(
        Offering(code=each["code"], created_at=now) for each in wanted if each["code"] not in known
    )
    await session.flush()
    valid_from = today if known else min(today, FIRST_DAY)
    for content in wanted:
        last = newest.get(content["code"])
        if last is not None and await _stands(session, last, by_code[content["code"]]):
            continue
        edited = last is not None and last.source in (EDITOR, MERGED)
        if last is not None:
            content |= {name: getattr(last, name) for name in (KEPT_EDITED if edited else KEPT)}
        if last is None or any(getattr(last, name) != content[name] for name in content):
            session.add(
                OfferingVersion(
                    id=ids.new_id(),
                    version=last.version + 1 if last else 1,
                    valid_from=max(valid_from, last.valid_from) if last else valid_from,
                    published_at=now,
                    source=MERGED if edited else TABLE,
                    **content,
                )
            )
    await session.flush()


KEPT = ("stopped_on", "stop_note", "instead")
"""What no table undoes: it has no column for stopping, so a row says nothing of it."""
KEPT_EDITED = (
    *KEPT, "policy_text", "policy_source", "form_schema", "result_schema", "shared_fields",
    "partner_fields", "unit", "low_value", "first_review_wd", "batched",
)  # fmt: skip
"""What a changed row leaves of an edited version: what the table has no columns for."""


async def _gone(
    session: AsyncSession,
    newest: dict[str, OfferingVersion],
    rows: Collection[str],
    today: date,
) -> list[str]:
    """What the table had, still runs, and is missing from it now."""
    query = select(OfferingVersion.code).where(OfferingVersion.source != EDITOR).distinct()
    of_table = set(await session.scalars(query))
    running = {code for code, version in newest.items() if not version.has_stopped(today)}
    return sorted((running & of_table) - set(rows))


async def _stands(session: AsyncSession, last: OfferingVersion, row: dict[str, str]) -> bool:
    """Whether an edited version stands: the table says of it what it said when that was published.

    A table that says nothing new does not undo what a second person published; one that does is
    the later decision, and makes a version of its own.
    """
    if last.source not in (EDITOR, MERGED):
        return False
    query = select(TableVersion.rows).where(
        TableVersion.name == "catalogue", TableVersion.loaded_at <= last.published_at
    )
    then = await session.scalar(query.order_by(TableVersion.version.desc()).limit(1)) or []
    return any(each == row for each in then)


async def _newest_versions(session: AsyncSession) -> dict[str, OfferingVersion]:
    query = (
        select(OfferingVersion)
        .distinct(OfferingVersion.code)
        .order_by(OfferingVersion.code, OfferingVersion.version.desc())
    )
    return {version.code: version for version in await session.scalars(query)}


def content_of(row: dict[str, str], policy: details.Policy) -> dict[str, Any]:
    """What a version says, of a row of the table and the files beside it; raises BadTable."""
    code = row["code"]
    _check(row)
    form = details.form_of(code, row["mode"])
    beneficiaries = _list(row["beneficiaries"], ",")
    return {
        "code": code,
        "name_zh": row["name_zh"],
        "name_en": row["name_en"],
        "sector": row["sector"],
        "mode": row["mode"],
        "department": row["department"],
        "accept_hours": _number(row, "accept_hours"),
        "first_review_wd": policy.first_review_wd,
        "complete_wd": _number(row, "complete_wd"),
        "correction_wd": _number(row, "correction_wd"),
        "publicity_wd": _number(row, "publicity_wd"),
        "categories": categories_of(row["categories"], code),
        "beneficiaries": beneficiaries,
        "annual_limit": _number(row, "annual_limit"),
        "unit": policy.unit,
        "companions_max": int("companion" in beneficiaries),
        "low_value": policy.low_value,
        "batched": policy.batched,
        "materials": _list(row["materials"], ";"),
        "window": row["window"] or None,
        "exclusive_with": _joined(exclusions_of(row["exclusive_with"])),
        "basis": row["basis"],
        "policy_text": policy.text,
        "policy_source": policy.source,
        "form_schema": form.form_schema,
        "result_schema": form.result_schema,
        "shared_fields": form.shared_fields,
        "search_text": search_text(row, policy.keywords),
    }


def _exclude_each_other(wanted: Sequence[dict[str, Any]]) -> None:
    """What one row excludes excludes it in turn, whoever wrote it down; raises BadTable."""
    named = {content["code"]: exclusions_of(content["exclusive_with"]) for content in wanted}
    for code, others in named.items():
        if unknown := sorted(others - set(named) - {MUNICIPAL}):
            raise BadTable(f"事项 {code} 的 exclusive_with 中没有事项 {'、'.join(unknown)}。")
        if code in others:
            raise BadTable(f"事项 {code} 的 exclusive_with 不能写它自己。")
    for content in wanted:
        code = content["code"]
        back = {other for other, others in named.items() if code in others}
        content["exclusive_with"] = _joined(named[code] | back)


def _joined(exclusions: frozenset[str]) -> str | None:
    return ";".join(sorted(exclusions)) or None


def _check(row: dict[str, str]) -> None:
    code = row["code"]
    wrong = [
        name
        for name, right in {
            "code": CODE.fullmatch(code) is not None,
            "name_zh": bool(row["name_zh"]),
            "sector": row["sector"] in SECTORS,
            "mode": row["mode"] in MODES,
            "beneficiaries": set(_list(row["beneficiaries"], ",")) <= set(FAMILY),
            "window": not row["window"] or WINDOW.fullmatch(row["window"]) is not None,
            "accept_hours": row["mode"] != "case" or bool(row["accept_hours"]),
            "complete_wd": row["mode"] != "case" or bool(row["complete_wd"]),
        }.items()
        if not right
    ]
    if wrong:
        raise BadTable(f"事项 {code} 的这些列有误: {'、'.join(wrong)}。")


def _number(row: dict[str, str], column: str) -> int | None:
    value = row[column]
    if not value:
        return None
    if not value.isascii() or not value.isdigit() or len(value) > 4:
        raise BadTable(f"事项 {row['code']} 的 {column} 应为不超过四位的整数。")
    return int(value)


def _list(text: str, separator: str) -> list[str]:
    return [part.strip() for part in text.split(separator) if part.strip()]


def categories_of(text: str, code: str = "") -> list[int]:
    """Card categories of `1-5` or `1,2`, ascending; raises BadTable."""
    found: set[int] = set()
    for part in _list(text, ","):
        bounds = re.fullmatch(r"([1-9])(?:-([1-9]))?", part)
        if bounds is None or int(bounds[2] or bounds[1]) < int(bounds[1]):
            raise BadTable(f"事项 {code} 的 categories 应写作 1-5 或 1,2。")
        found.update(range(int(bounds[1]), int(bounds[2] or bounds[1]) + 1))
    if not found:
        raise BadTable(f"事项 {code} 缺少 categories。")
    return sorted(found)


def search_text(row: dict[str, str], keywords: Sequence[str] = ()) -> str:
    """What a search looks in: words, full pinyin and initials, one a line, lower case."""
    # Its dictionary takes a quarter of a second and 50 MB; only the load of a table needs it.
    from pypinyin import Style, lazy_pinyin

    words = [row["name_zh"], *keywords, row["department"], *_list(row["materials"], ";")]
    spelled = ["".join(lazy_pinyin(word, errors="ignore")) for word in words]
    initials = [
        "".join(lazy_pinyin(word, style=Style.FIRST_LETTER, errors="ignore")) for word in words
    ]
    return "\n".join([row["code"], row["name_en"], *words, *spelled, *initials]).lower()


tables.on_load("catalogue", apply_catalogue)
