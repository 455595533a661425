"""Many deadlines at once: one question a line in, one answer a line out (time.md D3).

`python3 dev.py deadlines FILE`; needs no database: it reckons by the calendar as shipped.
"""

import os
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from itertools import islice

import msgspec

from service.problems import FieldError, InvalidBody, Problem
from service.problems.answers import bad_shape, document
from service.worktime import asking
from service.worktime.calendars import CalendarUnknown
from service.worktime.current import WorkingTime, shipped


def run(lines: Iterable[str | bytes], working_time: WorkingTime | None = None) -> Iterator[str]:
    """An answer for each line in the same order; a bad line gives a problem on its line."""
    known = working_time or shipped()
    for line in lines:
        yield msgspec.json.encode(_one(line, known)).decode()


CHUNK = 2_000


def run_wide(lines: Iterable[bytes], chunk: int = CHUNK) -> Iterator[bytes]:
    """The same over all cores: answers in the order of the lines, some chunks of them at a time.

    What is no more than a chunk is answered in this process.
    """
    rest = iter(lines)
    first = list(islice(rest, chunk))
    if len(first) < chunk:
        yield _answers(first)
        return
    cores = os.cpu_count() or 1
    with ProcessPoolExecutor(cores) as pool:
        waiting: deque[Future[bytes]] = deque([pool.submit(_answers, first)])
        while waiting:
            # So many ahead that nobody waits; not the whole file at once.
            while len(waiting) < 3 * cores and (more := list(islice(rest, chunk))):
                waiting.append(pool.submit(_answers, more))
            yield waiting.popleft().result()


def _answers(lines: list[bytes]) -> bytes:
    return b"".join(f"{answer}\n".encode() for answer in run(lines))


def _one(line: str | bytes, known: WorkingTime) -> object:
    try:
        return _answer(line, known)
    except Problem as problem:
        return document(problem)


def _answer(line: str | bytes, known: WorkingTime) -> asking.Answer:
    try:
        question = asking.question_of(line)
    except msgspec.ValidationError as wrong:
        raise InvalidBody(bad_shape(str(wrong))) from None
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        raise InvalidBody(FieldError("", "not-json", "这一行不是 JSON。")) from None
    if question.calendar_version not in (None, known.calendar.version):
        raise CalendarUnknown("没有这个版本的工作日历,请不填 calendar_version 或改用现行版本。")
    return asking.answer(question, known)
