"""One-to-one: who looks after a holder, who stands in, who takes over (guide.md 1, 4)."""
