"""Eighty ratings whose figures were reckoned by hand (satisfaction.md 3; `worked.tsv`).

Each line is one completed request: rated on its day at 10:00, or never; called back the same day,
eight days later or not at all; rectified the next day, forty days later or never; void or not. They
are played through the product's own acts; what must come out was counted on paper from the table.
"""

import csv
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from service.reference import regions
from service.reference.tables import PROVINCE
from service.satisfaction import adding, breakdown, case_clocks, cases, defaults, figures
from service.satisfaction import rating as ratings
from service.satisfaction.breakdown import Dimension, Period, Scope
from service.satisfaction.cases import NewCallBack, NewRectification, NewRuling
from service.satisfaction.figures import Counts, Share
from service.satisfaction.models import BadRating, Rating, Ruling, Verdict
from service.satisfaction.rating import NewRating
from tests.service.satisfaction.make import Stage
from tests.workers.test_facts import count_all

LINES = tuple(
    csv.DictReader(
        (Path(__file__).parent / "worked.tsv").read_text("utf-8").splitlines(), delimiter="\t"
    )
)
TRUE = NewCallBack(Verdict.SUBSTANTIATED, "属实")
MENDED = NewRectification("已整改", "见附件")
AFTER = {"in": timedelta(hours=5), "late": timedelta(days=8)}
MENDED_AFTER = {"in": timedelta(days=1), "late": timedelta(days=40)}


async def play(stage: Stage, line: dict[str, str]) -> None:
    """One line, from completion to whatever became of it."""
    at = datetime.fromisoformat(f"{line['day']}T10:00:00+08:00")
    request = await stage.request(at=at, offering=line["offering"], region=line["region"])
    if line["origin"] == "default":
        return
    given = NewRating(grade=int(line["grade"]), comment="随手一写")
    made = await ratings.rate_request(stage.session, request.id, given, stage.holder, at)
    if line["called"] in AFTER:
        await call_back(stage, made, line, at + AFTER[line["called"]])


async def call_back(stage: Stage, made: Rating, line: dict[str, str], at: datetime) -> None:
    session, officer = stage.session, stage.officer
    query = select(BadRating).where(BadRating.rating_id == made.id)
    case = (await session.scalars(query)).one()
    await cases.call_back(session, case.id, TRUE, officer, case.revision, at)
    if line["rectified"] in MENDED_AFTER:
        at += MENDED_AFTER[line["rectified"]]
        await cases.rectify(session, case.id, MENDED, stage.clerk, case.revision, at)
        accept = NewRuling(Ruling.ACCEPT)
        await cases.rule(session, case.id, accept, officer, case.revision, at)
    if line["follow_up"]:
        again = NewRating(grade=int(line["follow_up"]), comment="追评")
        await adding.follow_up(session, made.id, again, stage.holder, at)
    if line["void"]:
        void = NewRuling(Ruling.VOID, reason="by-mistake")
        await cases.rule(session, case.id, void, officer, case.revision, at)


@pytest.fixture
async def played(stage: Stage) -> AsyncSession:
    for line in LINES:
        await play(stage, line)
    end = datetime.fromisoformat("2026-07-31T10:00:00+08:00")
    while await case_clocks.fire_due(stage.session, end, 50):
        pass
    await defaults.record_due(stage.session, end)
    await count_all(stage.session)
    return stage.session


async def by(session: AsyncSession, dimension: Dimension) -> dict[str, Counts]:
    places = await regions.of(session)
    scope = Scope(PROVINCE, places.children(PROVINCE))
    return dict(await breakdown.counts_by(session, dimension, scope, Period()))


def told(share: Share) -> tuple[Any, ...]:
    return (share.value, share.n, share.low, share.high)


async def test_eighty_ratings_give_the_figures_that_were_reckoned_by_hand(
    played: AsyncSession,
) -> None:
    """30 of grade 5, 16 of 4, 14 of 3, 5 of 2, 5 of 1; 8 by default, 2 void."""
    found = figures.total((await by(played, Dimension.OFFERING)).values())
    assert (found.grades, found.defaults, found.voided) == ((5, 5, 14, 16, 30), 8, 2)
    # F1: (30 + 16 + 14) / 70
    assert told(figures.good_rate(found)) == (0.8571, 70, 0.7566, 0.9205)
    # F2: (30·10 + 16·8 + 14·6 + 5·3 + 5·0) / 700 = 527 / 700
    assert figures.satisfaction(found).value == 0.7529
    # F3: 70 / (70 + 2 + 8)
    assert told(figures.active_rate(found)) == (0.875, 80, 0.785, 0.9307)
    # F4: of 10 bad ones 7 were called back, 3 of them late; 3 never.
    assert told(figures.called_back_rate(found)) == (0.7, 10, 0.3968, 0.8922)
    # F4: of the 7, 4 were rectified in time, 2 late, 1 never.
    assert told(figures.rectified_in_time_rate(found)) == (0.5714, 7, 0.2505, 0.8418)
    # G5: lines 54, 59 and 73 of the six that were followed up.
    assert told(figures.follow_up_rate(found)) == (0.5, 6, 0.1876, 0.8124)


BY_HAND = {
    Dimension.OFFERING: {
        "ED-01": (13, 15, 0.8667, 0.6212, 0.9626, 0.7133),
        "FI-01": (17, 20, 0.85, 0.6396, 0.9476, 0.755),
        "HO-01": (15, 19, 0.7895, 0.5667, 0.9149, 0.7368),
        "ME-01": (15, 16, 0.9375, 0.7167, 0.9889, 0.8062),  # 129 / 160 is a tie: half to even
    },
    Dimension.REGION: {
        "370100": (30, 34, 0.8824, 0.7338, 0.9533, 0.7824),
        "370200": (17, 18, 0.9444, 0.7424, 0.9901, 0.85),
        "370600": (13, 18, 0.7222, 0.4913, 0.875, 0.6),
    },
    Dimension.MONTH: {
        "2026-03": (21, 23, 0.913, 0.732, 0.9758, 0.787),
        "2026-04": (19, 24, 0.7917, 0.5953, 0.9076, 0.7083),
        "2026-05": (20, 23, 0.8696, 0.6787, 0.9546, 0.7652),
    },
}
"""Good ones, all, 好评率 with its interval, 满意度."""


async def test_f7_the_same_by_offering_by_city_and_by_month(played: AsyncSession) -> None:
    for dimension, expected in BY_HAND.items():
        rows = {key: c for key, c in (await by(played, dimension)).items() if c.n}
        got = {key: row_of(counts) for key, counts in rows.items()}
        assert got == expected, dimension


def row_of(counts: Counts) -> tuple[Any, ...]:
    rate = figures.good_rate(counts)
    mean = figures.satisfaction(counts).value
    return (counts.good, counts.n, rate.value, rate.low, rate.high, mean)
