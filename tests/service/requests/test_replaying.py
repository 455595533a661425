"""Rules as a table, partners that fall silent, and what rules would have done last month."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.of_requests import RequestOffered, RequestSubmitted
from service.problems import InvalidBody
from service.reference import tables
from service.reference.regions import Region, Regions
from service.reference.tables import BadTable
from service.requests import rule_commands
from service.requests.replaying import Happened, Replay
from service.requests.routing import choose
from service.requests.rules import Rule
from tests.city import City
from tests.service.requests.ask import Case, offered, submitted
from tests.service.requests.test_routing import CHAIN, MORNING, chosen, one, why

LIXIA, JINAN, WINDOW = "housing_lixia", "housing", "window"


async def command(city: City, *words: str) -> list[str]:
    async with city.sessions() as session:
        lines = await rule_commands.run(session, words, city.now)
    assert lines is not None
    return lines


async def load(city: City, lines: list[str]) -> int:
    async with city.sessions.begin() as session:
        return await tables.load(session, "routes", "\n".join(lines) + "\n", city.now)


def changed(lines: list[str], whose: str, **cells: str) -> list[str]:
    """The table with other cells in the lines of HO-01 of one partner."""
    head = lines[0].split("\t")
    found = [lines[0]]
    for line in lines[1:]:
        row = dict(zip(head, line.split("\t"), strict=True))
        if row["offering"] == "HO-01" and whose in row["partner"]:
            row |= cells
        found.append("\t".join(row[column] for column in head))
    return found


async def lapses(city: City, case: Case) -> None:
    """Time passes until the offer is taken back and goes on."""
    while "request.withdrawn_offer" not in await case.events():
        city.pass_time(timedelta(hours=12))
        await city.sweep()


async def test_the_rules_are_shown_changed_and_in_force_at_once(city: City) -> None:
    rules = await command(city, "show")
    assert rules[0].split("\t") == list(tables.COLUMNS["routes"])
    assert await load(city, rules) == 1
    assert await load(city, changed(rules, "历下", region="370100", rank="5")) == 2
    assert len(await command(city, "show")) == len(rules)
    case = await offered(city, region="370102")
    assert (await (await city.client(JINAN)).get(case.desk)).json()["state"] == "offered"


async def test_a_line_that_is_left_out_is_a_route_no_more(city: City) -> None:
    rules = await command(city, "show")
    await load(city, [line for line in rules if "HO-01" not in line or "历下" not in line])
    case = await offered(city, region="370102")
    assert (await (await city.client(LIXIA)).get(case.desk)).status_code == 404
    assert (await (await city.client(JINAN)).get(case.desk)).json()["state"] == "offered"


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ({"offering": "XX-99"}, "没有服务事项"),
        ({"region": "999999"}, "没有行政区划"),
        ({"partner": "某局"}, "没有这个办理单位"),
        ({"daily_capacity": "-1"}, "daily_capacity 应是不带符号的整数"),
        ({"opens_at": "25:00"}, "opens_at 写得不对"),
        ({"opens_at": "17:00", "closes_at": "09:00"}, "opens_at 应早于 closes_at"),
        ({"valid_to": "2017-01-01"}, "valid_to 早于 valid_from"),
    ],
)
async def test_a_wrong_line_is_named_and_nothing_changes(
    city: City, cells: dict[str, str], said: str
) -> None:
    before = await command(city, "show")
    with pytest.raises(BadTable) as refusal:
        await load(city, changed(before, "历下", **cells))
    assert said in str(refusal.value.detail)
    assert await command(city, "show") == before


async def test_a_full_batch_goes_on_and_a_new_month_is_a_new_batch(city: City) -> None:
    rules = await command(city, "show")
    await load(city, changed(rules, "历下", batch_capacity="1"))
    first, second = [await offered(city, region="370102") for _ in range(2)]
    lixia, jinan = await city.client(LIXIA), await city.client(JINAN)
    assert (await lixia.get(first.desk)).status_code == 200
    assert (await jinan.get(second.desk)).status_code == 200
    centre = await city.person("centre")
    explained = (await centre.get(f"{second.path}/routing")).json()["rounds"][0]["considered"]
    assert {c["reason"] for c in explained if "历下" in c["name"]} == {"batch_full"}
    city.at("2026-04-01T10:00")
    third = await offered(city, region="370102")
    assert (await (await city.client(LIXIA)).get(third.desk)).status_code == 200


async def test_who_does_not_answer_gets_fewer_and_the_centre_is_told(
    city: City, tmp_path: Path
) -> None:
    for _ in range(3):
        await lapses(city, await offered(city, region="370102"))
    (partner,) = await city.sql("SELECT id, silent_since FROM partners WHERE name LIKE '%历下区%'")
    assert partner["silent_since"] is not None
    assert await city.events(f"partners/{partner['id']}") == ["hck.partner.fell_silent.v1"]
    centre = await city.person("centre")
    told = (await centre.get("/v1/me/notices?limit=200")).json()["items"]
    assert [n["text"] for n in told if "连续" in n["text"]] == [
        "济南市历下区住房和城乡建设局连续 3 件逾期未接,已减少派件,请联系督办。"
    ]
    city.at("2026-04-01T10:00")
    probe, other = [await offered(city, region="370102") for _ in range(2)]
    lixia, jinan = await city.client(LIXIA), await city.client(JINAN)
    assert (await lixia.get(probe.desk)).status_code == 200
    assert (await jinan.get(other.desk)).status_code == 200
    centre = await city.person("centre")
    explained = (await centre.get(f"{other.path}/routing")).json()["rounds"][0]["considered"]
    assert {c["reason"] for c in explained if "历下" in c["name"]} == {"silent"}
    await Case(city, probe.holder, lixia, probe.made).act("accept")
    assert await city.sql("SELECT 1 FROM partners WHERE silent_since IS NOT NULL") == []
    assert (await city.events(f"partners/{partner['id']}"))[-1] == "hck.partner.answered.v1"
    back = await offered(city, region="370102")
    assert (await lixia.get(back.desk)).status_code == 200
    file = tmp_path / "rules.tsv"
    file.write_text("\n".join(await command(city, "show")))
    (said,) = await command(city, "replay", str(file), "2026-04")
    assert said == "2026年4月共派单 3 次,按此规则结果完全相同。"


def test_the_silent_come_last_but_a_request_is_never_lost_for_them() -> None:
    silent, far = one(1, "370102", silent=True, given_today=1), one(2, "370000", rank=9)
    assert chosen(silent, far) == 2
    assert why(choose([silent, far], chain=CHAIN, now=MORNING), 1) == "silent"
    assert chosen(silent) == 1
    assert chosen(one(1, "370102", silent=True), far) == 1


async def busy_month(city: City) -> None:
    """Two places, shares and a capacity; some bounce, one offer lapses, one is ruled."""
    rules = await command(city, "show")
    rules = changed(rules, "历下", daily_capacity="2")
    await load(city, changed(rules, "综合窗口", region="370100", rank="1", share="2"))
    for _ in range(4):
        await offered(city, region="370100")
    for n in range(4):
        case = await offered(city, region="370102")
        if n % 2:
            lixia = Case(city, case.holder, await city.client(LIXIA), case.made)
            if (await lixia.partner.get(case.desk)).status_code == 200:
                await lixia.act("bounce", {"reason": "no_capacity"})
                await city.settle()
    await lapses(city, await offered(city, region="370102"))
    loan = {"offering": "LE-01", "region": "370200"}
    form = {"matter": "专利许可合同咨询", "contact_phone": "13800000000"}
    await city.sql("DELETE FROM routes WHERE offering = 'LE-01'")
    await submitted(city, **loan, form=form)
    await city.settle()
    centre = await city.person("centre")
    (line,) = (await centre.get("/v1/centre/rulings")).json()["items"]
    tag = (await centre.get(f"/v1/requests/{line['id']}")).headers["ETag"]
    await centre.post(
        f"/v1/centre/rulings/{line['id']}", {"decision": "end", "reason": "无"}, etag=tag
    )


async def test_the_rules_in_force_would_have_done_just_what_was_done(
    city: City, tmp_path: Path
) -> None:
    await busy_month(city)
    file = tmp_path / "rules.tsv"
    file.write_text("\n".join(await command(city, "show")))
    city.at("2026-04-02T10:00")
    (said,) = await command(city, "replay", str(file))
    assert said.startswith("2026年3月共派单 20 次")
    assert said.endswith("按此规则结果完全相同。")
    assert await command(city, "replay", str(file), "2026-03") == [said]
    assert (await command(city, "replay", str(file), "2026-02"))[0].startswith(
        "2026年2月共派单 0 次"
    )


async def test_other_rules_are_told_choice_by_choice(city: City, tmp_path: Path) -> None:
    await busy_month(city)
    file, rules = tmp_path / "rules.tsv", await command(city, "show")
    file.write_text("\n".join(changed(rules, "历下", daily_capacity="0")))
    city.at("2026-04-02T10:00")
    said = await command(city, "replay", str(file))
    different = [line for line in said if "原派 济南市历下区住房和城乡建设局" in line]
    assert different
    assert all("当日承接量已满" in line for line in different)
    (counts,) = [line for line in said if line.startswith("济南市历下区住房和城乡建设局\t")]
    assert counts.split("\t")[1:] == [str(len(different)), "0"]
    with pytest.raises(InvalidBody):
        await command(city, "replay", str(file), "三月")


@pytest.mark.parametrize(("wanted", "differs"), [(UUID(int=2), False), (None, True)])
def test_whom_the_holder_chose_is_read_from_the_log(wanted: UUID | None, differs: bool) -> None:
    rules = [
        Rule(
            offering="FI-01", region="370000", partner_id=UUID(int=n), rank=n, share=1,
            daily_capacity=None, batch_capacity=None, opens_at=None, closes_at=None,
            valid_from=date(2018, 1, 1), valid_to=None,
        )
        for n in (1, 2)
    ]  # fmt: skip
    place = Region("370000", "山东省", "province", None, None, None)
    tried = Replay(rules, {}, Regions([place]))
    case: dict[str, Any] = {"request_id": UUID(int=9), "offering": "FI-01"}
    asked = RequestSubmitted(**case, wanted_id=wanted)
    given = RequestOffered(**case, partner_id=UUID(int=2), dispatch_id=UUID(int=8), due_at=MORNING)
    for event in (asked, given):
        tried.follow(Happened(MORNING, "370000", event), MORNING)
    assert (tried.choices, bool(tried.differences)) == (1, differs)


@given(st.lists(st.booleans(), max_size=30))
def test_a_silent_partner_has_one_try_a_day_where_another_is_able(answers: list[bool]) -> None:
    tried: Any = 0
    for _ in answers:
        got = chosen(one(1, "370102", silent=True, given_today=tried), one(2, "370100"))
        tried += got == 1
    assert tried == min(1, len(answers))
