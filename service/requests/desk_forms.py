"""What the forms of a clerk's desk say, as the acts want it."""

from datetime import date, datetime
from typing import Any

import msgspec

from service.pages.forms import FormSent
from service.problems import FieldError, InvalidBody
from service.requests import papers
from service.requests.actions.handling import Ask, Completion, Publicity
from service.requests.fields import values
from service.requests.queries import Found
from service.worktime.hours import SHANGHAI


def read(given: FormSent, kind: type[Any], *names: str) -> Any:
    """An act's content out of the texts of these names; raises InvalidBody."""
    return _checked({name: given.text(name).strip() for name in names}, kind)


def _checked(content: dict[str, Any], kind: type[Any]) -> Any:
    try:
        return msgspec.convert(content, kind)
    except msgspec.ValidationError as wrong:
        raise InvalidBody(FieldError("", "invalid", "请填写完整,且不要超过规定的长度。")) from wrong


def asked_of(text: str) -> Ask:
    """One thing a line; raises InvalidBody."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    asked: Ask = _checked({"items": lines}, Ask)
    return asked


def publicity_of(given: FormSent, now: datetime) -> Publicity:
    """From today to the day that was given; raises InvalidBody."""
    try:
        ends_on = date.fromisoformat(given.text("to"))
    except ValueError as wrong:
        raise InvalidBody(FieldError("/to", "wrong-form", "请填写公示的最后一天。")) from wrong
    return Publicity(now.astimezone(SHANGHAI).date(), ends_on)


def completion_of(given: FormSent, found: Found) -> Completion:
    """Which of the two buttons, and what goes with it."""
    handed = papers.ids_of(given)[:10]
    if given.text("_outcome") == "declined":
        reason = given.text("_reason").strip()[:2000]
        return Completion("declined", {}, reason or None, handed)
    return Completion("granted", values(found.version.result_schema, given.texts), None, handed)
