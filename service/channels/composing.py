"""The words that go out: one fact, or several gathered into one message. Pure."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

import msgspec

from service.channels.topics import EMAIL, template_of, topic_of
from service.pages.show import when


class Told(msgspec.Struct, frozen=True):
    """One fact of a message: its kind, the inbox's sentence, and when it was written."""

    kind: str
    text: str
    written_at: datetime


class Words(msgspec.Struct, frozen=True):
    """What is sent; an SMS has no subject."""

    subject: str
    text: str


def compose(channel: str, lines: Sequence[Told], base_url: str) -> Words:
    """The message of one or more facts; all of them are in it."""
    return _email(lines, base_url) if channel == EMAIL else Words("", _sms(lines))


def code_words(channel: str, code: str) -> Words:
    """The message that carries a code, and says what to do if it was not asked for."""
    text = f"您的验证码是 {code},10 分钟内有效。如非本人操作,请忽略。"
    return Words("惠才卡验证码" if channel == EMAIL else "", text)


def _email(lines: Sequence[Told], base_url: str) -> Words:
    one = template_of(lines[0].kind).subject
    subject = f"惠才卡:{one}" if len(lines) == 1 else f"惠才卡:{len(lines)} 条提醒"
    body = [
        "您好:",
        "",
        *(f"· {when(each.written_at)} {each.text}" for each in lines),
        "",
        f"查看与处理: {base_url}/me/notices",
        f"修改通知方式: {base_url}/me/channels",
        "",
        "此邮件由系统发出,请勿回复。山东省高层次人才服务 · 专家中心",
    ]
    return Words(subject, "\n".join(body) + "\n")


def _sms(lines: Sequence[Told]) -> str:
    if len(lines) == 1:
        return f"{template_of(lines[0].kind).sms},请登录惠才卡查看。"
    counts = Counter(topic_of(each.kind).title for each in lines)
    parts = "、".join(f"{title} {n} 条" for title, n in counts.items())
    return f"您有 {len(lines)} 条提醒:{parts}。请登录惠才卡查看。"
