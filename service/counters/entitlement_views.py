"""What a card gives now, as its holder reads it (api.md 3.7)."""

from datetime import date
from typing import Literal
from uuid import UUID

import msgspec

Reason = Literal[
    "card-suspended",
    "card-expired",
    "card-revoked",
    "card-replaced",
    "category",
    "municipal-card",
    "exclusive",
    "quota-exhausted",
    "beneficiary-missing",
    "window-closed",
]


class CardNow(msgspec.Struct, frozen=True):
    """依据的卡: 卡类别、状态、有效期至。"""

    id: UUID
    category: int
    status: str
    valid_until: date


class Relative(msgspec.Struct, frozen=True):
    """一位家庭成员。"""

    id: UUID
    masked_name: str


class ForWhom(msgspec.Struct, frozen=True):
    """为谁: 本人、配偶、子女或父母;家庭成员逐一列出,`usable` 为现在可为其使用。"""

    relation: str
    usable: bool
    members: list[Relative]


class EntitlementView(msgspec.Struct, frozen=True, kw_only=True):
    """一项服务: 能不能用、为什么、用了几次、还剩几次、为谁。

    `left` 为空即不限次数;`uses` 为今年此项用哪张卡(只在市级人才卡也提供时),`choosable` 为还可改选。
    `excludes` 为不能同时享受的其他事项。
    """

    offering: str
    name: str
    sector: str
    mode: str
    usable: bool
    reason: Reason | None
    explanation: str
    used: int
    left: int | None
    unit: str
    period: Literal["year"]
    period_from: date
    period_to: date
    for_whom: list[ForWhom]
    companions_max: int
    uses: Literal["province", "municipal"] | None
    choosable: bool
    excludes: list[str]


class EntitlementsView(msgspec.Struct, frozen=True, kw_only=True):
    """此卡现在可享的全部服务。"""

    card: CardNow
    year: int
    period_from: date
    period_to: date
    items: list[EntitlementView]
