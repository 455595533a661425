"""`Idempotency-Key`: the same act asked twice happens once (api.md 1.4).

The key's row is written in the transaction of the act. The lock on the key is taken first, so a
second call meets either "still under way" or the first answer, never the act again.
"""

import hashlib
import re
from datetime import datetime
from typing import Any

import msgspec
from litestar import Request, Response
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from service import sealing
from service.problems import KeyInUse, KeyRequired, KeyReused

VISIBLE = re.compile(r"[\x21-\x7e]{1,200}")
ABOUT = "idempotency_keys.body"
"""Answers name people, and some hold a secret that is shown once: they are kept sealed."""
KEPT_HEADERS = ("etag", "location", "link")

LOCK = "pg_try_advisory_xact_lock(hashtextextended({caller} || ' ' || {key}, 0))"
"""Takes the key for a transaction, or says that somebody else has it; filled with parameters.

One text for `begin` and for the plain SQL of the counters' doors (docs/adr/0003).
"""


class Claim(msgspec.Struct, frozen=True):
    """One caller's key with the fingerprint of what it is used for."""

    caller: str
    key: str
    fingerprint: bytes


class Replayed(Exception):
    """The act has been done: its first answer is given again."""

    def __init__(self, status: int, headers: dict[str, str], media_type: str, body: bytes) -> None:
        super().__init__("replayed")
        self.status, self.headers, self.media_type, self.body = status, headers, media_type, body


async def claim_of(request: Request[Any, Any, Any], caller_id: str) -> Claim:
    """What the request claims; raises KeyRequired where the header is missing or not visible."""
    key = request.headers.get("Idempotency-Key", "")
    if not VISIBLE.fullmatch(key):
        raise KeyRequired
    body = await request.body()
    kind, _, boundary = request.headers.get("content-type", "").partition("boundary=")
    if boundary and kind.startswith("multipart/"):
        # A client draws a new boundary for each try; the content is what counts.
        body = body.replace(boundary.strip('"').encode(), b"")
    digest = hashlib.sha256(f"{request.method} {request.url.path}\0".encode() + body).digest()
    return Claim(caller_id, key, digest)


def judge(claim: Claim, row: Any) -> None:
    """A key that was used before: raises Replayed, or KeyReused where it was for something else."""
    if row is None:
        return
    if bytes(row["fingerprint"]) != claim.fingerprint:
        raise KeyReused
    body = _opened(bytes(row["body"]))
    raise Replayed(row["status"], row["headers"], row["media_type"], body)


def _opened(body: bytes) -> bytes:
    """An answer as it was given. Counters keep theirs as it is: it names nobody, and is JSON."""
    return body if body.startswith(b"{") else sealing.ring().open(body, ABOUT)


async def begin(session: AsyncSession, claim: Claim) -> None:
    """Take the key for this transaction; raises KeyInUse, KeyReused, Replayed."""
    connection = await session.connection()
    lock = await connection.execute(
        text(f"SELECT {LOCK.format(caller=':caller', key=':key')}"),
        {"caller": claim.caller, "key": claim.key},
    )
    if not lock.scalar_one():
        raise KeyInUse
    found = await connection.execute(
        text(
            "SELECT fingerprint, status, headers, body, media_type FROM idempotency_keys"
            " WHERE caller = :caller AND key = :key"
        ),
        {"caller": claim.caller, "key": claim.key},
    )
    judge(claim, found.mappings().first())


async def keep(session: AsyncSession, claim: Claim, answer: Any, now: datetime) -> None:
    """Store the act's answer in the act's own transaction."""
    headers = {k.decode().lower(): v.decode() for k, v in answer.encoded_headers}
    await session.execute(
        text(
            "INSERT INTO idempotency_keys"
            " (caller, key, fingerprint, status, headers, media_type, body, made_at)"
            " VALUES (:caller, :key, :fingerprint, :status, :headers, :media_type, :body, :now)"
        ),
        {
            "caller": claim.caller,
            "key": claim.key,
            "fingerprint": claim.fingerprint,
            "status": answer.status_code,
            "headers": msgspec.json.encode(
                {name: headers[name] for name in KEPT_HEADERS if name in headers}
            ).decode(),
            "media_type": headers.get("content-type", ""),
            "body": sealing.ring().seal(answer.body, ABOUT),
            "now": now,
        },
    )


def on_replayed(_: Request[Any, Any, Any], again: Replayed) -> Response[bytes]:
    """The first answer, marked as such."""
    return Response(
        again.body,
        status_code=again.status,
        media_type=again.media_type or "application/json",
        headers={**again.headers, "Idempotency-Replayed": "true"},
    )
