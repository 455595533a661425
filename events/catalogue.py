"""Every event the service can write, one class each, one union (events.md 2.2)."""

from datetime import date, datetime
from typing import Any, get_args
from uuid import UUID

import msgspec

from events.base import Event, type_of


class OfApplication(Event, frozen=True, kw_only=True):
    """Happened to a card application; `category` 1–5, `level` of the step's holder."""

    application_id: UUID
    category: int
    returned_to: str | None = None

    @property
    def subject(self) -> str:
        """The application."""
        return f"applications/{self.application_id}"


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


class ApplicationRejected(
    OfApplication, frozen=True, kw_only=True, tag="hck.application.rejected.v1"
):
    """The application is ended without a card."""


class ApplicationWithdrawn(
    OfApplication, frozen=True, kw_only=True, tag="hck.application.withdrawn.v1"
):
    """The application is withdrawn by the talent."""


class OfCard(Event, frozen=True, kw_only=True):
    """Happened to a card."""

    card_id: UUID

    @property
    def subject(self) -> str:
        """The card."""
        return f"cards/{self.card_id}"


class CardIssued(OfCard, frozen=True, kw_only=True, tag="hck.card.issued.v1"):
    """A card came into being by the last pass of its application."""

    application_id: UUID
    category: int
    tier: str
    valid_until: date


class CardSuspended(OfCard, frozen=True, kw_only=True, tag="hck.card.suspended.v1"):
    """Not usable for now."""


class CardReinstated(OfCard, frozen=True, kw_only=True, tag="hck.card.reinstated.v1"):
    """Usable again."""


class CardReplaced(OfCard, frozen=True, kw_only=True, tag="hck.card.replaced.v1"):
    """Dead; another card with a new number stands in its place."""

    replaced_by: UUID


class CardRenewed(OfCard, frozen=True, kw_only=True, tag="hck.card.renewed.v1"):
    """Valid for longer."""

    valid_until: date


class CardRevoked(OfCard, frozen=True, kw_only=True, tag="hck.card.revoked.v1"):
    """Ended for good by people."""


class CardExpired(OfCard, frozen=True, kw_only=True, tag="hck.card.expired.v1"):
    """Ended by its last day."""


class BenefitRedeemed(Event, frozen=True, kw_only=True, tag="hck.benefit.redeemed.v1"):
    """A counter gave a benefit for a live token."""

    redemption_id: UUID
    card_id: UUID
    offering: str
    partner_id: UUID
    service_point_id: UUID
    companions: int

    @property
    def subject(self) -> str:
        """The redemption."""
        return f"redemptions/{self.redemption_id}"

    @property
    def concerns(self) -> UUID | None:
        """The partner whose counter it was."""
        return self.partner_id


class OfRequest(Event, frozen=True, kw_only=True):
    """Happened to a request; `partner_id` is the partner that has or had it, if one has."""

    request_id: UUID
    offering: str
    partner_id: UUID | None = None

    @property
    def subject(self) -> str:
        """The request."""
        return f"requests/{self.request_id}"

    @property
    def concerns(self) -> UUID | None:
        """The partner that has it."""
        return self.partner_id


class RequestSubmitted(OfRequest, frozen=True, kw_only=True, tag="hck.request.submitted.v1"):
    """A talent asked for an offering; the promise's clock starts."""


class RequestOffered(OfRequest, frozen=True, kw_only=True, tag="hck.request.offered.v1"):
    """Routed to a partner, which must accept or bounce by `due_at`."""

    dispatch_id: UUID
    due_at: datetime


class OfferWithdrawn(OfRequest, frozen=True, kw_only=True, tag="hck.request.withdrawn_offer.v1"):
    """No longer this partner's: it did not answer, or the holder withdrew."""

    dispatch_id: UUID
    reason: str


class RequestAccepted(OfRequest, frozen=True, kw_only=True, tag="hck.request.accepted.v1"):
    """办理单位 took the request on: the accept clock stops, the handling clock starts."""

    due_at: datetime


class RequestBounced(OfRequest, frozen=True, kw_only=True, tag="hck.request.bounced.v1"):
    """The partner cannot do it; it is routed on."""

    reason: str
    bounces: int


class CorrectionAsked(OfRequest, frozen=True, kw_only=True, tag="hck.request.correction_asked.v1"):
    """Something is missing; handling stands still until the holder answers or `due_at`."""

    items: int
    due_at: datetime


class CorrectionAnswered(
    OfRequest, frozen=True, kw_only=True, tag="hck.request.correction_answered.v1"
):
    """The holder answered; handling goes on until `due_at`."""

    due_at: datetime


class PublicityBegan(OfRequest, frozen=True, kw_only=True, tag="hck.request.publicity_began.v1"):
    """公示 runs; handling stands still."""

    begins_on: date
    ends_on: date


class PublicityEnded(OfRequest, frozen=True, kw_only=True, tag="hck.request.publicity_ended.v1"):
    """公示 is over; handling goes on until `due_at`."""

    due_at: datetime


class RequestProgressed(OfRequest, frozen=True, kw_only=True, tag="hck.request.progressed.v1"):
    """The partner told of a step."""


class RequestCompleted(OfRequest, frozen=True, kw_only=True, tag="hck.request.completed.v1"):
    """办结: granted or declined; `in_time` says whether the holder's promise was kept."""

    outcome: str
    in_time: bool


class RequestWithdrawn(OfRequest, frozen=True, kw_only=True, tag="hck.request.withdrawn.v1"):
    """The holder withdrew it."""


