"""督办: who is told at which rung, again until somebody acknowledges it (time.md 5)."""
