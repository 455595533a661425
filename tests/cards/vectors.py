"""The published vectors (card-token.md 14); they lie beside the project, in `shared`."""

import json
from pathlib import Path
from typing import Any

from cards.keys import KeySet, SigningKey

PATH = Path(__file__).parents[3] / "shared" / "contract" / "card-token-vectors.json"
VECTORS: dict[str, Any] = json.loads(PATH.read_text())
NOW: int = VECTORS["now"]
ISSUER: str = VECTORS["issuer"]


def _key(entry: dict[str, Any]) -> SigningKey:
    window = {"nbf": entry["jwk"]["nbf"], "exp": entry["jwk"]["exp"]}
    return SigningKey.from_secret(int(entry["d_hex"], 16), **window)


KEYS: dict[str, SigningKey] = {each["name"]: _key(each) for each in VECTORS["keys"]}
PUBLISHED = KeySet(KEYS[each["name"]] for each in VECTORS["keys"] if each["published"])
TOKENS: dict[str, dict[str, Any]] = {each["name"]: each for each in VECTORS["tokens"]}
FULL: str = TOKENS["live-full"]["token"]
"""A live token with everything in it, good at `NOW`."""
