"""Steps of applications and matters of cards are clocks of the same kind (time.md L4, R1)."""

from tests.city import City
from tests.service.calendars.table import applied, drafted, snow, tried
from tests.service.talents.apply import at_county
from tests.service.talents.matters import life


async def test_l4_a_review_step_and_a_matter_move_like_any_clock(city: City) -> None:
    way = await at_county(city)
    who = await life.holder(city)
    card = await life.card_of(who)
    matter = await life.asked(who, card["id"], "renewal")
    before = {
        table: (await city.sql(f"SELECT due_at, revision FROM {table} WHERE due_at IS NOT NULL"))[0]
        for table in ("card_applications", "card_matters")
    }
    draft = await drafted(city, snow(region="370000"))
    found = await tried(city, draft)
    assert found["by_leg"] == {"review": 1, "matter": 1}
    await applied(city, draft)
    await city.sweep()
    for table, subject in (
        ("card_applications", f"applications/{way.id}"), ("card_matters", f"cards/{card['id']}"),
    ):  # fmt: skip
        [row] = await city.sql(f"SELECT * FROM {table} WHERE due_at IS NOT NULL")
        assert row["due_at"] > before[table]["due_at"]
        assert (row["generation"], row["calendar_version"]) == (2, 2)
        # Whoever has the page open is not told that it changed under their hands.
        assert row["revision"] == before[table]["revision"]
        assert (await city.events(subject))[-1] == "hck.deadline.recomputed.v1"
    said = await city.sql("SELECT text FROM notices WHERE kind = 'deadline.recomputed'")
    assert {row["text"].partition("时限")[0] for row in said} == {
        "工作日历调整,一份办卡申请的审核", "工作日历调整,一件卡务的办理",
    }  # fmt: skip
    shown = (await (await way.who("county")).get(f"{way.path}/deadline")).json()
    assert any("暴雪停工" in line["why"] for line in shown["explanation"])
    assert matter["due_at"] is not None


async def test_r2_a_matter_that_was_decided_is_not_touched(city: City) -> None:
    who = await life.holder(city)
    card = await life.card_of(who)
    matter = await life.asked(who, card["id"], "renewal")
    await life.act(who, matter, "withdraw")
    before = await city.sql("SELECT * FROM card_matters")
    await applied(city, await drafted(city, snow(region="370000")))
    await city.sweep()
    assert await city.sql("SELECT * FROM card_matters") == before
