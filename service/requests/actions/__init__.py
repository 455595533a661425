"""Verbs of a request, by stage of its journey; callers import the stage."""
