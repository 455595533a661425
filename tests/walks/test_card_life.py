"""A card's life from the first reminder to its end, as its people live it."""

from tests.city import City
from tests.service.talents.matters.life import (
    act,
    agreed,
    ask,
    asked,
    card_of,
    decide,
    holder,
    notices_of,
    uscc,
    window,
)
from workers.timers import tidy


async def later(city: City, moment: str) -> None:
    """Months go by, and the timers have kept keys and lists up meanwhile."""
    city.at(moment)
    await tidy(city.sessions, city.now)
    await city.sweep()


async def test_a_card_is_renewed_moves_with_its_holder_is_lost_and_ends(city: City) -> None:
    # A card that was issued years ago: 90 days before its last day the holder is told, once.
    mine = await holder(city)
    await city.sql("UPDATE cards SET valid_until = '2026-06-29' WHERE region = '370100'")
    first = await card_of(mine)
    await later(city, "2026-03-31 09:30")
    mine = await holder(city)
    assert (await notices_of(city, mine))[-1].startswith("您的惠才卡还有 90 天到期")

    # They ask; the city's window agrees; the card is good for longer, and nobody is told again.
    renewal = await asked(mine, first["id"], "renewal", contract_until="2033-06-30")
    await agreed(await window(city, "370100"), renewal)
    await later(city, "2026-06-30 09:30")
    mine = await holder(city)
    renewed = await card_of(mine)
    assert (renewed["state"], renewed["valid_until"]) == ("active", "2033-06-30")

    # A new job in 历下区: that window decides, and the new unit's specialist looks after them.
    move = await asked(mine, first["id"], "unit_change", unit_uscc=await uscc(city, "370102"))
    await agreed(await window(city, "370102"), move)
    await city.settle()
    theirs, boss = await city.person("unit_specialist"), await city.person("unit_manager")
    assert (await theirs.get(f"/v1/cards/{first['id']}")).json()["region"] == "370102"
    assert (await notices_of(city, theirs))[-1] == "一位持卡人才已转入本单位,请与其联系。"

    # The telephone is lost: stopped at once, asked to be replaced; the window gives a new number.
    shown = await mine.post("/v1/me/card/presentations", key=None)
    assert shown.status_code == 201
    seen = await mine.get(f"/v1/cards/{first['id']}")
    await mine.post(
        f"/v1/cards/{first['id']}/suspend", {"reason": "遗失"}, etag=seen.headers["ETag"]
    )
    airport = await city.client("airport")
    point = (await airport.get("/v1/service-points")).json()["items"][0]["id"]
    body = {"token": shown.json()["token"], "service_point": point}
    refused = (await airport.post("/v1/verifications", body, key=None)).json()
    assert refused["reason"] == "card-suspended"
    lost = await asked(mine, first["id"], "replacement", cause="lost")
    done = await agreed(await window(city, "370102"), lost)
    second = await card_of(mine)
    assert second["id"] == done["new_card_id"]
    assert second["number"] != first["number"]
    assert second["valid_until"] == "2033-06-30"

    # The unit proposes to end it; the holder answers; the province declines; nothing has changed.
    proposal = await asked(boss, second["id"], "revocation")
    await act(mine, proposal, "statement", {"statement": "仍在岗,另附证明"})
    province = await window(city, "370000")
    assert (await decide(province, proposal, "decline", "理由不足")).status_code == 200
    assert (await mine.post("/v1/me/card/presentations", key=None)).status_code == 201

    # A year later they leave: reported by the unit, confirmed by the province, ended for good.
    await later(city, "2027-06-21 10:00")
    boss, province = await city.person("unit_manager"), await window(city, "370000")
    leaving = await asked(boss, second["id"], "leaving", happened_on="2027-06-20")
    await agreed(province, leaving)
    mine = await holder(city)
    assert (await card_of(mine))["state"] == "revoked"
    assert (await ask(mine, second["id"], "renewal")).json()["code"] == "wrong-state"
    refused = await mine.post("/v1/me/card/presentations", key=None)
    assert refused.json()["reason"] == "card-revoked"

    # The story of the second card, in the words that its holder reads.
    story = (await mine.get(f"/v1/cards/{second['id']}/timeline")).json()["items"]
    assert [(each["by"], each["text"]) for each in story] == [
        ("人社窗口", "签发,有效期至2033年6月30日"),
        ("单位业务负责人", "提出“注销提议”"),
        ("持卡人", "就“注销提议”作出陈述"),
        ("人社窗口", "未同意“注销提议”"),
        ("单位业务负责人", "提出“离鲁报告”"),
        ("人社窗口", "同意“离鲁报告”"),
        ("人社窗口", "注销(离鲁)"),
    ]
