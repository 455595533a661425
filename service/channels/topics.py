"""What there is to tell, by topic, and each kind's words for each channel: data of this room.

An SMS lies open on a locked screen and in a network's store, so its words name no offering, no
partner and nobody: only that something happened, and where to look (docs/adr/0029).
"""

import csv
from collections.abc import Mapping
from pathlib import Path

import msgspec

EMAIL, SMS = "email", "sms"
CHANNELS = (EMAIL, SMS)
CHANNEL_NAMES = {EMAIL: "电子邮件", SMS: "短信"}
DATA = Path(__file__).parent / "data"

MUST, ON, OFF = "must", "on", "off"


class Topic(msgspec.Struct, frozen=True):
    """What people choose for: by channel `on` or `off` at first, or `must` (cannot be refused)."""

    topic: str
    title: str
    who: str
    email: str
    sms: str

    def by(self, channel: str) -> str:
        """must, on or off."""
        return self.email if channel == EMAIL else self.sms


class Template(msgspec.Struct, frozen=True):
    """One kind of notice: its topic, an e-mail's subject, an SMS's words."""

    kind: str
    topic: str
    subject: str
    sms: str


def _rows(name: str) -> list[dict[str, str]]:
    text = (DATA / name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines(), delimiter="\t"))


TOPICS: Mapping[str, Topic] = {row["topic"]: Topic(**row) for row in _rows("topics.tsv")}
TEMPLATES: Mapping[str, Template] = {row["kind"]: Template(**row) for row in _rows("templates.tsv")}


OTHER = Template("", "request", "新的通知", "有一条新通知")
"""For a kind that no row names: told late in its words is better than not told."""


def template_of(kind: str) -> Template:
    """The words of a notice's kind (`request.completed`)."""
    return TEMPLATES.get(kind, OTHER)


def topic_of(kind: str) -> Topic:
    """The topic of a notice's kind."""
    return TOPICS[template_of(kind).topic]
