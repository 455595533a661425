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


class OfChannel(OfAccount, frozen=True, kw_only=True):
    """Happened to where an account is reached; `channel` is email or sms."""

    channel: str


class ChannelConfirmed(OfChannel, frozen=True, kw_only=True, tag="hck.channel.confirmed.v1"):
    """An address is the account's: its code came back."""


class ChannelRemoved(OfChannel, frozen=True, kw_only=True, tag="hck.channel.removed.v1"):
    """The account is not reached by this channel any more."""


class ChannelBounced(OfChannel, frozen=True, kw_only=True, tag="hck.channel.bounced.v1"):
    """Messages to the address come back: it is no good any more."""


class PreferenceSet(OfChannel, frozen=True, kw_only=True, tag="hck.channel.preferred.v1"):
    """Somebody chose whether a topic reaches them by this channel."""

    topic: str
    wanted: bool


class OfSending(Event, frozen=True, kw_only=True):
    """Happened to an outward message; `channel` is email or sms."""

    sending_id: UUID
    channel: str

    @property
    def subject(self) -> str:
        """The message."""
        return f"sendings/{self.sending_id}"


class SendingFailed(OfSending, frozen=True, kw_only=True, tag="hck.sending.failed.v1"):
    """It could not be handed over and is not tried any more; `error` is a code of ours."""

    error: str


class SendingRetried(OfSending, frozen=True, kw_only=True, tag="hck.sending.retried.v1"):
    """Staff have it tried again from the first."""
