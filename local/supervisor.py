"""One process that starts everything, keeps it running, and ends it without a trace."""

import json
import os
import signal
import socket
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

from local import database
from local.children import STOP_SECONDS, Child, stop_all
from local.folder import Folder, write_private
from local.pages import tell_pages
from local.postgres import Cluster, free_port
from service import __main__ as service_commands
from service.partners.webhooks import signatures

ROOT = Path(__file__).parent.parent
READY_SECONDS = 60
WATCH_SECONDS = 0.2


class StartError(Exception):
    """The product cannot start; the text is one clear sentence."""


class Stopped(KeyboardInterrupt):
    """SIGINT, SIGTERM or the terminal's end; asyncio lets a KeyboardInterrupt through at once."""


def say(text: str) -> None:
    """One line of progress."""
    print(f"· {text}", flush=True)


def is_free(port: int) -> bool:
    """Whether we could listen there."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except (OSError, OverflowError):
            return False
    return port > 0


class Supervisor:
    """The product of one data folder on one port."""

    def __init__(self, folder: Folder, port: int, *, empty: bool, simulator: bool) -> None:
        self.folder, self.port = folder, port
        self.external = bool(os.environ.get("DATABASE_URL"))
        self.with_samples = not empty and not self.external
        self.with_simulator = simulator and self.with_samples
        self.base_url = os.environ.get("HCK_BASE_URL", f"http://127.0.0.1:{port}")
        self.caught_url = ""
        self.cluster: Cluster | None = None
        self.children: list[Child] = []

    def run(self) -> None:
        """Start, then watch until SIGINT or SIGTERM; leaves no process behind."""
        _on_stop(_stop)
        try:
            self._start()
            while True:
                time.sleep(WATCH_SECONDS)
                self._watch()
        except Stopped:
            say("正在停止…")
        finally:
            _on_stop(_heard)
            self._end()
        say("已停止,数据保留在 " + str(self.folder.path))

    def _start(self) -> None:
        self._check_port()
        self.folder.open()
        self.folder.local_json.unlink(missing_ok=True)
        environment = self._database()
        catchers = self._catchers(environment)
        api = Child("API", self._api(), environment, self._log("api"))
        self.children = [*catchers, api, *(self._worker(name, environment) for name in _WORKERS)]
        say("启动 API、消费者、转发、定时器、推送与外发")
        for child in self.children:
            child.start()
        self._wait_until_ready(api)
        document = self._write_local_json()
        if self.with_simulator:
            self._start_simulator(environment)
        tell_pages(self.base_url, document, self.folder.local_json, self.caught_url)

    def _check_port(self) -> None:
        """Raises StartError where somebody listens there; a run that was killed may yet let go."""
        killed = self.folder.running.exists() and not self.folder.is_taken()
        deadline = time.monotonic() + (STOP_SECONDS if killed else 0)
        while not is_free(self.port):
            if time.monotonic() >= deadline:
                raise StartError(f"端口 {self.port} 已被占用或不可用;请用 --port 换一个端口。")
            time.sleep(WATCH_SECONDS)

    def _database(self) -> dict[str, str]:
        if self.external:
            environment = dict(os.environ)
            owner_url = environment.get("DATABASE_OWNER_URL", environment["DATABASE_URL"])
        else:
            say("启动内置数据库")
            self.cluster = database.start_embedded(self.folder)
            own = database.environment_of(self.folder, self.cluster, self.base_url)
            environment = {**os.environ, **own}
            owner_url = database.owner_url_of(self.folder, self.cluster)
        environment["HCK_BASE_URL"] = self.base_url
        say("检查数据库结构和数据表")
        settings = database.prepare(environment, owner_url)
        if self.with_samples:
            database.plant(settings, self.folder, self.base_url)
        write_private(self.folder.running, {"owner": owner_url, "service": settings.database_url})
        environment.pop("DATABASE_OWNER_URL", None)
        return environment

    def _api(self) -> list[str]:
        return service_commands.serving(["--host", "127.0.0.1", "--port", str(self.port)])

    def _worker(self, name: str, environment: dict[str, str]) -> Child:
        command = [sys.executable, "-m", "workers", *name.split()]
        return Child(_WORKERS[name], command, environment, self._log(name.split()[0]))

    def _catchers(self, environment: dict[str, str]) -> list[Child]:
        """A mail server and an SMS gateway that only show what comes, but where some are named."""
        if self.external or environment.get("HCK_SMTP_HOST") or environment.get("HCK_SMS_URL"):
            return []
        smtp, http = free_port(), free_port()
        self.caught_url = f"http://127.0.0.1:{http}/"
        environment.update(catching(smtp, self.caught_url))
        command = [
            sys.executable, "-m", "local.catchers", "--smtp", str(smtp), "--http", str(http),
        ]  # fmt: skip
        return [Child("模拟邮件与短信", command, environment, self._log("catchers"))]

    def _start_simulator(self, environment: dict[str, str]) -> None:
        command = [
            sys.executable, "-m", "local.simulator", "--local-json", str(self.folder.local_json),
            *(word for key in SIMULATED for word in ("--only", key)),
        ]  # fmt: skip
        child = Child("模拟办理单位", command, environment, self._log("simulator"))
        child.start()
        self.children.append(child)

    def _log(self, name: str) -> Path:
        return self.folder.path / f"{name}.log"

    def _wait_until_ready(self, api: Child) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            if _answers(f"http://127.0.0.1:{self.port}/readyz"):
                return
            if api.process is not None and api.process.poll() is not None:
                raise StartError(f"API 未能启动: {_last_line(api.log)}")
            time.sleep(0.05)
        raise StartError(f"{READY_SECONDS} 秒内未能就绪,详见 {self.folder.path} 下的日志。")

    def _write_local_json(self) -> dict[str, Any]:
        document: dict[str, Any] = {"base_url": self.base_url, "people": [], "clients": []}
        if self.with_samples and self.folder.samples.exists():
            document = json.loads(self.folder.samples.read_text())
            document["base_url"] = self.base_url
        write_private(self.folder.local_json, document)
        return document

    def _watch(self) -> None:
        if self.cluster is not None and not self.cluster.is_running():
            say("数据库意外停止,重新启动")
            database.start_again(self.cluster, self.folder)
        for child in self.children:
            if told := child.watch():
                say(told)

    def _end(self) -> None:
        stop_all(self.children)
        if self.cluster is not None:
            self.cluster.stop()
        if self.folder.is_ours:
            for path in (self.folder.local_json, self.folder.running):
                path.unlink(missing_ok=True)


_WORKERS = {
    "actors": "消费者", "relay": "转发", "timers webhooks channels": "定时器、推送与外发",
}  # fmt: skip
SIMULATED = ("housing", "education", "bank1")
"""The partners that are simulated: the others wait for people at their desks."""


def catching(smtp: int, caught_url: str) -> dict[str, str]:
    """The settings that send everything to the catchers."""
    return {
        "HCK_SMTP_HOST": "127.0.0.1",
        "HCK_SMTP_PORT": str(smtp),
        "HCK_SMTP_SECURITY": "none",
        "HCK_SMTP_FROM": "no-reply@huicaika.example",
        "HCK_SMS_URL": caught_url + "sms",
        "HCK_SMS_KEY": "local",
        "HCK_SMS_SECRET": signatures.new_secret(),
    }


def _on_stop(action: Callable[[int, FrameType | None], None]) -> None:
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if each != signal.SIGHUP or signal.getsignal(each) != signal.SIG_IGN:  # nohup
            signal.signal(each, action)


def _stop(number: int, _: FrameType | None) -> None:
    _on_stop(_heard)  # a second Ctrl-C must not disturb the end
    raise Stopped(number)


def _heard(_: int, __: FrameType | None) -> None:
    """Nothing more to do. Not SIG_IGN, of which Python complains where both came at once."""


_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
"""Opens our own address without the proxy that the environment may name."""


def _answers(url: str) -> bool:
    try:
        with _direct.open(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _last_line(log: Path) -> str:
    lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
    return lines[-1][:300] if lines else f"详见 {log}"
