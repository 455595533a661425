"""The words that go out: one fact or many, all of them; an SMS tells on nobody."""

import re
from datetime import timedelta

import pytest

from service.channels import composing
from service.channels.composing import Told
from service.channels.topics import CHANNELS, EMAIL, MUST, SMS, TEMPLATES, TOPICS, topic_of
from service.reference import tables
from service.satisfaction import sentences
from tests.city import MONDAY

KINDS = sorted(
    {sentences.kind_of(kind) for kind in sentences.LINES}  # type: ignore[arg-type]
    | {"deadline.warned", "deadline.breached", "request.message_sent"}
)
URL = "https://hck.example"


def told(kind: str, text: str = "您的“人才公寓申请”申请已办结。", hours: int = 0) -> Told:
    return Told(kind, text, MONDAY + timedelta(hours=hours))


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_notice_has_its_words_for_every_channel(kind: str) -> None:
    template = TEMPLATES[kind]
    assert template.topic in TOPICS
    assert 2 <= len(template.subject) <= 20
    assert 2 <= len(template.sms) <= 40


def test_each_topic_says_for_whom_it_is_and_what_holds_at_first() -> None:
    for topic in TOPICS.values():
        assert topic.who in ("all", "holder", "staff")
        assert {topic.by(channel) for channel in CHANNELS} <= {"must", "on", "off"}
    assert {topic.topic for topic in TOPICS.values() if topic.email == MUST} == {
        "deadline", "correction", "card",
    }  # fmt: skip


def test_an_sms_names_no_offering_no_partner_and_no_number() -> None:
    rows = tables.read_table("catalogue", (tables.DATA / "catalogue.tsv").read_text())
    names = {row["name_zh"].removesuffix("申请") for row in rows}
    for kind in KINDS:
        words = composing.compose(SMS, [told(kind)], URL).text
        assert not any(name in words for name in names if len(name) > 2), kind
        assert not re.search(r"\d", words), kind
        assert "人才公寓" not in words
        assert len(words) <= 67  # one message of the network


def test_an_e_mail_s_subject_says_what_happened_and_not_with_what() -> None:
    words = composing.compose(EMAIL, [told("request.completed")], URL)
    assert words.subject == "惠才卡:申请已办结"
    assert "您的“人才公寓申请”申请已办结。" in words.text
    assert f"{URL}/me/notices" in words.text


def test_a_digest_holds_every_fact_in_its_order() -> None:
    texts = [f"第{n}件申请将到期。" for n in range(12)]
    lines = [told("deadline.warned", text, n) for n, text in enumerate(texts)]
    words = composing.compose(EMAIL, [*lines, told("request.offered", "新的申请。", 20)], URL)
    assert words.subject == "惠才卡:13 条提醒"
    places = [words.text.index(text) for text in [*texts, "新的申请。"]]
    assert places == sorted(places)
    sms = composing.compose(SMS, [*lines, told("request.offered")], URL)
    assert "13 条提醒:时限提醒、超期与督办 12 条、新派、收回与转来的申请 1 条" in sms.text


def test_a_kind_that_nobody_wrote_words_for_is_told_all_the_same() -> None:
    assert topic_of("something.new").topic == "request"
    assert composing.compose(EMAIL, [told("something.new")], URL).subject == "惠才卡:新的通知"


def test_a_code_says_what_to_do_when_it_was_not_asked_for() -> None:
    words = composing.code_words(SMS, "004711")
    assert "004711" in words.text
    assert "非本人" in words.text
    assert words.subject == ""
