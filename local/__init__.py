"""The local set-up: one machine, nothing else needed (api.md 7)."""
