"""card-token.md 13.1: a counter can check a token with nothing but its pack."""

from cards import offline, status, token
from cards.keys import CardKey, KeySet, unb64
from tests.city import City
from tests.service.counters.desk import desk


async def test_a_token_is_verified_with_the_pack_alone(city: City) -> None:
    counter = await desk(city)
    shown = await counter.token()
    answer = await counter.machine.get("/v1/offline-pack")
    assert answer.status_code == 200
    pack = answer.json()
    assert (pack["max_status_age_s"], pack["low_value_max_status_age_s"]) == (3600, 86_400)
    keys = KeySet(
        [
            CardKey(unb64(each["x"]), unb64(each["y"]), nbf=each["nbf"], exp=each["exp"])
            for each in pack["jwks"]["keys"]
        ]
    )
    now = int(city.now.timestamp())
    lists = {
        each["uri"]: status.read_jwt(each["jwt"], keys=keys, now=now)
        for each in pack["status_lists"]
    }

    def status_of(uri: str, idx: int) -> int | None:
        return status.entry(lists[uri].packed, idx) if uri in lists else None

    told = offline.verify_offline(
        shown,
        now=now,
        keys=keys,
        issuer=pack["issuer"],
        status_of=status_of,
        seen=lambda iss, cti: False,
    )
    assert isinstance(told, token.Claims)
    lounge = next(each for each in pack["offerings"] if each["code"] == "TR-01")
    assert set(lounge) == {"code", "name", "low_value"}


async def test_only_machines_of_counters_have_it(city: City) -> None:
    for other in (await city.client("housing"), await city.person("talent")):
        assert (await other.get("/v1/offline-pack")).status_code == 403
