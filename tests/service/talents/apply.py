"""Applications on their way, through the doors: for tests that begin further on."""

from typing import Any

import httpx

from tests.city import City, Someone

WAYS = "/v1/card-applications"
SHANDONG, JINAN, LIXIA = "370000", "370100", "370102"
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
CHEN: dict[str, Any] = {
    "name": "陈若溪",
    "id_kind": "resident_id",
    "id_number": "370105199011082868",
    "phone": "13805310004",
    "address": "济南市历下区经十路 9999 号",
}


async def applicant(city: City) -> Someone:
    """The sample talent who has no card, of a county's unit."""
    entry = next(
        each
        for each in city.planted["people"]
        if each["role"] == "talent" and "category" not in each
    )
    return await city.person("talent", login=entry["login"])


def body(who: Someone, **given: Any) -> dict[str, Any]:
    """An application of category 5 to the applicant's unit."""
    return {
        "category": 5,
        "unit_uscc": who.entry["unit_uscc"],
        "person": CHEN,
        "contract_until": "2029-06-30",
        "evidence": [{"kind": "学历证明", "note": "博士"}],
    } | given


async def file_of(who: Someone, content: bytes = PDF, name: str = "证明.pdf") -> httpx.Response:
    """A file put in."""
    return await who.post("/v1/files", files={"file": (name, content, "application/octet-stream")})


class Way:
    """One application and whoever has to do with it."""

    def __init__(self, city: City, made: dict[str, Any]) -> None:
        self.city, self.id = city, made["id"]
        self.path = f"{WAYS}/{self.id}"

    async def who(self, hand: str) -> Someone:
        """Whose hand: talent, manager, specialist, county, city, province, office."""
        places = {"county": LIXIA, "city": JINAN, "province": SHANDONG}
        if hand == "talent":
            return await applicant(self.city)
        if hand in places:
            return await self.city.person("reviewer", region=places[hand])
        roles = {"manager": "unit_manager", "specialist": "unit_specialist"}
        return await self.city.person(roles.get(hand, hand))

    async def seen(self, hand: str = "talent") -> httpx.Response:
        """The file as somebody sees it now."""
        return await (await self.who(hand)).get(self.path)

    async def act(self, hand: str, act: str, content: Any = None) -> httpx.Response:
        """Somebody acts on what they see now."""
        who = await self.who(hand)
        seen = await who.get(self.path)
        assert seen.status_code == 200, seen.text
        return await who.post(f"{self.path}/{act}", content, etag=seen.headers["ETag"])

    async def done(self, hand: str, act: str, content: Any = None) -> dict[str, Any]:
        """The same, and it went well."""
        answer = await self.act(hand, act, content)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def pass_(self, *hands: str) -> dict[str, Any]:
        """Each passes it in turn."""
        last: dict[str, Any] = {}
        for hand in hands:
            last = await self.done(hand, "decisions", {"decision": "pass", "opinion": "同意"})
        return last

    async def events(self) -> list[str]:
        """Its events, without the common part of their names."""
        names = await self.city.events(f"applications/{self.id}")
        return [each.removeprefix("hck.application.").removesuffix(".v1") for each in names]


async def drafted(city: City, **given: Any) -> Way:
    """A draft of the applicant's."""
    who = await applicant(city)
    made = await who.post(WAYS, body(who, **given))
    assert made.status_code == 201, made.text
    return Way(city, made.json())


async def at_county(city: City, **given: Any) -> Way:
    """An application that the county's window has."""
    way = await drafted(city, **given)
    await way.done("talent", "submit")
    specialist = (await way.who("specialist")).entry["login"]
    await way.done("manager", "assign", {"specialist": specialist})
    await way.done("specialist", "submit")
    await way.pass_("manager")
    return way


async def at_office(city: City, **given: Any) -> Way:
    """An application that waits for nothing but the office's consent."""
    way = await at_county(city, **given)
    await way.pass_("county", "city", "province")
    return way
