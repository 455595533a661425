"""What happens to somebody's account."""

from uuid import UUID

from events.base import Event


class OfAccount(Event, frozen=True, kw_only=True):
    """Happened to somebody's account."""

    account_id: UUID

    @property
    def subject(self) -> str:
        """The account."""
        return f"accounts/{self.account_id}"


class SessionOpened(OfAccount, frozen=True, kw_only=True, tag="hck.session.opened.v1"):
    """Somebody signed in."""


class SessionClosed(OfAccount, frozen=True, kw_only=True, tag="hck.session.closed.v1"):
    """Somebody signed out."""


class LoginLocked(OfAccount, frozen=True, kw_only=True, tag="hck.session.locked.v1"):
    """Five failures in a row: nobody signs in here for 15 minutes."""
