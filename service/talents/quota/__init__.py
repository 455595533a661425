"""企业名额: a city names enterprises, each puts forward a talent of category 5 (guide.md 2.2)."""
