"""Lists that skip and repeat nothing while rows are added (api.md 1.6).

Rows are read in the order of one ascending key (a UUIDv7 sorts by birth); the cursor is the last
key shown. Rows added later sort after every one shown.
"""

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Generic, TypeVar
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from litestar import Request, Response
from litestar.params import QueryParameter

from service.problems import BadCursor

T = TypeVar("T")

Limit = Annotated[int, QueryParameter(ge=1, le=200, description="每页条数")]
Cursor = Annotated[str | None, QueryParameter(max_length=200, description="上一页给出的 next")]


class Page(msgspec.Struct, Generic[T], frozen=True):
    """One page of a list."""

    items: Sequence[T]
    next: str | None = None


def after(cursor: str | None) -> UUID | None:
    """The key after which the page begins; raises BadCursor."""
    if cursor is None:
        return None
    try:
        return UUID(bytes=base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, binascii.Error) as wrong:
        raise BadCursor from wrong


def page_of(rows: Sequence[T], limit: int, key: Callable[[T], UUID]) -> Page[T]:
    """The page of `rows`, of which the query read one more than `limit` to see if more follow."""
    shown = rows[:limit]
    more = len(rows) > limit
    last = base64.urlsafe_b64encode(key(shown[-1]).bytes).decode().rstrip("=") if more else None
    return Page(shown, last)


def answer(request: Request[Any, Any, Any], page: Page[T]) -> Response[Page[T]]:
    """The page with its `Link: rel="next"`."""
    headers = {}
    if page.next is not None:
        query = [(k, v) for k, v in request.query_params.multi_items() if k != "cursor"]
        link = urlencode([*query, ("cursor", page.next)])
        headers["Link"] = f'<{request.url.path}?{link}>; rel="next"'
    return Response(page, headers=headers)