class RequestExpired(OfRequest, frozen=True, kw_only=True, tag="hck.request.expired.v1"):
    """A correction was not answered in its time."""


class RequestRuled(OfRequest, frozen=True, kw_only=True, tag="hck.request.ruled.v1"):
    """专家中心 is to rule, or has ruled: `ruling` is opened, assigned or ended."""

    ruling: str


class MessageSent(OfRequest, frozen=True, kw_only=True, tag="hck.request.message_sent.v1"):
    """Holder, steward or partner wrote to the others; the text stays out of the log."""

    message_id: UUID


class OfClock(OfRequest, frozen=True, kw_only=True):
    """Happened to a clock of a request."""

    clock_id: UUID
    leg: str
    generation: int
    rung: str
    due_at: datetime
    late_seconds: int


class DeadlineWarned(OfClock, frozen=True, kw_only=True, tag="hck.deadline.warned.v1"):
    """Time is running out."""


class DeadlineBreached(OfClock, frozen=True, kw_only=True, tag="hck.deadline.breached.v1"):
    """Time ran out; a fact that stays."""


class DeadlineRecomputed(OfRequest, frozen=True, kw_only=True, tag="hck.deadline.recomputed.v1"):
    """A newer calendar moved an open deadline."""

    clock_id: UUID
    generation: int
    was_due_at: datetime
    due_at: datetime


class OfRating(Event, frozen=True, kw_only=True):
    """Happened to a rating."""

    rating_id: UUID
    about: str
    offering: str

    @property
    def subject(self) -> str:
        """The rating."""
        return f"ratings/{self.rating_id}"


class RatingGiven(OfRating, frozen=True, kw_only=True, tag="hck.rating.given.v1"):
    """A holder rated a completed request or a redemption; grade 5 best, 1 and 2 bad.

    `origin` is `active`, or `default` where nobody answered in the window (satisfaction.md G4).
    """

    grade: int
    tags: tuple[str, ...]
    origin: str = "active"


class RatingCalledBack(OfRating, frozen=True, kw_only=True, tag="hck.rating.called_back.v1"):
    """专家中心 called the rater back."""

    verdict: str


class RatingRectified(OfRating, frozen=True, kw_only=True, tag="hck.rating.rectified.v1"):
    """The agency says it has mended the matter."""


class RatingRuled(OfRating, frozen=True, kw_only=True, tag="hck.rating.ruled.v1"):
    """专家中心 closed the case, sent it back, or voided the rating for a reason from the list."""

    ruling: str
    reason: str | None = None


class OfAccount(Event, frozen=True, kw_only=True):
    """Happened to somebody's account."""

    account_id: UUID

    @property
    def subject(self) -> str:
        """The account."""
        return f"accounts/{self.account_id}"


class SessionOpened(OfAccount, frozen=True, kw_only=True, tag="hck.session.opened.v1"):
    """Somebody signed in."""


class SessionClosed(OfAccount, frozen=True, kw_only=True, tag="hck.session.closed.v1"):
    """Somebody signed out."""


class LoginLocked(OfAccount, frozen=True, kw_only=True, tag="hck.session.locked.v1"):
    """Five failures in a row: nobody signs in here for 15 minutes."""


class TableLoaded(Event, frozen=True, kw_only=True, tag="hck.table.loaded.v1"):
    """Officials loaded a newer table of data."""

    table: str
    version: int
    rows: int

    @property
    def subject(self) -> str:
        """The table."""
        return f"tables/{self.table}"


AnyEvent = (
    ApplicationDrafted
    | ApplicationAtUnitAssign
    | ApplicationAtUnitComplete
    | ApplicationAtUnitEndorse
    | ApplicationAtCountyReview
    | ApplicationAtCityReview
    | ApplicationAtProvinceReview
    | ApplicationAtOfficeConsent
    | ApplicationIssuing
    | ApplicationIssued
    | ApplicationReturned
    | ApplicationRejected
    | ApplicationWithdrawn
    | CardIssued
    | CardSuspended
    | CardReinstated
    | CardReplaced
    | CardRenewed
    | CardRevoked
    | CardExpired
    | BenefitRedeemed
    | RequestSubmitted
    | RequestOffered
    | OfferWithdrawn
    | RequestAccepted
    | RequestBounced
    | CorrectionAsked
    | CorrectionAnswered
    | PublicityBegan
    | PublicityEnded
    | RequestProgressed
    | RequestCompleted
    | RequestWithdrawn
    | RequestExpired
    | RequestRuled
    | MessageSent
    | DeadlineWarned
    | DeadlineBreached
    | DeadlineRecomputed
    | RatingGiven
    | RatingCalledBack
    | RatingRectified
    | RatingRuled
    | SessionOpened
    | SessionClosed
    | LoginLocked
    | TableLoaded
)

EVENTS: dict[str, type[Event]] = {type_of(each): each for each in get_args(AnyEvent)}
"""Every event class by its public name."""


def read(type_name: str, data: dict[str, Any]) -> AnyEvent:
    """The event of a log row; raises msgspec.ValidationError where the row is not one."""
    return msgspec.convert({**data, "type": type_name}, AnyEvent)  # type: ignore[no-any-return]


def data_of(event: Event) -> dict[str, Any]:
    """The `data` member: everything but the type."""
    plain: dict[str, Any] = msgspec.to_builtins(event)
    plain.pop("type")
    return plain
