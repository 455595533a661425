"""The life of the keys that sign cards (card-token.md 5): ahead, signing, retired, taken out."""

import asyncio
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

import cards
from cards import base45, cbor, status, token
from cards.keys import ES256, CardKey, KeySet, Signer, SigningKey, b64, unb64
from cards.sm2 import SM2, Sm2CardKey
from events import log
from service.problems import NotAcceptable, Problem
from service.settings import Settings, SettingsError
from service.talents.proof import card_keys, key_acts, key_commands
from service.talents.proof.key_routes import wanted
from service.talents.proof.key_store import SealedStore, Sm2Store, stamp, store_of
from tests.city import City, Someone
from tests.service.counters.desk import desk
from tests.service.talents.cards.print import printed

SEALED = SealedStore()


async def keeper(city: City) -> Someone:
    return await city.person("system_admin")


async def keys(city: City) -> list[dict[str, Any]]:
    answer = await (await keeper(city)).get("/v1/card-keys")
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


async def published(city: City) -> list[str]:
    card_keys.forget()
    document = (await city.nobody.get("/.well-known/jwks.json")).json()
    return [each["kid"] for each in document["keys"] if each["hck_use"] == "card"]


async def signer(city: City) -> str:
    card_keys.forget()
    return b64((await card_keys.signer(city.pool, city.now)).kid)


async def test_5_4_a_new_key_is_published_a_day_before_it_signs(city: City) -> None:
    first = await signer(city)
    made = await (await keeper(city)).post("/v1/card-keys")
    assert (made.status_code, made.json()["state"]) == (201, "ahead")
    kid = made.json()["kid"]
    assert set(await published(city)) == {first, kid}
    city.pass_time(timedelta(hours=23, minutes=59))
    assert await signer(city) == first
    city.pass_time(timedelta(minutes=1))
    assert await signer(city) == kid
    assert await city.events(f"card-keys/{kid}") == ["hck.card_key.made.v1"]


async def test_5_4_a_retired_key_stays_published_until_its_last_token_is_over(city: City) -> None:
    first = await signer(city)
    text = await printed(city)
    await (await keeper(city)).post("/v1/card-keys")
    city.pass_time(timedelta(hours=25))
    done = await (await keeper(city)).post(f"/v1/card-keys/{first}/retire")
    assert (done.status_code, done.json()["state"]) == (200, "retired")
    (row,) = await city.sql("SELECT max(expires_at) FROM card_prints")
    assert datetime.fromisoformat(done.json()["expires_at"]) == row[0]
    assert first in await published(city)
    counter = await desk(city)
    assert (await counter.verify(text))["result"] == "valid"
    assert await signer(city) != first


async def test_without_printings_it_stays_as_long_as_its_status_lists(city: City) -> None:
    first = await signer(city)
    await (await keeper(city)).post("/v1/card-keys")
    city.pass_time(timedelta(hours=25))
    await (await keeper(city)).post(f"/v1/card-keys/{first}/retire")
    city.pass_time(timedelta(hours=24, seconds=10))
    assert first not in await published(city)


async def test_the_only_key_is_not_retired(city: City) -> None:
    first = await signer(city)
    refused = await (await keeper(city)).post(f"/v1/card-keys/{first}/retire")
    assert (refused.status_code, refused.json()["code"]) == (409, "no-successor")
    await (await keeper(city)).post("/v1/card-keys")
    refused = await (await keeper(city)).post(f"/v1/card-keys/{first}/retire")
    assert refused.json()["code"] == "no-successor", "the new one does not sign yet"


async def test_5_4_a_leaked_key_is_taken_out_at_once_and_another_signs(city: City) -> None:
    first = await signer(city)
    counter = await desk(city)
    live, print_ = await counter.token(), await printed(city)
    done = await (await keeper(city)).post(f"/v1/card-keys/{first}/revoke", {"reason": "leaked"})
    assert (done.status_code, done.json()["state"]) == (200, "revoked")
    assert first not in await published(city)
    assert [(await counter.verify(each))["reason"] for each in (live, print_)] == [
        "unknown-key"
    ] * 2
    assert (await counter.verify(await counter.token()))["result"] == "valid"
    (row,) = await city.sql("SELECT data FROM events WHERE type = 'hck.card_key.revoked.v1'")
    assert (row["data"]["reason"], row["data"]["prints"]) == ("leaked", 1)
    (kept,) = await city.sql("SELECT private_pem FROM signing_keys WHERE kid = $1", first)
    assert len(bytes(kept["private_pem"])) < 80, "the private half is gone"
    again = await (await keeper(city)).post(f"/v1/card-keys/{first}/revoke", {"reason": "leaked"})
    assert (again.status_code, again.json()["code"]) == (409, "key-ended")


