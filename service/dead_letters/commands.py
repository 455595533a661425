"""`python -m service dead-letters list | show 编号 | retry 编号|all | drop 编号`."""

import json
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from events import dead
from events.log import Author
from service.dead_letters import acts
from service.problems import FieldError, InvalidBody

OPERATOR = Author("operator", "operator", "command")
USAGE = "用法: dead-letters list | show 编号 | retry 编号|all | drop 编号"


async def run(session: AsyncSession, words: Sequence[str], now: datetime) -> list[str] | None:
    """Do it and say it in lines; None where the words are no command. Raises Problem."""
    match list(words):
        case [] | ["list"]:
            found = await acts.listed(session, None, acts.ALL)
            return [_line(each) for each in found] or ["没有死信。"]
        case ["show", text]:
            return await _shown(session, _id(text))
        case ["retry", "all"]:
            return [f"已要求重试 {await acts.retry_all(session, OPERATOR, now)} 件。"]
        case ["retry", text]:
            await acts.retry(session, _id(text), OPERATOR, now)
            return ["已要求重试。"]
        case ["drop", text]:
            await acts.drop(session, _id(text), OPERATOR, now)
            return ["已跳过,该消费者继续处理其后的事件。"]
    return None


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as wrong:
        raise InvalidBody(FieldError("/id", "invalid", "编号不对,请从 list 里复制。")) from wrong


async def _shown(session: AsyncSession, letter_id: UUID) -> list[str]:
    """Everything of one, a line each: the event with what it carries, and what it holds up."""
    letter = await acts.one(session, letter_id)
    each = acts.view(letter)
    told = {
        "编号": each.id, "消费者": each.consumer, "事物": each.subject,
        "事件": f"{each.type}(第 {each.sequence} 件,{each.event_id})",
        "发生": f"{each.happened_at:%Y-%m-%d %H:%M:%S}",
        "内容": json.dumps(await dead.data_of(session, letter), ensure_ascii=False),
        "错误": f"{each.error},试了 {each.tries} 次",
        "首次与最近": f"{each.first_at:%Y-%m-%d %H:%M:%S} 至 {each.last_at:%Y-%m-%d %H:%M:%S}",
        "挡在后面": f"{await dead.held_up(session, letter)} 个事件",
    }  # fmt: skip
    return [f"{name}: {text}" for name, text in told.items()]


def _line(each: acts.LetterView) -> str:
    since = f"{each.first_at:%Y-%m-%d %H:%M}"
    return f"{each.id}  {each.consumer}  {each.type}  {each.subject}  {each.error}  {since}"
