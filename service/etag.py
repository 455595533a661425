"""Strong ETags and their preconditions (api.md 1.5)."""

import re

from service.problems import PreconditionRequired, Stale


def etag(revision: int) -> str:
    """The ETag of a thing's revision: `"7"`."""
    return f'"{revision}"'


def revision_of(if_match: str | None) -> int:
    """The revision the caller has seen; raises PreconditionRequired, and Stale for no revision."""
    if if_match is None:
        raise PreconditionRequired
    found = re.fullmatch(r'"(\d{1,9})"', if_match.strip())
    if found is None:
        raise Stale
    return int(found[1])


def check_revision(current: int, seen: int) -> None:
    """Raises Stale where somebody changed the thing since."""
    if current != seen:
        raise Stale


def unchanged(if_none_match: str | None, tag: str) -> bool:
    """Whether `GET` may answer 304."""
    if if_none_match is None:
        return False
    offered = [each.strip().removeprefix("W/") for each in if_none_match.split(",")]
    return tag in offered or "*" in offered
