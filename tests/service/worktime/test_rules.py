"""Every numbered rule of time.md has a test that bears its number."""

import re
from pathlib import Path

TESTS = Path(__file__).parents[2]
RULES = [
    *(f"c{n}" for n in range(1, 5)), *(f"b{n}" for n in range(1, 5)),
    *(f"p{n}" for n in range(1, 6)), *(f"l{n}" for n in range(1, 5)),
    *(f"e{n}" for n in range(1, 4)), "r1", "r2", *(f"d{n}" for n in range(4)),
]  # fmt: skip


def test_each_rule_is_named_by_a_test() -> None:
    named: set[str] = set()
    for file in TESTS.rglob("test_*.py"):
        named |= set(re.findall(r"def test_([cbplerd]\d)_", file.read_text(encoding="utf-8")))
    assert [rule for rule in RULES if rule not in named] == []
