"""What happens to the rules of who gets which offering where: drafted, dropped, published."""

from uuid import UUID

from events.base import Event


class OfRules(Event, frozen=True, kw_only=True):
    """Happened to a draft of an offering's rules."""

    draft_id: UUID
    offering: str

    @property
    def subject(self) -> str:
        """The draft."""
        return f"routing-drafts/{self.draft_id}"


class RulesDrafted(OfRules, frozen=True, kw_only=True, tag="hck.routing.drafted.v1"):
    """Somebody began or changed it."""


class RulesDropped(OfRules, frozen=True, kw_only=True, tag="hck.routing.dropped.v1"):
    """It will not be published."""


class RulesPublished(OfRules, frozen=True, kw_only=True, tag="hck.routing.published.v1"):
    """A second person published it: requests from now on go by these rules."""
