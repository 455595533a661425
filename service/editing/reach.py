"""A draft is reached: locked, as it was seen, by somebody to whom the act is open."""

from typing import TypeVar
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.auth.callers import Caller
from service.editing.models import OfferingDraft, RulesDraft
from service.etag import check_revision
from service.problems import Forbidden, NotFound, Problem

D = TypeVar("D", OfferingDraft, RulesDraft)


class DraftOpen(Problem):
    """The offering has a draft already; two would undo one another."""

    code = "draft-open"
    status = 409
    title = "该事项已有草稿"
    advice = "请先发布或放弃现有的草稿,再起草新版本。"


class DraftOutdated(Problem):
    """Another version came in between."""

    code = "draft-outdated"
    status = 409
    title = "草稿所依据的版本已被取代"
    advice = "起草之后该事项有了新版本,请放弃此草稿,从新版本重新起草。"


async def reached(
    session: AsyncSession, kind: type[D], draft_id: UUID, by: Caller, revision: int, act: str
) -> D:
    """The draft, locked. Raises NotFound, Stale, WrongState."""
    draft = await session.get(kind, draft_id, with_for_update=True, populate_existing=True)
    if draft is None:
        raise NotFound
    check_revision(draft.revision, revision)
    draft.check(act, by.account_id)
    return draft


def account_of(by: Caller) -> UUID:
    """Whose hand it is; raises Forbidden where it is no person's."""
    if by.account_id is None:
        raise Forbidden
    return by.account_id
