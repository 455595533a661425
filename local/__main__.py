"""`python -m local run|load|deadlines|rotate-keys|card-keys`: what `dev.py` hands over to."""

import argparse
import json
import os
import sys
from pathlib import Path

import psycopg
from alembic.util import CommandError
from sqlalchemy.exc import SQLAlchemyError

from local import database
from local.folder import Folder, FolderError
from local.postgres import ClusterError
from local.simulation import commands as simulation
from local.supervisor import StartError, Supervisor
from service import __main__ as service_commands
from service.problems import Problem
from service.settings import SettingsError

WORDED = {
    "card-keys": ("卡的签发密钥", "list|make|switch|retire|revoke"),
    "audit": ("日志的封存", "list|export|keys|check"),
    "calendar": ("工作日历", "show|import"),
    "routing": ("派单规则", "show|check|replay"),
    "dead-letters": ("处理不了的事件", "list|show|retry|drop"),
    "prove": ("指标与日志重新数出的比较", "rebuild"),
    "batches": ("批次名额", "list|rank|check"),
}
"""Commands of the service that take words of their own: what they are about, which words."""


NOTICE = {
    "--year": "通知的年度", "--notice": "文号", "--date": "发文日期", "--source": "来源",
}  # fmt: skip
"""What `calendar import` is told of the notice beside its table."""


def parse(words: list[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python3 dev.py", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="运行整个产品")
    run.add_argument("--port", type=int, default=8000, help="监听端口")
    run.add_argument("--data", type=Path, default=Path("var"), help="数据目录")
    run.add_argument("--empty", action="store_true", help="不要样例数据")
    run.add_argument("--no-simulator", action="store_true", help="不要模拟办理单位")
    for name, arguments in (
        ("load", ("table", "file")),
        ("rotate-keys", ()),
        ("check-legs", ()),
    ):
        command = commands.add_parser(name)
        command.add_argument("--data", type=Path, default=Path("var"), help="数据目录")
        for argument in arguments:
            command.add_argument(argument)
    for name, (told, words_of_it) in WORDED.items():
        worded = commands.add_parser(name, help=told)
        worded.add_argument("--data", type=Path, default=Path("var"), help="数据目录")
        worded.add_argument("words", nargs="*", metavar=words_of_it)
        if name == "calendar":
            for option, told_of_it in NOTICE.items():
                worded.add_argument(option, help=told_of_it)
            worded.add_argument("--submit", action="store_true", help="登记,由另一人生效")
    holders = commands.add_parser("import-holders", help="导入持卡人")
    holders.add_argument("--data", type=Path, default=Path("var"), help="数据目录")
    holders.add_argument("--apply", action="store_true", help="全部合格时生效")
    holders.add_argument("file")
    commands.add_parser("deadlines").add_argument("file")
    simulation.add_to(commands.add_parser("simulate", help="在虚拟时钟上跑一年"))
    return parser.parse_args(words)


def _notice(arguments: argparse.Namespace) -> list[str]:
    """What was said of a notice, as the service's command reads it; nothing of any other."""
    said = {option: getattr(arguments, option.removeprefix("--"), None) for option in NOTICE}
    words = [word for option, value in said.items() if value for word in (option, value)]
    return [*words, "--submit"] if getattr(arguments, "submit", False) else words


def run(arguments: argparse.Namespace) -> int:
    """Run the product until it is told to stop."""
    supervisor = Supervisor(
        Folder(arguments.data),
        arguments.port,
        empty=arguments.empty,
        simulator=not arguments.no_simulator,
    )
    supervisor.run()
    return 0


def on_database(arguments: argparse.Namespace, words: list[str]) -> int:
    """A command of the service, on the run that is going on, or on the folder's own database."""
    if os.environ.get("DATABASE_URL"):
        return service_commands.main(words)
    folder = Folder(arguments.data)
    if folder.is_taken() and folder.running.exists():
        return _with_addresses(folder, json.loads(folder.running.read_text()), words)
    folder.open()
    cluster = database.start_embedded(folder)
    try:
        own = database.environment_of(folder, cluster, "http://127.0.0.1:8000")
        owner_url = database.owner_url_of(folder, cluster)
        database.prepare(own, owner_url)
        return _with_addresses(folder, {"owner": owner_url, "service": own["DATABASE_URL"]}, words)
    finally:
        cluster.stop()


def _with_addresses(folder: Folder, addresses: dict[str, str], words: list[str]) -> int:
    os.environ.update(
        DATABASE_URL=addresses["service"],
        DATABASE_OWNER_URL=addresses["owner"],
        HCK_LOCAL="1",
        HCK_DATA=str(folder.path),
    )
    return service_commands.main(words)


def done(arguments: argparse.Namespace) -> int:
    """What a command's own hand makes of it: its status."""
    match arguments.command:
        case "run":
            return run(arguments)
        case "simulate":
            return simulation.run(arguments)
        case "deadlines":
            return service_commands.main(["deadlines", arguments.file])
        case "load":
            return on_database(arguments, ["load", arguments.table, arguments.file])
        case "import-holders":
            more = ["--apply"] if arguments.apply else []
            return on_database(arguments, ["import-holders", arguments.file, *more])
        case name if name in WORDED:
            return on_database(arguments, [name, *arguments.words, *_notice(arguments)])
        case _:
            return on_database(arguments, [arguments.command])


def main(words: list[str]) -> int:
    """Do what the words name; a refusal is one sentence and status 1."""
    arguments = parse(words)
    try:
        return done(arguments)
    except Problem as wrong:
        print(f"✗ {wrong.detail or wrong.title}", file=sys.stderr)
    except (StartError, FolderError, ClusterError, SettingsError) as wrong:
        print(f"✗ {wrong}", file=sys.stderr)
    except CommandError as wrong:
        print(f"✗ 数据库结构来自别的版本: {wrong}", file=sys.stderr)
    except (SQLAlchemyError, psycopg.Error) as wrong:
        print(f"✗ 数据库不可用: {type(wrong).__name__}", file=sys.stderr)
    except OSError as wrong:
        print(f"✗ 无法读写: {wrong.strerror}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
