"""How a card proves itself: keys, status lists, live codes."""
