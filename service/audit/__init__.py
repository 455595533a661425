"""审计: the log sealed day by day, taken out whole, read by the auditor (events.md 1.2)."""
