"""Cursors (api.md 1.6): nothing is skipped or repeated while rows are added."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service import ids, paging
from service.problems import BadCursor

Ids = st.lists(st.uuids(), unique=True, max_size=40)


def read_page(rows: list[UUID], cursor: str | None, limit: int) -> paging.Page[UUID]:
    last = paging.after(cursor)
    found = [row for row in rows if last is None or row > last]
    return paging.page_of(sorted(found)[: limit + 1], limit, key=lambda row: row)


@given(Ids, st.integers(1, 7))
def test_the_pages_together_are_the_rows_in_order(rows: list[UUID], limit: int) -> None:
    shown: list[UUID] = []
    cursor: str | None = None
    while True:
        page = read_page(rows, cursor, limit)
        shown += page.items
        cursor = page.next
        if cursor is None:
            break
        assert len(page.items) == limit
    assert shown == sorted(rows)


@given(st.integers(1, 30), st.integers(1, 5))
def test_rows_added_while_reading_are_neither_skipped_nor_repeated(count: int, limit: int) -> None:
    rows = [ids.new_id() for _ in range(count)]
    shown: list[UUID] = []
    cursor: str | None = None
    added = 0
    while True:
        page = read_page(rows, cursor, limit)
        shown += page.items
        cursor = page.next
        if cursor is None:
            break
        if added < 10:
            rows.append(ids.new_id())
            added += 1
    assert shown == sorted(rows[: len(shown)])
    assert len(set(shown)) == len(shown)
    assert set(rows[:count]) <= set(shown)


@pytest.mark.parametrize("cursor", ["x", "AAAA", "%%%", "中", "A" * 500, ""])
def test_a_cursor_that_no_list_gave_is_told_so(cursor: str) -> None:
    with pytest.raises(BadCursor):
        paging.after(cursor)
