"""The statements that one call really ran, as PostgreSQL logged them, as a pgbench script.

Values that must differ from call to call (ids made by the call, its token, its key) become
expressions over random numbers, so that pgbench runs the same statements on other rows.
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from uuid import UUID

import msgspec

from bench.stage import UUID_OF

EXECUTED = re.compile(r"(?:execute [^:]*|statement): (?P<sql>.*)", re.DOTALL)
ARGUMENT = re.compile(r"\$(\d+) = (NULL|'(?:[^']|'')*')")
PARAMETER = re.compile(r"\$(\d+)")
UUID_TEXT = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")
NUMBER_TEXT = re.compile(r"SQ-\d{8}-[0-9A-Z]{8}-[0-9A-Z]")


class Ran(msgspec.Struct, frozen=True):
    """One statement with its parameters as text; None is NULL."""

    sql: str
    arguments: dict[int, str | None]


def read_log(log: Path, backends_of: str) -> list[Ran]:
    """The statements of one role in the log, in order."""
    ran = []
    for line in log.read_text(encoding="utf-8").splitlines():
        entry = json.loads(line)
        found = EXECUTED.fullmatch(entry.get("message", ""))
        if entry.get("user") == backends_of and found:
            ran.append(Ran(found["sql"].strip().rstrip(";"), _arguments(entry.get("detail", ""))))
    return ran


def _arguments(detail: str) -> dict[int, str | None]:
    return {
        int(number): None if value == "NULL" else value[1:-1].replace("''", "'")
        for number, value in ARGUMENT.findall(detail)
    }


class Script:
    """A pgbench script of statements, with `varied` texts as SQL expressions of type text.

    Ids made after `since_ms` are new in each transaction by themselves.
    """

    def __init__(self, ran: list[Ran], varied: Mapping[str, str], since_ms: int) -> None:
        self.varied, self.since_ms = dict(varied), since_ms
        self.random: list[str] = []
        self.body = [self._statement(each) for each in ran]

    def text(self, holders: int) -> str:
        """The script's text."""
        sets = [f"\\set n random(1, {holders})", "\\set k random(1, 999999999999)"]
        sets += [f"\\set {name} random(1, 999999999999)" for name in self.random]
        return "\n".join([*sets, *(f"{one};" for one in self.body)]) + "\n"

    def _statement(self, ran: Ran) -> str:
        def put(match: re.Match[str]) -> str:
            value = ran.arguments.get(int(match[1]))
            return "NULL" if value is None else self._value(value)

        return " ".join(PARAMETER.sub(put, ran.sql).split())

    def _value(self, value: str) -> str:
        self._learn(value)
        known = [text for text in self.varied if text in value]
        if not known:
            return quoted(value)
        pieces = [
            self.varied.get(piece) or quoted(piece)
            for piece in re.split("(" + "|".join(map(re.escape, known)) + ")", value)
            if piece
        ]
        whole = "(" + " || ".join(pieces) + ")"
        return whole + _cast_of(value) if not value.startswith("\\x") else self._bytes(value)

    def _bytes(self, value: str) -> str:
        text = next(text for text in self.varied if text in value)
        whole = value[2:] == text
        return f"decode({self.varied[text]}, 'hex')" if whole else quoted(value)

    def _learn(self, value: str) -> None:
        """Ids and numbers that the call made become new ones in each transaction."""
        for found in UUID_TEXT.findall(value):
            if UUID(found).int >> 80 >= self.since_ms:
                self._vary(found, UUID_OF)
        for found in NUMBER_TEXT.findall(value):
            self._vary(found, "('bench-' || {n}::text)")

    def _vary(self, found: str, expression: str) -> None:
        if found not in self.varied:
            name = f"u{len(self.random)}"
            self.random.append(name)
            self.varied[found] = expression.format(n=f":{name}")


def _cast_of(value: str) -> str:
    if UUID_TEXT.fullmatch(value):
        return "::uuid"
    try:
        return "::jsonb" if isinstance(json.loads(value), dict) else ""
    except ValueError:
        return ""


def quoted(value: str) -> str:
    """A literal in which pgbench finds no variable and no end of the statement."""
    plain = value.replace("\\", "\\\\").replace("'", "''")
    return "E'" + plain.replace(":", "\\x3a").replace(";", "\\x3b").replace("\n", "\\n") + "'"
