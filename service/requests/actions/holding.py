"""What the holder does, or the steward for them, on record (api.md 5.3, guide.md 4)."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from events import log
from events.base import Event
from service.auth.callers import Caller
from service.offerings import forms
from service.problems import FieldError, InvalidBody
from service.requests import clocks
from service.requests.actions import reach, routing
from service.requests.actions.submitting import check_files, choice_of
from service.requests.batches import joining
from service.requests.choices import CHOOSING
from service.requests.models import Request
from service.requests.routing import CHOICE_FIELDS, ORDER_FIELD, OTHERS_FIELD, left_to_ask
from service.requests.states import Ended, Party, State


class Answers(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The answer to a correction: changed members of the form, further files, a note."""

    form: dict[str, Any] = {}
    files: Annotated[list[UUID], msgspec.Meta(max_length=20)] = []
    note: Annotated[str, msgspec.Meta(max_length=2000)] = ""


async def withdraw(
    session: AsyncSession, request_id: UUID, by: Caller, revision: int, now: datetime
) -> Request:
    """Take a request back. A partner that was still thinking is told that its offer is gone."""
    request = await reach.seen(session, request_id, by, revision)
    request.check("withdraw", Party.HOLDER)
    if request.state == State.OFFERED:
        offer = await reach.open_dispatch(session, request)
        reach.end(offer, Ended.WITHDRAWN, now)
        await _tell(session, request, request.retract(offer.id, "withdrawn"), by, now)
    event = request.withdraw(now)
    await joining.leave(session, request, "withdrawn")
    await clocks.stop_all(session, request, now)
    await _tell(session, request, event, by, now)
    return request


class Choice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whom to ask, first to last, each by id or name; `all_banks`: then all the others."""

    banks: Annotated[
        list[Annotated[str, msgspec.Meta(min_length=1, max_length=100)]],
        msgspec.Meta(max_length=10),
    ] = []
    all_banks: bool = False


async def choose(
    session: AsyncSession, request_id: UUID, by: Caller, revision: int, given: Choice, now: datetime
) -> Request:
    """Change whom to ask; who has it now keeps it, who was asked is not asked again.

    A ruling that waits for somebody able ends where the new choice names one. Raises NotFound,
    Stale, WrongState, InvalidBody.
    """
    request = await reach.seen(session, request_id, by, revision)
    request.check("choice", Party.HOLDER)
    if not (given.banks or given.all_banks):
        raise InvalidBody(FieldError("/banks", "missing", "请至少选择一家,或选择询问所有银行。"))
    kept = {k: v for k, v in request.form.items() if k not in CHOICE_FIELDS}
    form = kept | {ORDER_FIELD: list(dict.fromkeys(given.banks)), OTHERS_FIELD: given.all_banks}
    forms.check_form((await reach.version_of(session, request)).form_schema, form)
    wanted = await choice_of(session, request.offering, form)
    event = request.choose(form, wanted)
    if request.state == State.IN_RULING and left_to_ask(
        await routing.weigh(session, request, now), None
    ):
        request.ask_again()
        await clocks.resume(session, request, now)
    await _tell(session, request, event, by, now)
    return request


async def answer(
    session: AsyncSession,
    request_id: UUID,
    by: Caller,
    revision: int,
    given: Answers,
    now: datetime,
) -> Request:
    """Answer a correction; the form as changed must still be right, and handling goes on."""
    request = await reach.seen(session, request_id, by, revision)
    request.check("answers", Party.HOLDER)
    _check_no_choice(given)
    form = _changed_form(request, given)
    forms.check_form((await reach.version_of(session, request)).form_schema, form)
    await check_files(session, by, given.files)
    await clocks.stop(session, request.id, "correction", now)
    handling = await clocks.resume(session, request, now)
    before = {name: request.form[name] for name in given.form if name in request.form}
    request.form = form
    request.files = [*request.files, *(str(file) for file in given.files)]
    kept = msgspec.to_builtins(given) | {"before": before, "answered_at": now.isoformat()}
    event = request.answer(kept, handling.due_at or now)
    await _tell(session, request, event, by, now)
    await joining.taken_on(session, request, now)
    return request


def _check_no_choice(given: Answers) -> None:
    """Whom to ask is changed by its own act, which checks that they can be asked."""
    chosen = sorted(set(CHOOSING) & set(given.form))
    if chosen:
        text = "所选单位请用“调整所选单位”修改,不在补正中填写。"
        raise InvalidBody(*(FieldError(f"/form/{name}", "not-here", text) for name in chosen))


def _changed_form(request: Request, given: Answers) -> dict[str, Any]:
    if not (given.form or given.files or given.note.strip()):
        text = "请至少修改一项表单内容、补一份材料或写明说明。"
        raise InvalidBody(FieldError("", "empty", text))
    return {**request.form, **given.form}


async def _tell(
    session: AsyncSession, request: Request, event: Event, by: Caller, now: datetime
) -> None:
    await session.flush()
    author = reach.author_of(request, by)
    await log.append(session, event, by=author, region=request.region, now=now)
