"""The stage, set in the test's own transaction."""

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from service.satisfaction import case_queries, rating
from tests.service.satisfaction.looping import Loop
from tests.service.satisfaction.make import BAD, MONDAY, Stage


@pytest.fixture
async def stage(session: AsyncSession) -> Stage:
    """Holder, agencies and centre."""
    return await Stage(session).set()


@pytest.fixture
async def loop(stage: Stage) -> Loop:
    request = await stage.request()
    made = await rating.rate_request(stage.session, request.id, BAD, stage.holder, MONDAY)
    found = await case_queries.page(
        stage.session, stage.officer, MONDAY, state=None, after=None, limit=10
    )
    assert [row.id for _, row in found] == [made.id]
    return Loop(stage, found[0][0])
