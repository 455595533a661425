"""A holder shows the card, a counter looks and gives, until the year is used up."""

from datetime import timedelta

from tests.city import City
from tests.service.counters.desk import benefit, desk


async def test_a_checkup_is_given_once_a_year_and_the_lounge_until_it_is_used_up(
    city: City,
) -> None:
    hospital, airport = await desk(city, "hospital"), await desk(city, "airport")

    # The phone shows a code; the hospital's desk sees whose it is and what is left.
    shown = await hospital.token()
    seen = await hospital.verify(shown)
    assert (seen["result"], benefit(seen, "ME-02")["left"]) == ("valid", 1)

    # The check-up is given. The same code is worth nothing now, here or anywhere else.
    given = await hospital.redeem(shown, "ME-02")
    assert (given.status_code, given.json()["left"]) == (201, 0)
    assert (await airport.verify(shown))["reason"] == "token-replayed"

    # The phone has drawn a new one by itself; the year's check-up is used up.
    city.pass_time(timedelta(seconds=30))
    fresh = await hospital.token()
    assert benefit(await hospital.verify(fresh), "ME-02")["reason"] == "quota-exhausted"
    refused = await hospital.redeem(fresh, "ME-02")
    assert (refused.status_code, refused.json()["code"]) == (409, "quota-exhausted")

    # The refused code is unused: the lounge takes it, with the companion it allows.
    lounge = await airport.redeem(fresh, "TR-01", companions=1)
    assert (lounge.status_code, lounge.json()["left"]) == (201, 11)

    # What happened is in the log, once each, and every consumer has heard of it.
    await city.settle()
    for answer in (given, lounge):
        story = await city.events(f"redemptions/{answer.json()['id']}")
        assert story == ["hck.benefit.redeemed.v1"]

    # The office suspends the card; the next scan is red and says what to do.
    await city.sql("UPDATE cards SET state = 'suspended', revision = revision + 1")
    seen = await airport.verify(fresh)
    assert (seen["reason"], seen["message"]) == (
        "card-suspended", "此卡已暂停使用,请持卡人联系服务专员。",
    )  # fmt: skip
    assert await city.sql("SELECT count(*) FROM verifications") == [(4,)]
