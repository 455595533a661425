"""工作时间: calendars, budgets, pauses (time.md)."""
