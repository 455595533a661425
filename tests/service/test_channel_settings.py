"""A channel is off until it is set, and what is set wrong is told in one sentence."""

import pytest

from service.settings import Settings, SettingsError, read

BASE = {"DATABASE_URL": "postgresql://a:b@c/d"}
MAIL = {"HCK_SMTP_HOST": "mail.example", "HCK_SMTP_FROM": "no-reply@hck.example"}
SMS = {
    "HCK_SMS_URL": "https://sms.example/send", "HCK_SMS_KEY": "k", "HCK_SMS_SECRET": "whsec_YQ==",
}  # fmt: skip


def given(**more: str) -> Settings:
    return read({**BASE, **more})


def test_channels_are_off_until_they_are_set() -> None:
    assert given().channels == {"email": False, "sms": False}
    assert given(**MAIL, **SMS).channels == {"email": True, "sms": True}
    assert given(**MAIL).smtp_security == "starttls"


@pytest.mark.parametrize(
    ("wrong", "name"),
    [
        (MAIL | {"HCK_SMTP_FROM": ""}, "HCK_SMTP_FROM"),
        (MAIL | {"HCK_SMTP_SECURITY": "maybe"}, "HCK_SMTP_SECURITY"),
        (MAIL | {"HCK_SMTP_SECURITY": "none"}, "HCK_SMTP_SECURITY"),
        (MAIL | {"HCK_SMTP_PORT": "x"}, "HCK_SMTP_PORT"),
        (SMS | {"HCK_SMS_URL": "http://sms.example/send"}, "HCK_SMS_URL"),
        (SMS | {"HCK_SMS_SECRET": "short"}, "HCK_SMS_SECRET"),
    ],
)
def test_what_is_set_wrong_is_told_by_its_name(wrong: dict[str, str], name: str) -> None:
    with pytest.raises(SettingsError, match=name):
        given(**wrong)


def test_in_the_clear_only_within_the_machine() -> None:
    more = {"HCK_SMTP_HOST": "127.0.0.1", "HCK_SMTP_SECURITY": "none"}
    assert given(**MAIL | more).smtp_security == "none"
    assert given(**SMS | {"HCK_SMS_URL": "http://127.0.0.1:1/x"}).channels["sms"]
