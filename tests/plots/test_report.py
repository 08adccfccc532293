"""Reports: everything is inside, texts are texts, and what was given is there."""

import base64
import re

import pytest

from scorelet.plots import curves_figure, png
from scorelet.plots.report import Facts, Mark, Picture, Section, Table, Text, number, render


@pytest.fixture(scope="module")
def picture():
    return png(curves_figure([1, 10], {"a": ([1, 2], [0.1, 0.2])}, labels=("x", "y"), log=True))


@pytest.mark.slow
def test_a_report_fetches_nothing(picture):
    text = render(
        "T", [Picture(picture, "alone")], [Section(f"Number {k}", [Text("t")]) for k in range(3)]
    )
    assert not re.search(r"(src|href)=\"(?!data:|#)", text)
    (address,) = re.findall(r"data:image/png;base64,([^\"]+)", text)
    assert base64.b64decode(address) == picture


def test_names_that_are_no_text_are_written_out():
    text = render("q\udce9.png", [Text("caf\udce9.png")])
    assert "<h1>q\\udce9.png</h1>" in text
    assert "caf\\udce9.png" in text.encode("utf-8").decode()


def test_every_part_is_drawn(picture):
    text = render(
        "Title",
        [Text("first", "lead"), Text("careful", "warning")],
        [
            Section("A section", [Table(["n", "v"], [("one", Mark("good one", "good"))])]),
            Section("B", [Facts({"date": "today"}), Picture(picture, "seen", "below")]),
        ],
    )
    for part in (
        "<h1>Title</h1>",
        '<p class="lead">first</p>',
        '<p class="warning">careful</p>',
        '<h2 id="a-section">A section',
        '<span class="mark good">good one</span>',
        "<dt>date</dt><dd>today</dd>",
        'alt="seen"',
        "<figcaption>below</figcaption>",
    ):
        assert part in text
    assert "<nav>" not in text  # two sections need no list of contents


def test_contents_lead_to_every_section():
    sections = [Section(t, [], Mark("open", "open")) for t in ("One two", "C & D", "e")]
    text = render("T", [], sections)
    targets = re.findall(r'<a href="#([^"]*)"', text)
    assert targets == ["one-two", "c-d", "e"]
    assert re.findall(r'<h2 id="([^"]*)"', text) == targets


def test_markup_in_texts_is_shown_not_obeyed():
    odd = "<b>&\"'"
    table = Table([odd], [(odd,), (Mark(odd),)])
    text = render(odd, [Text(odd), table, Facts({odd: odd})], [Section(odd, [])])
    assert "<b>" not in text
    assert text.count("&lt;b&gt;&amp;") == 9


def test_more_curves_than_colours_are_all_drawn():
    curves = {str(k): ([k, k], [0, 0]) for k in range(6)}
    (axes,) = curves_figure([1, 2], curves, labels=("x", "y"), levels={"l": 3}).axes
    assert [t.get_text() for t in axes.get_legend().get_texts()] == ["l", *curves]
    lines = [bars.lines[0] for bars in axes.containers]
    assert len({(line.get_color(), line.get_marker()) for line in lines}) == 6


@pytest.mark.parametrize(
    ("value", "text"), [(-0.001, "0.00"), (-0.006, "-0.01"), (0.0, "0.00"), (None, "–")]
)
def test_what_rounds_to_zero_has_no_sign(value, text):
    assert number(value, ".2f") == text
