"""Problems as HTTP answers: everything that can be raised has one form (house.md 5)."""

import re
from typing import Any

import asyncpg
import msgspec
import structlog
from litestar import MediaType, Response, get
from litestar.exceptions import HTTPException, SerializationException, ValidationException
from litestar.params import FromPath
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from events.log import trace
from service.problems.catalogue import (
    BadRequest,
    Forbidden,
    MethodNotAllowed,
    NotFound,
    TooLarge,
    Unauthenticated,
    Unavailable,
    UnsupportedMedia,
)
from service.problems.kinds import CATALOGUE, FieldError, InvalidBody, InvalidJson, Problem

PROBLEM_JSON = "application/problem+json"
log = structlog.get_logger("service.problems")
UNSTORABLE = (asyncpg.CharacterNotInRepertoireError, asyncpg.UntranslatableCharacterError)

BY_STATUS: dict[int, type[Problem]] = {
    kind.status: kind
    for kind in (
        BadRequest,
        Unauthenticated,
        Forbidden,
        NotFound,
        MethodNotAllowed,
        TooLarge,
        UnsupportedMedia,
        Unavailable,
    )
}


def document(problem: Problem) -> dict[str, Any]:
    """The problem's JSON (RFC 9457)."""
    return {
        "type": f"/problems/{problem.code}",
        "title": problem.title,
        "status": problem.status,
        "detail": problem.detail,
        "code": problem.code,
        "trace_id": trace_id(),
        **problem.members(),
    }


def trace_id() -> str:
    """The id to quote when asking for help: the trace part of the `traceparent`."""
    parts = trace.get().split("-")
    return parts[1] if len(parts) == 4 else ""


def answer(problem: Problem) -> Response[bytes]:
    """The problem as a response."""
    return Response(
        msgspec.json.encode(document(problem)),
        status_code=problem.status,
        media_type=PROBLEM_JSON,
        headers={"Cache-Control": "no-store", **_challenge(problem), **problem.headers},
    )


def _challenge(problem: Problem) -> dict[str, str]:
    """A 401 says how to come in (RFC 9110 15.5.2)."""
    return {"WWW-Authenticate": "Bearer"} if problem.status == 401 else {}


def problem_of(raised: Exception) -> Problem:
    """Whatever was raised, as a problem: ours, the framework's, a bad shape, or something else."""
    if isinstance(raised, Problem):
        return raised
    if isinstance(raised, ValidationException):
        return _bad_shape(raised)
    if isinstance(raised, HTTPException):
        return _frameworks(raised)
    if unstorable(raised):
        return InvalidBody(FieldError("", "unstorable", "含有不能保存的字符(如 U+0000),请去掉。"))
    if isinstance(raised, RecursionError):
        return InvalidBody(FieldError("", "too-deep", "嵌套层次过深,请按接口文档的结构提交。"))
    return _unexpected(raised)


def _frameworks(raised: HTTPException) -> Problem:
    """No such path, wrong method, body too large or not to be read."""
    if isinstance(raised.__cause__, SerializationException):
        return InvalidJson(FieldError("", "invalid-json", InvalidJson.advice))
    kind = BY_STATUS.get(raised.status_code)
    if kind is None:
        kind = BadRequest if raised.status_code < 500 else Problem
    problem = kind()
    problem.headers = dict(raised.headers or {})
    return problem


def _bad_shape(raised: ValidationException) -> Problem:
    """A body or parameter of the wrong shape: 422 with pointers."""
    found = raised.extra if isinstance(raised.extra, list) else []
    errors = [_field_error(each) for each in found if isinstance(each, dict)]
    return InvalidBody(*errors or [FieldError("", "invalid", "内容不是所要的 JSON 形式。")])


def _unexpected(raised: Exception) -> Problem:
    """Logged with its type and place, told without either."""
    if isinstance(raised, (OperationalError, PoolTimeout, OSError)) or lost_database(raised):
        log.error("database out of reach", kind=type(raised).__name__)
        return Unavailable(headers={"Retry-After": "2"})
    # A message may hold values that somebody typed; type and place do not.
    log.error("unexpected", kind=type(raised).__name__, place=_place_of(raised))
    return Problem()


def unstorable(raised: Exception) -> bool:
    """Whether PostgreSQL was given text with U+0000, which no text of its can hold."""
    found = raised.orig if isinstance(raised, DBAPIError) else raised
    told = {type(each) for each in (found, getattr(found, "__cause__", None))}
    return not told.isdisjoint(UNSTORABLE)


def lost_database(raised: Exception) -> bool:
    """Whether the connection, not the statement, is what failed."""
    if isinstance(raised, DBAPIError):
        return raised.connection_invalidated
    return isinstance(
        raised, (asyncpg.PostgresConnectionError, asyncpg.InterfaceError, TimeoutError)
    )


def _place_of(raised: Exception) -> list[str]:
    places, frame = [], raised.__traceback__
    while frame is not None:
        code = frame.tb_frame.f_code
        places.append(f"{code.co_filename.rsplit('/', 1)[-1]}:{frame.tb_lineno}:{code.co_name}")
        frame = frame.tb_next
    return places[-6:]


SAID = (
    (r"unknown field `(?P<name>[^`]*)`", "unknown-member", "没有这个成员,请去掉。"),
    (r"missing required field `(?P<name>[^`]*)`", "missing", "缺少必填项。"),
    (r"length <= (?P<n>\d+)", "too-long", "过长,最多 {n}。"),
    (r"length >= (?P<n>\d+)", "too-short", "过短,最少 {n}。"),
    (r"Expected `\w+` (?P<bound>[<>]=? -?\d+)", "out-of-range", "超出范围,应 {bound}。"),
    (r"with a timezone component", "no-offset", "时刻须带时区,如 2026-03-02T09:00:00+08:00。"),
    (r"Expected `(?P<kind>[^`]*)`", "wrong-type", "类型不对,应为 {kind}。"),
    (r"Invalid enum value", "not-one-of", "不在可选的值中。"),
)


def bad_shape(message: str) -> FieldError:
    """What is wrong with a body and where, from msgspec's own words."""
    return _field_error({"message": message})


def _field_error(found: dict[str, Any]) -> FieldError:
    message = str(found.get("message", ""))
    place = re.search(r"at `\$(?P<path>[^`]*)`", message)
    pointer = _pointer(place["path"]) if place else _pointer("." + str(found.get("key", "")))
    for pattern, code, detail in SAID:
        if match := re.search(pattern, message, re.IGNORECASE):
            named = match.groupdict()
            if name := named.get("name"):
                pointer = f"{_pointer(place['path']) if place else ''}/{name[:60]}"
            return FieldError(pointer, code, detail.format(**named))
    return FieldError(pointer, "invalid", "值不符合要求。")


def _pointer(path: str) -> str:
    steps = re.findall(r"\.([^.\[]+)|\[(\d+|\.\.\.)\]", path)
    return "".join("/" + (name or index)[:60] for name, index in steps)


class ProblemKind(msgspec.Struct, frozen=True):
    """What a code means."""

    code: str
    status: int
    title: str
    advice: str


@get("/problems/{code:str}", opt={"open": True}, media_type=MediaType.JSON)
async def explain_problem(code: FromPath[str]) -> ProblemKind:
    """一个错误代码的含义和处理办法 (api.md 1.3)。"""
    kind = CATALOGUE.get(code)
    if kind is None:
        raise NotFound
    return ProblemKind(kind.code, kind.status, kind.title, kind.advice)
