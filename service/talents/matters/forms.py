"""What the forms of 卡务 send, and what they need to be shown: the same for holder and staff."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from service.auth.callers import Caller
from service.pages.forms import FormSent
from service.problems import FieldError, InvalidBody, NotFound
from service.talents.cards.card import Card
from service.talents.matters import deciding, opening, queries, views
from service.talents.matters.deciding import Decision, Statement
from service.talents.matters.kinds import BADGES, TITLES
from service.talents.matters.models import Matter
from service.talents.matters.opening import TAKES, Opening
from service.talents.matters.views import MatterView

DONE = {
    "opened": "已提出,办结前卡照常使用。",
    "withdraw": "已撤回。",
    "statement": "已提交陈述,由省级窗口一并考虑。",
    "decisions": "已办结,当即生效。",
}
CAUSES = {"lost": "遗失", "damaged": "损坏"}


class Line(msgspec.Struct, frozen=True):
    """A matter as a page shows it, with the revision that its forms send back."""

    view: MatterView
    revision: int


async def line_of(session: AsyncSession, caller: Caller, matter: Matter, now: datetime) -> Line:
    """One matter for a page."""
    return Line(await views.view_of(session, caller, matter, now), matter.revision)


async def about(
    session: AsyncSession,
    caller: Caller,
    card: Card,
    now: datetime,
    given: FormSent | None = None,
) -> dict[str, Any]:
    """What a page says about a card's matters, and which may be brought up."""
    found: Sequence[Matter] = await queries.of_card(session, caller, card.id)
    return {
        "matters": [await line_of(session, caller, each, now) for each in found],
        "openable": await opening.open_to(session, caller, card),
        "matter_titles": TITLES,
        "matter_takes": TAKES,
        "matter_badges": BADGES,
        "causes": CAUSES,
        "typed": given.firsts if given else {},
    }


def opening_of(given: FormSent) -> Opening:
    """What an opening form says; raises InvalidBody."""
    asked = {
        "kind": given.text("kind"),
        "reason": given.text("reason"),
        "unit_uscc": given.text("unit_uscc") or None,
        "cause": given.text("cause") or None,
        **{name: given.day(name) for name in ("contract_until", "management_until", "happened_on")},
    }
    try:
        return msgspec.convert(asked, Opening)
    except msgspec.ValidationError as wrong:
        raise InvalidBody(FieldError("/reason", "missing", "请写明情况和理由。")) from wrong


async def act(
    session: AsyncSession, name: str, matter_id: Any, by: Caller, given: FormSent, now: datetime
) -> None:
    """Do what one of a matter's forms says."""
    revision = given.revision
    if name == "withdraw":
        await deciding.withdraw(session, matter_id, by, revision, now)
    elif name == "statement":
        said = Statement(given.text("statement")[:2000])
        await deciding.state_case(session, matter_id, by, revision, said, now)
    elif name == "decisions" and given.text("decision") in ("agree", "decline"):
        taken = Decision(
            "agree" if given.text("decision") == "agree" else "decline",
            given.text("opinion")[:2000],
        )
        await deciding.decide(session, matter_id, by, revision, taken, now)
    else:
        raise NotFound
