"""A journal as it comes: each line read by itself, so that one that is bad stops no other."""

from datetime import datetime
from typing import Annotated, Any

import msgspec

from service.counters.views import Companions

MOST = 500
MALFORMED = "malformed"

EntryId = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Moment = Annotated[datetime, msgspec.Meta(tz=True)]


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One line: what was scanned, when, and how old the counter's status list was (13.3)."""

    entry_id: EntryId
    token: str
    offering: str
    scanned_at: Moment
    status_list_iat: Moment
    companions: Companions = 0


class Journal(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A counter's journal. Lines are checked one by one: a line of another shape is `refused`."""

    service_point: str
    entries: Annotated[list[dict[str, Any]], msgspec.Meta(max_length=MOST)]


class Told(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of one line: `accepted`, `conflict` or `refused`, with the reason."""

    entry_id: str | None
    outcome: str
    reason: str | None = None
    redemption: str | None = None


class Results(msgspec.Struct, frozen=True):
    """One for each line, in order."""

    results: list[Told]


def read(line: dict[str, Any]) -> Entry | None:
    """The line as a value; None where it is of another shape.

    `status_list_iat` may be a number too: it stands in the list as seconds since 1970.
    """
    given = dict(line)
    iat = given.get("status_list_iat")
    try:
        if isinstance(iat, int | float) and not isinstance(iat, bool):
            given["status_list_iat"] = datetime.fromtimestamp(iat).astimezone()
        return msgspec.convert(given, Entry)
    except (msgspec.ValidationError, ValueError, OverflowError, OSError):
        return None


def name_of(line: dict[str, Any]) -> str | None:
    """The line's own name, where it has one that can be kept."""
    name = line.get("entry_id")
    usable = isinstance(name, str) and 1 <= len(name) <= 200 and "\x00" not in name
    return name if usable else None
