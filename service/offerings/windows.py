"""受理时段: some offerings are open in one season of the year only (guide.md 3.4)."""

from datetime import date


def window_open(window: str | None, today: date) -> bool:
    """Whether `07-01/08-20`, both days included, is open on that day; over the new year too.

    No window means always.
    """
    if not window:
        return True
    opens, closes = window.split("/")
    day = f"{today:%m-%d}"
    if opens <= closes:
        return opens <= day <= closes
    return day >= opens or day <= closes
