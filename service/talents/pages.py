"""Pages of talents: the card, the application, the review."""

from typing import Any

from service.talents import application_pages, card_pages, review_pages

ROUTES: list[Any] = [*card_pages.ROUTES, *application_pages.ROUTES, *review_pages.ROUTES]
