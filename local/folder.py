"""The data folder of the local set-up: whose it is, which form it has, what is kept in it."""

import errno
import fcntl
import json
import os
import shutil
from pathlib import Path
from typing import IO, Any

from service import ids

FORMAT = "1"
NEEDED_BYTES = 300 * 2**20


class FolderError(Exception):
    """The folder cannot be used; the text is one clear sentence."""


class Folder:
    """`var/`: PostgreSQL's data, the keyring, who the sample people are, what is running."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self._lock: IO[str] | None = None

    @property
    def cluster(self) -> Path:
        """PostgreSQL's data folder."""
        return self.path / "pg"

    @property
    def local_json(self) -> Path:
        """What api.md 7.2 promises; there while the product is ready."""
        return self.path / "local.json"

    @property
    def samples(self) -> Path:
        """The sample people's document, kept from the first start on."""
        return self.path / "samples.json"

    @property
    def running(self) -> Path:
        """The addresses of the database while the product runs, for the other commands."""
        return self.path / "running.json"

    def open(self) -> None:
        """Make the folder where there is none, and take it; raises FolderError."""
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self._take()
            self._check_form()
        except OSError as wrong:
            raise FolderError(self._sentence(wrong)) from wrong
        if shutil.disk_usage(self.path).free < NEEDED_BYTES:
            raise FolderError(f"磁盘空间不足: {self.path} 至少需要 300 MB 可用空间。")

    def _take(self) -> None:
        lock = (self.path / "lock").open("a")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise FolderError(
                f"数据目录 {self.path} 正被另一个进程使用;请先停止它,或用 --data 另选目录。"
            ) from None
        self._lock = lock

    @property
    def is_ours(self) -> bool:
        """Whether this process holds the folder; nobody else's run is tidied up."""
        return self._lock is not None

    def is_taken(self) -> bool:
        """Whether somebody else runs on this folder now."""
        try:
            with (self.path / "lock").open("a") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except OSError:
            return False
        return False

    def _check_form(self) -> None:
        form = self.path / "format"
        if not form.exists():
            if self.cluster.exists():
                raise FolderError(self._other_form("没有版本标记"))
            form.write_text(FORMAT + "\n")
        found = form.read_text().strip()
        if found != FORMAT:
            raise FolderError(self._other_form(f"格式为 {found},本程序需要 {FORMAT}"))

    def _other_form(self, what: str) -> str:
        return f"数据目录 {self.path} 来自别的版本({what});请用 --data 另选目录,或移走它后重试。"

    def _sentence(self, wrong: OSError) -> str:
        if wrong.errno == errno.ENOSPC:
            return f"磁盘空间不足: 无法写入 {self.path}。"
        if wrong.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            return f"数据目录 {self.path} 不可写;请改权限,或用 --data 另选目录。"
        return f"数据目录 {self.path} 不可用: {wrong.strerror}。"

    def secrets(self) -> dict[str, str]:
        """The passwords of the database's two roles, made once."""
        path = self.path / "secrets.json"
        if not path.exists():
            write_private(path, {"owner": ids.new_secret(24), "service": ids.new_secret(24)})
        found: dict[str, str] = json.loads(path.read_text())
        return found


def write_private(path: Path, document: Any) -> None:
    """Write a JSON file whole or not at all, for its owner only (mode 0600)."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(document, file, ensure_ascii=False, indent=1, default=str)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
