"""Years without a notice: weekends plus the statutory days (time.md C3); and the notices that are.

The festivals of the lunar calendar are data (`data/festivals.tsv`, 2027–2036), not astronomy.
"""

import csv
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from pathlib import Path

import msgspec

DATA = Path(__file__).parent / "data"
SHIPPED = Path(__file__).parents[1] / "reference" / "data" / "calendar_notices.tsv"
STATUTE = "《全国年节及纪念日放假办法》(推定)"


class Notice(msgspec.Struct, frozen=True):
    """The State Council's notice for one year."""

    number: str
    published_on: date
    source: str = ""


def _rows(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8") as opened:
        return list(csv.DictReader(opened, delimiter="\t"))


def read_notices(rows: Iterable[Mapping[str, str]]) -> dict[int, Notice]:
    """The notices of rows `year, notice, published_on, source`."""
    return {
        int(row["year"]): Notice(
            row["notice"], date.fromisoformat(row["published_on"]), row["source"]
        )
        for row in rows
    }


NOTICES: Mapping[int, Notice] = read_notices(_rows(SHIPPED))
"""Those that the product ships."""
_FESTIVALS = {int(row["year"]): row for row in _rows(DATA / "festivals.tsv")}


def provisional_holidays(year: int) -> dict[date, str] | None:
    """The statutory days of a year that has no notice yet, with names; None where unknown."""
    row = _FESTIVALS.get(year)
    if row is None:
        return None
    spring = date.fromisoformat(row["spring_festival"])
    days = {date(year, 1, 1): "元旦"}
    days |= {spring + timedelta(days=n): "春节" for n in (-1, 0, 1, 2)}
    days[date.fromisoformat(row["qingming"])] = "清明节"
    days |= {date(year, 5, n): "劳动节" for n in (1, 2)}
    days[date.fromisoformat(row["dragon_boat"])] = "端午节"
    days[date.fromisoformat(row["mid_autumn"])] = "中秋节"
    days |= {date(year, 10, n): "国庆节" for n in (1, 2, 3)}
    return days
