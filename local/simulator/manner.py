"""How well a simulated partner behaves: shares of bounces, refusals and crashes, by settings.

Whether a request meets one follows from its id, the partner and the seed, so a run can be repeated
and a partner that is started anew decides as before.
"""

import hashlib
import os
import shlex
from collections.abc import Mapping

import msgspec

SETTINGS = "HCK_SIMULATOR"
"""The environment's word to a simulator that `dev.py run` starts: `--bounce 0.2 --pace 30`."""


class Crashed(Exception):
    """The partner's machine stops between an act and its bookmark, as a real one may."""


class Manner(msgspec.Struct, frozen=True):
    """Shares between 0 and 1; `seed` draws them anew."""

    bounce: float = 0.0
    decline: float = 0.0
    crash: float = 0.0
    seed: int = 0

    def meets(self, share: float, *about: object) -> bool:
        """Whether this case is among the share."""
        said = " ".join(map(str, (self.seed, *about)))
        drawn = int.from_bytes(hashlib.sha256(said.encode()).digest()[:6], "big")
        return drawn < share * 2**48


def words_of(environment: Mapping[str, str] = os.environ) -> list[str]:
    """More words of the command line, from the environment."""
    return shlex.split(environment.get(SETTINGS, ""))
