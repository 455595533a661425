"""What happens to a request and to its clocks (events.md 2.2)."""

from datetime import date, datetime
from uuid import UUID

from events.base import Event


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
    """A talent asked for an offering; the promise's clock starts.

    `wanted_ids` are the partners that the holder chose (banks), first to last, `wanted_id` the
    first of them; `wanted_others`: after them any other may be asked.
    """

    wanted_id: UUID | None = None
    wanted_ids: tuple[UUID, ...] = ()
    wanted_others: bool = False


class RequestChosen(OfRequest, frozen=True, kw_only=True, tag="hck.request.chosen.v1"):
    """The holder changed whom to ask, first to last."""

    wanted_ids: tuple[UUID, ...] = ()
    wanted_others: bool = False

    @property
    def concerns(self) -> UUID | None:
        """No partner: whom else the holder asks is nobody's matter."""
        return None


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


class FirstReviewed(OfRequest, frozen=True, kw_only=True, tag="hck.request.first_reviewed.v1"):
    """初审 is over: `passed`, and handling runs until `due_at`; or `refused`. A decision that came
    at once has no `due_at`. `in_time` says whether the first review kept its own time."""

    outcome: str
    in_time: bool
    due_at: datetime | None = None


class RequestBounced(OfRequest, frozen=True, kw_only=True, tag="hck.request.bounced.v1"):
    """The partner cannot do it; it is routed on."""

    reason: str
    bounces: int


class RequestDeclined(OfRequest, frozen=True, kw_only=True, tag="hck.request.declined.v1"):
    """One bank of several declined, `in_time` or not; the next of the holder's choice is asked.
    `files`: how many came with the answer."""

    in_time: bool
    files: int = 0


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
    """办结: granted or declined; `in_time` says whether the holder's promise was kept, `excused`
    that it was not, and the breach had been voided (time.md E3); `files` came with the answer.
    """

    outcome: str
    in_time: bool
    files: int = 0
    excused: bool = False


class RequestWithdrawn(OfRequest, frozen=True, kw_only=True, tag="hck.request.withdrawn.v1"):
    """The holder withdrew it."""


class RequestExpired(OfRequest, frozen=True, kw_only=True, tag="hck.request.expired.v1"):
    """The holder did not answer in time: to a `correction`, or to the offer of a `place`."""

    cause: str = "correction"


class RequestRuled(OfRequest, frozen=True, kw_only=True, tag="hck.request.ruled.v1"):
    """专家中心 is to rule, or has ruled: `ruling` is opened, assigned or ended."""

    ruling: str


class MessageSent(OfRequest, frozen=True, kw_only=True, tag="hck.request.message_sent.v1"):
    """Holder, steward or partner wrote to the others; the text stays out of the log.

    `side` is who wrote (`holder`, `steward`, `partner`), `files` how many came with it.
    """

    message_id: UUID
    side: str = ""
    files: int = 0


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


class DeadlineAcknowledged(
    OfRequest, frozen=True, kw_only=True, tag="hck.deadline.acknowledged.v1"
):
    """Somebody who was told of a rung took note; their side is not reminded of it again.

    `audience`: whose side it was (clerks, heads, steward, centre, holder).
    """

    clock_id: UUID
    leg: str
    generation: int
    rung: str
    audience: str

    @property
    def concerns(self) -> UUID | None:
        """No partner: who reminds whom inside is no partner's matter."""
        return None
