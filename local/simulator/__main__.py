"""`python -m local.simulator --local-json var/local.json`: the simulated partners at work."""

import argparse
import asyncio
import contextlib
import logging
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path

import httpx
import msgspec

from local.simulator.agency import Agency
from local.simulator.client import Credentials, Machine
from local.simulator.manner import Manner, words_of
from service.logs import configure_logs

WAIT_SECONDS = 25
SCOPE = "requests:handle"


class Document(msgspec.Struct, frozen=True):
    """What the simulator reads of `var/local.json`."""

    base_url: str
    clients: list[Credentials]


def wanted(document: Document, only: list[str]) -> list[Credentials]:
    """The clients that handle requests; those named, where some are named."""
    able = [each for each in document.clients if SCOPE in each.scopes]
    return [each for each in able if not only or each.key in only]


async def run(
    document: Document, folder: Path, only: list[str], pace_seconds: float, manner: Manner
) -> None:
    """Let every wanted partner work until cancelled."""
    timeout = httpx.Timeout(15, read=WAIT_SECONDS + 15)
    async with (
        httpx.AsyncClient(base_url=document.base_url, timeout=timeout) as http,
        asyncio.TaskGroup() as group,
    ):
        for credentials in wanted(document, only):
            machine = Machine(http, credentials, clock=lambda: datetime.now(UTC))
            agency = Agency(machine, folder / f"{credentials.key}.json", pace_seconds, manner)
            group.create_task(agency.work(WAIT_SECONDS))


async def main(arguments: argparse.Namespace) -> None:
    """Run until SIGINT or SIGTERM."""
    document = msgspec.json.decode(arguments.local_json.read_bytes(), type=Document)
    folder = arguments.local_json.parent / "simulator"
    manner = Manner(arguments.bounce, arguments.decline, arguments.crash, arguments.seed)
    work = asyncio.ensure_future(run(document, folder, arguments.only, arguments.pace, manner))
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, work.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await work


def share(text: str) -> float:
    """A share between 0 and 1; raises ValueError, which the command line tells."""
    found = float(text)
    if not 0 <= found <= 1:
        raise ValueError(text)
    return found


def parse(words: list[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m local.simulator", description=__doc__)
    parser.add_argument("--local-json", type=Path, default=Path("var/local.json"))
    parser.add_argument("--pace", type=float, default=2.0, help="seconds before each step")
    parser.add_argument("--only", action="append", default=[], help="key of a client; repeatable")
    parser.add_argument("--bounce", type=share, default=0, help="share of offers sent back")
    parser.add_argument("--decline", type=share, default=0, help="share of requests declined")
    parser.add_argument("--crash", type=share, default=0, help="share of acts followed by a crash")
    parser.add_argument("--seed", type=int, default=0, help="draws the shares anew")
    return parser.parse_args(words)


if __name__ == "__main__":
    configure_logs()
    logging.getLogger("httpx").setLevel(logging.WARNING)
    asyncio.run(main(parse([*sys.argv[1:], *words_of()])))
