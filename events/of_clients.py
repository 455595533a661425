"""What happens to a partner's machine, an OAuth client."""

from events.base import Event


class OfClient(Event, frozen=True, kw_only=True):
    """Happened to a client; its id is no secret."""

    client_id: str

    @property
    def subject(self) -> str:
        """The client."""
        return f"clients/{self.client_id}"


class ClientRotated(OfClient, frozen=True, kw_only=True, tag="hck.client.rotated.v1"):
    """A new secret; the one before is good for a day more."""


class ClientKeySet(OfClient, frozen=True, kw_only=True, tag="hck.client.key_set.v1"):
    """Another public key for its assertions, or none."""

    has_key: bool
