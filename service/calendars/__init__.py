"""工作日历的版本: drafted by one, tried, applied by another, carried through (time.md 6)."""
