"""Who calls and what they may: callers, sessions, tokens, guards."""
