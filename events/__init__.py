"""What has happened: the event log, at once outbox, timeline and audit."""
