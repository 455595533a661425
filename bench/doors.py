"""The three doors that are measured: verify, redeem, submit."""

import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import asyncpg
import httpx
import msgspec

from bench.stage import HOLDERS, SUB_OF, UUID_OF, Stage, card_of, session_of, sub_of
from cards import token
from cards.keys import Signer
from service import ids, sealing
from service.talents.proof import card_keys

OFFERING = "CT-02"
"""A benefit with 365 uses a year: the run does not use it up."""
REQUEST: dict[str, Any] = {
    "offering": "LE-01",
    "region": "370100",
    "form": {"matter": "咨询专利实施许可合同的条款", "contact_phone": "13800005678"},
}

ANY_BYTES = "lpad(:k::text, 32, '0')"


class Call(msgspec.Struct, frozen=True):
    """One HTTP call, and the texts of it that differ from call to call, as SQL expressions."""

    octets: bytes
    varied: dict[str, str]


class Door(msgspec.Struct, frozen=True):
    """One door: how its calls are made, and the status of success."""

    name: str
    status: int
    aim: float
    make: Callable[[int], Call]


class Desk:
    """A counter's machine and the key that signs the tokens that it is shown."""

    def __init__(self, access: str, point: str, key: Signer, host: str) -> None:
        self.access, self.point, self.key, self.host = access, point, key, host

    def token(self, n: int) -> tuple[str, bytes]:
        """A live token of the n-th card, and its cti."""
        cti = ids.random_bytes(16)
        live = token.Live(sub_of(n), int(time.time()), cti, "hck:bench", n, 2, "张*")
        return token.mint_live(live, self.key, issuer="hck37"), cti

    def verify(self, at: int) -> Call:
        """`POST /v1/verifications`."""
        n = at % HOLDERS + 1
        shown, cti = self.token(n)
        body = {"token": shown, "service_point": self.point}
        octets = post(self.host, "/v1/verifications", self.access, body)
        return Call(octets, card_varied(n, cti))

    def redeem(self, at: int) -> Call:
        """`POST /v1/redemptions`."""
        n = at % HOLDERS + 1
        shown, cti = self.token(n)
        key = f"bench-key-{ids.new_id()}"
        body = {"token": shown, "service_point": self.point, "offering": OFFERING, "companions": 0}
        octets = post(self.host, "/v1/redemptions", self.access, body, key)
        return Call(octets, card_varied(n, cti) | {key: "('bench-key-' || :k::text)"})

    def submit(self, at: int) -> Call:
        """`POST /v1/requests`, each holder in turn."""
        return self.asked(at, REQUEST)

    def asked(self, at: int, request: dict[str, Any]) -> Call:
        """The same for another request."""
        key = f"bench-key-{ids.new_id()}"
        octets = post(self.host, "/v1/requests", session_of(at % HOLDERS + 1), request, key)
        return Call(octets, {key: "('bench-key-' || :k::text)"})

    @property
    def doors(self) -> tuple[Door, ...]:
        """All of them with what is aimed at, as a part of pgbench's rate."""
        return (
            Door("verify", 200, 0.20, self.verify),
            Door("redeem", 201, 0.20, self.redeem),
            Door("submit", 201, 0.10, self.submit),
        )


def card_varied(n: int, cti: bytes) -> dict[str, str]:
    """The texts by which the n-th card and its token stand in statements."""
    return {
        sub_of(n): SUB_OF.format(n=":n"),
        card_of(n): UUID_OF.format(n=":n"),
        cti.hex(): ANY_BYTES,
    }


def post(host: str, path: str, access: str, body: Any, key: str | None = None) -> bytes:
    """A whole HTTP/1.1 call."""
    content = msgspec.json.encode(body)
    lines = [
        f"POST {path} HTTP/1.1",
        f"Host: {host}",
        f"Authorization: Bearer {access}",
        "Content-Type: application/json",
        f"Content-Length: {len(content)}",
    ]
    if key is not None:
        lines.append(f"Idempotency-Key: {key}")
    return "\r\n".join([*lines, "", ""]).encode() + content


async def desk_of(stage: Stage) -> Desk:
    """The museum's counter with a fresh access token, and the signing key."""
    machine = next(each for each in stage.document["clients"] if each["key"] == "museum")
    async with httpx.AsyncClient(base_url=stage.base_url) as http:
        answer = await http.post(
            "/oauth/token",
            content=urlencode({"grant_type": "client_credentials"}),
            headers={"Content-Type": "application/x-www-form-urlencoded"},
            auth=(machine["client_id"], machine["client_secret"]),
        )
        access = answer.json()["access_token"]
        points = await http.get("/v1/service-points", headers={"Authorization": f"Bearer {access}"})
    sealing.use(stage.ring())
    async with asyncpg.create_pool(stage.settings.database_url, min_size=1, max_size=1) as pool:
        key = await card_keys.signer(pool, service_now())
    return Desk(access, points.json()["items"][0]["id"], key, f"127.0.0.1:{stage.port}")


def service_now() -> Any:
    """The time, as the service reads it."""
    from service.app import wall_clock

    return wall_clock()
