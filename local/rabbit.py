"""A RabbitMQ of a run of ours, from Debian's package: for tests and measurements."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from local.postgres import free_port

SERVER = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
START_SECONDS = 60


class RabbitError(Exception):
    """It cannot start; the text says why."""


class Server:
    """One RabbitMQ and its name server (epmd) in a folder; the same port after each start."""

    def __init__(self, folder: Path) -> None:
        if not SERVER.exists():
            raise RabbitError("需要 rabbitmq-server: sudo apt-get install rabbitmq-server")
        self.folder, self.port, self.names = folder, free_port(), free_port()
        self.url = f"amqp://guest:guest@127.0.0.1:{self.port}"
        self._running: list[subprocess.Popen[bytes]] = []
        self._environment = {
            **os.environ,
            "HOME": str(folder),
            "ERL_EPMD_PORT": str(self.names),
            "RABBITMQ_NODENAME": f"hck{self.port}@localhost",
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_DIST_PORT": str(free_port()),
            "RABBITMQ_MNESIA_BASE": str(folder / "data"),
            "RABBITMQ_LOG_BASE": str(folder / "log"),
            "RABBITMQ_PID_FILE": str(folder / "pid"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
            "RABBITMQ_CONF_ENV_FILE": str(folder / "none"),
            "RABBITMQ_CONFIG_FILE": str(folder / "none"),
        }

    def start(self) -> None:
        """Start it and wait until it speaks AMQP. Raises RabbitError."""
        epmd = shutil.which("epmd") or "epmd"
        with (self.folder / "output").open("ab") as output:
            for command in ([epmd, "-port", str(self.names)], [str(SERVER)]):
                process = subprocess.Popen(  # noqa: S603 - our own words
                    command, env=self._environment, stdout=output, stderr=output,
                    start_new_session=True,
                )  # fmt: skip
                self._running.append(process)
        self._wait(self._running[-1])

    def kill(self) -> None:
        """`kill -9`, with its name server."""
        while self._running:
            process = self._running.pop()
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def _wait(self, server: "subprocess.Popen[bytes]") -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and server.poll() is None:
            address = ("127.0.0.1", self.port)
            with contextlib.suppress(OSError), socket.create_connection(address, 2) as link:
                link.sendall(b"AMQP\x00\x00\x09\x01")
                if link.recv(1) == b"\x01":
                    return
            time.sleep(0.1)
        raise RabbitError((self.folder / "output").read_text(errors="replace"))


@contextlib.contextmanager
def running(folder: Path) -> Iterator[Server]:
    """Start one in `folder`, and end it."""
    server = Server(folder)
    try:
        server.start()
        yield server
    finally:
        server.kill()
