"""Which queue an address means, and that either one tries again what failed."""

import threading
from collections.abc import Iterator

import dramatiq
import pytest
from dramatiq.broker import Broker
from dramatiq.brokers.stub import StubBroker
from dramatiq_postgres import PostgresBroker

from service.settings import Settings
from workers import broker
from workers.broker import QuorumBroker, make_broker

NOWHERE = "postgresql://a:b@127.0.0.1:1/x"
PATIENCE = 20.0


@pytest.mark.parametrize(
    ("broker_url", "database_url", "kind"),
    [
        ("amqp://127.0.0.1:1", NOWHERE, QuorumBroker),
        ("amqps://127.0.0.1:1", NOWHERE, QuorumBroker),
        ("", NOWHERE, PostgresBroker),
        ("", "", StubBroker),
    ],
)
def test_the_addresses_say_which_queue(broker_url: str, database_url: str, kind: type) -> None:
    made = make_broker(broker_url, database_url)
    assert isinstance(made, kind)
    names = {type(each).__name__ for each in made.middleware}
    assert {"AsyncIO", "Retries", "TimeLimit", "ShutdownNotifications"} <= names
    made.close()


def test_a_delivery_to_rabbitmq_counts_once_it_is_confirmed() -> None:
    made = make_broker("amqp://127.0.0.1:1", NOWHERE)
    assert isinstance(made, QuorumBroker)
    assert made.confirm_delivery


def test_a_role_s_name_is_read_from_its_address() -> None:
    assert broker.role_of("postgresql://a%2Fb:c@h/d") == "a/b"
    assert broker.role_of("postgresql://h/d") == ""


@pytest.fixture(params=["embedded", "rabbitmq"])
def queue(request: pytest.FixtureRequest, database: Settings) -> Iterator[Broker]:
    """Either queue, for real."""
    url = request.getfixturevalue("rabbitmq") if request.param == "rabbitmq" else ""
    if not url:
        role = broker.role_of(database.database_url)
        for _ in range(2):  # the second time nothing happens
            broker.prepare(database.database_owner_url, role)
    made = make_broker(url, database.database_url)
    yield made
    made.close()


def test_a_message_whose_work_failed_is_tried_again(queue: Broker) -> None:
    tries: list[str] = []
    done = threading.Event()

    @dramatiq.actor(broker=queue, queue_name="tried", min_backoff=1, max_backoff=10)
    def tried(subject: str) -> None:
        tries.append(subject)
        if len(tries) == 1:
            raise ValueError
        done.set()

    worker = dramatiq.Worker(queue, worker_threads=1, worker_timeout=100)
    worker.start()
    try:
        tried.send("requests/1")
        assert done.wait(PATIENCE)
    finally:
        worker.stop()
    assert tries == ["requests/1"] * 2
