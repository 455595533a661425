"""A counter without a network: its pack, and how old a list may be (card-token.md 13)."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from cards import status, token
from cards.journal import Journal
from cards.keys import CardKey, KeySet, Profile
from cards.status import NotAList, StatusList
from cards.token import CLOCK_SKEW, Claims, Refused


class BadPack(ValueError):
    """Not a pack."""


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
            if found is None:
                return None
            age = now - found.iat  # below 0 where this clock is behind that of the service
            return found.at(idx) if -CLOCK_SKEW <= age <= self.longest_age(offering) else None

        return look


def read_pack(content: bytes, *, now: int, profiles: Sequence[Profile] = (CardKey,)) -> Pack:
    """The pack of `GET /v1/offline-pack`; raises BadPack. `now` in seconds since 1970.

    A list that is over, or that no key of the pack has signed, is not held: 7.20 then refuses.
    """
    try:
        document = json.loads(content)
        keys = KeySet.from_jwks(document["jwks"], profiles)
        read = [_list(each["jwt"], keys, now) for each in document["status_lists"]]
        return Pack(
            str(document["issuer"]),
            keys,
            {each.uri: each for each in read if each},
            int(document["max_status_age_s"]),
            int(document["low_value_max_status_age_s"]),
            frozenset(each["code"] for each in document["offerings"] if each["low_value"]),
        )
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as wrong:
        raise BadPack from wrong


def _list(jwt: str, keys: KeySet, now: int) -> StatusList | None:
    try:
        return status.read_jwt(jwt, keys=keys, now=now)
    except NotAList:
        return None


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
