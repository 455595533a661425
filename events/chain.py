"""The sealed log: how a region's day is chained, and what a checker finds wrong (events.md 1.2).

Pure, from the standard library alone, so that an auditor can read it and run it without us.

- A record is an event's line: the members of `MEMBERS`, keys sorted, no white space, UTF-8, times
  in UTC with microseconds. Its digest is the SHA-256 of those bytes.
- A region's chain of a day begins with the SHA-256 of `hck-audit-1`, region, day and the hash of
  the day before, a line feed after each; each further link is SHA-256(link before + digest), in
  the order of the events' ids.
- A day's hash is the SHA-256 of its statement (`statement_of`): every region's count and last
  link, and the hash of the day before. So no day can be left out, none can be changed alone.
- Marks are a region's ids and digests, 48 bytes an event, in order: with them a checker says
  *which* event is not what it was.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

VERSION = "hck-audit-1"
MEMBERS = (
    "id", "subject", "sequence", "type", "region", "at", "actor", "role", "origin", "trace",
    "partner_id", "data",
)  # fmt: skip
MARK = 48
"""Bytes of a mark: the event's id (16) and its digest (32)."""


def text_of(value: Any) -> bytes:
    """JSON with sorted keys and no white space, in UTF-8: the bytes that are hashed."""
    plain = json.dumps(
        value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
    )
    return plain.encode()


def record_of(row: Any) -> dict[str, Any]:
    """An event's record, of a row of the log."""
    record = {name: getattr(row, name) for name in MEMBERS}
    record["at"] = record["at"].astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    record["id"] = str(record["id"])
    record["partner_id"] = record["partner_id"] and str(record["partner_id"])
    return record


def digest_of(record: Mapping[str, Any]) -> bytes:
    """The hash of one event's record."""
    return hashlib.sha256(text_of(record)).digest()


@dataclass
class Chain:
    """One region's day, event after event."""

    region: str
    link: bytes
    count: int = 0
    marks: bytearray = field(default_factory=bytearray)

    @classmethod
    def begin(cls, region: str, day: date, previous: str) -> "Chain":
        """The first link; `previous` is the hash of the day before, empty for the very first."""
        lines = (VERSION, region, day.isoformat(), previous)
        first = hashlib.sha256("".join(f"{line}\n" for line in lines).encode()).digest()
        return cls(region, first)

    def add(self, event_id: UUID, digest: bytes) -> None:
        """The next event; ids ascend."""
        self.link = hashlib.sha256(self.link + digest).digest()
        self.count += 1
        self.marks += event_id.bytes + digest

    @property
    def entry(self) -> dict[str, Any]:
        """What the day's statement says of this region."""
        return {"region": self.region, "count": self.count, "chain": self.link.hex()}


def statement_of(day: date, previous: str, regions: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """What a day's seal states; regions in the order of their codes."""
    return {
        "version": VERSION,
        "day": day.isoformat(),
        "previous": previous,
        "regions": [
            {name: each[name] for name in ("region", "count", "chain")}
            for each in sorted(regions, key=lambda each: str(each["region"]))
        ],
    }


def hash_of(statement: Mapping[str, Any]) -> str:
    """A day's hash, in hexadecimal."""
    return hashlib.sha256(text_of(statement)).hexdigest()


def marks_of(marks: bytes) -> Iterator[tuple[UUID, bytes]]:
    """The ids and digests of a region's marks, in order."""
    for at in range(0, len(marks) - len(marks) % MARK, MARK):
        yield UUID(bytes=marks[at : at + 16]), marks[at + 16 : at + MARK]


def day_of(text: str) -> date:
    """A day of a statement."""
    return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).date()
