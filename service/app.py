"""Puts the service together: every room's routes, one set of manners."""

import contextlib
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from litestar import Litestar, Request, Router
from litestar.contrib.jinja import JinjaTemplateEngine
from litestar.datastructures import State
from litestar.di import Provide
from litestar.openapi.config import OpenAPIConfig
from litestar.template.config import TemplateConfig

from service import db, health, nudge, sealing
from service.audit import pages as audit_pages
from service.audit import routes as audit_routes
from service.auth import routes as auth_routes
from service.auth.callers import Caller
from service.auth.middleware import Identify, Trace
from service.auth.tokens import OAuthRefusal
from service.calendars import routes as calendar_routes
from service.channels import routes as channel_routes
from service.channels import switched
from service.counters import entitlement_routes, public
from service.counters import pages as counter_pages
from service.counters import routes as counter_routes
from service.counters.journals import pages as journal_pages
from service.counters.journals import routes as journal_routes
from service.dead_letters import routes as dead_letter_routes
from service.editing import routes as editing_routes
from service.escalation import routes as escalation_routes
from service.idempotency import Replayed, on_replayed
from service.limits import Limiter
from service.logs import configure_logs
from service.offerings import routes as offering_routes
from service.openapi import asyncapi, document
from service.pages import refusals, show
from service.pages import routes as page_routes
from service.partners import console_pages, digests, feed_routes
from service.partners.clients import routes as client_routes
from service.partners.webhooks import routes as webhook_routes
from service.problems.answers import explain_problem
from service.requests import (
    deadline_routes,
    message_routes,
    partner_routes,
    staff_routes,
    void_routes,
)
from service.requests import pages as request_pages
from service.requests import routes as request_routes
from service.requests.batches import routes as batch_routes
from service.requests.forecasting import routes as forecast_routes
from service.requests.loans import routes as loan_routes
from service.satisfaction import centre_routes
from service.satisfaction import pages as satisfaction_pages
from service.satisfaction import routes as satisfaction_routes
from service.settings import Settings, read
from service.talents import pages as talent_pages
from service.talents.applications import routes as talent_routes
from service.talents.cards import card_routes, face_routes
from service.talents.care import pages as care_pages
from service.talents.care import routes as care_routes
from service.talents.family import routes as family_routes
from service.talents.importing import pages as import_pages
from service.talents.importing import routes as import_routes
from service.talents.matters import routes as matter_routes
from service.talents.proof import card_keys, key_admin_routes, key_routes, presenting_routes
from service.talents.proof.key_store import store_of
from service.talents.quota import routes as quota_routes
from service.transactions import keep_answer, provide_session
from service.worktime import routes as worktime_routes

Clock = Callable[[], datetime]
BODY_LIMIT = 11 * 1024 * 1024
ROOT = Path(__file__).parent

ROOMS: list[Any] = [
    audit_pages,
    audit_routes,
    auth_routes,
    batch_routes,
    calendar_routes,
    card_routes,
    care_pages,
    care_routes,
    centre_routes,
    channel_routes,
    client_routes,
    console_pages,
    counter_pages,
    counter_routes,
    dead_letter_routes,
    deadline_routes,
    editing_routes,
    entitlement_routes,
    escalation_routes,
    family_routes,
    feed_routes,
    health,
    import_pages,
    import_routes,
    journal_pages,
    journal_routes,
    key_admin_routes,
    key_routes,
    forecast_routes,
    loan_routes,
    matter_routes,
    message_routes,
    offering_routes,
    asyncapi,
    page_routes,
    partner_routes,
    public,
    digests,
    face_routes,
    presenting_routes,
    quota_routes,
    request_pages,
    request_routes,
    satisfaction_pages,
    satisfaction_routes,
    staff_routes,
    talent_pages,
    talent_routes,
    void_routes,
    webhook_routes,
    worktime_routes,
]
ROUTES: list[Any] = [explain_problem, *(route for room in ROOMS for route in room.ROUTES)]


def wall_clock() -> datetime:
    """The time, the one place where it is read; everything else is handed it."""
    return datetime.now(UTC)


def provide_caller(request: Request[Any, Any, Any]) -> Caller | None:
    """Who calls; guards have made sure that it is somebody where it must be."""
    caller: Caller | None = request.scope.get("user")
    return caller


def provide_now(state: State) -> datetime:
    """The instant of this call."""
    now: datetime = state.clock()
    return now


def create_app(settings: Settings | None = None, clock: Clock = wall_clock) -> Litestar:
    """The application; `clock` is the one thing that tests hand in."""
    given = settings or read()
    configure_logs()
    sealing.use(sealing.load_ring(given))
    card_keys.use(store_of(given))
    switched.use(given)

    @contextlib.asynccontextmanager
    async def lifespan(app: Litestar) -> AsyncIterator[None]:
        settings: Settings = app.state.settings
        engine = db.make_engine(settings)
        app.state.sessions = db.make_sessions(engine)
        app.state.pool = await db.make_pool(settings)
        await card_keys.check_start(app.state.pool)
        app.state.limiter = Limiter(app.state.pool)
        hints = nudge.Nudge(settings.database_url)
        hints.start()
        nudge.use(hints)
        app.state.broker_check = lambda: health.check_broker(settings.broker_url)
        try:
            yield
        finally:
            nudge.use(None)
            await hints.stop()
            await app.state.pool.close()
            await engine.dispose()

    app = Litestar(
        route_handlers=ROUTES,
        dependencies={
            "session": Provide(provide_session),
            "caller": Provide(provide_caller, sync_to_thread=False),
            "now": Provide(provide_now, sync_to_thread=False),
        },
        middleware=[Identify],
        exception_handlers={
            **refusals.HANDLERS,
            Replayed: on_replayed,
            OAuthRefusal: auth_routes.on_refusal,
        },
        after_request=keep_answer,
        lifespan=[lifespan],
        state=State({"settings": given, "clock": clock}),
        template_config=TemplateConfig(
            directory=[ROOT], engine=JinjaTemplateEngine, engine_callback=show.prepare_engine
        ),
        openapi_config=OpenAPIConfig(
            title="山东惠才卡",
            version="1",
            use_handler_docstrings=True,
            render_plugins=[document.TruePage()],
            openapi_router=Router(
                path="/schema",
                route_handlers=[],
                opt={"open": True},
                before_request=document.only_the_page,
            ),
        ),
        request_max_body_size=BODY_LIMIT,
        logging_config=None,
    )
    # Outside the routing, so that a wrong path has its trace and its count too.
    app.asgi_handler = Trace(app.asgi_handler)
    return app
