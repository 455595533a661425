"""What differs between one installation and the next; read once from the environment."""

import os
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

import msgspec


class SettingsError(Exception):
    """A setting is missing or wrong; its text is one clear sentence for the operator."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Settings of one installation.

    `database_url` is the service's own role, `database_owner_url` the role that migrates.
    Limits are calls a minute over all processes (card-token.md 10.6). `webhook_networks`: inner
    networks that webhooks may reach, as CIDRs with commas between (events.md 4.5). A channel is off
    until it has an `smtp_host` or an `sms_url`; `smtp_security` is starttls, tls or none.
    """

    database_url: str
    database_owner_url: str
    broker_url: str = ""
    base_url: str = "http://127.0.0.1:8000"
    data: Path = Path("var")
    local: bool = False
    issuer: str = "hck37"
    issuing_authority: str = "中共山东省委组织部 山东省人力资源和社会保障厅"
    keyring_file: Path | None = None
    keyring: str = ""
    card_name_claim: bool = True
    webhook_networks: str = ""
    key_store: str = "sealed"
    card_profile: str = "es256"
    database_pool: int = 8
    smtp_host: str = ""
    smtp_port: int = 587
    smtp_security: str = "starttls"
    smtp_ca_file: str = ""
    smtp_user: str = ""
    smtp_password: str = ""
    smtp_from: str = ""
    smtp_timeout: float = 15.0
    sms_url: str = ""
    sms_key: str = ""
    sms_secret: str = ""
    sms_sign: str = "惠才卡"
    sms_timeout: float = 10.0
    limit_verify: int = 1200
    limit_redeem: int = 600
    limit_present: int = 60
    limit_number_minute: int = 10
    limit_number_day: int = 100
    limit_sign_in: int = 60
    limit_public_check: int = 30
    limit_public_checks: int = 1200
    limit_write: int = 600
    limit_read: int = 3000

    @property
    def broker_is_rabbitmq(self) -> bool:
        """True where BROKER_URL names RabbitMQ; else the embedded broker in PostgreSQL."""
        return self.broker_url.startswith("amqp")

    @property
    def channels(self) -> dict[str, bool]:
        """Each channel beside the inbox, and whether it is on: named where it goes."""
        return {"email": bool(self.smtp_host), "sms": bool(self.sms_url)}

    @property
    def secure_cookies(self) -> bool:
        """A browser on the loopback address keeps `Secure` cookies too, so they always are."""
        return True


def read(environ: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings; raises SettingsError naming the variable that is missing or wrong."""
    url = environ.get("DATABASE_URL", "")
    if not url.startswith(("postgresql://", "postgres://")):
        raise SettingsError("请设置 DATABASE_URL(postgresql://用户:口令@主机/库)。")
    broker = environ.get("BROKER_URL", "")
    if broker and not broker.startswith(("amqp://", "amqps://", "postgres")):
        raise SettingsError("BROKER_URL 只支持 amqp:// 或 amqps://。")
    values: dict[str, object] = {
        "database_url": url,
        "database_owner_url": environ.get("DATABASE_OWNER_URL", url),
        "broker_url": broker,
        "data": Path(environ.get("HCK_DATA", "var")),
        "local": environ.get("HCK_LOCAL", "") == "1",
        "keyring": environ.get("HCK_KEYRING", ""),
    }
    if file := environ.get("HCK_KEYRING_FILE"):
        values["keyring_file"] = Path(file)
    for name in Settings.__struct_fields__:
        value = environ.get(f"HCK_{name.upper()}")
        if value is not None and name not in values:
            values[name] = _typed(name, value)
    found = Settings(**values)  # type: ignore[arg-type]
    _check_channels(found)
    return found


LOOPBACK = ("127.0.0.1", "::1", "localhost")


def _check_channels(of: Settings) -> None:
    """A channel that is switched on can be used, and no secret goes out in the open.

    Raises SettingsError.
    """
    if of.smtp_host:
        if of.smtp_security not in ("starttls", "tls", "none"):
            raise SettingsError("HCK_SMTP_SECURITY 只能是 starttls、tls 或 none。")
        if "@" not in of.smtp_from:
            raise SettingsError("请设置 HCK_SMTP_FROM(发件邮箱)。")
        if of.smtp_security == "none" and of.smtp_host not in LOOPBACK:
            raise SettingsError("HCK_SMTP_SECURITY=none 只许发往本机。")
    if of.sms_url:
        parts = urlsplit(of.sms_url)
        if parts.scheme != "https" and parts.hostname not in LOOPBACK:
            raise SettingsError("HCK_SMS_URL 须是 https 地址。")
        if not of.sms_key or not of.sms_secret.startswith("whsec_"):
            raise SettingsError("请设置 HCK_SMS_KEY 和 HCK_SMS_SECRET(whsec_ 开头)。")


def _typed(name: str, value: str) -> object:
    kind = Settings.__annotations__[name]
    try:
        return msgspec.convert(value, kind, strict=False)
    except msgspec.ValidationError as wrong:
        raise SettingsError(f"设置 HCK_{name.upper()} 的值不正确。") from wrong


def async_url(url: str) -> str:
    """The SQLAlchemy address of a plain PostgreSQL one."""
    return "postgresql+asyncpg://" + url.split("://", 1)[1]
