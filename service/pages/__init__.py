"""Pages for people: layout, sign-in, static files."""
