"""A counter's own journal without a network: one file, in lines of what is uploaded later
(card-token.md 13.2, 13.3)."""

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from cards.token import Claims

BEGINS = b'{"pair": "'
PART = 500
"""The most entries of one upload (13.3)."""


class BadJournal(ValueError):
    """Not a journal; nothing is written to it."""


class Journal:
    """An open journal: nobody else reads or writes it meanwhile, so one token has one winner."""

    def __init__(self, descriptor: int, lines: list[dict[str, Any]]) -> None:
        self._descriptor, self.lines = descriptor, lines
        self._used = {line["pair"] for line in lines}

    def seen(self, iss: str, cti: bytes) -> bool:
        """Whether this token, however it is signed, stands here already (2.5)."""
        return pair_of(iss, cti) in self._used

    def add(self, claims: Claims, entry: Mapping[str, Any]) -> None:
        """Write a line, and wait until it is on the disk: the benefit is given after it.

        Raises OSError; the file is then as it was.
        """
        pair = pair_of(claims.iss, claims.cti)
        octets = json.dumps({"pair": pair, "entry": entry}).encode() + b"\n"
        before = os.fstat(self._descriptor).st_size
        try:
            if os.write(self._descriptor, octets) != len(octets):
                raise OSError(28, "磁盘空间不足")
            os.fsync(self._descriptor)
        except OSError:
            os.ftruncate(self._descriptor, before)
            raise
        self._used.add(pair)


@contextmanager
def opened(path: Path) -> Iterator[Journal]:
    """The journal of this file, made where there is none. Raises OSError, BadJournal.

    A last line that was cut off in the middle is taken away: its benefit was never given.
    """
    fresh = not path.exists()
    descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        octets = path.read_bytes()
        lines = read(octets)
        _end_line(descriptor, octets)
        if fresh:
            _keep_name(path)
        yield Journal(descriptor, lines)
    finally:
        os.close(descriptor)


def read(octets: bytes) -> list[dict[str, Any]]:
    """The whole lines of a journal; raises BadJournal where it is anything else."""
    *whole, last = octets.split(b"\n")
    try:
        lines = [json.loads(line) for line in (whole if _is_torn(last) else [*whole, last])]
        if all(isinstance(each["pair"], str) and each["entry"]["token"] for each in lines):
            return lines
    except (ValueError, LookupError, TypeError, RecursionError):
        pass
    raise BadJournal


def _is_torn(last: bytes) -> bool:
    """Whether what follows the last line's end is the beginning of a line, or nothing."""
    try:
        json.loads(last)
    except (ValueError, RecursionError):
        return last.startswith(BEGINS) or BEGINS.startswith(last)
    return False


def _end_line(descriptor: int, octets: bytes) -> None:
    """See that the next line begins as one."""
    last = octets[octets.rfind(b"\n") + 1 :]
    if last and _is_torn(last):
        os.ftruncate(descriptor, len(octets) - len(last))
    elif last:
        os.write(descriptor, b"\n")


def entry_of(text: str, offering: str, entry_id: UUID, *, now: int, iat: int) -> dict[str, Any]:
    """One accepted scan as `POST /v1/offline-journals` takes it; `iat` is the list's (13.3)."""
    return {
        "entry_id": str(entry_id),
        "token": text,
        "offering": offering,
        "companions": 0,
        "scanned_at": datetime.fromtimestamp(now, UTC).isoformat(),
        "status_list_iat": datetime.fromtimestamp(iat, UTC).isoformat(),
    }


def bodies(octets: bytes, service_point: str) -> Iterator[dict[str, Any]]:
    """The bodies to upload, none with more entries than are taken at once (13.3)."""
    entries = [line["entry"] for line in read(octets)]
    for at in range(0, len(entries), PART):
        yield {"service_point": service_point, "entries": entries[at : at + PART]}


def pair_of(iss: str, cti: bytes) -> str:
    """A token's identity (2.5) as text."""
    return f"{iss} {cti.hex()}"


def _keep_name(path: Path) -> None:
    """Wait until the new file's name is on the disk too."""
    folder = os.open(path.absolute().parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
