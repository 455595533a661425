"""The stage of ratings, with channels switched on."""

from collections.abc import Iterator

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from service.channels import switched
from service.settings import Settings
from tests.mailing import with_mail, with_sms
from tests.service.satisfaction.make import Stage


@pytest.fixture
async def stage(session: AsyncSession) -> Stage:
    return await Stage(session).set()


@pytest.fixture
def both_on(database: Settings) -> Iterator[Settings]:
    """E-mail and SMS switched on, to nowhere."""
    settings = with_sms(with_mail(database, 1), "http://127.0.0.1:1/send")
    switched.use(settings)
    yield settings
    switched.use(database)
