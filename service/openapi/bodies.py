"""What a caller sends, in OpenAPI's words: closed JSON bodies, forms and files."""

from typing import Any

FILE = {"type": "string", "contentMediaType": "application/octet-stream"}
YES = {"type": "string", "enum": ["yes"]}
TOKEN = {
    "type": "object",
    "required": ["grant_type"],
    "properties": {
        "grant_type": {"type": "string", "const": "client_credentials"},
        "scope": {"type": "string"},
        "client_id": {"type": "string"},
        "client_secret": {"type": "string"},
        "client_assertion_type": {
            "type": "string",
            "const": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        },
        "client_assertion": {"type": "string"},
    },
}


def _multipart(**more: Any) -> dict[str, Any]:
    members = {"file": FILE, **more}
    schema = {"type": "object", "required": ["file"], "properties": members}
    return {"required": True, "content": {"multipart/form-data": {"schema": schema}}}


FORMS: dict[str, dict[str, Any]] = {
    "token": {
        "required": True,
        "content": {"application/x-www-form-urlencoded": {"schema": TOKEN}},
    },
    "file": _multipart(),
    "evidence": _multipart(not_secret=YES),
    "photo": _multipart(seen=YES),
}
"""Bodies that no type of a handler tells, by what its `opt["form"]` says."""


def close(page: dict[str, Any]) -> None:
    """Say of every JSON body, and of each part, that unknown members are refused (api.md 1.1)."""
    schemas = page["components"]["schemas"]
    waiting = [
        operation["requestBody"]["content"].get("application/json", {})
        for operations in page["paths"].values()
        for operation in operations.values()
        if "requestBody" in operation
    ]
    closed: set[str] = set()
    while waiting:
        for name in set(_names(waiting.pop())) - closed:
            closed.add(name)
            if "properties" in schemas[name]:
                schemas[name]["additionalProperties"] = False
            waiting.append(schemas[name])


def _names(part: Any) -> list[str]:
    """The components that a schema refers to, at any depth."""
    if isinstance(part, list):
        return [name for each in part for name in _names(each)]
    if not isinstance(part, dict):
        return []
    found = [name for each in part.values() for name in _names(each)]
    if isinstance(reference := part.get("$ref"), str):
        found.append(reference.rsplit("/", 1)[-1])
    return found
