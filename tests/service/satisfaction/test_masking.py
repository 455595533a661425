"""A comment without what would tell who wrote it (G7)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.satisfaction.masking import masked


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("请打 13800001234 找我", "请打 *** 找我"),
        ("电话0531-8605 1234", "电话***"),
        ("身份证 37010219680412311X 被退", "身份证 *** 被退"),
        ("写信到 zhang.san@example.cn", "写信到 ***"),
        ("2026 年等了 15 天,花了 300 元", "2026 年等了 15 天,花了 300 元"),
        ("我是张明远,张明远等了很久", "我是张*,张*等了很久"),
    ],
)
def test_numbers_and_names_are_masked_and_the_rest_stays(said: str, shown: str) -> None:
    assert masked(said, ["张明远"]) == shown


def test_nothing_said_is_nothing_shown() -> None:
    assert masked(None) is None


@given(st.text(max_size=200))
def test_no_number_of_five_digits_is_left(said: str) -> None:
    run = 0
    for letter in masked(said) or "":
        run = run + 1 if letter in "0123456789" else 0
        assert run < 5
