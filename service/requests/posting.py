"""What a page's form sends, and trying an act so that a refusal loses nothing that was typed."""

from collections.abc import Awaitable, Collection, Mapping
from typing import Any
from uuid import UUID

from litestar import Request
from litestar.datastructures import UploadFile
from sqlalchemy.ext.asyncio import AsyncSession

from service.problems import InvalidBody, NotFound, Problem, Stale
from service.requests.fields import Schema, values

Posted = dict[str, list[str]]


class FormSent:
    """The texts and files of one form."""

    def __init__(self, items: list[tuple[str, Any]]) -> None:
        self.texts: Posted = {}
        self.uploads: list[UploadFile] = []
        for name, value in items:
            if isinstance(value, UploadFile):
                self.uploads.append(value)
            else:
                self.texts.setdefault(name, []).append(str(value))

    def text(self, name: str) -> str:
        """The first text of that name, or none."""
        return self.texts.get(name, [""])[0]

    @property
    def revision(self) -> int:
        """The revision that the page showed: its If-Match. Raises Stale."""
        found = self.text("_revision")
        if not (found.isascii() and found.isdigit() and len(found) < 10):
            raise Stale
        return int(found)

    def uuid(self, name: str) -> UUID | None:
        """An id, or None where there is none."""
        try:
            return UUID(self.text(name))
        except ValueError:
            return None

    def form(self, schema: Schema) -> dict[str, Any]:
        """The values of a schema's members."""
        return values(schema, self.texts)


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


def errors_of(problem: Problem | None) -> Mapping[str, str]:
    """What was wrong, by JSON pointer."""
    return {each.pointer: each.detail for each in getattr(problem, "errors", ())}


def under(errors: Mapping[str, str], place: str) -> dict[str, str]:
    """What was wrong below `place`, by the member's name."""
    start = f"{place}/"
    return {
        pointer.removeprefix(start).partition("/")[0]: detail
        for pointer, detail in errors.items()
        if pointer.startswith(start)
    }


def beside(problem: Problem | None, names: Collection[str]) -> Problem | None:
    """The refusal as a page puts it above a form whose fields show their own errors."""
    if not isinstance(problem, InvalidBody):
        return problem
    left = [each for each in problem.errors if each.pointer.rpartition("/")[2] not in names]
    return InvalidBody(*left, detail="请按下方的提示修改后重新提交。")
