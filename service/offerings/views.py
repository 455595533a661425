"""An offering as everybody reads it (api.md 4.1); the names are those of the catalogue's table."""

from datetime import date, datetime
from typing import Any

import msgspec

from service.offerings.catalogue import SHANGHAI
from service.offerings.models import OfferingVersion
from service.offerings.windows import window_open


class Offering(msgspec.Struct, frozen=True, kw_only=True):
    """服务事项: 谁能用、要什么材料、多久办完、填什么表、依据什么。

    `accept_hours` 为工作小时, `*_wd` 为工作日; `window` 为每年受理时段(月-日/月-日),
    `window_open` 为今天是否受理; `batched` 为可按批次排序分配名额。
    `stopped_on` 起停办(不能再申请,在办的照常办完),`stop_note` 为停办后怎么办,
    `instead` 为替代事项。`partner_fields` 为只得到部分 `shared_fields` 的单位(按编号)。
    """

    code: str
    name_zh: str
    name_en: str
    sector: str
    mode: str
    department: str
    categories: list[int]
    beneficiaries: list[str]
    companions_max: int
    annual_limit: int | None
    unit: str
    accept_hours: int | None
    first_review_wd: int | None
    complete_wd: int | None
    correction_wd: int | None
    publicity_wd: int | None
    materials: list[str]
    window: str | None
    window_open: bool
    exclusive_with: str | None
    form_schema: dict[str, Any] | None
    result_schema: dict[str, Any] | None
    shared_fields: list[str]
    batched: bool
    partner_fields: dict[str, list[str]]
    stopped_on: date | None
    stop_note: str | None
    instead: str | None
    policy_text: str
    policy_source: str
    basis: str
    version: int
    valid_from: date
    published_at: datetime


def view(version: OfferingVersion, today: date) -> Offering:
    """The version as it is shown on a day; a benefit has no form."""
    plain = {name: getattr(version, name) for name in SAME}
    return Offering(
        window_open=window_open(version.window, today) and not version.has_stopped(today),
        published_at=version.published_at.astimezone(SHANGHAI),
        form_schema=version.form_schema or None,
        result_schema=version.result_schema or None,
        **plain,
    )


SAME = tuple(
    name
    for name in Offering.__struct_fields__
    if name not in ("window_open", "published_at", "form_schema", "result_schema")
)
"""What is shown as it is kept."""
