"""卡务: what is asked for or reported about a card, and decided by a window (guide.md 2.4)."""
