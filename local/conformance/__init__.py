"""A conformance run against a partner's receiver (events.md 5.2)."""
