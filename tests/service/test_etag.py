"""If-Match and If-None-Match (api.md 1.5)."""

import pytest

from service import etag
from service.problems import PreconditionRequired, Stale


def test_an_act_needs_if_match() -> None:
    with pytest.raises(PreconditionRequired):
        etag.revision_of(None)


def test_the_revision_that_was_seen_is_read() -> None:
    assert etag.revision_of(etag.etag(7)) == 7


@pytest.mark.parametrize("given", ['W/"7"', "7", '"x"', '""', "*", '"7", "8"', '"9999999999999"'])
def test_anything_else_is_stale(given: str) -> None:
    with pytest.raises(Stale):
        etag.revision_of(given)


def test_a_thing_that_changed_since_is_stale() -> None:
    etag.check_revision(3, 3)
    with pytest.raises(Stale):
        etag.check_revision(4, 3)


@pytest.mark.parametrize(
    ("if_none_match", "same"),
    [
        (None, False),
        ('"3"', True),
        ('W/"3"', True),
        ('"1", "3"', True),
        ("*", True),
        ('"4"', False),
    ],
)
def test_get_answers_304_where_nothing_changed(if_none_match: str | None, same: bool) -> None:
    assert etag.unchanged(if_none_match, '"3"') is same