async def test_two_who_take_out_two_keys_at_once_leave_one_that_signs(city: City) -> None:
    someone = await keeper(city)
    await someone.post("/v1/card-keys")
    city.pass_time(timedelta(hours=25))
    someone = await keeper(city)
    both = [each["kid"] for each in await keys(city)]
    await asyncio.gather(
        *(someone.post(f"/v1/card-keys/{kid}/revoke", {"reason": "lost"}) for kid in both)
    )
    states = sorted(each["state"] for each in await keys(city))
    assert states == ["revoked", "revoked", "signing"]


async def test_a_process_believes_a_key_for_five_seconds_at_most() -> None:
    assert card_keys.KEPT_SECONDS <= 5


async def test_a_year_by_the_timers_alone_has_always_one_that_signs(city: City) -> None:
    seen: set[str] = set()
    for _ in range(303):
        async with city.sessions.begin() as session:
            await card_keys.ensure_card_key(session, city.now)
            await key_acts.tidy(session, city.now)
        rows = await city.sql("SELECT * FROM signing_keys WHERE purpose = 'card'")
        for row in rows:
            first = row["published_at"] == min(each["published_at"] for each in rows)
            assert first or row["not_before"] - row["published_at"] >= timedelta(hours=24)
        seen.add(await signer(city))
        city.pass_time(timedelta(hours=29))
    assert len(seen) == 3, "half a year each"
    over = await city.sql("SELECT count(*) FROM signing_keys WHERE expires_at < $1", city.now)
    assert over[0][0] >= 1, "a key without printings does not stay published for five years"


async def test_the_private_half_is_in_no_answer_and_nowhere_in_clear(city: City) -> None:
    await (await keeper(city)).post("/v1/card-keys")
    dump = await city.sql(
        "SELECT signing_keys::text, encode(private_pem, 'escape') FROM signing_keys"
    )
    assert not any("PRIVATE KEY" in text for row in dump for text in row)
    events = await city.sql("SELECT data::text FROM events WHERE type LIKE 'hck.card_key%'")
    answers = (await (await keeper(city)).get("/v1/card-keys")).text
    assert not any(word in answers + str(events) for word in ("PRIVATE", "private_pem", "handle"))


async def test_only_the_keepers_act_and_auditors_look_on(city: City) -> None:
    kid = await signer(city)
    for role in ("auditor", "security_admin"):
        someone = await city.person(role)
        assert (await someone.get("/v1/card-keys")).status_code == 200
        assert (await someone.post("/v1/card-keys")).status_code == 403
    for role in ("talent", "centre", "reviewer"):
        someone = await city.person(role)
        assert (await someone.get("/v1/card-keys")).status_code == 403
    someone = await keeper(city)
    assert (await someone.post("/v1/card-keys/none/retire")).status_code == 404
    path = f"/v1/card-keys/{kid}/revoke"
    assert (await someone.post(path, {"reason": "tired of it"})).status_code == 422


async def test_commands_say_what_they_did(city: City) -> None:
    async def run(*words: str) -> list[str] | None:
        async with city.sessions.begin() as session:
            return await key_commands.run(session, words, SEALED, city.now)

    kid = await signer(city)
    assert await run("list") == await run()
    listed = await run("list")
    assert listed is not None
    assert listed[0].startswith(f"{kid}  签发中")
    made = await run("make")
    assert made is not None
    assert "已生成并公布" in made[0]
    with pytest.raises(Problem):
        await run("retire", kid)
    revoked = await run("revoke", kid, "leaked")
    assert revoked is not None
    assert "已吊销" in revoked[0]
    assert await run("sing") is None
    with pytest.raises(Problem):
        await run("revoke", kid, "because")


