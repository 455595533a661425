"""The kinds of problem that more than one room raises; a feature keeps its own beside its rules."""

from typing import Any

from service.problems.kinds import Problem


class NotFound(Problem):
    """No such thing, or not yours (api.md 1.7)."""

    code = "not-found"
    status = 404
    title = "没有找到"
    advice = "请核对编号;不属于您的事项也会这样显示。"


class Unauthenticated(Problem):
    """No valid credentials."""

    code = "unauthenticated"
    status = 401
    title = "请先登录"
    advice = "请登录或重新取得访问令牌后再试。"


class Forbidden(Problem):
    """The caller's role lacks the act (api.md 1.7)."""

    code = "forbidden"
    status = 403
    title = "没有此项权限"
    advice = "您的角色不能做这一操作,请联系有权限的同事。"


class MethodNotAllowed(Problem):
    """No such method here."""

    code = "method-not-allowed"
    status = 405
    title = "不支持此操作方式"
    advice = "请对照接口文档核对请求方法。"


class NotAcceptable(Problem):
    """None of the types asked for."""

    code = "not-acceptable"
    status = 406
    title = "没有所要的格式"
    advice = "请在 Accept 中写明支持的格式。"


class BadRequest(Problem):
    """The request cannot be read."""

    code = "bad-request"
    status = 400
    title = "请求有误"
    advice = "请对照接口文档核对请求。"


class KeyRequired(Problem):
    """api.md 1.4."""

    code = "idempotency-key-required"
    status = 400
    title = "缺少 Idempotency-Key"
    advice = "请为每次提交带上 1–200 个可见 ASCII 字符的 Idempotency-Key,重试时用同一个。"


class KeyReused(Problem):
    """api.md 1.4."""

    code = "idempotency-key-reused"
    status = 422
    title = "Idempotency-Key 已用于别的请求"
    advice = "请为新的内容换一个新的 Idempotency-Key。"


class KeyInUse(Problem):
    """api.md 1.4."""

    code = "idempotency-key-in-use"
    status = 409
    title = "同一请求正在处理"
    advice = "请稍候用同一个 Idempotency-Key 再试,不会重复办理。"


class PreconditionRequired(Problem):
    """api.md 1.5."""

    code = "precondition-required"
    status = 428
    title = "缺少 If-Match"
    advice = "请先读取最新内容,把其 ETag 放入 If-Match 后再提交。"


class Stale(Problem):
    """api.md 1.5."""

    code = "precondition-failed"
    status = 412
    title = "内容已被他人更新"
    advice = "请重新读取最新内容,核对后再提交。"


class TooLarge(Problem):
    """The body is over its limit."""

    code = "payload-too-large"
    status = 413
    title = "提交的内容过大"
    advice = "请减小后再提交。"


class UnsupportedMedia(Problem):
    """Not a body type of this door."""

    code = "unsupported-media-type"
    status = 415
    title = "不支持的内容类型"
    advice = "请用 application/json 提交(文件用 multipart/form-data)。"


class BadCursor(Problem):
    """A cursor this list did not give."""

    code = "invalid-cursor"
    status = 400
    title = "翻页标记无效"
    advice = "请去掉 cursor 从第一页重新读取。"


class CursorExpired(Problem):
    """events.md 3.1."""

    code = "cursor-expired"
    status = 410
    title = "翻页标记已过期"
    advice = "请去掉 cursor 从头读取,并按事件 id 去重。"


class Unavailable(Problem):
    """Database or broker out of reach."""

    code = "unavailable"
    status = 503
    title = "系统暂时不可用"
    advice = "请稍后再试,已提交的内容不会丢失。"


class RateLimited(Problem):
    """Too many calls; `Retry-After` says when again (api.md 1.8)."""

    code = "rate-limited"
    status = 429
    title = "请求过于频繁"
    advice = "请按 Retry-After 所示的秒数等候后再试。"

    def __init__(self, retry_after_seconds: int) -> None:
        super().__init__(headers={"Retry-After": str(retry_after_seconds)})


class WrongState(Problem):
    """The state forbids the act; `allowed` are the acts open to this caller now (api.md 1.7)."""

    code = "wrong-state"
    status = 409
    title = "当前状态不能这样办理"
    advice = "请先读取最新状态,再选择 allowed 中列出的操作。"

    def __init__(self, state: str, allowed: tuple[str, ...] | list[str]) -> None:
        super().__init__()
        self.state, self.allowed = state, list(allowed)

    def members(self) -> dict[str, Any]:
        """The state and what it allows."""
        return {"state": self.state, "allowed": self.allowed}
