"""人才: people, their applications, their cards."""
