"""Everything but the tests that must hold before a change lands: `python3 dev.py check`."""

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from alembic import command
from alembic.config import Config

from local.postgres import Cluster

ROOT = Path(__file__).parent.parent
BIN = Path(sys.executable).parent
OWNER, PASSWORD = "hck_owner", "owner"

STEPS: tuple[tuple[str, Sequence[str]], ...] = (
    ("代码规范 ruff", ("ruff", "check", ".")),
    ("代码格式 ruff format", ("ruff", "format", "--check", ".")),
    ("类型 mypy --strict", ("mypy",)),
    ("引用方向 import-linter", ("lint-imports",)),
)
AUDIT = ("pip-audit", "-r", "requirements.lock", "--require-hashes", "--disable-pip")


def run(title: str, step: Sequence[str]) -> bool:
    """Run one tool of the virtual environment; returns whether it was content."""
    print(f"—— {title}", flush=True)
    done = subprocess.run([BIN / step[0], *step[1:]], cwd=ROOT, check=False)  # noqa: S603
    return done.returncode == 0


def audit() -> bool:
    """依赖审计. An index without advisories answers nothing: then it says so, and holds."""
    print("—— 依赖审计 pip-audit", flush=True)
    done = subprocess.run(  # noqa: S603
        [BIN / AUDIT[0], *AUDIT[1:]], cwd=ROOT, check=False, capture_output=True, text=True
    )
    skipped = done.stdout.count("could not be audited")
    pinned = sum("==" in line for line in (ROOT / "requirements.lock").read_text().splitlines())
    print(done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "")
    print(f"共 {pinned} 个依赖,其中 {skipped} 个在当前软件源查不到公告。")
    if done.returncode:
        print(done.stdout)
    return done.returncode == 0


def schema_is_whole() -> bool:
    """`alembic check`: the migrations build just what the rows say."""
    print("—— 数据库结构 alembic check", flush=True)
    with tempfile.TemporaryDirectory(prefix="hck-check-") as folder:
        Path(folder).chmod(0o755)
        cluster = Cluster(Path(folder) / "pg")
        cluster.init(PASSWORD, owner=OWNER)
        cluster.start({"fsync": "off"})
        try:
            config = Config(str(ROOT / "alembic.ini"))
            config.set_main_option("script_location", str(ROOT / "migrations"))
            config.attributes["url"] = cluster.url(OWNER, PASSWORD, "postgres")
            command.upgrade(config, "head")
            command.check(config)
        finally:
            cluster.stop()
    return True


def main() -> int:
    """Run every check, also after one that failed; returns the exit status."""
    held = [run(title, step) for title, step in STEPS]
    held += [schema_is_whole(), audit()]
    print("全部通过。" if all(held) else "有检查未通过,见上文。")
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main())
