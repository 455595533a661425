"""Import of holders of paper cards: looked at line by line, then all or nothing."""
