"""Samples whose powers are others than those of the fields, and sets of one law, which are not."""

import pytest
import torch

import scorelet as sl
from scorelet.core.random import generator
from scorelet.tasks.field_model.field_powers import other_powers, powers_of_fields
from scorelet.tasks.field_model.likeness import unlike_fields

SIDE = 16
WAVES = torch.fft.fftfreq(SIDE, dtype=torch.float64) * SIDE
RADIUS = torch.hypot(WAVES[:, None], WAVES)


def filtered(count, gains, seed):
    white = torch.randn(count, SIDE, SIDE, generator=generator(seed), dtype=torch.float64)
    return torch.fft.ifft2(torch.fft.fft2(white) * gains).real


def red(count, seed):
    return filtered(count, (1 + RADIUS).reciprocal(), seed)


def strengths(count, seed, deviation=1.0):
    return (deviation * torch.randn(count, 1, 1, generator=generator(seed))).exp().double()


LAWS = {
    "white": lambda n, seed: filtered(n, torch.ones_like(RADIUS), seed),
    "red": red,
    "beam": lambda n, seed: filtered(n, (-(RADIUS**2) / 8).exp(), seed),
    "lognormal": lambda n, seed: (5 * red(n, seed)).exp(),
    "unequal": lambda n, seed: strengths(n, seed + 1) * red(n, seed),
    "most unequal": lambda n, seed: strengths(n, seed + 1, 3.0) * red(n, seed),
    "ratios": lambda n, seed: red(n, seed) / torch.randn(n, 1, 1, generator=generator(seed + 1)),
}


@pytest.mark.slow
@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("counts", [(10, 50), (10, 200), (50, 300), (400, 50)])
def test_sets_of_one_law_have_the_same_powers(law, counts):
    n, m = counts
    for seed in range(0, 80, 4):
        x, y = LAWS[law](n, seed), LAWS[law](m, seed + 2)
        assert other_powers(powers_of_fields(x, cut_out=seed % 8 == 0), y) == []


@pytest.mark.parametrize(("ring", "name"), [(3, "3.04"), (6, "6.09")])
@pytest.mark.parametrize("factor", [0.3, 3.0])
def test_the_worst_ring_of_powers_is_named(ring, name, factor):
    gains = torch.where(RADIUS.round() == ring, factor**0.5, 1.0)
    known = powers_of_fields(strengths(200, 1, 0.5) * red(200, 0))
    y = strengths(100, 3, 0.5) * filtered(100, gains / (1 + RADIUS), 2)
    (said,) = other_powers(known, y)
    assert f"times for waves of |k| = {name}:" in said
    found = float(said.split("fields, ")[1].split(" times for waves")[0].split()[-1])
    assert found == pytest.approx(factor, rel=0.6)  # of heavy tails


def test_frequencies_in_the_corners_are_seen():
    """(7, 6) of 16x16 lies beyond the last ring, and so does nobody's spectrum by rings."""
    wrong = (WAVES[:, None].abs() == 7) & (WAVES.abs() == 6)
    x, y = red(200, 0), filtered(60, torch.where(wrong, 6.0, 1.0) / (1 + RADIUS), 1)
    (said,) = other_powers(powers_of_fields(x), y)
    assert "times for waves of |k| beyond 8" in said
    larger = y.repeat(1, 1, 2)
    (said,) = other_powers(powers_of_fields(x), larger, same_size=False)
    assert "waves" not in said


@pytest.mark.parametrize(("count", "said"), [(0, False), (1, False), (8, True)])
def test_few_samples_far_beyond_all_fields_are_said(count, said):
    """As droplets of another phase: the other samples are right, and so is the median."""
    x, y = red(400, 0), red(200, 1)
    y[:count] += 3 * torch.sin(2 * torch.pi * WAVES / SIDE * 2)
    found = other_powers(powers_of_fields(x), y)
    assert bool(found) == said
    assert all(text.startswith(f"In {count} of 200 samples the mean") for text in found)
    assert other_powers(powers_of_fields(x[:40]), y) == []  # the largest of few says little


@pytest.mark.parametrize("unit", [1e-45, 1.0, 1e45])
def test_powers_have_no_unit(unit):
    known = powers_of_fields(unit * (7 + red(100, 0)))
    assert other_powers(known, unit * (7 + red(60, 1))) == []
    assert other_powers(known, unit * (7 + 2 * red(60, 1)))
    assert other_powers(known, unit * (7 + 0 * red(60, 1)))


def test_levels_of_whole_fields_are_compared_where_fields_are_many():
    """Not of few, whose mean is that of one bright field."""
    x, level = red(100, 0), torch.randn(100, 1, 1, generator=generator(1)).double()
    known = powers_of_fields(x + level)
    assert other_powers(known, red(100, 2) + level.flip(0)) == []
    (said,) = other_powers(known, red(100, 2) + 4 * level)
    assert "times for means of whole fields:" in said
    assert other_powers(powers_of_fields((x + level)[:40]), red(100, 2) + 4 * level) == []


@pytest.mark.slow
def test_a_model_knows_the_powers_of_its_fields(tmp_path):
    """Its samples have them; beside those of other fields it is said, in Python and to a file."""
    x = red(300, 0)
    model = sl.FieldModel("haar", knots=4, reach=2, steps=40, moments=False).fit(x)
    known, own = model.record["field"]["powers"]["powers"], powers_of_fields(x[:285])["powers"]
    assert known.keys() == own.keys()
    assert all(known[name] == pytest.approx(own[name]) for name in own)
    assert unlike_fields(model.record["field"], red(60, 1)) == []
    gains = torch.where(RADIUS.round() == 5, 1.8, 1.0) / (1 + RADIUS)
    model.record["field"]["powers"] = powers_of_fields(filtered(300, gains, 0))
    with pytest.warns(UserWarning, match=r"times for waves of \|k\| = 5.14"):
        model.sample(60, seed=1)
    model.save(tmp_path / "m.safetensors")
    found = sl.field.sample(tmp_path / "m.safetensors", 60, tmp_path / "y.npy", seed=1)
    assert "waves of |k| = 5.14" in found["warnings"][-1]
