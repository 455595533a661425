"""Sample accounts: rows with hashes, and beside them what `var/local.json` says of them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service import ids
from service.auth import passwords
from service.auth.callers import STAFF, Role
from service.auth.models import Account, GrantRow
from service.channels.models import Address
from service.channels.topics import EMAIL, SMS

ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
"""Without letters that are taken for others when somebody types a password off a screen."""


def new_password() -> str:
    """Three groups of four, some 59 bits: enough behind a lockout, and can be typed."""
    groups = ["".join(ALPHABET[ids.random_below(len(ALPHABET))] for _ in range(4)) for _ in "abc"]
    return "-".join(groups)


class Accounts:
    """Adds accounts and keeps the list of people for the document."""

    def __init__(self, session: AsyncSession, now: datetime, *, addresses: bool = True) -> None:
        self.session, self.now, self.addresses = session, now, addresses
        self.people: list[dict[str, Any]] = []

    async def add(
        self,
        role: Role,
        login: str,
        name: str,
        *,
        region: str | None = None,
        organisation: tuple[UUID, str] | None = None,
        person_id: UUID | None = None,
        **more: Any,
    ) -> UUID:
        """One person who can sign in, in one role; `more` stands in the document only."""
        password = new_password()
        secret = passwords.new_totp_secret() if role in STAFF else None
        account = Account(
            id=ids.new_id(),
            login=login,
            name=name,
            password_hash=passwords.hash_password(password),
            totp_secret=secret,
            totp_step=0,
            totp_origin="",
            person_id=person_id,
            disabled_at=None,
            created_at=self.now,
        )
        grant = GrantRow(
            id=ids.new_id(),
            account_id=account.id,
            role=role.value,
            region=region,
            organisation_id=organisation[0] if organisation else None,
            granted_at=self.now,
        )
        self.session.add(account)
        await self.session.flush()
        self.session.add(grant)
        entry = {
            "role": role.value,
            "login": login,
            "password": password,
            "totp_secret": secret,
            "name": name,
            "region": region,
            "organisation": organisation[1] if organisation else None,
            **more,
        }
        if self.addresses:
            self._reach(account.id, login, role)
        self.people.append({k: v for k, v in entry.items() if v is not None})
        return account.id

    def _reach(self, account_id: UUID, login: str, role: Role) -> None:
        """A confirmed e-mail address, and a talent's phone; both lead to nobody."""
        found = {EMAIL: f"{login}@people.example"}
        if role is Role.TALENT:
            found[SMS] = f"138000{len(self.people):05}"
        self.session.add_all(
            Address(
                account_id=account_id, channel=channel, address=address, confirmed_at=self.now,
                bounced_at=None, wanted=None, code_hash=None, code_until=None,
            )
            for channel, address in found.items()
        )  # fmt: skip
