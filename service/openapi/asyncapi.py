"""AsyncAPI 3.0 of the events that go out, as a partner reads them (events.md 2, 3, 4)."""

from typing import Any

import msgspec
from litestar import get
from litestar.datastructures import State
from litestar.params import FromPath

from events.base import Event
from events.catalogue import EVENTS
from events.feed import TEST_TYPE
from service.problems import NotFound

JSON = "application/json"
CLOUD_EVENT = "application/cloudevents+json"
ENVELOPE: dict[str, Any] = {
    "type": "object",
    "description": "CloudEvents 1.0 (events.md 2.1)",
    "required": [
        "specversion", "id", "source", "type", "subject", "time", "datacontenttype",
        "dataschema", "sequence", "data",
    ],
    "properties": {
        "specversion": {"type": "string", "const": "1.0"},
        "id": {"type": "string", "format": "uuid"},
        "source": {"type": "string", "pattern": "^/hck/[0-9]{6}$"},
        "type": {"type": "string"},
        "subject": {"type": "string"},
        "time": {"type": "string", "format": "date-time"},
        "datacontenttype": {"type": "string", "const": JSON},
        "dataschema": {"type": "string", "format": "uri"},
        "sequence": {"type": "integer", "minimum": 1, "description": "同一 subject 从 1 起"},
        "traceparent": {"type": "string", "description": "W3C Trace Context"},
        "data": {"type": "object"},
    },
}  # fmt: skip
"""Common to all events; each one adds its `type` and `data`."""
TEST: dict[str, Any] = {
    "type": "object",
    "required": ["webhook_id"],
    "properties": {"webhook_id": {"type": "string", "format": "uuid"}},
}


def asyncapi(base_url: str) -> dict[str, Any]:
    """The document: every event once, by feed (pull) and by webhook (push)."""
    messages, schemas = {}, {"CloudEvent": ENVELOPE}
    for name, kind in EVENTS.items():
        message, data = kind.__name__, f"{kind.__name__}Data"
        schemas[data] = schema_of(kind)
        schemas[message] = _event(name, data)
        messages[message] = {
            "name": name,
            "title": (kind.__doc__ or name).strip().splitlines()[0],
            "contentType": CLOUD_EVENT,
            "payload": {"$ref": f"#/components/schemas/{message}"},
        }
    schemas["WebhookTestData"], schemas["WebhookTest"] = TEST, _event(TEST_TYPE, "WebhookTestData")
    test = {
        "name": TEST_TYPE,
        "title": "A test that the receiver's engineer asked for.",
        "contentType": CLOUD_EVENT,
        "payload": {"$ref": "#/components/schemas/WebhookTest"},
    }
    pushed = {**messages, "WebhookTest": test}
    scheme, _, host = base_url.partition("://")
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "山东惠才卡 事件", "version": "1"},
        "defaultContentType": CLOUD_EVENT,
        "servers": {"service": {"host": host, "protocol": scheme}},
        "channels": {
            "feed": _channel("/v1/partner/events", "拉取:按游标读本单位的事件", messages),
            "webhook": _channel(None, "推送:发到办理单位登记的地址,每件一次 POST", pushed),
        },
        "operations": {
            "feed": _sending("feed", "办理单位 GET 时给出"),
            "push": _sending("webhook", "按 Standard Webhooks 1.0 签名后 POST"),
        },
        "components": {"messages": pushed, "schemas": schemas},
    }


def _event(name: str, data: str) -> dict[str, Any]:
    members = {
        "type": {"type": "string", "const": name},
        "data": {"$ref": f"#/components/schemas/{data}"},
    }
    return {"allOf": [{"$ref": "#/components/schemas/CloudEvent"}, {"properties": members}]}


def _channel(address: str | None, summary: str, messages: dict[str, Any]) -> dict[str, Any]:
    named = {name: {"$ref": f"#/components/messages/{name}"} for name in messages}
    return {"address": address, "summary": summary, "messages": named}


def _sending(channel: str, summary: str) -> dict[str, Any]:
    return {"action": "send", "summary": summary, "channel": {"$ref": f"#/channels/{channel}"}}


def schema_of(kind: type[Event]) -> dict[str, Any]:
    """The JSON Schema of an event's `data`."""
    _, parts = msgspec.json.schema_components([kind], ref_template="#/$defs/{name}")
    schema = dict(parts[kind.__name__])
    schema["properties"] = {k: v for k, v in schema["properties"].items() if k != "type"}
    schema["required"] = [name for name in schema.get("required", []) if name != "type"]
    return schema


@get("/schema/asyncapi.json", opt={"open": True})
async def asyncapi_page(state: State) -> dict[str, Any]:
    """AsyncAPI 3.0。"""
    return asyncapi(state.settings.base_url)


@get("/schema/events/{name:str}", opt={"open": True})
async def event_schema(name: FromPath[str]) -> dict[str, Any]:
    """一类事件 data 的 JSON Schema;CloudEvents 的 dataschema 指向这里。"""
    kind = EVENTS.get(name)
    if kind is None and name != TEST_TYPE:
        raise NotFound
    schema = schema_of(kind) if kind else TEST
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


ROUTES = [asyncapi_page, event_schema]
