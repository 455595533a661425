"""The row's own rules and the table of kinds; neither needs a database."""

from datetime import UTC, datetime
from typing import get_args
from uuid import UUID

import pytest

from service.talents.matters.following import FOLLOWS
from service.talents.matters.kinds import DATA, KINDS, STATES, UNTOLD, KindName, Opener, read
from service.talents.matters.models import Matter
from service.talents.matters.opening import TAKES
from service.talents.matters.timeline import FROM

NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)
ME = UUID(int=1)


def matter(kind: str = "revocation", state: str = "open") -> Matter:
    return Matter(
        id=UUID(int=2), card_id=UUID(int=3), kind=kind, state=state, place="370000", details={}
    )


def test_the_table_names_what_the_code_knows() -> None:
    assert set(KINDS) == set(get_args(KindName)) == set(TAKES)
    assert {each.follows for each in KINDS.values()} == set(FOLLOWS)
    assert {each.kind for each in KINDS.values() if each.ends} == set(FROM)
    assert UNTOLD == ("death",)
    assert all(each.workdays > 0 and each.basis for each in KINDS.values())


def test_a_new_row_of_the_table_is_a_new_rule() -> None:
    text = DATA.read_text(encoding="utf-8").replace(
        "\tunit_manager\tprovince\t20", "\twindow\tcity\t3"
    )
    revocation = read(text)["revocation"]
    assert revocation.opens({Opener.WINDOW})
    assert not revocation.opens({Opener.UNIT_MANAGER, Opener.HOLDER})
    assert (revocation.level, revocation.workdays) == ("city", 3)


@pytest.mark.parametrize("state", sorted(set(STATES) - {"open"}))
def test_nothing_is_done_to_a_matter_that_has_ended(state: str) -> None:
    assert matter(state=state).acts(decides=True, opener=True, holder=True) == []


def test_acts_are_by_hand() -> None:
    assert matter().acts(decides=True, opener=False, holder=False) == ["decisions"]
    assert matter().acts(decides=True, opener=True, holder=False) == ["withdraw"]
    assert matter().acts(decides=False, opener=False, holder=True) == ["statement"]
    assert matter("renewal").acts(decides=False, opener=True, holder=True) == ["withdraw"]
    assert matter().acts(decides=False, opener=False, holder=False) == []


@pytest.mark.parametrize(("decision", "state"), [("agree", "agreed"), ("decline", "declined")])
def test_a_decision_says_what_and_keeps_who(decision: str, state: str) -> None:
    row = matter()
    event = row.decide(decision, "", ME, NOON)
    assert (row.state, row.decided_by, row.decided_at, row.opinion) == (state, ME, NOON, None)
    assert (event.decision, event.subject) == (decision, f"cards/{row.card_id}")


def test_taking_back_says_why() -> None:
    assert matter().withdraw(NOON).cause == "opener"
    ended = matter()
    assert ended.withdraw(NOON, "card-ended").cause == "card-ended"
    assert (ended.state, ended.decided_by) == ("withdrawn", None)
