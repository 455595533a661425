"""The access keys as they stand in the published set beside the card keys (card-token.md 5.2)."""

from datetime import datetime
from typing import Any

import asyncpg

from service.auth.keys import public_jwk

PUBLISHED = """
SELECT kid, x, y, not_before, expires_at FROM signing_keys
WHERE purpose = 'access' AND revoked_at IS NULL AND published_at <= $1 AND expires_at > $1
ORDER BY not_before
"""


async def published(pool: asyncpg.Pool, now: datetime) -> list[dict[str, Any]]:
    """Their JWKs, oldest first."""
    return [public_jwk(*row) for row in await pool.fetch(PUBLISHED, now)]
