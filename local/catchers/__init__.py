"""Simulated receivers of the local set-up: a mail server and an SMS gateway that keep what comes.

`python -m local.catchers --smtp PORT --http PORT`; the page at the second port shows it all.
"""
