"""A RabbitMQ of a test's own, from Debian's package; it keeps nothing and leaves nothing behind."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pika
from dramatiq.common import dq_name

from local.postgres import free_port

SERVER = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
START_SECONDS = 60


@contextlib.contextmanager
def running(folder: Path) -> Iterator[str]:
    """Start it in `folder`; gives its address, and ends it with its name server (epmd)."""
    assert SERVER.exists(), "测试需要 rabbitmq-server: sudo apt-get install rabbitmq-server"
    port, names = free_port(), free_port()
    environment = {
        **os.environ,
        "HOME": str(folder),
        "ERL_EPMD_PORT": str(names),
        "RABBITMQ_NODENAME": f"hck{port}@localhost",
        "RABBITMQ_NODE_PORT": str(port),
        "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
        "RABBITMQ_DIST_PORT": str(free_port()),
        "RABBITMQ_MNESIA_BASE": str(folder / "data"),
        "RABBITMQ_LOG_BASE": str(folder / "log"),
        "RABBITMQ_PID_FILE": str(folder / "pid"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
        "RABBITMQ_CONF_ENV_FILE": str(folder / "none"),
        "RABBITMQ_CONFIG_FILE": str(folder / "none"),
    }
    epmd = shutil.which("epmd") or "epmd"
    with (folder / "output").open("ab") as output:
        namer, server = (
            subprocess.Popen(
                command, env=environment, stdout=output, stderr=output, start_new_session=True
            )
            for command in ([epmd, "-port", str(names)], [str(SERVER)])
        )
    try:
        _wait(port, server, folder)
        yield f"amqp://guest:guest@127.0.0.1:{port}"
    finally:
        for process in (server, namer):
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


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


def _wait(port: int, server: "subprocess.Popen[bytes]", folder: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        assert server.poll() is None, (folder / "output").read_text(errors="replace")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 2) as link:
            link.sendall(b"AMQP\x00\x00\x09\x01")
            if link.recv(1) == b"\x01":
                return
        time.sleep(0.1)
    raise AssertionError((folder / "output").read_text(errors="replace"))
