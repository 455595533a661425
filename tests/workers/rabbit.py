"""Looking into a RabbitMQ's queues."""

from collections.abc import Sequence

import pika
from dramatiq.common import dq_name


def is_empty(url: str, queues: Sequence[str]) -> bool:
    """Whether nothing waits in these queues or in those for later tries."""
    connection = pika.BlockingConnection(pika.URLParameters(url))
    try:
        channel = connection.channel()
        names = [each for queue in queues for each in (queue, dq_name(queue))]
        found = [channel.queue_declare(name, passive=True).method.message_count for name in names]
        return not any(found)
    finally:
        connection.close()
