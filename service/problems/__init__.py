"""Refusals: RFC 9457 problems with a stable code and Chinese that says what to do (api.md 1.3)."""

from service.problems.catalogue import *  # noqa: F403
from service.problems.kinds import CATALOGUE, FieldError, InvalidBody, InvalidJson, Problem

__all__ = ["CATALOGUE", "FieldError", "InvalidBody", "InvalidJson", "Problem"]
