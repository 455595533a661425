"""dev.py: runs on a bare Python, and whatever is missing is told in one sentence."""

import ast
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "dev.py"


@pytest.fixture
def dev(tmp_path: Path) -> Any:
    """A copy of it in a folder of its own, with locks but nothing installed."""
    for name in ("dev.py", "requirements.lock", "requirements-dev.lock"):
        shutil.copy(ROOT / name, tmp_path / name)
    spec = importlib.util.spec_from_file_location("copied_dev", tmp_path / "dev.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def said(dev: Any, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[object, str]:
    """The status and the sentence of a command that gives up."""
    with pytest.raises(SystemExit) as end:
        dev.main(list(words))
    return end.value.code, capsys.readouterr().err


def test_it_needs_the_standard_library_alone() -> None:
    tree = ast.parse(SOURCE.read_text())
    named = {
        each.name.partition(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for each in node.names
    }
    assert named <= sys.stdlib_module_names
    assert not any(isinstance(node, ast.ImportFrom) for node in ast.walk(tree))


def test_an_old_python_understands_it_well_enough_to_be_told_so() -> None:
    ast.parse(SOURCE.read_text(), feature_version=(3, 4))
    script = "import sys; sys.version_info = (3, 10, 14); import dev; dev.main(['run'])"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr.startswith("✗ 需要 Python 3.11 或更高")


def test_what_is_installed_is_known_by_the_lock_s_content(dev: Any, tmp_path: Path) -> None:
    assert not dev.installed("run")
    Path(dev.VENV).mkdir()
    Path(dev.marker("run")).write_text(dev.digest("run"))
    assert dev.installed("run")
    assert not dev.installed("dev")
    with (tmp_path / "requirements.lock").open("a") as lock:
        lock.write("# newer\n")
    assert not dev.installed("run")


def test_what_tests_need_includes_what_a_run_needs(dev: Any) -> None:
    Path(dev.VENV).mkdir()
    Path(dev.marker("dev")).write_text(dev.digest("dev"))
    assert dev.installed("run")


def test_a_full_disk(
    dev: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    full = shutil.disk_usage(ROOT)._replace(free=1)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: full)
    assert said(dev, capsys, "run") == (
        1,
        "✗ 磁盘空间不足: 安装依赖需要约 900 MB,请清理后重试。\n",
    )


def test_missing_parts_are_named_to_an_ordinary_user(
    dev: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    Path(dev.VENV).mkdir()
    Path(dev.marker("dev")).write_text(dev.digest("dev"))
    dev.PARTS = {"/nowhere/server": "rabbitmq-server", sys.executable: "python3"}
    monkeypatch.setattr(os, "geteuid", lambda: 12_345)
    code, sentence = said(dev, capsys, "test")
    assert code == 1
    assert sentence.strip().endswith("sudo apt-get install rabbitmq-server")


def test_a_folder_that_cannot_be_written(
    dev: Any, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    dev.VENV = str(tmp_path / "file" / ".venv")
    code, sentence = said(dev, capsys, "run")
    assert (code, sentence.count("\n")) == (1, 1)
    assert sentence.startswith("✗ 无法创建 .venv")


@pytest.mark.parametrize(("words", "code"), [([], 0), (["--help"], 0), (["walk"], 2)])
def test_without_a_command_it_says_which_there_are(
    dev: Any, capsys: pytest.CaptureFixture[str], words: list[str], code: int
) -> None:
    with pytest.raises(SystemExit) as end:
        dev.main(words)
    assert end.value.code == code
    assert "dev.py run" in capsys.readouterr().out
