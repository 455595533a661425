"""Reminders before the last day: 90, 30, 7, each once for a card and a last day."""

import pytest

from service.talents.matters.reminding import rung_of
from tests.city import City
from tests.service.talents.matters.life import card_of, holder, notices_of, window

UNTIL = "2031-03-01"


@pytest.mark.parametrize(
    ("left", "rung"),
    [(91, None), (90, 90), (31, 90), (30, 30), (8, 30), (7, 7), (0, 7), (-1, None)],
)
def test_the_nearest_rung_speaks(left: int, rung: int | None) -> None:
    assert rung_of(left) == rung


async def reminders(city: City) -> list[tuple[int, int]]:
    """The days left in each reminder of 济南's card, and the rung that it stands for."""
    rows = await city.sql(
        "SELECT (e.data->>'days')::int AS days, r.days AS rung FROM events e JOIN card_reminders r"
        " ON e.subject = 'cards/' || r.card_id AND e.at = r.reminded_at"
        " AND e.data->>'valid_until' = r.valid_until::text"
        " JOIN cards c ON c.id = r.card_id AND c.region = '370100'"
        " WHERE e.type = 'hck.card.reminded.v1' ORDER BY e.id"
    )
    return [(row["days"], row["rung"]) for row in rows]


async def test_each_rung_speaks_once_whoever_looks_how_often(city: City) -> None:
    mine = await holder(city)
    assert (await card_of(mine))["valid_until"] == UNTIL
    for day in ("2030-11-30", "2030-12-01", "2030-12-02", "2031-01-29", "2031-01-30", "2031-02-22"):
        city.at(f"{day} 09:00")
        await city.sweep()
        await city.sweep()
    assert await reminders(city) == [(90, 90), (30, 30), (7, 7)]
    assert (await notices_of(city, mine))[-1] == (
        "您的惠才卡还有 7 天到期(2031年3月1日),请尽早在“我的卡”中申请延期。"
    )


async def test_nobody_is_woken_and_what_was_missed_is_not_made_up_for(city: City) -> None:
    await holder(city)
    city.at("2031-02-24 08:59")
    await city.sweep()
    assert await reminders(city) == []
    city.at("2031-02-24 09:00")
    await city.sweep()
    assert await reminders(city) == [(5, 7)]


async def test_a_new_last_day_has_reminders_of_its_own(city: City) -> None:
    card = await card_of(await holder(city))
    city.at("2031-02-24 10:00")
    await city.sweep()
    jinan = await window(city, "370100")
    seen = await jinan.get(f"/v1/cards/{card['id']}")
    renew = {"reason": "续签", "valid_until": "2031-05-01"}
    path = f"/v1/cards/{card['id']}/renew"
    assert (await jinan.post(path, renew, etag=seen.headers["ETag"])).status_code == 200
    await city.sweep()
    assert await reminders(city) == [(5, 7), (66, 90)]


async def test_a_card_that_ended_is_not_spoken_of(city: City) -> None:
    card = await card_of(await holder(city))
    province = await window(city, "370000")
    await province.post(f"/v1/cards/{card['id']}/revoke", {"reason": "查实"}, etag='"1"')
    city.at("2031-02-24 10:00")
    await city.sweep()
    assert await reminders(city) == []
