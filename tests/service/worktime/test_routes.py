"""The calculator's door (time.md D2)."""

from service.reference import tables
from tests.city import City

QUESTION = {
    "start": "2026-03-02T10:00:00+08:00",
    "budget": {"unit": "working_days", "n": 5},
    "region": "370102",
    "calendar_version": 1,
}


async def test_d2_anybody_may_reckon_a_deadline(city: City) -> None:
    answer = await city.nobody.post("/v1/tools/deadline", QUESTION, key=None)
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert (found["due_at"], found["display"]) == (
        "2026-03-10T00:00:00+08:00", "3月9日(周一)24:00",
    )  # fmt: skip
    assert (found["consumed"], found["provisional"], found["calendar_version"]) == (5, False, 1)
    assert len(found["explanation"]) == 8


async def test_d2_what_cannot_be_reckoned_is_refused(city: City) -> None:
    for wrong, code, pointer in (
        ({"calendar_version": 9}, "calendar-unknown", None),
        ({"start": "2028-01-01T00:00:00Z"}, "calendar-unknown", None),
        ({"start": "9999-12-31T23:59:59-14:00"}, "calendar-unknown", None),
        ({"start": "2026-03-02T10:00:00"}, "invalid-body", "/start"),
        ({"budget": {"unit": "working_days", "n": 251}}, "invalid-body", "/budget/n"),
        ({"region": "999999"}, "invalid-body", "/region"),
        ({"more": 1}, "invalid-body", "/more"),
    ):
        answer = await city.nobody.post("/v1/tools/deadline", QUESTION | wrong, key=None)
        assert (answer.status_code, answer.json()["code"]) == (422, code), wrong
        if pointer:
            assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


async def test_an_overlay_that_officials_load_counts_at_once_in_its_region(city: City) -> None:
    row = "date\tregion\tkind\treason\tsource\n2026-03-03\t370100\tholiday\t暴雪停工\t济政发1号\n"
    async with city.sessions.begin() as session:
        await tables.load(session, "calendar_overlays", row, city.now)
    for region, display in (("370102", "3月10日(周二)24:00"), ("370200", "3月9日(周一)24:00")):
        question = {k: v for k, v in QUESTION.items() if k != "calendar_version"}
        question |= {"region": region}
        answer = await city.nobody.post("/v1/tools/deadline", question, key=None)
        assert (answer.json()["display"], answer.json()["calendar_version"]) == (display, 2)
    # By the version before, the day is what it was.
    before = await city.nobody.post("/v1/tools/deadline", QUESTION, key=None)
    assert before.json()["display"] == "3月9日(周一)24:00"
