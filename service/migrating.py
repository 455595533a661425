"""Building and changing the database by the migrations."""

from pathlib import Path

from alembic import command
from alembic.config import Config

ROOT = Path(__file__).parent.parent


def config_of(owner_url: str, service_role: str | None = None) -> Config:
    """Alembic's configuration for a database; `service_role` is given its rights."""
    config = Config(str(ROOT / "alembic.ini"))
    config.set_main_option("script_location", str(ROOT / "migrations"))
    config.attributes["url"] = owner_url
    if service_role:
        config.attributes["app_role"] = service_role
    return config


def migrate(owner_url: str, service_role: str | None = None) -> None:
    """Bring a database up to this code's state; several at once wait for one another."""
    command.upgrade(config_of(owner_url, service_role), "head")
