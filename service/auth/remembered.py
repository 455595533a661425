"""What a process remembers of access tokens: keys for a minute, proofs while their key is there.

A counter's machine shows the same token for a quarter of an hour; its signature is proved once.
Whether it is valid now is asked each time, and a key that is taken back ends its proofs.
"""

import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import jwt

from service.auth import tokens
from service.auth.callers import Caller
from service.auth.keys import access_keys
from service.auth.tokens import Proved

KEYS_SECONDS = 60
ASK_AGAIN_SECONDS = 1
MOST = 10_000


class AccessTokens:
    """One process's memory."""

    def __init__(self) -> None:
        self._read_at, self._keys = 0.0, dict[str, Any]()
        self._proved: dict[str, Proved] = {}

    async def caller(self, state: Any, token: str, origin: str, now: datetime) -> Caller | None:
        """The machine whose valid access token this is, or None."""
        proved = self._proved.get(token)
        kid = proved.kid if proved else tokens.kid_of(token)
        keys = await self._published(state, kid, now)
        if proved is None or kid not in keys:
            proved = tokens.prove(token, keys, issuer=state.settings.base_url)
            if proved is None:
                return None
            if len(self._proved) >= MOST:
                self._proved.clear()
            self._proved[token] = proved
        return proved.caller(now, origin)

    async def _published(self, state: Any, kid: str, now: datetime) -> Mapping[str, Any]:
        age = time.monotonic() - self._read_at
        if age > KEYS_SECONDS or (kid not in self._keys and age > ASK_AGAIN_SECONDS):
            async with state.sessions() as session:
                published = await access_keys(session, now)
            self._keys = {k.kid: jwt.PyJWK(k.jwk, algorithm="ES256").key for k in published}
            self._read_at = time.monotonic()
        return self._keys


def of(state: Any) -> AccessTokens:
    """The process's memory, made with the first token."""
    known: AccessTokens | None = state.get("access_tokens")
    if known is None:
        known = state.access_tokens = AccessTokens()
    return known
