"""What came: the last messages, each key once, newest first on a page."""

import html
import threading
from collections import OrderedDict
from email import message_from_bytes, policy
from email.message import EmailMessage

import msgspec

KEPT = 200

PAGE = """<!doctype html><html lang="zh-CN"><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="5"><title>外发的邮件和短信(模拟)</title>
<style>body{{font:16px/1.6 system-ui,sans-serif;max-width:760px;margin:1.5rem auto;padding:0 1rem;
color:#1d2733;background:#f4f6f9}}article{{background:#fff;border:1px solid #dbe1e8;
border-radius:10px;padding:.8rem 1rem;margin:0 0 .8rem}}pre{{white-space:pre-wrap;font:inherit;
margin:.4rem 0 0;overflow-wrap:anywhere}}.quiet{{color:#5b6877;font-size:.88rem}}</style>
<h1>外发的邮件和短信</h1><p class="quiet">本机模拟,不会真的发出;每 5 秒刷新,只留最近 {kept} 条。</p>
{items}</html>"""
ITEM = (
    '<article><span class="quiet">{kind} → {to}</span><br><strong>{subject}</strong>'
    "<pre>{text}</pre></article>"
)


class Caught(msgspec.Struct, frozen=True):
    """One message as its receiver has it."""

    kind: str
    to: str
    subject: str
    text: str


class Kept:
    """The last messages of both kinds; the same key again is the same message."""

    def __init__(self) -> None:
        self._messages: OrderedDict[str, Caught] = OrderedDict()
        self._lock = threading.Lock()

    def keep(self, key: str, message: Caught) -> None:
        """Take one in; the oldest goes where there are too many."""
        with self._lock:
            self._messages.setdefault(key, message)
            while len(self._messages) > KEPT:
                self._messages.popitem(last=False)

    def newest_first(self) -> list[Caught]:
        """All that is kept."""
        with self._lock:
            return list(reversed(self._messages.values()))

    def page(self) -> str:
        """What is kept, for people."""
        items = [
            ITEM.format(**{k: html.escape(v) for k, v in msgspec.structs.asdict(each).items()})
            for each in self.newest_first()
        ]
        return PAGE.format(items="\n".join(items) or "<p>还没有。</p>", kept=KEPT)


def letter_of(content: bytes) -> tuple[str, Caught]:
    """An e-mail's key and what there is to see of it."""
    letter = message_from_bytes(content, policy=policy.default)
    body = letter.get_content() if isinstance(letter, EmailMessage) else ""
    caught = Caught("邮件", str(letter["To"]), str(letter["Subject"]), str(body))
    return str(letter["Message-ID"]), caught


def text_of(content: bytes) -> tuple[str, Caught]:
    """An SMS's key and what there is to see of it; raises ValueError where it is none."""
    try:
        told = msgspec.json.decode(content, type=dict[str, str])
        return told["id"], Caught("短信", told["to"], "", f"【{told['sign']}】{told['text']}")
    except (msgspec.DecodeError, KeyError) as wrong:
        raise ValueError("no message") from wrong
