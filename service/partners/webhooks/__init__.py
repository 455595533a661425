"""Webhooks: events pushed to partners' own addresses (events.md 4)."""
