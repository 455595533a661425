"""What was wrong with a form, put beside the fields that it is about."""

from collections.abc import Collection, Mapping

from service.problems import InvalidBody, Problem


def errors_of(problem: Problem | None) -> Mapping[str, str]:
    """What was wrong, by JSON pointer."""
    return {each.pointer: each.detail for each in getattr(problem, "errors", ())}


def under(errors: Mapping[str, str], place: str) -> dict[str, str]:
    """What was wrong below `place`, by the member's name."""
    start = f"{place}/"
    return {
        pointer.removeprefix(start).partition("/")[0]: detail
        for pointer, detail in errors.items()
        if pointer.startswith(start)
    }


def beside(problem: Problem | None, names: Collection[str]) -> Problem | None:
    """The refusal as a page puts it above a form whose fields show their own errors."""
    if not isinstance(problem, InvalidBody):
        return problem
    left = [each for each in problem.errors if each.pointer.rpartition("/")[2] not in names]
    return InvalidBody(*left, detail="请按下方的提示修改后重新提交。")