class TokenStore:
    """A key service as an installation would plug it in: private halves never leave it."""

    profiles = (CardKey,)

    def __init__(self) -> None:
        self._keys: dict[str, SigningKey] = {}
        self.signed = 0

    def make(self, not_before: datetime, expires_at: datetime) -> tuple[CardKey, str]:
        key, _ = SEALED.make(not_before, expires_at)
        assert isinstance(key, SigningKey)
        label = f"slot-{len(self._keys)}"
        self._keys[label] = key
        return CardKey(key.x, key.y, nbf=key.nbf, exp=key.exp), label

    def signer(self, handle: str, not_before: datetime, expires_at: datetime) -> Signer:
        if handle not in self._keys:
            raise SettingsError("密钥服务里没有这把密钥。")
        return _Remote(self, self._keys[handle], stamp(not_before), stamp(expires_at))

    def destroy(self, handle: str) -> None:
        self._keys.pop(handle, None)


class _Remote:
    def __init__(self, store: TokenStore, key: SigningKey, nbf: int, exp: int) -> None:
        self.alg, self.kid, self.nbf, self.exp = key.alg, key.kid, nbf, exp
        self._sign, self._store = key.sign, store

    def sign(self, message: bytes) -> bytes:
        self._store.signed += 1
        return self._sign(message)


async def test_a_token_store_signs_the_whole_chain_and_its_keys_never_leave_it(city: City) -> None:
    store = TokenStore()
    card_keys.use(store)
    try:
        async with city.sessions.begin() as session:
            old = await signer_row(city)
            await key_acts.revoke(session, store, old, "lost", log.SYSTEM, city.now)
        card_keys.forget()
        counter = await desk(city)
        assert (await counter.verify(await counter.token()))["result"] == "valid"
        assert (await counter.verify(await printed(city)))["result"] == "valid"
        lists = (await counter.machine.get("/v1/offline-pack")).json()["status_lists"]
        assert lists
        assert store.signed >= 3
        rows = await city.sql("SELECT private_pem FROM signing_keys WHERE purpose = 'card'")
        assert all(len(bytes(row["private_pem"])) < 80 for row in rows), "labels only"
    finally:
        card_keys.use(SEALED)


async def signer_row(city: City) -> str:
    rows = await city.sql("SELECT kid FROM signing_keys WHERE purpose = 'card'")
    return str(rows[0]["kid"])


@pytest.mark.parametrize("wrong", [{"key_store": "drawer"}, {"card_profile": "rsa"}])
def test_an_unknown_store_stops_the_start_with_one_sentence(wrong: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match="HCK_KEY_STORE"):
        store_of(settings(**wrong))
    assert type(store_of(settings())) is SealedStore


def settings(**given: str) -> Settings:
    url = {"database_url": "postgresql://x", "database_owner_url": "postgresql://x"}
    return Settings(**url, **given)  # type: ignore[arg-type]


# ── the second profile (6.1): the same keys' life, switched on by a setting ──


@pytest.fixture
def sm2() -> Iterator[Sm2Store]:
    """HCK_CARD_PROFILE=sm2."""
    store = store_of(settings(card_profile="sm2"))
    assert isinstance(store, Sm2Store)
    card_keys.use(store)
    yield store
    card_keys.use(SEALED)


async def made_and_switched(city: City, store: Sm2Store) -> str:
    """A new key of the profile that is on, signing alone."""
    async with city.sessions.begin() as session:
        made = await key_acts.make(session, store, log.SYSTEM, city.now)
        kid = made.kid
    city.pass_time(timedelta(hours=24))
    async with city.sessions.begin() as session:
        await key_acts.switch(session, kid, log.SYSTEM, city.now)
    card_keys.forget()
    return kid


async def test_6_1_switched_on_an_sm2_key_lives_as_the_others_do(city: City, sm2: Sm2Store) -> None:
    counter = await desk(city)
    old = await printed(city)
    kid = await made_and_switched(city, sm2)
    counter = await desk(city)
    live = await counter.token()
    read = cbor.decode(base45.decode(live.removeprefix("HCK1:")))[0].value
    assert cbor.decode(read[0])[0] == {1: SM2, 4: unb64(kid), 16: "hck-l"}
    assert (await counter.verify(live))["result"] == "valid"
    assert (await counter.redeem(live)).status_code == 201
    assert (await counter.verify(old))["result"] == "valid", "what ES256 signed goes on"
    pack = (await counter.machine.get("/v1/offline-pack")).json()
    keys = KeySet.from_jwks(pack["jwks"], (CardKey, Sm2CardKey))
    assert {key.alg for key in keys} == {ES256, SM2}
    for each in pack["status_lists"]:
        assert (
            status.read_jwt(each["jwt"], keys=keys, now=int(city.now.timestamp())).uri
            == each["uri"]
        )
    cose = await city.nobody.get("/.well-known/cose-keys")
    assert len(KeySet.from_cose(cose.content, (CardKey, Sm2CardKey))) == len(keys)
    async with city.sessions.begin() as session:
        await key_acts.revoke(session, sm2, kid, "leaked", log.SYSTEM, city.now)
    assert (await counter.verify(await counter.token()))["result"] == "valid", "another was made"


