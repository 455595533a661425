"""OpenAPI 3.1 and AsyncAPI 3.0, generated from the code and true of error answers (api.md 1.2)."""

from typing import Any

import msgspec
from litestar import Litestar, Request, get
from litestar.datastructures import State
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.params import FromPath

from cards.token import MESSAGES
from events.base import Event
from events.catalogue import EVENTS
from service.counters.refusals import NOT_ENTITLED
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
    handlers = _handlers(app)
    for path, operations in page["paths"].items():
        for method, operation in operations.items():
            _make_true(operation, handlers.get((path, method.upper())), method)
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
    if opt.get("form"):
        answers["default"]["content"]["application/json"] = {"schema": {"type": "object"}}
    if opt.get("sheet"):
        answers["200"]["content"]["text/csv"] = {"schema": {"type": "string"}}
        answers["200"]["content"][XLSX] = {"schema": {"type": "string", "format": "binary"}}
    if method == "post" and not opt.get("no_key"):
        operation.setdefault("parameters", []).append(KEY_PARAMETER)
    if not opt.get("open"):
        operation["security"] = [{"person": []}, {"machine": []}]


def asyncapi(base_url: str) -> dict[str, Any]:
    """AsyncAPI 3.0 of the feed's events."""
    messages, schemas = {}, {}
    for name, kind in EVENTS.items():
        schemas[kind.__name__] = schema_of(kind)
        messages[kind.__name__] = {
            "name": name,
            "title": (kind.__doc__ or name).strip().splitlines()[0],
            "contentType": "application/cloudevents+json",
            "payload": {"$ref": f"#/components/schemas/{kind.__name__}"},
        }
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "山东惠才卡 事件", "version": "1"},
        "servers": {"service": {"host": base_url.partition("://")[2], "protocol": "https"}},
        "channels": {
            "partner": {
                "address": "/v1/partner/events",
                "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in messages},
            }
        },
        "operations": {"receive": {"action": "send", "channel": {"$ref": "#/channels/partner"}}},
        "components": {"messages": messages, "schemas": schemas},
    }


def schema_of(kind: type[Event]) -> dict[str, Any]:
    """The JSON Schema of an event's `data`."""
    _, parts = msgspec.json.schema_components([kind], ref_template="#/$defs/{name}")
    schema = dict(parts[kind.__name__])
    schema["properties"] = {k: v for k, v in schema["properties"].items() if k != "type"}
    schema["required"] = [name for name in schema.get("required", []) if name != "type"]
    return schema


class TruePage(JsonRenderPlugin):
    """Serves the page that `document_of` made in place of the framework's."""

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        """The page, made once a process."""
        state = request.app.state
        if "openapi" not in state:
            state.openapi = msgspec.json.encode(document_of(request.app))
        page: bytes = state.openapi
        return page


@get("/schema/asyncapi.json", opt={"open": True}, include_in_schema=False)
async def asyncapi_page(state: State) -> dict[str, Any]:
    """AsyncAPI 3.0。"""
    return asyncapi(state.settings.base_url)


@get("/schema/events/{name:str}", opt={"open": True})
async def event_schema(name: FromPath[str]) -> dict[str, Any]:
    """一类事件 data 的 JSON Schema;CloudEvents 的 dataschema 指向这里。"""
    kind = EVENTS.get(name)
    if kind is None:
        raise NotFound
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema_of(kind)}


ROUTES = [asyncapi_page, event_schema]
