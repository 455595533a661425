"""The product on each broker, with and without the simulated partners; one a module."""

from collections.abc import Iterator

import pytest

from tests.walks import running
from tests.walks.running import BROKERS, RABBITMQ, Product


@pytest.fixture(scope="module", params=BROKERS)
def broker_url(request: pytest.FixtureRequest) -> str:
    """What BROKER_URL is; empty for the embedded broker."""
    url: str = request.getfixturevalue("rabbitmq") if request.param == RABBITMQ else ""
    return url


@pytest.fixture(scope="module")
def product(broker_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """The whole product; its partners are people and machines of the walk."""
    with running.running(tmp_path_factory.mktemp("run") / "var", broker_url) as product:
        yield product


@pytest.fixture(scope="module")
def lively(broker_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """The same with simulated partners at work beside the walk's own."""
    data = tmp_path_factory.mktemp("lively") / "var"
    with running.running(data, broker_url, simulator=True) as product:
        yield product
