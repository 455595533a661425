"""What goes wrong with the sealed log."""

from service.problems import NotFound


class NotSealed(NotFound):
    """The day is not over, or lies before the log's first event (events.md 1.2)."""

    code = "not-sealed"
    title = "这一天还没有封存"
    advice = "每天的日志在次日零时十分后封存;请换一个已经过完、且有日志的日子。"
