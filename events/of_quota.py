"""What happens to an enterprise's place in a city's yearly quota (guide.md 2.2)."""

from uuid import UUID

from events.base import Event


class OfQuota(Event, frozen=True, kw_only=True):
    """Happened to an enterprise that a city named for a year."""

    enterprise_id: UUID
    city: str
    year: int

    @property
    def subject(self) -> str:
        """The naming."""
        return f"quota-enterprises/{self.enterprise_id}"


class QuotaNamed(OfQuota, frozen=True, kw_only=True, tag="hck.quota.named.v1"):
    """A city put the enterprise on its list."""


class QuotaDropped(OfQuota, frozen=True, kw_only=True, tag="hck.quota.dropped.v1"):
    """The city took it off again, unused."""


class QuotaTaken(OfQuota, frozen=True, kw_only=True, tag="hck.quota.taken.v1"):
    """An application was handed in on its place."""

    application_id: UUID


class QuotaFreed(OfQuota, frozen=True, kw_only=True, tag="hck.quota.freed.v1"):
    """That application ended without a card; the place may be used again this year."""

    application_id: UUID
