"""Sample officials: reviewers, office, steward, centre, clerks, the 三员."""

from uuid import UUID

from local.samples.accounts import Accounts
from service.auth.callers import Role
from service.partners.models import Partner
from service.talents.models import Unit

JINAN, LIXIA, SHANDONG = "370100", "370102", "370000"

OFFICIALS = (
    (Role.REVIEWER, "reviewer-lixia", "周晓梅", LIXIA),
    (Role.REVIEWER, "reviewer-jinan", "吴建国", JINAN),
    (Role.REVIEWER, "reviewer-shandong", "郑丽华", SHANDONG),
    (Role.OFFICE, "office", "冯志强", SHANDONG),
    (Role.CENTRE, "centre1", "蒋文静", SHANDONG),
    (Role.CENTRE, "centre2", "沈浩然", SHANDONG),
    (Role.SYSTEM_ADMIN, "system-admin", "韩冬", SHANDONG),
    (Role.SECURITY_ADMIN, "security-admin", "杨帆", SHANDONG),
    (Role.AUDITOR, "auditor", "朱敏", SHANDONG),
)

CLERKS = (
    ("housing", "clerk-housing", "秦雪"),
    ("housing", "clerk-housing-2", "严松"),
    ("education", "clerk-education", "尤佳"),
    ("housing_lixia", "clerk-housing-lixia", "许峰"),
    ("bank1", "clerk-bank", "何俊"),
    ("airport", "clerk-airport", "吕欣"),
)


async def plant(accounts: Accounts, partners: dict[str, Partner], units: dict[str, Unit]) -> UUID:
    """Everybody who is not a talent; returns the steward's account, who looks after some."""
    startup = units["startup"]
    employer = (startup.id, startup.name)
    for role, login, name in (
        (Role.UNIT_MANAGER, "manager1", "孙国栋"),
        (Role.UNIT_SPECIALIST, "specialist1", "赵雨桐"),
    ):
        await accounts.add(
            role, login, name, region=startup.region, organisation=employer,
            unit_uscc=startup.uscc,
        )  # fmt: skip
    for role, login, name, region in OFFICIALS:
        await accounts.add(role, login, name, region=region)
    for key, login, name in CLERKS:
        partner = partners[key]
        await accounts.add(
            Role.PARTNER_CLERK,
            login,
            name,
            region=partner.region,
            organisation=(partner.id, partner.name),
            partner=key,
        )
    steward = await accounts.add(Role.STEWARD, "steward", "钱立新", region=JINAN)
    await accounts.add(Role.STEWARD, "steward2", "袁静", region=JINAN)
    return steward
