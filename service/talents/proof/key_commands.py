"""`python -m service card-keys …`: the keys that sign cards, by command."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from events.log import Author
from service.talents.proof import key_acts
from service.talents.proof.key_acts import KeyView
from service.talents.proof.key_store import KeyStore

OPERATOR = Author("operator", "operator", "command")
STATES = {
    "ahead": "已公布,未启用", "signing": "签发中", "retired": "已停用,仍公布", "revoked": "已吊销",
    "over": "已过期",
}  # fmt: skip
USAGE = (
    "用法: card-keys list | make | switch 密钥名 | retire 密钥名 | revoke 密钥名 leaked|lost|broken"
)


async def run(
    session: AsyncSession, words: Sequence[str], store: KeyStore, now: datetime
) -> list[str] | None:
    """Do it and say it in lines; None where the words are no command. Raises Problem."""
    match list(words):
        case [] | ["list"]:
            return [_line(each) for each in await key_acts.listed(session, now)]
        case ["make"]:
            made = key_acts.view(await key_acts.make(session, store, OPERATOR, now), now)
            return [f"已生成并公布 {made.kid},自 {made.not_before:%Y-%m-%d %H:%M} 起签发。"]
        case ["switch", kid]:
            await key_acts.switch(session, kid, OPERATOR, now)
            return [f"此后只由 {kid} 签发。"]
        case ["retire", kid]:
            done = key_acts.view(await key_acts.retire(session, kid, OPERATOR, now), now)
            return [f"已停用 {kid},公布到 {done.expires_at:%Y-%m-%d %H:%M}。"]
        case ["revoke", kid, reason]:
            why = key_acts.check_reason(reason)
            await key_acts.revoke(session, store, kid, why, OPERATOR, now)
            return [f"已吊销 {kid},它签过的码不再承认;各进程 5 秒内生效。"]
    return None


def _line(key: KeyView) -> str:
    signs = f"{key.not_before:%Y-%m-%d %H:%M} 至 {key.signs_until:%Y-%m-%d %H:%M}"
    return f"{key.kid}  {STATES[key.state]}  签发 {signs}  公布到 {key.expires_at:%Y-%m-%d}"
