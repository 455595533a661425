"""How work is started: broker, relay, timers, actors."""
