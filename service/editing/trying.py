"""The dry run: what the next version would change for whom, before anybody publishes it.

Requests under way keep their version (api.md 4.2), so nothing of theirs moves; their forms are
looked at all the same, as they say how people fill it in.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from service.editing import content as contents
from service.editing.content import Change, Content
from service.editing.models import OfferingDraft
from service.offerings import forms
from service.offerings.models import OfferingVersion
from service.pages.show import day
from service.partners.models import Partner, Route
from service.problems import InvalidBody
from service.requests.models import ENDED, Request
from service.talents.cards.card import LIVE, Card

LOOKED_AT = 500
"""So many of the newest requests are held against the new form."""


class FormTrial(msgspec.Struct, frozen=True):
    """How the newest requests' forms would fare: how many, how many not, what they lack.

    `faults` are pointers with how often each would be wrong; never what stands there.
    """

    looked_at: int
    would_not_fit: int
    faults: dict[str, int]


class DryRun(msgspec.Struct, frozen=True, kw_only=True):
    """`open_requests`: under way, by the version that they keep. `holders_without`: live cards
    whose category the new version does not serve any more; `holders_with`: those it serves anew.
    `partners`: who takes the offering now; none is a warning.
    """

    code: str
    base_version: int
    changes: list[Change]
    open_requests: dict[int, int]
    form: FormTrial
    holders_without: int
    holders_with: int
    partners: int
    warnings: list[str]


async def dry_run(session: AsyncSession, draft: OfferingDraft) -> DryRun:
    """Try a draft; nothing is written."""
    base = await version_of(session, draft.code, draft.base_version)
    mode = mode_of(draft, base)
    after = contents.kept(draft.content)
    before = contents.of(base) if base else None
    served = set(before.categories) if before else set()
    changed = contents.changes(before, after)
    form = await _form(session, base, after)
    without = await _cards(session, served - set(after.categories))
    partners = await _partners(session, draft.code) if mode == "case" else 0
    return DryRun(
        code=draft.code,
        base_version=draft.base_version,
        changes=changed,
        open_requests=await _open_requests(session, draft.code),
        form=form,
        holders_without=without,
        holders_with=await _cards(session, set(after.categories) - served),
        partners=partners,
        warnings=[
            *_warnings(mode, changed, form, without, partners),
            *_stop(before, after),
            *await _wider(session, before, after),
        ],
    )


async def version_of(session: AsyncSession, code: str, version: int) -> OfferingVersion | None:
    """One version of an offering; None for what there was before the first."""
    query = select(OfferingVersion).where(
        OfferingVersion.code == code, OfferingVersion.version == version
    )
    found: OfferingVersion | None = await session.scalar(query)
    return found


def mode_of(draft: OfferingDraft, base: OfferingVersion | None) -> str:
    """Whether what is drafted is handled or redeemed."""
    return base.mode if base else str((draft.opening or {})["mode"])


def _stop(before: Content | None, after: Content) -> list[str]:
    was, will = before.stopped_on if before else None, after.stopped_on
    if was == will:
        return []
    if will is None:
        return ["不再停办,可以继续申请;会告知在办的申请人和各办理单位。"]
    told = "在办的申请照常办完,申请人和各办理单位会收到通知。"
    return [f"自{day(will)}起停办,不能再提出新申请;{told}"]


async def _wider(session: AsyncSession, before: Content | None, after: Content) -> list[str]:
    """Which partners would see more of a form than now."""
    if before is None:
        return []
    wider = []
    for partner in {*before.partner_fields, *after.partner_fields}:
        now, then = (
            set(each.partner_fields.get(partner, each.shared_fields)) for each in (before, after)
        )
        if then & set(before.shared_fields) - now:
            wider.append(UUID(partner))
    query = select(Partner.name).where(Partner.id.in_(wider)).order_by(Partner.name)
    names = (await session.scalars(query)).all() if wider else []
    return [f"将给更多的项: {'、'.join(names)}。请确认确有必要。"] if names else []


async def _open_requests(session: AsyncSession, code: str) -> dict[int, int]:
    query = (
        select(OfferingVersion.version, func.count())
        .join(Request, Request.offering_version_id == OfferingVersion.id)
        .where(Request.offering == code, Request.state.not_in(ENDED))
        .group_by(OfferingVersion.version)
        .order_by(OfferingVersion.version)
    )
    return {version: count for version, count in (await session.execute(query)).all()}


async def _form(session: AsyncSession, base: OfferingVersion | None, after: Content) -> FormTrial:
    if base is None or base.mode != "case" or base.form_schema == after.form_schema:
        return FormTrial(0, 0, {})
    query = select(Request.form).where(Request.offering == base.code)
    given = (await session.scalars(query.order_by(Request.id.desc()).limit(LOOKED_AT))).all()
    found: Counter[str] = Counter()
    bad = 0
    for form in given:
        wrong = _wrong_in(after.form_schema, form)
        bad += bool(wrong)
        found.update(wrong)
    return FormTrial(len(given), bad, dict(found.most_common(20)))


def _wrong_in(schema: dict[str, Any], form: dict[str, Any]) -> Sequence[str]:
    try:
        forms.check_form(schema, form)
    except InvalidBody as wrong:
        return sorted({f"{each.pointer} {each.code}" for each in wrong.errors})
    return ()


async def _cards(session: AsyncSession, categories: set[int]) -> int:
    if not categories:
        return 0
    live = Card.state.in_(LIVE), Card.category.in_(categories)
    return await session.scalar(select(func.count()).select_from(Card).where(*live)) or 0


async def _partners(session: AsyncSession, code: str) -> int:
    query = select(func.count(Route.partner_id.distinct())).where(
        Route.offering == code, Route.valid_to.is_(None)
    )
    return await session.scalar(query) or 0


def _warnings(
    mode: str, changed: Sequence[Change], form: FormTrial, without: int, partners: int
) -> list[str]:
    fields = {each.field: each for each in changed}
    said = []
    if not changed:
        said.append("与现行版本没有差别。")
    if without:
        said.append(f"{without} 位持卡人将不能再享受此项。")
    if mode == "case" and not partners:
        said.append("没有办理单位承接此项,申请会直接进入专家中心裁定。")
    if form.would_not_fit:
        said.append(f"最近 {form.looked_at} 件申请中有 {form.would_not_fit} 件按新表单填写不合格。")
    shared = fields.get("shared_fields")
    if shared and shared.old is not None and (more := sorted(set(shared.new) - set(shared.old))):
        said.append(f"办理单位将多看到: {'、'.join(more)}。请确认确有必要。")
    for name in ("accept_hours", "first_review_wd", "complete_wd"):
        change = fields.get(name)
        if change and change.old and change.new and change.new > change.old:
            said.append(f"{change.title}由 {change.old} 放宽到 {change.new}。")
    return said
