"""Sentences of an audit."""

import pytest

from scorelet.analysis.memorization import Lead
from scorelet.tasks.audit.report import VERDICTS
from scorelet.tasks.audit.rows import COLUMNS, NAMES
from scorelet.tasks.audit.settings import AuditSettings, at_middle
from scorelet.tasks.audit.two_models import conclusion_of_models
from scorelet.tasks.audit.words import SUMMARY, conclusion, evidence


@pytest.mark.parametrize(
    ("verdicts", "words"),
    [
        ({10: "memorises", 100: "in between", 1000: "generalises"},
         "The networks memorise with 10 pictures, and they generalise from 1,000 pictures on."),
        ({1: "memorises", 100: "in between"},
         "The networks memorise with 1 picture, and they do not yet generalise with 100 pictures."),
        ({10: "memorises", 100: "memorises"}, "more pictures are needed, or a smaller network"),
        ({10: "generalises"}, "No memorisation was found"),
        ({10: "in between", 20: "generalises"}, "No networks memorise, and they generalise"),
        ({10: "memorises", 20: "same function"}, "not known: with 20 pictures no samples"),
        ({10: "memorises", 20: "contradictory", 40: "generalises"},
         "not known: with 20 pictures the signs contradict one another"),
        ({1: "not known"}, "with 1 picture no samples"),
        ({10: "undertrained", 20: "generalises"}, "10 pictures have not learned enough"),
        ({10: "undertrained", 20: "undertrained"}, "of 10 and 20 pictures have not learned"),
        ({10: "memorises", 20: "undertrained"},
         "The networks memorise with 10 pictures. The networks of 20 pictures have not learned"),
    ],
)  # fmt: skip
def test_where_memorisation_ends_in_words(verdicts, words):
    rows = [{"size": size, "verdict": verdict} for size, verdict in verdicts.items()]
    assert words in conclusion(rows)


def test_what_was_measured_in_words():
    row = {
        "variance": [{"value": 0.5, "sigma": 1.0}, {"value": 0.123, "sigma": 0.3}, {}],
        "gap": 7.24,
        "pair": [0, 0.31, 1],
        "nearest": [0, 0.98, 1],
        "nearest_of_held_out": None,
    }
    assert evidence(row) == (
        "training pictures come back 7.2 dB better than held-out ones, they differ by V = 0.12 at "
        "noise level 0.3, their samples of the same noise have a cosine of 0.31, the nearest "
        "training picture has one of 0.98."
    )
    alone = evidence(row | {"gap": None, "pair": None, "nearest": None})
    assert alone == "they differ by V = 0.12 at noise level 0.3."
    behind = evidence(row | {"lead": -1.26})
    assert behind.endswith("a linear filter fitted to training pictures is 1.3 dB better on them.")
    assert evidence(row | {"lead": 1.26}) == evidence(row)


@pytest.mark.parametrize("levels", [(0.4, 0.2), (0.4, 0.3, 0.2), (0.5, 0.4, 0.3, 0.2)])
def test_one_level_decides_and_is_named(levels):
    """With an even number the weaker of the two in the middle."""
    middle = AuditSettings(sigmas=levels).middle
    assert middle == {2: 0.2, 3: 0.3, 4: 0.3}[len(levels)] == at_middle(levels)
    nothing = dict.fromkeys(("gap", "pair", "nearest", "nearest_of_held_out"))
    row = {"variance": [{"value": 0.1, "sigma": sigma} for sigma in levels]} | nothing
    assert evidence(row) == f"they differ by V = 0.1 at noise level {middle:g}."
    assert Lead(levels, levels).at_middle == (middle, middle)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0.209, "The two models differ somewhat on these pictures: V = 0.21 at noise level 0.3. W"),
        (0.9, "The two models are different functions on these pictures: V = 0.9 at noise level"),
    ],
)
def test_models_that_differ_by_little_are_no_different_functions(value, words):
    levels = [{"value": 0.03, "sigma": 1.0}, {"value": value, "sigma": 0.3}, {}]
    row = {"verdict": "not known", "variance": levels, "gap": None}
    assert conclusion_of_models(row).startswith(words)


def test_which_of_two_models_knows_its_pictures_by_heart():
    levels = [{"value": 0.5, "sigma": 0.3}]
    each = [
        {"gap": gap, "counted_gap": gap, "by_gap": "generalises", "nearest": [0, 0.5, 1]}
        for gap in (-0.1, 7.24)
    ]
    each[1]["by_gap"] = "memorises"
    each = [
        one | of(0, known) | {"by_gap": one["by_gap"], "held_out_are": None}
        for one, known in zip(each, (0, 60), strict=True)
    ]
    row = {"verdict": "one memorises", "gap": 3.5, "variance": levels, "each": each, "pair": None}
    row |= {"nearest": [0, 0.7, 1], "nearest_of_held_out": None}
    said = "The second network knows its training pictures by heart, the first "
    counted = (
        "none of 32 samples is a copy of a training picture and 60 of 128 training pictures are "
        "known by heart (0 of the first network's, 60 of the second's)"
    )
    assert conclusion_of_models(row) == f"{said}does not: {counted}."
    assert evidence(row) == (
        "training pictures of the first come back 0.1 dB worse than held-out ones, training "
        "pictures of the second come back 7.2 dB better than held-out ones, they differ by V = 0.5 "
        f"at noise level 0.3, the nearest training pictures have 0.50 and 0.50, "
        f"{counted.replace(' and 60', ', 60')}."
    )
    each[0]["by_gap"] = "in between"
    assert conclusion_of_models(row) == f"{said}does so in part at most: {counted}."
    each[1]["known"] = 6
    assert conclusion_of_models(row).startswith(
        "By its gap, 7.2 dB, the second network knows training pictures by heart, the first does "
        "so in part at most: "
    )
    each[1] |= {"counted_gap": 3.9, "held_out_are": "easier"}
    assert conclusion_of_models(row).startswith(
        "By its gap to those of the other network, which it has not seen, 3.9 dB, the second "
        "network knows training pictures by heart, the first does so in part at most: "
    )


