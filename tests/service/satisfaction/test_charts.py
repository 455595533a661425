"""Charts as SVG: well formed whatever the names, with a title and words for who cannot see them."""

from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from service.satisfaction import charts, figures
from service.satisfaction.charts import Bar, Whisker
from service.satisfaction.figures import Share

NAMES = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12)


def parsed(svg: str) -> ElementTree.Element:
    return ElementTree.fromstring(svg)


@given(st.lists(st.builds(Bar, NAMES, st.integers(0, 999), st.integers(0, 99)), max_size=8))
def test_any_bars_make_a_chart_with_title_and_description(bars: list[Bar]) -> None:
    for svg in (
        charts.funnel("f", "漏斗", bars),
        charts.columns("c", "每日", bars, ("好评", "差评")),
    ):
        tree = parsed(svg)
        assert [child.tag for child in tree][:2] == ["title", "desc"]
        assert tree.get("role") == "img"


@given(st.lists(st.tuples(NAMES, st.integers(0, 20), st.integers(0, 20)), max_size=8))
def test_any_shares_stay_within_the_drawing(rows: list[tuple[str, int, int]]) -> None:
    drawn = [Whisker(name, figures.share(good, good + bad)) for name, good, bad in rows]
    tree = parsed(charts.whiskers("w", "各地", drawn))
    for line in [each for each in tree if each.get("class") == "range"]:
        assert charts.LEFT <= float(line.get("x1", "0")) <= charts.WIDTH - charts.RIGHT


def test_a_name_is_text_and_never_markup() -> None:
    svg = charts.whiskers("w", "标题", [Whisker("<script>", Share())])
    assert "<script>" not in svg
    assert "&lt;script&gt; 暂无评价" in svg


def test_shares_are_written_as_people_read_them() -> None:
    assert charts.percent(0.8833) == "88.33%"
    assert charts.percent(None) == "—"
    assert charts.interval(figures.share(22, 25)) == "70.04%–95.83%"
