"""Which channels this process has: set once at start from its settings; none until then."""

from service.settings import Settings

_on: set[str] = set()


def use(settings: Settings) -> None:
    """Make these settings' channels the process's."""
    _on.clear()
    _on.update(channel for channel, is_on in settings.channels.items() if is_on)


def on() -> list[str]:
    """The channels that are on, in a steady order."""
    return sorted(_on)