def of(copies, known, samples=16, measured=64):
    """What is known of one network."""
    return {
        "copies": copies,
        "known": known,
        "nearest_cosines": [0.5] * samples,
        "measured": measured,
        "by_gap": "generalises",
    }


@pytest.mark.parametrize(
    ("each", "words"),
    [
        ([of(7, 0), of(7, 0)],
         "14 of 32 samples are copies of training pictures (7 of the first network's, 7 of the "
         "second's)."),
        ([of(0, 0, 2), of(1, 0, 2)], ": 1 of 4 samples is a copy of a training picture (0 of"),
        ([of(0, 6), of(0, 0)],
         "some pictures are known by heart: 6 of 128 training pictures are known by heart (6 of"),
        ([of(1, 1), of(0, 0)], "second's) and 1 of 128 training pictures is known by heart"),
        ([of(None, 1) | {"nearest_cosines": None}] * 2, "heart: 2 of 128 training pictures are"),
    ],
)  # fmt: skip
def test_single_pictures_by_heart_are_counted(each, words):
    assert words in conclusion_of_models({"verdict": "memorises in part", "each": each})
    rows = [{"size": 10, "verdict": "memorises in part", "each": each}]
    rows.append({"size": 20, "verdict": "generalises"})
    said = conclusion(rows)
    assert said.startswith("The networks memorise with 10 pictures in part (")
    assert said.endswith("), and they generalise from 20 pictures on.")


def test_that_nothing_is_copied_is_said_of_the_samples_that_there_are():
    said = conclusion_of_models({"verdict": "generalises", "each": [of(0, 0, 8), of(0, 0, 8)]})
    assert said.endswith("same function, and none of 16 samples is a copy of a training picture.")


def test_the_other_of_two_networks_may_have_copies():
    each = [of(16, 60) | {"by_gap": "memorises"}, of(3, 0)]
    said = conclusion_of_models({"verdict": "one memorises", "each": each})
    assert "second does so in part: 19 of 32 samples are copies of training pictures (16 of" in said


@pytest.mark.parametrize(
    ("open_signs", "value", "words"),
    [
        (["gap"], 0.002,
         "The verdict is in between: they are one function; whether training pictures come back "
         "better is open, the gap is 2.6 ± 1.1 dB (none: up to 1.5, memory: from 3 on). Perhaps "),
        (["samples"], 0.002, "they are one function; samples are as near to training pictures as"),
        (["function"], 0.3,
         "they differ by V = 0.3 ± 0.02 at noise level 0.3 (one function: up to 0.2). Perhaps "),
        (["gap", "function"], 0.9, "0.2); whether training pictures come back better"),
    ],
)  # fmt: skip
def test_what_is_open_is_said(open_signs, value, words):
    level = {"value": value, "error": 0.02, "sigma": 0.3}
    row = {"verdict": "in between", "open": open_signs, "gap": 2.6, "gap_error": 1.1}
    said = conclusion_of_models(row | {"variance": [level]})
    assert words in said
    assert "neither" not in said


def test_networks_that_a_filter_beats_may_be_for_other_levels():
    each = [{"lead": -1.2, "undertrained": True}, {"lead": -0.9, "undertrained": True}]
    row = {"verdict": "undertrained", "gap": 0.0, "variance": [{"sigma": 0.3}], "each": each}
    said = conclusion_of_models(row | {"fit_levels": [0.18, 0.1]})
    assert "at noise level 0.3 a linear filter does better, at 0.18, 0.1 it does not. " in said
    assert "or are for other levels (choose those with --sigmas, in Python sigmas) or for" in said
    assert (
        "does better. Beside it the first network is 1.2 dB worse and the second 0.9 dB worse. "
        in (conclusion_of_models(row | {"fit_levels": []}))
    )
    each[1] = {"lead": 0.4, "undertrained": False}
    said = conclusion_of_models(row | {"fit_levels": []})
    assert "the second 0.4 dB better. The first has not learned enough, or is for other" in said


def test_signs_that_contradict_one_another_are_no_lack_of_both():
    said = conclusion_of_models({"verdict": "contradictory", "gap": 8.0, "variance": []})
    assert said.startswith("The verdict is contradictory: the signs contradict one another")
    assert set(VERDICTS) == set(SUMMARY)


def test_the_report_defines_v_as_it_is_measured():
    assert "over their mean power, each answer without its mean" in COLUMNS


def test_rows_of_pictures_hold_of_twins_and_of_models_that_are_there():
    assert NAMES["near_second"] == "nearest learned by the second"
