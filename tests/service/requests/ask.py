"""Requests on their way, through the doors: for tests that begin further on."""

from typing import Any

from tests.city import City, Someone

APARTMENT: dict[str, Any] = {
    "family_size": 3,
    "preferred_district": "370102",
    "move_in_on": "2026-05-01",
    "has_local_home": False,
    "contact_phone": "13800000000",
}
GRANTED: dict[str, Any] = {"outcome": "granted", "result": {"summary": "已配租人才公寓一套"}}


def body(**given: Any) -> dict[str, Any]:
    """An apartment asked for in 济南."""
    return {"offering": "HO-01", "region": "370100", "form": APARTMENT} | given


class Case:
    """One request and the two sides of it."""

    def __init__(self, city: City, holder: Someone, partner: Someone, made: dict[str, Any]) -> None:
        self.city, self.holder, self.partner, self.made = city, holder, partner, made
        self.id: str = made["id"]
        self.path = f"/v1/requests/{self.id}"
        self.desk = f"/v1/partner/requests/{self.id}"

    async def tag(self, who: Someone | None = None) -> str:
        """The ETag as one side sees it now."""
        asked = await self.partner.get(self.desk) if who is None else await who.get(self.path)
        assert asked.status_code == 200, asked.text
        return str(asked.headers["ETag"])

    async def act(self, act: str, content: Any = None) -> Any:
        """The partner acts on what it sees now; returns the answer."""
        return await self.partner.post(f"{self.desk}/{act}", content, etag=await self.tag())

    async def hold(self, act: str, content: Any = None) -> Any:
        """The holder acts on what they see now; returns the answer."""
        tag = await self.tag(self.holder)
        return await self.holder.post(f"{self.path}/{act}", content, etag=tag)

    async def events(self) -> list[str]:
        """Its events, without the common part of their names."""
        names = await self.city.events(f"requests/{self.id}")
        return [name.removeprefix("hck.").removesuffix(".v1") for name in names]

    async def state(self) -> str:
        """The state it is in; whoever looks, and however late."""
        rows = await self.city.sql("SELECT state FROM requests WHERE id = $1", self.id)
        return str(rows[0]["state"])


async def submitted(city: City, **given: Any) -> Case:
    """A request that nobody has yet; `partner` is the housing bureau of 济南."""
    holder = await city.person("talent", region="370100")
    made = await holder.post("/v1/requests", body(**given))
    assert made.status_code == 201, made.text
    return Case(city, holder, await city.client("housing"), made.json())


async def offered(city: City, **given: Any) -> Case:
    """A request that the housing bureau may accept."""
    case = await submitted(city, **given)
    await city.settle()
    return case


async def accepted(city: City, **given: Any) -> Case:
    """A request that the housing bureau works on."""
    case = await offered(city, **given)
    answer = await case.act("accept")
    assert answer.status_code == 200, answer.text
    return case
