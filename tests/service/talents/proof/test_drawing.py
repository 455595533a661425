"""The night's drawing of places in tomorrow's lists (card-token.md 3.9, 8.4)."""

import asyncio
from datetime import date, timedelta
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cards import status
from service import ids
from service.talents.proof import drawing, statuslists
from tests.city import City
from tests.service.talents.cards.test_card_acts import act, holder
from workers import timers

DAY = date(2026, 3, 3)
MORE = """
INSERT INTO people (id, name, id_kind, id_number, id_blind, born_on, created_at)
SELECT gen_random_uuid(), name, id_kind, id_number, decode(md5(n::text), 'hex'), born_on, created_at
FROM (SELECT * FROM people LIMIT 1) p, generate_series(1, $1) n RETURNING id"""
CARDS = """
INSERT INTO cards (id, number, person_id, category, tier, region, state, masked_name, issued_on,
    valid_until, revision)
SELECT gen_random_uuid(), substr(md5(p::text), 1, 10), p, 2, 'A', '370100', 'active', c.masked_name,
    c.issued_on, c.valid_until, 1
FROM unnest($1::uuid[]) p, (SELECT * FROM cards LIMIT 1) c"""


CHANGES = "SELECT count(*) FROM status_changes WHERE day = $1"


async def holders(city: City, count: int) -> None:
    people = [row["id"] for row in await city.sql(MORE, count)]
    await city.pool.execute(CARDS, people)


async def draw(city: City, limit: int = drawing.BATCH) -> int:
    async with city.sessions.begin() as session:
        await statuslists.prepare_day(session, DAY, city.now)
        return await drawing.draw_ahead(session, DAY, city.now, limit)


async def places(city: City) -> list[tuple[str, int]]:
    rows = await city.sql("SELECT list_id, idx FROM card_days WHERE day = $1", DAY)
    return [(row["list_id"], row["idx"]) for row in rows]


async def test_every_card_has_a_place_of_its_own_before_the_day_begins(city: City) -> None:
    await holders(city, 500)
    assert await draw(city) == 503
    given_ = await places(city)
    assert len(given_) == len(set(given_)) == 503
    assert await draw(city) == 0, "once"
    (row,) = await city.sql("SELECT sum($2 - free) FROM status_lists WHERE day = $1", DAY, 65_536)
    assert row[0] == 503


async def test_a_batch_is_bounded_and_the_next_goes_on(city: City) -> None:
    await holders(city, 90)
    assert [await draw(city, 40) for _ in range(4)] == [40, 40, 13, 0]


