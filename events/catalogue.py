"""Every event the service can write: one union over the classes beside (events.md 2.2)."""

from typing import Any, get_args

import msgspec

from events.base import Event, type_of
from events.of_accounts import (
    ChannelBounced,
    ChannelConfirmed,
    ChannelRemoved,
    LoginLocked,
    PreferenceSet,
    SendingFailed,
    SendingRetried,
    SessionClosed,
    SessionOpened,
)
from events.of_applications import (
    ApplicationAtCityReview,
    ApplicationAtCountyReview,
    ApplicationAtOfficeConsent,
    ApplicationAtProvinceReview,
    ApplicationAtUnitAssign,
    ApplicationAtUnitComplete,
    ApplicationAtUnitEndorse,
    ApplicationDrafted,
    ApplicationIssued,
    ApplicationIssuing,
    ApplicationLookAlike,
    ApplicationReassigned,
    ApplicationRejected,
    ApplicationReturned,
    ApplicationWithdrawn,
)
from events.of_audit import DayExported, DaySealed
from events.of_batches import (
    BatchCancelled,
    BatchEnded,
    BatchObjected,
    BatchOpened,
    BatchRanked,
    BatchRuled,
    BatchSettled,
    PlaceDeclined,
    PlaceLapsed,
    PlaceOffered,
    PlaceTaken,
    RequestListed,
    RequestQueued,
    RequestUnlisted,
)
from events.of_calendars import (
    CalendarApplied,
    CalendarDrafted,
    CalendarDropped,
    CalendarRecomputed,
)
from events.of_cards import (
    BenefitConflicted,
    BenefitRedeemed,
    CardExpired,
    CardIssued,
    CardPrinted,
    CardReinstated,
    CardRenewed,
    CardReplaced,
    CardRevoked,
    CardSuspended,
    ConflictSettled,
)
from events.of_care import (
    AbsenceBegan,
    AbsenceEnded,
    AbsenceNoted,
    DeputyChanged,
    SpecialistSet,
    StewardSet,
)
from events.of_clients import ClientKeySet, ClientRotated
from events.of_deadlines import (
    BreachUpheld,
    BreachVoidAsked,
    BreachVoided,
    DeadlineRecomputed,
)
from events.of_imports import ImportApplied
from events.of_keys import CardKeyMade, CardKeyRetired, CardKeyRevoked, CardKeySwitched
from events.of_letters import LetterDropped, LetterRetried
from events.of_loans import LoanClosed, LoanDrawn, LoanGranted, LoanReported
from events.of_matters import (
    CardRelinked,
    CardReminded,
    MatterDecided,
    MatterOpened,
    MatterStated,
    MatterWithdrawn,
)
from events.of_offerings import (
    OfferingDraftDropped,
    OfferingDrafted,
    OfferingPublished,
    OfferingResumed,
    OfferingStopped,
)
from events.of_partners import PartnerAnswered, PartnerFellSilent
from events.of_people import (
    ConsentGiven,
    ConsentWithdrawn,
    FamilyAdded,
    FamilyRemoved,
    MunicipalCardDeclared,
    MunicipalCardEnded,
)
from events.of_quota import QuotaDropped, QuotaFreed, QuotaNamed, QuotaTaken
from events.of_ratings import (
    AppealDecided,
    CaseBreached,
    CaseWarned,
    RatingAppealed,
    RatingCalledBack,
    RatingFollowedUp,
    RatingGiven,
    RatingRectified,
    RatingRuled,
    RatingSupplemented,
)
from events.of_requests import (
    CorrectionAnswered,
    CorrectionAsked,
    DeadlineAcknowledged,
    DeadlineBreached,
    DeadlineWarned,
    FirstReviewed,
    MessageSent,
    OfferWithdrawn,
    PublicityBegan,
    PublicityEnded,
    RequestAccepted,
    RequestBounced,
    RequestChosen,
    RequestCompleted,
    RequestDeclined,
    RequestExpired,
    RequestOffered,
    RequestProgressed,
    RequestRuled,
    RequestSubmitted,
    RequestWithdrawn,
)
from events.of_routing import RulesDrafted, RulesDropped, RulesPublished
from events.of_tables import TableLoaded
from events.of_webhooks import (
    WebhookChanged,
    WebhookDisabled,
    WebhookEnded,
    WebhookMade,
    WebhookRotated,
)

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
    | ApplicationReassigned
    | ApplicationRejected
    | ApplicationWithdrawn
    | CalendarApplied
    | CalendarDrafted
    | CalendarDropped
    | CalendarRecomputed
    | CardIssued
    | CardSuspended
    | CardReinstated
    | CardReplaced
    | CardRenewed
    | CardRevoked
    | CardExpired
    | CardPrinted
    | MatterOpened
    | MatterDecided
    | MatterStated
    | MatterWithdrawn
    | CardReminded
    | CardRelinked
    | BenefitRedeemed
    | BenefitConflicted
    | ConflictSettled
    | FamilyAdded
    | FamilyRemoved
    | ConsentGiven
    | ConsentWithdrawn
    | MunicipalCardDeclared
    | MunicipalCardEnded
    | RequestSubmitted
    | RequestOffered
    | OfferWithdrawn
    | RequestAccepted
    | FirstReviewed
    | RequestBounced
    | RequestChosen
    | RequestDeclined
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
    | BreachUpheld
    | BreachVoidAsked
    | BreachVoided
    | DeadlineRecomputed
    | DeadlineAcknowledged
    | StewardSet
    | SpecialistSet
    | AbsenceNoted
    | AbsenceBegan
    | AbsenceEnded
    | DeputyChanged
    | PartnerFellSilent
    | PartnerAnswered
    | RatingGiven
    | RatingCalledBack
    | RatingRectified
    | RatingRuled
    | RatingSupplemented
    | RatingFollowedUp
    | RatingAppealed
    | AppealDecided
    | CaseWarned
    | CaseBreached
    | SessionOpened
    | ChannelConfirmed
    | ChannelRemoved
    | ChannelBounced
    | PreferenceSet
    | SendingFailed
    | SendingRetried
    | SessionClosed
    | LoginLocked
    | TableLoaded
    | ImportApplied
    | CardKeyMade
    | CardKeyRetired
    | CardKeyRevoked
    | CardKeySwitched
    | ClientRotated
    | ClientKeySet
    | WebhookMade
    | WebhookChanged
    | WebhookRotated
    | WebhookDisabled
    | WebhookEnded
    | BatchCancelled
    | BatchEnded
    | BatchObjected
    | BatchOpened
    | BatchRanked
    | BatchRuled
    | BatchSettled
    | PlaceDeclined
    | PlaceLapsed
    | PlaceOffered
    | PlaceTaken
    | RequestListed
    | RequestQueued
    | RequestUnlisted
    | DayExported
    | DaySealed
    | ApplicationLookAlike
    | LetterDropped
    | LoanClosed
    | LoanDrawn
    | LoanGranted
    | LoanReported
    | OfferingDraftDropped
    | OfferingDrafted
    | OfferingPublished
    | OfferingStopped
    | RulesDrafted
    | RulesDropped
    | RulesPublished
    | OfferingResumed
    | LetterRetried
    | QuotaDropped
    | QuotaFreed
    | QuotaNamed
    | QuotaTaken
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
