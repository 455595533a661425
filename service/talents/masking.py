"""What is left of personal data where somebody only needs to recognise it."""


def name(full: str) -> str:
    """`张*`: the first character and one star (card-token.md 3.8)."""
    return f"{full[:1]}*"


def id_number(number: str) -> str:
    """`3701**********1234`."""
    if len(number) < 10:
        return "*" * len(number)
    return number[:4] + "*" * (len(number) - 8) + number[-4:]


def phone(number: str | None) -> str | None:
    """`138****0004`."""
    if number is None or len(number) < 8:
        return None if number is None else "*" * len(number)
    return number[:3] + "*" * (len(number) - 7) + number[-4:]
