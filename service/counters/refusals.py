"""What a counter is refused, and what it does next (card-token.md 10.1, 11.2, 11.5)."""

from typing import Any, ClassVar

from service.problems import Problem


class UnknownServicePoint(Problem):
    """Not a 服务网点 of the caller's own (10.1)."""

    code: ClassVar[str] = "unknown-service-point"
    status: ClassVar[int] = 422
    title: ClassVar[str] = "没有这个服务网点"
    advice: ClassVar[str] = "请用 GET /v1/service-points 查看本单位的服务网点,填写其中的 id。"


class UnknownOffering(Problem):
    """No such benefit: a counter redeems 服务事项 of mode `benefit` only (10.1)."""

    code: ClassVar[str] = "unknown-offering"
    status: ClassVar[int] = 422
    title: ClassVar[str] = "没有这项可核销的服务"
    advice: ClassVar[str] = "请从 GET /v1/offerings?mode=benefit 中选择服务事项,填写其 code。"


class TokenRefused(Problem):
    """The token did not pass; `reason` and `message` are 7.25's (11.2)."""

    code: ClassVar[str] = "token-refused"
    status: ClassVar[int] = 422
    title: ClassVar[str] = "二维码不能用于核销"
    advice: ClassVar[str] = "请按 message 的提示处理。"

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason, self.message = reason, message

    def members(self) -> dict[str, Any]:
        """Why, and what the counter says."""
        return {"reason": self.reason, "message": self.message}


class TokenReplayed(TokenRefused):
    """The token has been redeemed before: here, elsewhere, or for something else (11.4)."""

    code: ClassVar[str] = "token-replayed"
    status: ClassVar[int] = 409
    title: ClassVar[str] = "此码已使用过"


class QuotaExhausted(Problem):
    """Nothing is left of this year's limit (11.5)."""

    code: ClassVar[str] = "quota-exhausted"
    status: ClassVar[int] = 409
    title: ClassVar[str] = "本年度次数已用完"
    advice: ClassVar[str] = "本年度次数已用完,请告知持卡人明年再用,或按普通服务办理。"

    def __init__(self, left: int) -> None:
        super().__init__()
        self.left = left

    def members(self) -> dict[str, Any]:
        """How much is left."""
        return {"left": self.left}


NOT_ENTITLED = {
    "category": "此卡类别不享受这项服务,请向持卡人说明。",
    "beneficiary": "这项服务不面向持卡人本人,请向持卡人说明。",
    "municipal-card": "持卡人今年此项使用市级人才卡,请按市级人才卡办理;相同服务不重复享受。",
    "stopped": "这项服务已停办,请向持卡人说明。",
    "exclusive": "持卡人今年已享受与此项不能同时享受的服务,请向持卡人说明。",
}


class NotEntitled(Problem):
    """The rules do not give this benefit to this card; `reason` says which (11.5)."""

    code: ClassVar[str] = "not-entitled"
    status: ClassVar[int] = 409
    title: ClassVar[str] = "不享受此项服务"
    advice: ClassVar[str] = "请按所示原因办理后再试。"

    def __init__(self, reason: str) -> None:
        super().__init__(NOT_ENTITLED[reason])
        self.reason = reason

    def members(self) -> dict[str, Any]:
        """Which rule it is."""
        return {"reason": self.reason}


class CompanionsNotAllowed(Problem):
    """More companions than the offering takes along (11.5)."""

    code: ClassVar[str] = "companions-not-allowed"
    status: ClassVar[int] = 422
    title: ClassVar[str] = "随行人数超过规定"

    def __init__(self, most: int) -> None:
        here = f"此项服务最多可带 {most} 名随行人员。" if most else "此项服务不可带随行人员。"
        super().__init__(here + "请修改随行人数后重新核销。")
        self.most = most

    def members(self) -> dict[str, Any]:
        """How many are allowed."""
        return {"companions_max": self.most}
