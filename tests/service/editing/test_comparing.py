"""What a version changed, as officials read it; an older one as the beginning of the next."""

from typing import Any

import pytest

from service.editing.comparing import in_words
from service.editing.content import Change
from tests.city import City
from tests.service.editing.drafts import act, centre, drafted

OLD = {"properties": {"a": {"title": "甲"}, "b": {"title": "乙"}}, "required": ["a"]}


@pytest.mark.parametrize(
    ("field", "title", "old", "new", "said"),
    [
        ("complete_wd", "办结", 20, 10, "办结:20 改为 10"),
        ("window", "受理时段", None, "07-01/08-20", "受理时段:无 改为 7月1日至8月20日"),
        ("sector", "类型", "public", "market", "类型:公共服务 改为 市场服务"),
        ("low_value", "小额", False, True, "小额:否 改为 是"),
        ("materials", "材料", ["身份证"], ["学历"], "材料:增加学历;删去身份证"),
        ("materials", "材料", ["甲", "乙"], ["乙", "甲"], "材料:次序有改动"),
        ("beneficiaries", "受益人", ["holder"], ["holder", "child"], "受益人:增加子女"),
        ("policy_text", "政策内容", "旧", "新", "政策内容:文字有改动"),
        ("form_schema", "表单", OLD, {**OLD, "required": []}, "表单:改动“甲”"),
        (
            "form_schema", "表单", OLD,
            {"properties": {"a": {"title": "甲", "maxLength": 9}, "c": {"title": "丙"}}},
            "表单:增加“丙”;删去“乙”;改动“甲”",
        ),
    ],
)  # fmt: skip
def test_a_change_in_words(field: str, title: str, old: Any, new: Any, said: str) -> None:
    assert in_words(Change(field, title, old, new)) == said


async def test_an_older_version_is_the_beginning_of_the_next_one(city: City) -> None:
    first, second = await centre(city), await centre(city, 2)
    done = await act(second, await drafted(city, complete_wd=10), "publish")
    assert done.status_code == 200, done.text
    page = (await first.get("/centre/offerings/HO-01")).text
    assert "办结(工作日):20 改为 10" in page
    assert 'name="complete_wd" type="number" value="10"' in page
    older = (await first.get("/centre/offerings/HO-01?from=1")).text
    assert 'name="complete_wd" type="number" value="20"' in older
    assert "以第 1 版为底" in older
    for strange in ("9", "x", "-1", "99999999999"):
        there = await first.get(f"/centre/offerings/HO-01?from={strange}")
        assert 'name="complete_wd" type="number" value="10"' in there.text
