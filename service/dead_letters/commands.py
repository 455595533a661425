"""`python -m service dead-letters list | retry 编号|all | drop 编号`."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from events.log import Author
from service.dead_letters import acts
from service.problems import FieldError, InvalidBody

OPERATOR = Author("operator", "operator", "command")
USAGE = "用法: dead-letters list | retry 编号|all | drop 编号"


async def run(session: AsyncSession, words: Sequence[str], now: datetime) -> list[str] | None:
    """Do it and say it in lines; None where the words are no command. Raises Problem."""
    match list(words):
        case [] | ["list"]:
            found = await acts.listed(session, None, acts.ALL)
            return [_line(each) for each in found] or ["没有死信。"]
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


def _line(each: acts.LetterView) -> str:
    since = f"{each.first_at:%Y-%m-%d %H:%M}"
    return f"{each.id}  {each.consumer}  {each.type}  {each.subject}  {each.error}  {since}"
