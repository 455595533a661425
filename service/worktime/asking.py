"""The calculator for anybody: one body in, one answer out (time.md D2, D3). Pure."""

from datetime import datetime
from typing import Annotated

import msgspec

from service.problems import FieldError, InvalidBody
from service.worktime.current import WorkingTime
from service.worktime.hours import SHANGHAI
from service.worktime.pauses import Pause, check
from service.worktime.reckoning import Budget, DayLine, due
from service.worktime.words import display

Instant = Annotated[datetime, msgspec.Meta(tz=True)]


class PauseAsked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """暂停: 起止时刻; 尚未结束的不填 end。"""

    begin: Instant
    end: Instant | None = None


class Question(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """起算时刻、时限、暂停时段; 地区和日历版本可不填。"""

    start: Instant
    budget: Budget
    pauses: Annotated[list[PauseAsked], msgspec.Meta(max_length=200)] = []
    region: Annotated[str, msgspec.Meta(pattern="^[0-9]{6}$")] | None = None
    calendar_version: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] | None = None


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """When it is due. While a pause has no end there is no `due_at`, only what is left (P4).

    `consumed` and `left` are whole units of the budget.
    """

    due_at: datetime | None
    display: str | None
    budget: Budget
    consumed: int
    left: int
    provisional: bool
    explanation: list[DayLine]
    calendar_version: int


def answer(question: Question, working_time: WorkingTime) -> Answer:
    """Reckon by the version asked for; raises InvalidBody, CalendarUnknown (D2)."""
    region = question.region
    if region is not None and working_time.places.get(region) is None:
        raise InvalidBody(FieldError("/region", "unknown", "没有这个行政区划,请核对代码。"))
    pauses = [Pause(asked.begin, asked.end) for asked in question.pauses]
    check(pauses)
    calendar = working_time.of(region)
    found = due(question.start, question.budget, calendar, pauses)
    due_at = found.due_at.astimezone(SHANGHAI) if found.due_at else None
    return Answer(
        due_at=due_at,
        display=display(due_at) if due_at else None,
        budget=question.budget,
        consumed=found.consumed,
        left=found.left,
        provisional=found.provisional,
        explanation=list(found.days),
        calendar_version=calendar.version,
    )


def question_of(body: bytes | str) -> Question:
    """The question in a JSON text; raises msgspec.DecodeError (a wrong shape included)."""
    return msgspec.json.decode(body, type=Question)
