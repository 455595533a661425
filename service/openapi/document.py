"""OpenAPI 3.1, generated from the code and true of error answers (api.md 1.2)."""

from typing import Any

import msgspec
from litestar import Litestar, Request
from litestar.openapi.plugins import JsonRenderPlugin

from cards.token import MESSAGES
from service.counters.refusals import NOT_ENTITLED
from service.openapi import bodies
from service.problems import CATALOGUE, NotFound
from service.problems.answers import PROBLEM_JSON
from service.requests.entitlement import REASONS as NOT_REQUESTED
from service.talents.importing.sheets import XLSX

REASONS = sorted({*MESSAGES, *NOT_ENTITLED, *NOT_REQUESTED})
"""Why a card, a benefit or a request is refused: stable codes, one list for all doors."""

PROBLEM_SCHEMA: dict[str, Any] = {
    "type": "object",
    "description": "RFC 9457",
    "required": ["type", "title", "status", "detail", "code", "trace_id"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string", "enum": []},
        "trace_id": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "code", "detail"],
                "properties": {
                    "pointer": {"type": "string"},
                    "code": {"type": "string"},
                    "detail": {"type": "string"},
                },
            },
        },
        "reason": {"type": "string", "description": "哪一条规则不通过", "enum": REASONS},
        "state": {"type": "string"},
        "allowed": {"type": "array", "items": {"type": "string"}},
    },
}

KEY_PARAMETER = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": True,
    "description": "同一键和内容重试时给出第一次的答复 (api.md 1.4)",
    "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$"},
}


OPENAPI_JSON = "application/vnd.oai.openapi+json"
FRAMES = ("/schema", "/schema/{path}")
"""Doors that the framework adds beside the page itself."""


def document_of(app: Litestar) -> dict[str, Any]:
    """The framework's page, made true: every operation's problems, keys and credentials."""
    page: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(app.openapi_schema.to_schema()))
    components = page.setdefault("components", {})
    schema = {**PROBLEM_SCHEMA, "properties": {**PROBLEM_SCHEMA["properties"]}}
    schema["properties"]["code"] = {"type": "string", "enum": sorted(CATALOGUE)}
    components.setdefault("schemas", {})["Problem"] = schema
    components["securitySchemes"] = {
        "person": {"type": "http", "scheme": "bearer", "description": "POST /v1/sessions"},
        "machine": {
            "type": "oauth2",
            "flows": {
                "clientCredentials": {
                    "tokenUrl": "/oauth/token",
                    "scopes": {
                        "requests:handle": "办理申请",
                        "cards:verify": "核验",
                        "cards:redeem": "核销",
                    },
                }
            },
        },
    }
    page["paths"] = {path: page["paths"][path] for path in page["paths"] if path not in FRAMES}
    handlers = _handlers(app)
    for path, operations in page["paths"].items():
        for method, operation in operations.items():
            _make_true(operation, handlers.get((path, method.upper())), method)
    page["paths"]["/schema/openapi.json"]["get"]["responses"]["200"]["content"] = {
        OPENAPI_JSON: {"schema": {"type": "object"}}
    }
    bodies.close(page)
    return page


def _handlers(app: Litestar) -> dict[tuple[str, str], Any]:
    found = {}
    for route in app.routes:
        for handler in getattr(route, "route_handlers", ()):
            for method in getattr(handler, "http_methods", ()):
                found[(route.path_format, str(method))] = handler
    return found


def _make_true(operation: dict[str, Any], handler: Any, method: str) -> None:
    answers = operation.setdefault("responses", {})
    # The framework says 400 for a bad body; ours is 422 and stands among the problems.
    answers.pop("400", None)
    answers["default"] = {
        "description": "问题说明 (RFC 9457)",
        "content": {PROBLEM_JSON: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    if any(each.get("name") == "If-None-Match" for each in operation.get("parameters", ())):
        answers["304"] = {"description": "与 If-None-Match 所列的相同,未重复发送"}
    opt = handler.opt if handler is not None else {}
    if opt.get("form") == "token":
        answers["default"]["content"]["application/json"] = {"schema": {"type": "object"}}
    if opt.get("sheet"):
        answers["200"]["content"]["text/csv"] = {"schema": {"type": "string"}}
        answers["200"]["content"][XLSX] = {"schema": {"type": "string", "format": "binary"}}
    for parameter in operation.get("parameters", ()):
        if parameter.get("name") == "If-Match" and opt.get("if_match") != "optional":
            parameter["required"] = True  # optional to the code, which answers 428
    if form := bodies.FORMS.get(str(opt.get("form") or "")):
        operation["requestBody"] = form
    if method == "post" and not opt.get("no_key"):
        operation.setdefault("parameters", []).append(KEY_PARAMETER)
    if not opt.get("open"):
        operation["security"] = [{"person": []}, {"machine": []}]


async def only_the_page(request: Request[Any, Any, Any]) -> None:
    """Below `/schema` the framework answers any path with a page of its own; ours is a 404."""
    if "path" in request.path_params:
        raise NotFound


class TruePage(JsonRenderPlugin):
    """Serves the page that `document_of` made in place of the framework's."""

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        """The page, made once a process."""
        state = request.app.state
        if "openapi" not in state:
            state.openapi = msgspec.json.encode(document_of(request.app))
        page: bytes = state.openapi
        return page