async def test_6_1_switched_off_again_such_a_token_is_refused_and_es256_signs(
    city: City, sm2: Sm2Store
) -> None:
    await made_and_switched(city, sm2)
    counter = await desk(city)
    live = await counter.token()
    card_keys.use(SEALED)
    assert (await counter.verify(live))["reason"] == "unknown-key"
    async with city.sessions.begin() as session:
        await card_keys.ensure_card_key(session, city.now)
    card_keys.forget()
    assert (await counter.verify(await counter.token()))["result"] == "valid"


def test_6_1_without_its_package_the_start_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "cards.sm2", None)
    monkeypatch.delattr(cards, "sm2")
    with pytest.raises(SettingsError, match="gmssl-pyx"):
        store_of(settings(card_profile="sm2"))


def test_a_signer_of_any_store_mints_what_the_verifier_knows() -> None:
    key, _ = SEALED.make(datetime.fromtimestamp(0).astimezone(), datetime(2100, 1, 1).astimezone())
    live = token.Live("A" * 12, 1_772_413_200, b"c" * 16, "hck:s1", 7, 2, "张*")
    assert isinstance(key, SigningKey)
    assert token.mint_live(live, key, issuer="hck37").startswith("HCK1:")


async def test_a_switch_leaves_one_that_signs_and_waits_for_the_day(city: City) -> None:
    first = await signer(city)
    made = (await (await keeper(city)).post("/v1/card-keys")).json()["kid"]
    path = f"/v1/card-keys/{made}/switch"
    early = await (await keeper(city)).post(path)
    assert (early.status_code, early.json()["code"]) == (409, "no-successor")
    city.pass_time(timedelta(hours=24))
    done = await (await keeper(city)).post(path)
    assert (done.status_code, done.json()["state"]) == (200, "signing")
    states = {each["kid"]: each["state"] for each in await keys(city)}
    assert states == {first: "retired", made: "signing"}
    assert (await city.events(f"card-keys/{made}"))[-1] == "hck.card_key.switched.v1"
    refused = await (await keeper(city)).post(f"/v1/card-keys/{first}/switch")
    assert refused.json()["code"] == "key-ended"


async def test_5_4_a_list_is_not_shown_under_a_key_that_was_taken_out(city: City) -> None:
    counter = await desk(city)
    await counter.token()
    uri = (await counter.machine.get("/v1/offline-pack")).json()["status_lists"][0]["uri"]
    path = f"/v1/status-lists/{uri.removeprefix('hck:')}"
    await city.nobody.get(path)
    kid = await signer(city)
    await (await keeper(city)).post(f"/v1/card-keys/{kid}/revoke", {"reason": "leaked"})
    shown = (await city.nobody.get(path)).text
    known = await card_keys.published(city.pool, city.now)
    assert status.read_jwt(shown, keys=known, now=int(city.now.timestamp())).uri == uri


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        (None, "jwt"),
        ("*/*", "jwt"),
        ("application/*", "jwt"),
        ("application/statuslist+cwt", "cwt"),
        ("application/statuslist+jwt;q=0.1, application/statuslist+cwt", "cwt"),
        ("application/statuslist+cwt;q=0.5, */*;q=0.4", "cwt"),
        ("application/statuslist+cwt, application/statuslist+jwt", "jwt"),
    ],
)
def test_8_3_the_form_that_is_wanted_most_is_given(accept: str | None, form: str) -> None:
    assert wanted(accept).endswith(form)


@pytest.mark.parametrize("accept", ["text/html", "application/statuslist+cwt;q=0", "*/*;q=0"])
def test_8_3_a_form_that_nobody_wants_is_not_given(accept: str) -> None:
    with pytest.raises(NotAcceptable):
        wanted(accept)
