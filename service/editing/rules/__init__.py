"""派单规则 of one offering: drafted by one official, tried on last month, published by another."""
