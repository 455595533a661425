"""A sealed day checked from its export alone: no service, no database (events.md 1.2).

An export is JSON lines: first `{"seal": …}`, then the day's events. `check` names every event that
was changed, left out, added or put elsewhere, and says where the seal itself does not hold.
"""

import base64
import binascii
import json
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from events.chain import MARK, Chain, day_of, digest_of, hash_of, marks_of, statement_of

Record = dict[str, Any]


class Finding(NamedTuple):
    """One thing that is not as it was sealed."""

    kind: str
    """Of the seal: `unreadable`, `seal`, `chain`, `link`, `signature`; of an event: `changed`,
    `missing`, `added`, `order`."""
    where: str
    """The event's id, the region or the day."""
    text: str
    """What is wrong, in Chinese."""


class Export(NamedTuple):
    """What a file of one day holds."""

    seal: Record
    events: list[Record]


class NotAnExport(ValueError):
    """The file is not what `audit-export` writes."""


def read(lines: Iterable[bytes | str]) -> Export:
    """An export's seal and events; raises NotAnExport, with the line's number."""
    seal: Record | None = None
    found: list[Record] = []
    for number, line in enumerate(lines, 1):
        try:
            record = json.loads(line)
        except ValueError as wrong:
            raise NotAnExport(f"第 {number} 行不是 JSON。") from wrong
        if not isinstance(record, dict):
            raise NotAnExport(f"第 {number} 行不是一条记录。")
        if seal is None:
            seal = record.get("seal")
            if not isinstance(seal, dict):
                raise NotAnExport('第一行应当是封存记录({"seal": …})。')
        else:
            found.append(record)
    if seal is None:
        raise NotAnExport("文件是空的。")
    return Export(seal, found)


def check(export: Export, previous: str | None = None) -> list[Finding]:
    """Everything about a day that is not as it was sealed; empty where all holds.

    `previous` is the hash of the day before, where the caller has it.
    """
    try:
        return _check(export, previous)
    except (KeyError, TypeError, ValueError, AttributeError, binascii.Error) as wrong:
        return [Finding("unreadable", "", f"封存记录或事件残缺,无法读出: {type(wrong).__name__}。")]


def _check(export: Export, previous: str | None) -> list[Finding]:
    seal, day = export.seal, day_of(export.seal["day"])
    found: list[Finding] = []
    if previous is not None and seal["previous"] != previous:
        found.append(Finding("link", seal["day"], "与前一日的封存接不上。"))
    statement = statement_of(day, seal["previous"], seal["regions"])
    if hash_of(statement) != seal["hash"]:
        found.append(Finding("seal", seal["day"], "封存记录与它自己的哈希不符。"))
    by_region: dict[str, list[Record]] = {}
    for record in export.events:
        by_region.setdefault(record["region"], []).append(record)
    for region in seal["regions"]:
        found += _check_region(seal, region, by_region.pop(region["region"], []))
    for region, records in sorted(by_region.items()):
        found += [_added(record, f"封存时地区 {region} 没有事件") for record in records]
    return found


def _check_region(seal: Record, region: Record, records: Sequence[Record]) -> list[Finding]:
    marks = base64.b64decode(region["marks"], validate=True)
    chain = Chain.begin(region["region"], day_of(seal["day"]), seal["previous"])
    sealed = dict(marks_of(marks))
    for event_id, digest in marks_of(marks):
        chain.add(event_id, digest)
    found = []
    if len(marks) % MARK or chain.entry != {name: region[name] for name in chain.entry}:
        found.append(Finding("chain", region["region"], "逐条标记与封存的链不符。"))
    return found + _differences(sealed, records)


def _differences(sealed: dict[UUID, bytes], records: Sequence[Record]) -> list[Finding]:
    """What stands in the export against what was sealed, event by event."""
    found, seen, known = [], set[UUID](), list[UUID]()
    for record in records:
        event_id = UUID(record["id"])
        if event_id not in sealed:
            found.append(_added(record, "封存时没有这一条"))
            continue
        if event_id in seen:
            found.append(_added(record, "同一条出现了两次"))
            continue
        seen.add(event_id)
        known.append(event_id)
        if digest_of(record) != sealed[event_id]:
            found.append(Finding("changed", str(event_id), "内容与封存时不同。"))
    missing = [each for each in sealed if each not in seen]
    found += [Finding("missing", str(each), "封存时有,现在没有。") for each in missing]
    return found + _moved(known, [each for each in sealed if each in seen])


def _moved(known: Sequence[UUID], order: Sequence[UUID]) -> list[Finding]:
    """The events that stand elsewhere than where they were sealed: those that come too early."""
    place = {event_id: at for at, event_id in enumerate(order)}
    found, least = [], len(order)
    for event_id in reversed(known):
        if place[event_id] > least:
            found.append(Finding("order", str(event_id), "次序与封存时不同。"))
        else:
            least = place[event_id]
    return found[::-1]


def _added(record: Record, why: str) -> Finding:
    return Finding("added", str(record.get("id")), f"{why}。")
