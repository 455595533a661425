"""The product as real processes on a database of the test's own, over either queue."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.settings import Settings
from tests.faults.processes import Product
from workers import broker


@pytest.fixture(params=["embedded", "rabbitmq"])
def product(
    request: pytest.FixtureRequest, database: Settings, tmp_path: Path
) -> Iterator[Product]:
    """Nothing runs yet; whatever the test starts is gone at its end."""
    url = ""
    if request.param == "rabbitmq":
        url = request.getfixturevalue("rabbitmq")
    else:
        broker.prepare(database.database_owner_url, broker.role_of(database.database_url))
    with contextlib.closing(Product(database, url, tmp_path)) as product:
        yield product
