"""A sealed day outside the service: what an auditor's checker finds (events.md 1.2)."""

import base64
import copy
import json
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events import chain, checking
from events.chain import Chain
from events.checking import Export, NotAnExport

DAY = date(2026, 3, 2)
EARLIER = "ab" * 32


def record(number: int, region: str = "370100") -> dict[str, Any]:
    return {
        "id": str(UUID(int=number)), "subject": f"requests/{number}", "sequence": 1,
        "type": "hck.request.submitted.v1", "region": region, "at": "2026-03-02T02:00:00.000000Z",
        "actor": "accounts/1", "role": "talent", "origin": "phone", "trace": "",
        "partner_id": None, "data": {"offering": "HO-01", "note": "山"},
    }  # fmt: skip


def sealed(records: list[dict[str, Any]], previous: str = EARLIER) -> Export:
    """A day as it was sealed: these records and nothing else."""
    chains: dict[str, Chain] = {}
    for each in sorted(records, key=lambda each: each["id"]):
        region = each["region"]
        link = chains.setdefault(region, Chain.begin(region, DAY, previous))
        link.add(UUID(each["id"]), chain.digest_of(each))
    statement = chain.statement_of(DAY, previous, [each.entry for each in chains.values()])
    regions = [
        each.entry | {"marks": base64.b64encode(each.marks).decode()} for each in chains.values()
    ]
    seal = statement | {"hash": chain.hash_of(statement), "regions": regions}
    return Export(seal, copy.deepcopy(sorted(records, key=lambda r: (r["region"], r["id"]))))


def kinds(export: Export, previous: str | None = None) -> list[tuple[str, str]]:
    return [(each.kind, each.where) for each in checking.check(export, previous)]


RECORDS = [record(1), record(2), record(3), record(4, "370200"), record(5)]


def test_a_day_as_it_was_sealed_has_nothing_to_find() -> None:
    assert kinds(sealed(RECORDS), EARLIER) == []
    assert kinds(sealed([])) == []


@pytest.mark.parametrize("member", chain.MEMBERS[2:])
def test_a_change_in_any_member_of_an_event_is_named(member: str) -> None:
    export = sealed(RECORDS)
    export.events[1][member] = {"region": "370100"}.get(member, "other")
    expected = [] if member == "region" else [("changed", str(UUID(int=2)))]
    assert kinds(export) == expected


def test_an_event_moved_to_another_region_is_missing_here_and_added_there() -> None:
    export = sealed(RECORDS)
    export.events[0]["region"] = "370200"
    export.events[1]["region"] = "371300"
    assert set(kinds(export)) == {
        ("missing", str(UUID(int=1))), ("added", str(UUID(int=1))),
        ("missing", str(UUID(int=2))), ("added", str(UUID(int=2))),
    }  # fmt: skip


def test_a_missing_an_added_and_a_doubled_event_are_named() -> None:
    export = sealed(RECORDS)
    del export.events[1]
    export.events.append(record(9))
    export.events.append(record(1))
    assert set(kinds(export)) == {
        ("missing", str(UUID(int=2))),
        ("added", str(UUID(int=9))),
        ("added", str(UUID(int=1))),
    }


def test_events_in_another_order_are_named() -> None:
    export = sealed(RECORDS)
    export.events[0], export.events[1] = export.events[1], export.events[0]
    assert kinds(export) == [("order", str(UUID(int=2)))]


def test_marks_made_anew_for_bent_events_do_not_fit_the_chain() -> None:
    bent = sealed([*RECORDS[:-1], record(5) | {"actor": "accounts/2"}])
    export = sealed(RECORDS)
    export.seal["regions"][0]["marks"] = bent.seal["regions"][0]["marks"]
    assert kinds(Export(export.seal, bent.events)) == [("chain", "370100")]


def test_a_whole_day_made_anew_does_not_fit_its_hash_or_the_day_before() -> None:
    bent = sealed(RECORDS[1:])
    bent.seal["hash"] = sealed(RECORDS).seal["hash"]
    assert kinds(bent) == [("seal", "2026-03-02")]
    assert kinds(sealed(RECORDS, "cd" * 32), EARLIER) == [("link", "2026-03-02")]


@given(st.data())
def test_no_other_set_of_events_passes_for_the_sealed_one(data: st.DataObject) -> None:
    export = sealed(RECORDS)
    picked = data.draw(st.lists(st.sampled_from([*export.events, record(7), record(8)])))
    same = [chain.text_of(e) for e in picked if e["region"] == "370100"] == [
        chain.text_of(e) for e in export.events if e["region"] == "370100"
    ] and [e["id"] for e in picked if e["region"] == "370200"] == [str(UUID(int=4))]
    assert (kinds(Export(export.seal, picked)) == []) is same


@given(st.recursive(st.none() | st.text() | st.integers(), st.lists, max_leaves=4), st.data())
def test_no_seal_and_no_event_of_any_shape_ends_the_checker(value: Any, data: Any) -> None:
    export = sealed(RECORDS)
    name = data.draw(st.sampled_from(sorted(export.seal)))
    export.seal[name] = value
    assert isinstance(checking.check(export), list)
    assert isinstance(checking.check(Export(sealed(RECORDS).seal, [{"id": value}])), list)


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ([], "文件是空的"),
        ([b"{"], "第 1 行不是 JSON"),
        ([b"[]"], "第 1 行不是一条记录"),
        ([json.dumps(record(1)).encode()], "第一行应当是封存记录"),
        ([b'{"seal": {}}', b"\xff"], "第 2 行不是 JSON"),
    ],
)
def test_a_file_that_is_no_export_is_said_to_be_none(lines: list[bytes], told: str) -> None:
    with pytest.raises(NotAnExport, match=told):
        checking.read(lines)
