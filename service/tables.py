"""All rows in one place, for migrations and for whoever needs every mapper loaded."""

from sqlalchemy import MetaData

from events import dead as _dead  # noqa: F401 - a table beside the log
from events import log
from service import looks
from service.audit import models as audit_models
from service.auth import models as auth_models
from service.calendars import models as calendar_models
from service.channels import models as channel_models
from service.counters import models as counter_models
from service.counters.journals import models as journal_models
from service.db import Base
from service.editing import models as editing_models
from service.escalation import models as escalation_models
from service.offerings import models as offering_models
from service.partners import models as partner_models
from service.partners.webhooks import models as webhook_models
from service.reference import models as reference_models
from service.requests import members as request_members
from service.requests import models as request_models
from service.requests import voids as void_models
from service.requests.batches import models as batch_models
from service.requests.forecasting import models as forecast_models
from service.requests.loans import models as loan_models
from service.satisfaction import models as satisfaction_models
from service.talents import alike, models, reading
from service.talents.applications import application as applications
from service.talents.applications import opinions, returns
from service.talents.cards import card as cards
from service.talents.cards import photos, printing
from service.talents.care import models as care_models
from service.talents.family import models as family_models
from service.talents.importing import models as importing_models
from service.talents.matters import models as matter_models
from service.talents.quota import models as quota_models
from service.worktime import models as worktime_models

ROOMS = (
    looks,
    audit_models,
    auth_models,
    calendar_models,
    care_models,
    channel_models,
    counter_models,
    editing_models,
    escalation_models,
    journal_models,
    family_models,
    matter_models,
    offering_models,
    partner_models,
    reference_models,
    request_members,
    request_models,
    batch_models,
    forecast_models,
    loan_models,
    void_models,
    satisfaction_models,
    models,
    alike,
    applications,
    cards,
    photos,
    importing_models,
    printing,
    quota_models,
    opinions,
    reading,
    returns,
    webhook_models,
    worktime_models,
)

METADATA: list[MetaData] = [Base.metadata, log.metadata]
