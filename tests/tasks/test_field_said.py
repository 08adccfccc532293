"""What is said of bands, by the record of a fit."""

import pytest
import torch

import scorelet as sl
from scorelet.core.random import generator, randn
from scorelet.tasks.field_model.census import FieldWarning, said_of_values
from scorelet.tasks.field_model.said import said_of_missed, said_of_moments, said_of_potentials


def test_bands_whose_potentials_were_held_or_made_smoother_are_named_once():
    sizes = [2, 4], [4, 8], [4, 8], [8, 16]
    flags = (False, True), (True, False), (True, False), (False, False)
    bands = [
        {"size": size, "tails_held": held, "stiffened": smoother}
        for size, (held, smoother) in zip(sizes, flags, strict=True)
    ]
    tails, smoother = said_of_potentials(bands)
    assert "held convex at 4x8 pixels" in tails
    assert "The potential at 2x4 pixels is smoother" in smoother
    assert said_of_potentials([*bands[3:], {"size": [1, 1], "tails_held": False}]) == []


def test_bands_of_nearly_singular_equations_are_named():
    bands = [{"size": [2 * k, 4 * k], "condition": c} for k, c in enumerate((1e9, 2e10, None), 1)]
    (said,) = said_of_potentials(bands)
    assert "equations at 4x8, 6x12 pixels are nearly singular" in said


def test_moments_that_were_not_reached_are_said():
    """From 2 on; from 4 on it is the energy that cannot reach them."""
    afters = (1.9, 2.2, 5.0)
    bands = [{"size": [2**k, 8], "moments": {"after": after}} for k, after in enumerate(afters)]
    missed, unmatched = said_of_moments([*bands, {"size": [8, 8]}])
    assert missed.startswith("Samples of the band of 2x8 pixels still have other moments")
    assert "2.2 in standard errors" in missed
    assert "band of 4x8 pixels could not be brought to the moments" in unmatched
    (again,) = said_of_missed(bands)
    assert "other moments than the fields at 2x8, 4x8 pixels: compare" in again
    assert said_of_missed(bands[:1]) == []
    bands = [{"size": [2**k, 8], "moments_missed": missed} for k, missed in enumerate(afters)]
    (left,) = said_of_moments(bands)
    assert "not matched: samples have others than the fields at 4x8 pixels" in left
    assert "are 5.0 in standard errors" in left


@pytest.mark.parametrize(("step", "values"), [(1.0, 6), (0.25, 21), (0.1, None), (0.0, None)])
def test_pixels_of_few_values_are_said(step, values):
    """Of a normal law: 99 % lie within 2.58 deviations; a gap is no value."""
    x = randn((40, 16, 16), rng=generator(0), like=torch.zeros(()).double())
    x = (x / step).round() * step if step else x
    x[0, 0] = torch.nan
    said = said_of_values(x)
    assert len(said) == (values is not None)
    assert all(f"have one of {values} values" in text for text in said)
    assert said_of_values(x[:1, :5, :5]) == []


@pytest.mark.parametrize(("share", "said"), [(0.7, True), (0.2, True), (0.05, False)])
def test_a_point_mass_is_said(share, said):
    """Rain, ice, counts of photons less a level: many pixels have one value, no two others do."""
    x = randn((40, 16, 16), rng=generator(0), like=torch.zeros(()).double())
    x = (x - x.flatten().quantile(share)).clamp(min=0) + 0.5
    x[0, 0, :4] = torch.nan
    found = said_of_values(x)
    assert len(found) == said
    assert all(
        text.startswith(f"{100 * share:.0f} % of the pixels are exactly 0.5") for text in found
    )
    assert len(said_of_values(x.clamp(max=1))) == 1 + said  # both ends, if both are many


@pytest.mark.slow
def test_a_point_mass_is_warned_of_from_python():
    x = randn((60, 8, 8), rng=generator(0), like=torch.zeros(()).double()).clamp(min=0)
    tiny = sl.FieldModel("haar", knots=4, reach=1, steps=5, moments=False, transform="none")
    with pytest.warns(FieldWarning) as warned:
        model = tiny.fit(x)
    (said,) = model.record["field"]["warnings"]
    assert said.startswith("50 % of the pixels are exactly 0: samples have no such value")
    assert said in [str(warning.message) for warning in warned]
