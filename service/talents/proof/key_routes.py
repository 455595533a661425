"""What outsiders check cards with: published keys and status lists (card-token.md 5, 8)."""

import hashlib
import re
from datetime import datetime
from typing import Annotated, Any

import msgspec
from litestar import Response, get
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath, HeaderParameter

from cards.keys import b64, cose_key_set, jwks
from service.etag import unchanged
from service.problems import NotAcceptable
from service.talents.proof import access_jwks, card_keys, statuslists

IfNoneMatch = Annotated[str | None, HeaderParameter(name="If-None-Match")]
Accept = Annotated[str | None, HeaderParameter(name="Accept")]
WEIGHT = re.compile(r"q\s*=\s*([01](?:\.[0-9]{0,3})?)")
JWT, CWT = "application/statuslist+jwt", "application/statuslist+cwt"


def published(
    content: bytes, media_type: str, max_age: int, if_none_match: str | None, tag: str | None = None
) -> Response[Any]:
    """An answer that may be kept for a while, or 304 where the asker has it."""
    tag = tag or '"' + b64(hashlib.sha256(content).digest()[:12]) + '"'
    headers = {"Cache-Control": f"max-age={max_age}", "ETag": tag}
    if unchanged(if_none_match, tag):
        return Response(b"", status_code=304, media_type=media_type, headers=headers)
    return Response(content, media_type=media_type, headers=headers)


@get("/.well-known/jwks.json", opt={"open": True}, media_type="application/json")
async def jwk_set(
    state: State, now: NamedDependency[datetime], if_none_match: IfNoneMatch = None
) -> Response[Any]:
    """公钥(JWK 集):验卡用的 `hck_use: card`,验访问令牌用的 `hck_use: access`。"""
    keys = jwks(await card_keys.published(state.pool, now))
    keys += await access_jwks.published(state.pool, now)
    return published(msgspec.json.encode({"keys": keys}), "application/json", 3600, if_none_match)


@get("/.well-known/cose-keys", opt={"open": True}, media_type="application/cose-key-set")
async def cose_keys(
    state: State, now: NamedDependency[datetime], if_none_match: IfNoneMatch = None
) -> Response[Any]:
    """验卡公钥(COSE 密钥集)。"""
    content = cose_key_set(await card_keys.published(state.pool, now))
    return published(content, "application/cose-key-set", 3600, if_none_match)


def wanted(accept: str | None) -> str:
    """The list's form by `Accept`; raises NotAcceptable (card-token.md 8.3).

    The greatest weight wins, then the more exactly named, then the JWT.
    """
    weights = dict(_weighed(part) for part in (accept or "*/*").lower().split(","))
    liked = []
    for form in (JWT, CWT):
        named = next((n for n in (form, "application/*", "*/*") if n in weights), None)
        if named is not None and weights[named] > 0:
            liked.append((weights[named], named == form, form == JWT, form))
    if not liked:
        raise NotAcceptable(f"请在 Accept 中写 {JWT} 或 {CWT}。")
    return max(liked)[-1]


def _weighed(part: str) -> tuple[str, float]:
    """A media type and its weight; one that is no number counts as 1."""
    name, *parameters = (each.strip() for each in part.split(";"))
    for each in parameters:
        if (found := WEIGHT.fullmatch(each)) is not None:
            return name, float(found[1])
    return name, 1.0


@get("/v1/status-lists/{list_id:str}", opt={"open": True}, media_type=JWT)
async def status_list(
    list_id: FromPath[str],
    state: State,
    now: NamedDependency[datetime],
    accept: Accept = None,
    if_none_match: IfNoneMatch = None,
) -> Response[Any]:
    """卡状态列表,JWT 或 CWT。 Problems: 404, 406."""
    form = wanted(accept)
    key = await card_keys.signer(state.pool, now)
    signed = await statuslists.published(state.pool, list_id, key, now)
    content = signed.jwt.encode() if form == JWT else signed.cwt
    tag = signed.etag if form == JWT else signed.etag[:-1] + '-c"'
    answer = published(content, form, 300, if_none_match, tag)
    answer.headers["Vary"] = "Accept"
    return answer


ROUTES = [jwk_set, cose_keys, status_list]
