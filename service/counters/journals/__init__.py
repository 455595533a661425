"""Journals of counters that were without a network (card-token.md 13.3–13.5)."""
