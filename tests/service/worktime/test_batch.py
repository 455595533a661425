"""One question a line in, one answer a line out (time.md D2, D3)."""

import json
from typing import Any

import pytest

from service.worktime.batch import run, run_wide

START = "2026-03-02T10:00:00+08:00"
FIVE_DAYS = {"start": START, "budget": {"unit": "working_days", "n": 5}}


def ask(**members: Any) -> dict[str, Any]:
    line = next(run([json.dumps(FIVE_DAYS | members)]))
    answer: dict[str, Any] = json.loads(line)
    return answer


def test_an_answer_says_when_and_why_day_by_day() -> None:
    answer = ask()
    assert answer["due_at"] == "2026-03-10T00:00:00+08:00"
    assert answer["display"] == "3月9日(周一)24:00"
    assert (answer["consumed"], answer["left"], answer["provisional"]) == (5, 0, False)
    first, second, *_ = answer["explanation"]
    assert first == {
        "date": "2026-03-02", "kind": "workday", "counted": False,
        "why": "起算日,不计入(民法典第二百零一条)",
    }  # fmt: skip
    assert (second["counted"], second["number"]) == (True, 1)


def test_special_days_carry_their_source() -> None:
    answer = ask(start="2026-09-30T10:00:00+08:00")
    holiday = answer["explanation"][1]
    assert (holiday["kind"], holiday["source"]) == ("holiday", "国办发明电〔2025〕7号")


def test_c1_instants_of_any_offset_are_answered_in_shanghais() -> None:
    assert ask(start="2026-03-02T02:00:00Z")["due_at"] == "2026-03-10T00:00:00+08:00"


def test_a_pause_without_an_end_leaves_days_and_no_deadline() -> None:
    answer = ask(pauses=[{"begin": "2026-03-04T10:00:00+08:00"}])
    assert (answer["due_at"], answer["display"], answer["left"]) == (None, None, 4)


def stretch(begin: str, end: str) -> dict[str, str]:
    return {"begin": f"2026-03-{begin}:00+08:00", "end": f"2026-03-{end}:00+08:00"}


WRONG: list[tuple[dict[str, Any], str, str | None]] = [
    ({"start": "2026-03-02T10:00:00"}, "invalid-body", "/start"),
    ({"start": "soon"}, "invalid-body", "/start"),
    ({"budget": {"unit": "working_days", "n": 0}}, "invalid-body", "/budget/n"),
    ({"budget": {"unit": "working_days", "n": 251}}, "invalid-body", "/budget/n"),
    ({"budget": {"unit": "working_days", "n": True}}, "invalid-body", "/budget/n"),
    ({"budget": {"unit": "working_minutes", "n": 24001}}, "invalid-body", "/budget/n"),
    ({"budget": {"unit": "weeks", "n": 1}}, "invalid-body", "/budget/unit"),
    ({"budget": {"unit": "series", "parts": []}}, "invalid-body", "/budget/unit"),
    ({"holidays": []}, "invalid-body", "/holidays"),
    ({"pauses": [stretch("04T10:00", "04T09:59")]}, "invalid-body", "/pauses/0/end"),
    (
        {"pauses": [stretch("04T10:00", "05T10:00"), stretch("05T09:59", "06T10:00")]},
        "invalid-body", "/pauses/1",
    ),
    (
        {"pauses": [{"begin": "2026-03-04T10:00:00+08:00"}, stretch("05T09:59", "06T10:00")]},
        "invalid-body", "/pauses/1",
    ),
    ({"region": "999999"}, "invalid-body", "/region"),
    ({"start": "2003-06-01T10:00:00+08:00"}, "calendar-unknown", None),
    ({"start": "2027-12-31T10:00:00+08:00"}, "calendar-unknown", None),
    ({"start": "0001-01-01T00:00:00+14:00"}, "calendar-unknown", None),
    ({"start": "9999-12-31T23:59:59-14:00"}, "calendar-unknown", None),
    ({"pauses": [{"begin": "2026-03-04T10:00:00+08:00", "end": "2030-01-01T00:00:00Z"}]},
     "calendar-unknown", None),
    ({"calendar_version": 7}, "calendar-unknown", None),
]  # fmt: skip


@pytest.mark.parametrize(("members", "code", "pointer"), WRONG)
def test_a_wrong_question_is_told_where_it_is_wrong(
    members: dict[str, Any], code: str, pointer: str | None
) -> None:
    answer = ask(**members)
    assert (answer["status"], answer["code"]) == (422, code)
    if pointer is not None:
        assert [error["pointer"] for error in answer["errors"]] == [pointer]


@pytest.mark.parametrize(("unit", "most"), [("working_days", 250), ("working_minutes", 24_000)])
def test_b1_a_budget_is_of_one_to_the_most(unit: str, most: int) -> None:
    for n, fits in ((0, False), (1, True), (most, True), (most + 1, False)):
        answer = ask(start="2025-01-06T10:00:00+08:00", budget={"unit": unit, "n": n})
        assert ("due_at" in answer) is fits, n


def test_pauses_may_touch_and_come_in_any_order() -> None:
    answer = ask(pauses=[stretch("05T10:00", "06T10:00"), stretch("04T10:00", "05T10:00")])
    assert answer["display"] == "3月12日(周四)24:00"


def test_each_line_has_its_answer_in_order_whatever_the_others_are() -> None:
    lines = [json.dumps(FIVE_DAYS), "", "{", "[]", '"\ud800"', "[" * 100_000, json.dumps(FIVE_DAYS)]
    answers = [json.loads(line) for line in run(lines)]
    assert [answer.get("code", "due") for answer in answers] == [
        "due",
        *["invalid-body"] * 5,
        "due",
    ]
    assert all("\n" not in line for line in run(lines))


def test_d3_over_all_cores_the_answers_come_in_the_same_order() -> None:
    lines = [
        json.dumps(FIVE_DAYS | {"budget": {"unit": "working_days", "n": n % 9}}).encode()
        for n in range(100)
    ]
    alone = "".join(f"{answer}\n" for answer in run(lines)).encode()
    assert b"".join(run_wide(lines, chunk=7)) == alone
    assert b"".join(run_wide(lines)) == alone
    faulty = [line for line in alone.splitlines() if b"invalid-body" in line]
    assert len(faulty) == 12  # a budget of none is its own line's fault
