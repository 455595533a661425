"""死信: events that a consumer cannot take, seen and decided on by the system administrator."""
