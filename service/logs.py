"""One JSON line an event of running; nothing that somebody typed, no personal data."""

import logging
import sys
from typing import Any

import msgspec
import structlog


def configure_logs(level: int = logging.INFO) -> None:
    """Write structlog's lines to standard error."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(_json),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
    )


def _json(line: Any, **_: Any) -> str:
    return msgspec.json.encode(line, enc_hook=str).decode()
