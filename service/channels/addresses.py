"""地址: where somebody is reached; theirs once the code that went there comes back.

Neither an address nor a code stands in an event, a log line or a URL.
"""

import hmac
import re
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from events import log
from events.log import Author
from events.of_accounts import ChannelConfirmed, ChannelRemoved
from service import ids
from service.auth.models import Account
from service.channels import switched
from service.channels.models import DROPPED, WAITING, Address, Sending
from service.channels.topics import CHANNELS, EMAIL
from service.problems import FieldError, InvalidBody, NotFound, Problem
from service.reference.tables import PROVINCE
from service.sealing import ring

CODE_LIFE = timedelta(minutes=10)
MAIL = re.compile(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63}){1,8}")
PHONE = re.compile(r"1[3-9]\d{9}|\+[1-9]\d{7,14}", re.ASCII)


class ChannelOff(Problem):
    """This installation has no such channel."""

    code = "channel-off"
    status = 409
    title = "此通知渠道尚未开通"
    advice = "请先用站内通知;渠道由系统管理员开通。"


class WrongCode(Problem):
    """Not the code, or it has run out, or was tried too often."""

    code = "wrong-code"
    status = 409
    title = "验证码不对或已失效"
    advice = "请核对最近一次收到的验证码;10 分钟内有效,也可以重新获取。"


def read(channel: str, text: str) -> str:
    """An address in the one form in which it is kept; raises NotFound, InvalidBody."""
    if channel not in CHANNELS:
        raise NotFound
    if channel == EMAIL:
        found = text.strip()
        if MAIL.fullmatch(found) and len(found) <= 254:
            local, _, domain = found.rpartition("@")
            return f"{local}@{domain.lower()}"
        raise InvalidBody(FieldError("/address", "invalid", "邮箱地址不对,请核对。"))
    found = re.sub(r"[\s-]", "", text).removeprefix("+86")
    if PHONE.fullmatch(found):
        return found
    raise InvalidBody(FieldError("/address", "invalid", "手机号不对,请核对。"))


def bucket_of(address: str) -> str:
    """A name under which calls for one address are counted; nothing is read from it."""
    return ring().blind(address, "addresses.address").hex()


def masked(channel: str, address: str | None) -> str | None:
    """As it is shown (guide.md 7.3): `q***@housing.example`, `138****5678`."""
    if address is None:
        return None
    if channel == EMAIL:
        local, _, domain = address.rpartition("@")
        return f"{local[:1]}***@{domain}"
    return f"{address[:-8]}****{address[-4:]}"


async def ask(
    session: AsyncSession, account_id: UUID, channel: str, address: str, now: datetime
) -> None:
    """Send a fresh code to an address that somebody says is theirs; an earlier one is void.

    What was confirmed before stays in use until the code comes back. Raises ChannelOff.
    """
    if channel not in switched.on():
        raise ChannelOff
    await session.get_one(Account, account_id, with_for_update=True)
    code = f"{ids.random_below(10**6):06}"
    row = await session.get(Address, (account_id, channel))
    if row is None:
        row = Address(account_id=account_id, channel=channel)
        session.add(row)
    row.wanted, row.code_until = address, now + CODE_LIFE
    row.code_hash = _hash(account_id, channel, code)
    await _drop_codes(session, account_id, channel, now)
    session.add(
        Sending(
            id=ids.new_id(), account_id=account_id, channel=channel, state=WAITING,
            region=PROVINCE, role="", secret=code, next_at=now, created_at=now,
        )
    )  # fmt: skip
    await session.flush()


async def _drop_codes(session: AsyncSession, account_id: UUID, channel: str, now: datetime) -> None:
    """Codes that have not gone out yet need not any more."""
    earlier = (
        (Sending.account_id == account_id)
        & (Sending.channel == channel)
        & Sending.secret.is_not(None)
    )
    change = sa.update(Sending).where(earlier, Sending.next_at.is_not(None))
    await session.execute(
        change.values(state=DROPPED, next_at=None, ended_at=now, secret=None),
        execution_options={"synchronize_session": False},
    )


async def confirm(
    session: AsyncSession, account_id: UUID, channel: str, code: str, by: Author, now: datetime
) -> None:
    """The code came back: the address is theirs. Raises WrongCode."""
    await session.get_one(Account, account_id, with_for_update=True)
    row = await session.get(Address, (account_id, channel))
    if row is None or row.code_hash is None or row.code_until is None:
        raise WrongCode
    right = hmac.compare_digest(row.code_hash, _hash(account_id, channel, code))
    if not right or now >= row.code_until:
        raise WrongCode
    row.address, row.confirmed_at, row.bounced_at = row.wanted, now, None
    row.wanted, row.code_hash, row.code_until = None, None, None
    event = ChannelConfirmed(account_id=account_id, channel=channel)
    await log.append(session, event, by=by, region=PROVINCE, now=now)


async def remove(
    session: AsyncSession, account_id: UUID, channel: str, by: Author, now: datetime
) -> None:
    """Forget the address; what waits to go there is dropped when it is due. Raises NotFound."""
    await session.get_one(Account, account_id, with_for_update=True)
    row = await session.get(Address, (account_id, channel))
    if row is None:
        raise NotFound
    was_confirmed = row.confirmed_at is not None
    await session.delete(row)
    await session.flush()
    if was_confirmed:
        event = ChannelRemoved(account_id=account_id, channel=channel)
        await log.append(session, event, by=by, region=PROVINCE, now=now)


def _hash(account_id: UUID, channel: str, code: str) -> bytes:
    return ring().blind(f"{account_id} {channel} {code}", "addresses.code")
