"""A counter and a holder in front of it, for tests of this room."""

from typing import Any

import httpx

from tests.city import City, Someone

JINAN, QINGDAO, YANTAI = "370100", "370200", "370600"


class Desk:
    """One machine at one 服务网点."""

    def __init__(self, city: City, machine: Someone, points: list[dict[str, Any]]) -> None:
        self.city, self.machine, self.points = city, machine, points
        self.point: str = points[0]["id"]

    async def token(self, region: str = JINAN) -> str:
        """A fresh live token of the sample holder of this city."""
        holder = await self.city.person("talent", region=region)
        shown = await holder.post("/v1/me/card/presentations", key=None)
        assert shown.status_code == 201, shown.text
        return str(shown.json()["token"])

    async def verify(self, token: Any, **more: Any) -> dict[str, Any]:
        """The answer's body; it is 200 whatever the token."""
        answer = await self.ask(token, **more)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def ask(self, token: Any, **more: Any) -> httpx.Response:
        """`POST /v1/verifications`."""
        body = {"token": token, "service_point": self.point} | more
        return await self.machine.post("/v1/verifications", body, key=None)

    async def redeem(
        self, token: str, offering: str = "TR-01", *, key: str | None = "fresh", **more: Any
    ) -> httpx.Response:
        """`POST /v1/redemptions`."""
        body = {"token": token, "offering": offering, "service_point": self.point} | more
        return await self.machine.post("/v1/redemptions", body, key=key)


async def desk(city: City, key: str = "airport") -> Desk:
    """The counter of a sample partner, with a fresh access token."""
    machine = await city.client(key)
    points = (await machine.get("/v1/service-points")).json()["items"]
    return Desk(city, machine, points)


def benefit(view: dict[str, Any], code: str) -> dict[str, Any]:
    """One benefit of a verification's answer."""
    found: dict[str, Any] = next(each for each in view["benefits"] if each["offering"] == code)
    return found
