"""A counter without a network: its pack, its lists' age, its own journal (card-token.md 13)."""

import json
import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

from cards import status, token
from cards.keys import KeySet
from cards.status import StatusList
from cards.token import Claims, Refused


class BadPack(ValueError):
    """Not a pack, or one whose lists no key in it has signed."""


class Pack(NamedTuple):
    """What a counter took along: keys, lists, and which benefits are of low value (13.1)."""

    issuer: str
    keys: KeySet
    lists: Mapping[str, StatusList]
    fresh_seconds: int
    low_value_fresh_seconds: int
    low_value: frozenset[str]

    def longest_age(self, offering: str | None) -> int:
        """How old a list may be for this benefit, in seconds (13.2)."""
        low = offering is not None and offering in self.low_value
        return self.low_value_fresh_seconds if low else self.fresh_seconds

    def status_of(self, offering: str | None, now: int) -> Callable[[str, int], int | None]:
        """Looks an entry up in a list that is held and fresh enough."""

        def look(uri: str, idx: int) -> int | None:
            found = self.lists.get(uri)
            if found is None or not 0 <= now - found.iat <= self.longest_age(offering):
                return None
            return found.at(idx)

        return look


def read_pack(content: bytes, *, now: int) -> Pack:
    """The pack of `GET /v1/offline-pack`; raises BadPack. `now` in seconds since 1970."""
    try:
        document = json.loads(content)
        keys = KeySet.from_jwks(document["jwks"])
        lists = {each["uri"]: _list(each, keys, now) for each in document["status_lists"]}
        return Pack(
            str(document["issuer"]),
            keys,
            lists,
            int(document["max_status_age_s"]),
            int(document["low_value_max_status_age_s"]),
            frozenset(each["code"] for each in document["offerings"] if each["low_value"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as wrong:
        raise BadPack from wrong


def _list(each: Mapping[str, Any], keys: KeySet, now: int) -> StatusList:
    found = status.read_jwt(each["jwt"], keys=keys, now=now)
    if found.uri != each["uri"]:
        raise BadPack
    return found


class Journal:
    """A counter's own journal: a file of lines in the form that is uploaded (13.3).

    A line is on the disk before the benefit is given.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.used: set[str] = set()
        self.count = 0
        if path.exists():
            for line in path.read_text(encoding="utf-8").splitlines():
                self.count += 1
                self.used.add(json.loads(line)["pair"])

    def seen(self, iss: str, cti: bytes) -> bool:
        """Whether this token, however it is signed, stands here already (2.5)."""
        return pair_of(iss, cti) in self.used

    def add(
        self, text: str, claims: Claims, offering: str, now: int, iat: int, entry_id: UUID
    ) -> None:
        """Write a line and wait for the disk."""
        line = {
            "pair": pair_of(claims.iss, claims.cti),
            "entry": {
                "entry_id": str(entry_id), "token": text, "offering": offering, "companions": 0,
                "scanned_at": datetime.fromtimestamp(now, UTC).isoformat(),
                "status_list_iat": datetime.fromtimestamp(iat, UTC).isoformat(),
            },
        }  # fmt: skip
        descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
            file.flush()
            os.fsync(file.fileno())
        self.used.add(line["pair"])  # type: ignore[arg-type]


def pair_of(iss: str, cti: bytes) -> str:
    """A token's identity (2.5) as text."""
    return f"{iss} {cti.hex()}"


def verify_offline(
    text: str,
    *,
    now: int,
    keys: KeySet,
    issuer: str,
    status_of: Callable[[str, int], int | None],
    seen: Callable[[str, bytes], bool],
) -> Claims | Refused:
    """A counter's verdict without the service: 7.1–7.21, L only (13.2).

    `status_of(uri, idx)` is the entry in a list that is held and fresh, else None; `seen(iss, cti)`
    whether the counter's own journal has the token.
    """
    claims = token.examine(text, now=now, keys=keys, issuer=issuer, live_only=True)
    if isinstance(claims, Refused):
        return claims
    assert claims.uri is not None  # noqa: S101 - a live token has its place
    assert claims.idx is not None  # noqa: S101
    reason = token.status_refuses(claims, status_of(claims.uri, claims.idx))
    if reason is None and seen(claims.iss, claims.cti):
        reason = "token-replayed"
    return Refused(reason, claims.typ, claims) if reason else claims


def verify(
    pack: Pack, text: str, *, offering: str | None, now: int, journal: Journal | None = None
) -> Claims | Refused:
    """A counter's verdict with nothing but what it took along (13.2)."""
    return verify_offline(
        text,
        now=now,
        keys=pack.keys,
        issuer=pack.issuer,
        status_of=pack.status_of(offering, now),
        seen=journal.seen if journal else lambda iss, cti: False,
    )
