"""A verdict, rule by rule. Not a second verifier: it reads off the one verdict how far it came."""

from typing import NamedTuple

from cards.reasons import RULES
from cards.token import Claims, Refused

STEPS: tuple[tuple[str, str], ...] = (
    ("7.1", "不超过 900 个字符"),
    ("7.2", "只含 base45 的字符"),
    ("7.3", "以 HCK1: 开头"),
    ("7.4", "其余是完整的 base45"),
    ("7.5", "正好是一个 CBOR 项,不超过 8 层"),
    ("7.6", "是确定性编码"),
    ("7.7", "是 COSE_Sign1(tag 18,四个部分)"),
    ("7.8", "受保护头只有算法、密钥名、类型,不受保护头为空"),
    ("7.9", "签发密钥在公布的卡密钥之中"),
    ("7.10", "算法与该密钥一致"),
    ("7.11", "密钥在有效期内"),
    ("7.12", "签名成立"),
    ("7.13", "类型可以接受"),
    ("7.14", "声明齐全、类型和大小都对"),
    ("7.15", "签发者就是公布密钥的一方"),
    ("7.16", "给网点用(aud 为 desk)"),
    ("7.17", "有效时长不超过规定"),
    ("7.18", "签发时刻不晚于现在 10 秒"),
    ("7.19", "没有过期"),
    ("7.20", "卡状态有效"),
    ("7.21", "没有核销过"),
    ("7.22", "属于一张在有效期内的卡"),
)
"""Every step with what it asks, in their order (card-token.md 7)."""
PASSED, FAILED, NOT_RUN = "passed", "failed", "not-run"
MARKS = {PASSED: "✓", FAILED: "✗", NOT_RUN: "–"}
ORDER = [rule for rule, _ in STEPS]


class Step(NamedTuple):
    """One step of a verdict."""

    rule: str
    asks: str
    result: str


def steps(verdict: Claims | Refused, *, last: str) -> list[Step]:
    """Each step with its result; `last` is the last one that this verifier runs.

    The first that fails gives the reason and nothing after it runs.
    """
    stop = ORDER.index(RULES[verdict.reason]) if isinstance(verdict, Refused) else len(ORDER)
    reached = min(stop, ORDER.index(last) + 1)
    return [Step(rule, asks, _result(n, stop, reached)) for n, (rule, asks) in enumerate(STEPS)]


def _result(n: int, stop: int, reached: int) -> str:
    if n == stop:
        return FAILED
    return PASSED if n < reached else NOT_RUN
