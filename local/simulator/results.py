"""What a simulated partner answers: a result that fits the offering's schema (api.md 5.4)."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

FROM_FORM = ("amount_yuan", "term_months", "layout")
"""What the holder asked for is what they get."""

LATER = timedelta(days=7)


def result_for(
    schema: Mapping[str, Any], form: Mapping[str, Any], *, number: str, today: date
) -> dict[str, Any]:
    """The schema's example, with the request's own number, amounts and days."""
    parts: Mapping[str, Any] = schema.get("properties", {})
    result = dict(next(iter(schema.get("examples", ())), {"summary": "已办结"}))
    for name, part in parts.items():
        if name == "reference":
            result[name] = f"M{number}"
        elif name in FROM_FORM and name in form and part.get("type") == _type_of(form[name]):
            result[name] = form[name]
        elif part.get("format") == "date" and name in result:
            result[name] = (today + LATER).isoformat()
    return result


def _type_of(value: Any) -> str:
    return "integer" if isinstance(value, int) else "string"
