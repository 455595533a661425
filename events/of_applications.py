"""What happens to an application for a card (events.md 2.2)."""

from uuid import UUID

from events.base import Event


class OfApplication(Event, frozen=True, kw_only=True):
    """Happened to a card application; `category` 1–5, `level` of the step's holder."""

    application_id: UUID
    category: int
    returned_to: str | None = None

    @property
    def subject(self) -> str:
        """The application."""
        return f"applications/{self.application_id}"


class ApplicationLookAlike(
    OfApplication, frozen=True, kw_only=True, tag="hck.application.look_alike.v1"
):
    """A reviewer found whether somebody of the same name and birthday is the same person."""

    other_id: UUID
    same: bool


class ApplicationDrafted(OfApplication, frozen=True, kw_only=True, tag="hck.application.draft.v1"):
    """The application is begun."""


class ApplicationAtUnitAssign(
    OfApplication, frozen=True, kw_only=True, tag="hck.application.unit_assign.v1"
):
    """The application is with the unit's manager, who names a specialist."""


class ApplicationAtUnitComplete(
    OfApplication, frozen=True, kw_only=True, tag="hck.application.unit_complete.v1"
):
    """The application is with the unit's specialist."""


class ApplicationAtUnitEndorse(
    OfApplication, frozen=True, kw_only=True, tag="hck.application.unit_endorse.v1"
):
    """The application is with the unit's manager for endorsement."""


class ApplicationAtCountyReview(
    OfApplication, frozen=True, kw_only=True, tag="hck.application.county_review.v1"
):
    """The application is with the county's window."""


class ApplicationAtCityReview(
    OfApplication, frozen=True, kw_only=True, tag="hck.application.city_review.v1"
):
    """The application is with the city's window."""


class ApplicationAtProvinceReview(
    OfApplication, frozen=True, kw_only=True, tag="hck.application.province_review.v1"
):
    """The application is with the province's window."""


class ApplicationAtOfficeConsent(
    OfApplication, frozen=True, kw_only=True, tag="hck.application.office_consent.v1"
):
    """The application is with the office for consent."""


class ApplicationIssuing(
    OfApplication, frozen=True, kw_only=True, tag="hck.application.issuing.v1"
):
    """The application is passed by everybody; the card is being issued."""


class ApplicationIssued(OfApplication, frozen=True, kw_only=True, tag="hck.application.issued.v1"):
    """The application is done: the card exists."""


class ApplicationReturned(
    OfApplication, frozen=True, kw_only=True, tag="hck.application.returned.v1"
):
    """The application is sent back to whoever must mend it."""


class ApplicationReassigned(
    OfApplication, frozen=True, kw_only=True, tag="hck.application.reassigned.v1"
):
    """The unit's manager named another specialist; the application stays where it is."""


class ApplicationRejected(
    OfApplication, frozen=True, kw_only=True, tag="hck.application.rejected.v1"
):
    """The application is ended without a card."""


class ApplicationWithdrawn(
    OfApplication, frozen=True, kw_only=True, tag="hck.application.withdrawn.v1"
):
    """The application is withdrawn by the talent."""
