"""A dry run as a table for a spreadsheet: a line for each deadline that would move."""

import csv
import io
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from service.calendars import drafting, trying
from service.calendars.models import CalendarDraft
from service.pages.show import until
from service.reference import regions

HEADINGS = ("时限", "事物", "地区", "事项", "原截止", "新截止", "此前已超期", "生效即超期")
YES = {True: "是", False: ""}


async def of(session: AsyncSession, draft: CalendarDraft, now: datetime) -> bytes:
    """RFC 4180, with the mark by which spreadsheets know UTF-8."""
    out, places = io.StringIO(), await regions.of(session)
    writer = csv.writer(out)
    writer.writerow(HEADINGS)
    change = await drafting.change_of(session, draft)
    async for _, moves in trying.stretches(session, change, now):
        for move in moves:
            writer.writerow(
                (
                    trying.LEGS[move.leg], move.owner, places.full_name(move.region), move.offering,
                    until(move.was_due_at), until(move.due_at), YES[move.was_late], YES[move.late],
                )
            )  # fmt: skip
    return b"\xef\xbb\xbf" + out.getvalue().encode()
