"""The form of a problem; a subclass is a kind with its own code."""

from typing import Any, ClassVar

import msgspec

CATALOGUE: dict[str, type["Problem"]] = {}
"""Every kind of problem by its code; `GET /problems/{code}` reads it."""


class Problem(Exception):
    """A refusal that the caller is told; raising it rolls the transaction back."""

    code: ClassVar[str] = "internal"
    status: ClassVar[int] = 500
    title: ClassVar[str] = "系统暂时无法处理"
    advice: ClassVar[str] = "请稍后再试;仍不行时请把追踪编号告诉专家中心。"

    def __init__(self, detail: str | None = None, *, headers: dict[str, str] | None = None) -> None:
        super().__init__(self.code)
        self.detail = detail or self.advice
        self.headers = headers or {}

    def __init_subclass__(cls) -> None:
        CATALOGUE[cls.code] = cls

    def members(self) -> dict[str, Any]:
        """Members beside the five of RFC 9457, such as `state` and `allowed`."""
        return {}


CATALOGUE[Problem.code] = Problem


class FieldError(msgspec.Struct, frozen=True):
    """One thing wrong in a body: where (JSON pointer), which kind, and what to do."""

    pointer: str
    code: str
    detail: str


class InvalidBody(Problem):
    """The body's shape or content is wrong; `errors` says where."""

    code = "invalid-body"
    status = 422
    title = "提交的内容有误"
    advice = "请按 errors 中逐项的提示修改后重新提交。"

    def __init__(self, *errors: FieldError, detail: str | None = None) -> None:
        super().__init__(detail)
        self.errors = errors

    def members(self) -> dict[str, Any]:
        """The list of errors."""
        return {"errors": [msgspec.to_builtins(error) for error in self.errors]}


class InvalidJson(InvalidBody):
    """The body cannot be read at all, so nothing in it has a place."""

    code = "invalid-json"
    status = 400
    title = "提交的内容读不出来"
    advice = "请以 UTF-8 的 JSON 提交,并检查括号、引号和逗号。"
