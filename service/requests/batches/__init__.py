"""按批次办理: places for a waiting list by a published rule, with a draw for ties (ADR 0022)."""
