"""Problems on pages: the same refusals, shown to people; signing in where nobody is signed in."""

from typing import Any
from urllib.parse import quote

from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException
from litestar.response import Redirect

from service.pages.show import page
from service.problems import Problem, Unauthenticated, answers


class Refusal:
    """What the page of a refusal shows."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.title: str = document["title"]
        self.detail: str = document["detail"]
        self.errors: list[dict[str, str]] = document.get("errors", [])
        self.trace_id: str = document["trace_id"]


def is_page(request: Request[Any, Any, Any]) -> bool:
    """Whether the route makes a page; where there is none, whether a browser asks for one."""
    handler = request.scope.get("route_handler")
    if handler is not None:
        return bool(handler.opt.get("page"))
    return "text/html" in request.headers.get("accept", "")


def show(request: Request[Any, Any, Any], problem: Problem) -> Response[Any]:
    """The refusal as a page, or the way to signing in and back."""
    if isinstance(problem, Unauthenticated):
        query = f"?{request.url.query}" if request.url.query else ""
        at = f"{request.url.path}{query}" if request.method == "GET" else ""
        return Redirect(f"/sign-in?next={quote(at)}" if at else "/sign-in", status_code=303)
    refusal = Refusal(answers.document(problem))
    return page(
        request,
        "pages/templates/refusal.html",
        status=problem.status,
        headers=problem.headers,
        refusal=refusal,
    )


def on_raised(request: Request[Any, Any, Any], raised: Exception) -> Response[Any]:
    """A refusal, as a page where a page was asked for, else as RFC 9457."""
    problem = answers.problem_of(raised)
    return show(request, problem) if is_page(request) else answers.answer(problem)


HANDLERS: dict[int | type[Exception], Any] = {
    Problem: on_raised,
    ValidationException: on_raised,
    HTTPException: on_raised,
    Exception: on_raised,
}
"""Each named, because Litestar has handlers of its own for some of them (house.md 5)."""
