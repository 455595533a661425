"""Which channels this installation has: set once at start from its settings; none until then."""

from service.channels.topics import EMAIL, SMS
from service.settings import Settings

_on: set[str] = set()


def of(settings: Settings) -> dict[str, bool]:
    """Each channel, and whether the settings name where it goes."""
    return {EMAIL: bool(settings.smtp_host), SMS: bool(settings.sms_url)}


def use(settings: Settings) -> None:
    """Make these settings' channels the process's."""
    _on.clear()
    _on.update(channel for channel, is_on in of(settings).items() if is_on)


def on() -> list[str]:
    """The channels that are on, in a steady order."""
    return sorted(_on)
