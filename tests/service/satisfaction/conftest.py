"""The stage, set in the test's own transaction."""

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from tests.service.satisfaction.make import Stage


@pytest.fixture
async def stage(session: AsyncSession) -> Stage:
    """Holder, agencies and centre."""
    return await Stage(session).set()
