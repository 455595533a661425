"""A year of requests on a virtual clock, by the product's own rules (time.md 2–5).

Nothing here decides what the product decides: routing, clocks, ladder, pauses, states and legs are
the service's own functions and rows, called without a database. What is made up is how people
behave: `data/agencies.tsv` and `data/demand.tsv` (all A, assumed).
"""
