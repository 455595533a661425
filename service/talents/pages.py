"""Pages of talents: the card, the application, the review."""

from typing import Any

from service.talents.applications import (
    application_pages,
    review_file_pages,
    review_pages,
    review_routes,
    unit_pages,
)
from service.talents.cards import card_pages

ROUTES: list[Any] = [
    *card_pages.ROUTES,
    *application_pages.ROUTES,
    *review_pages.ROUTES,
    *review_file_pages.ROUTES,
    *review_routes.ROUTES,
    *unit_pages.ROUTES,
]
