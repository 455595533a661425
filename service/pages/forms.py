"""What a page's form sends, and trying an act so that a refusal loses nothing that was typed."""

from collections.abc import Awaitable
from datetime import date
from typing import Any
from uuid import UUID

from litestar import Request
from litestar.datastructures import UploadFile
from sqlalchemy.ext.asyncio import AsyncSession

from service.problems import FieldError, InvalidBody, NotFound, Problem, Stale


class FormSent:
    """The texts and files of one form, in the order of its fields."""

    def __init__(self, items: list[tuple[str, Any]]) -> None:
        self.texts: dict[str, list[str]] = {}
        self.files: dict[str, list[UploadFile]] = {}
        for name, value in items:
            if isinstance(value, UploadFile):
                self.files.setdefault(name, []).append(value)
            else:
                self.texts.setdefault(name, []).append(str(value))

    def text(self, name: str) -> str:
        """The first text of that name without the space around it, or none."""
        return self.texts.get(name, [""])[0].strip()

    @property
    def firsts(self) -> dict[str, str]:
        """The first text of every name: what a form with single fields shows again."""
        return {name: self.text(name) for name in self.texts}

    @property
    def uploads(self) -> list[UploadFile]:
        """All files."""
        return [each for files in self.files.values() for each in files]

    def upload(self, name: str) -> UploadFile | None:
        """The file of one field, or None."""
        return self.files.get(name, [None])[0]

    @property
    def revision(self) -> int:
        """The revision that the page showed: its If-Match. Raises Stale."""
        found = self.text("_revision")
        if not (found.isascii() and found.isdigit() and len(found) < 10):
            raise Stale
        return int(found)

    def uuid(self, name: str) -> UUID | None:
        """An id, or None where there is none."""
        return uuid_of(self.text(name))

    def uuids(self, name: str) -> list[UUID]:
        """The ids in all texts of that name, in their order; what is no id is left out."""
        return [found for text in self.texts.get(name, ()) if (found := uuid_of(text))]

    def day(self, name: str) -> date | None:
        """A date, or None where the field is empty; raises InvalidBody."""
        if not self.text(name):
            return None
        try:
            return date.fromisoformat(self.text(name))
        except ValueError as wrong:
            raise InvalidBody(FieldError(f"/{name}", "invalid", "日期不对。")) from wrong


def uuid_of(text: str) -> UUID | None:
    """An id as somebody wrote it, or None where it is none."""
    try:
        return UUID(text)
    except ValueError:
        return None


async def sent(request: Request[Any, Any, Any]) -> FormSent:
    """The form of this call."""
    return FormSent(list((await request.form()).multi_items()))


async def attempt(session: AsyncSession, act: Awaitable[Any]) -> Problem | None:
    """Do it, or leave no trace and return the refusal. Raises NotFound: there is no page then."""
    try:
        async with session.begin_nested():
            await act
    except NotFound:
        raise
    except Problem as problem:
        return problem
    return None