async def test_places_are_scattered_over_the_whole_list_and_over_all_lists(city: City) -> None:
    await holders(city, 400)
    await draw(city)
    indices = sorted(idx for _, idx in await places(city))
    assert indices[0] < 6_000
    assert indices[-1] > 59_000
    assert 25_000 < indices[len(indices) // 2] < 40_000


async def test_no_list_is_more_than_half_full(city: City, monkeypatch: object) -> None:
    await holders(city, 300)
    before = statuslists.CROWDED
    statuslists.CROWDED = 100
    try:
        await draw(city)
    finally:
        statuslists.CROWDED = before
    rows = await city.sql("SELECT list_id, count(*) FROM card_days WHERE day = $1 GROUP BY 1", DAY)
    assert len(rows) >= 4
    listed = await city.sql("SELECT count(*) FROM status_lists WHERE day = $1", DAY)
    assert listed[0][0] == 4


async def test_many_hands_at_once_give_no_place_twice(city: City) -> None:
    await holders(city, 200)
    async with city.sessions.begin() as session:
        await statuslists.prepare_day(session, DAY, city.now)
    cards = [row["id"] for row in await city.sql("SELECT id FROM cards WHERE state = 'active'")]
    lazily = [statuslists.place_of(city.pool, each, DAY, city.now) for each in cards[:60]]
    await asyncio.gather(draw(city), draw(city), *lazily)
    await draw(city)
    given_ = await places(city)
    assert len(given_) == len(set(given_)) == len(cards)
    (row,) = await city.sql("SELECT sum($2 - free) FROM status_lists WHERE day = $1", DAY, 65_536)
    assert row[0] == len(cards)


async def test_a_suspended_card_is_not_drawn_for(city: City) -> None:
    who, card = await holder(city)
    await act(who, card, "suspend")
    assert await draw(city) == 2


async def test_tomorrow_s_draw_is_the_name_that_the_card_will_go_by(city: City) -> None:
    await draw(city)
    (row,) = await city.sql("SELECT * FROM card_days WHERE day = $1 LIMIT 1", DAY)
    place = await statuslists.place_of(city.pool, row["card_id"], DAY, city.now)
    assert (place.list_id, place.idx, place.sub) == (row["list_id"], row["idx"], row["sub"])


async def test_the_timers_draw_from_eight_in_the_evening(city: City) -> None:
    city.at("2026-03-02 19:59")
    await timers.tidy(city.sessions, city.now)
    assert await places(city) == []
    city.at("2026-03-02 20:00")
    await timers.tidy(city.sessions, city.now)
    assert len(await places(city)) == 3


async def test_a_batch_that_is_cut_off_leaves_nothing_half_done(city: City) -> None:
    await holders(city, 50)

    class CutOff(Exception):
        pass

    try:
        async with city.sessions.begin() as session:
            await statuslists.prepare_day(session, DAY, city.now)
            await drawing.draw_ahead(session, DAY, city.now, 20)
            raise CutOff
    except CutOff:
        pass
    assert await places(city) == []
    assert await draw(city) == 53


async def test_a_change_moves_the_list_on_whoever_makes_it(city: City) -> None:
    await draw(city)
    before = await city.sql(CHANGES, DAY)
    await city.pool.execute("UPDATE cards SET state = 'suspended' WHERE region = '370100'")
    after = await city.sql(CHANGES, DAY)
    assert after[0][0] == before[0][0] + 1
    await city.pool.execute("UPDATE cards SET print_cti = NULL")
    same = await city.sql(CHANGES, DAY)
    assert same[0][0] == after[0][0], "what does not stand in the list moves nothing"


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.integers(0, status.SIZE - 1), st.integers(0, 3), max_size=200))
def test_a_list_is_packed_as_it_is_read(entries: dict[int, int]) -> None:
    packed = status.pack(entries)
    assert len(packed) == status.UNPACKED
    assert all(status.entry(packed, idx) == value for idx, value in entries.items())


def test_a_day_s_names_tell_no_two_days_together() -> None:
    from cards import sub

    card = UUID(int=7)
    keys = [ids.random_bytes(32) for _ in range(50)]
    assert len({sub.daily(key, card) for key in keys}) == 50
    assert timedelta(days=30) == statuslists.LINKABLE


async def test_two_who_change_many_cards_in_another_order_do_not_block_one_another(
    city: City,
) -> None:
    await holders(city, 3)
    cards = [row["id"] for row in await city.sql("SELECT id FROM cards ORDER BY id LIMIT 4")]
    await city.pool.execute(
        "INSERT INTO status_lists (id, day, free, created_at) VALUES ('aa', $1, 65536, now()),"
        " ('bb', $1, 65536, now())",
        DAY,
    )
    for n, card in enumerate(cards):
        place = (DAY, card, f"sub-{n}", "aa" if n in (0, 3) else "bb", n)
        await city.pool.execute("INSERT INTO card_days VALUES ($1, $2, $3, $4, $5)", *place)
    first_done = [asyncio.Event(), asyncio.Event()]

    async def batch(me: int, one: UUID, two: UUID) -> None:
        change = "UPDATE cards SET state = 'revoked' WHERE id = $1"
        async with city.pool.acquire() as connection, connection.transaction():
            await connection.execute(change, one)
            first_done[me].set()
            await first_done[1 - me].wait()
            await connection.execute(change, two)

    await asyncio.gather(batch(0, cards[0], cards[1]), batch(1, cards[2], cards[3]))
    assert (await city.sql(CHANGES, DAY))[0][0] == 4
