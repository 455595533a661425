"""A start that cannot succeed: one clear sentence, a status that is not 0, nothing left."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from local.folder import FORMAT, Folder, FolderError
from tests import template
from tests.local.runs import Run

ORDINARY = 12_345


def test_a_port_that_is_taken(tmp_path: Path) -> None:
    run = Run(tmp_path / "var")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", run.port))
        taken.listen()
        assert f"端口 {run.port} 已被占用" in run.refused()


@pytest.mark.parametrize("port", [0, 65_536, 1_000_000])
def test_a_port_that_is_none(tmp_path: Path, port: int) -> None:
    run = Run(tmp_path / "var")
    run.port = port
    assert f"端口 {port} 已被占用或不可用" in run.refused()


@pytest.mark.parametrize("form", ["0", str(int(FORMAT) + 1), ""])
def test_a_data_folder_of_another_version(tmp_path: Path, form: str) -> None:
    (tmp_path / "format").write_text(form)
    assert "来自别的版本" in Run(tmp_path).refused()


def test_a_database_without_a_mark_of_its_version(tmp_path: Path) -> None:
    (tmp_path / "pg").mkdir()
    assert "没有版本标记" in Run(tmp_path).refused()


def test_a_data_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "var").write_text("")
    assert "不可用" in Run(tmp_path / "var").refused()


def test_a_data_folder_that_cannot_be_made() -> None:
    assert Run(Path("/proc/hck")).refused().startswith("✗ 数据目录 /proc/hck")


def test_a_data_folder_that_an_ordinary_user_may_not_write() -> None:
    """Root may write anywhere, so as root a child puts root's rights down before it opens it."""
    folder = tempfile.mkdtemp(prefix="hck-closed-")
    try:
        os.chmod(folder, 0o555)
        child = os.fork()
        if child == 0:
            if os.geteuid() == 0:
                os.setgroups([])
                os.setuid(ORDINARY)
            try:
                Folder(Path(folder)).open()
            except FolderError as told:
                os._exit(3 if str(told).startswith(f"数据目录 {folder} 不可写") else 4)
            os._exit(5)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 3
    finally:
        shutil.rmtree(folder)


def test_a_disk_without_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    full = shutil.disk_usage(tmp_path)._replace(free=1)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: full)
    with pytest.raises(FolderError, match="磁盘空间不足"):
        Folder(tmp_path).open()


def test_a_database_that_is_not_there(tmp_path: Path) -> None:
    nowhere = {
        "DATABASE_URL": "postgresql://hck:word@127.0.0.1:1/hck",
        "HCK_KEYRING": template.RING,
    }
    run = Run(tmp_path / "var", environment=nowhere)
    said = run.refused()
    assert "数据库不可用" in said
    assert "word" not in said


def test_a_database_s_address_that_is_none(tmp_path: Path) -> None:
    run = Run(tmp_path / "var", environment={"DATABASE_URL": "mysql://here"})
    assert "DATABASE_URL" in run.refused()


def test_words_that_are_no_command() -> None:
    command = [sys.executable, "-m", "local", "walk"]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 2
