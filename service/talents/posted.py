"""What a page's form sends, and trying an act so that a refusal loses nothing that was typed."""

from collections.abc import Awaitable
from datetime import date
from typing import Any

from litestar import Request
from litestar.datastructures import UploadFile
from sqlalchemy.ext.asyncio import AsyncSession

from service.problems import FieldError, InvalidBody, NotFound, Problem, Stale


class Posted:
    """The texts and files of one form."""

    def __init__(self, items: list[tuple[str, Any]]) -> None:
        self.texts: dict[str, str] = {}
        self.uploads: dict[str, UploadFile] = {}
        for name, value in items:
            if isinstance(value, UploadFile):
                self.uploads[name] = value
            else:
                self.texts.setdefault(name, str(value).strip())

    def text(self, name: str) -> str:
        """The text of that name, or none."""
        return self.texts.get(name, "")

    @property
    def revision(self) -> int:
        """The revision that the page showed: its If-Match. Raises Stale."""
        found = self.text("_revision")
        if not (found.isascii() and found.isdigit() and len(found) < 10):
            raise Stale
        return int(found)

    def day(self, name: str) -> date | None:
        """A date, or None where the field is empty; raises InvalidBody."""
        if not self.text(name):
            return None
        try:
            return date.fromisoformat(self.text(name))
        except ValueError as wrong:
            raise InvalidBody(FieldError(f"/{name}", "invalid", "日期不对。")) from wrong


async def posted(request: Request[Any, Any, Any]) -> Posted:
    """The form of this call."""
    return Posted(list((await request.form()).multi_items()))


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
