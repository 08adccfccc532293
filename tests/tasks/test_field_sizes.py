"""Which sizes samples may have: larger ones where energies say what lies between frequencies."""

import math

import pytest
import torch

import scorelet as sl
from field_energies import white
from scorelet.core.errors import InputError
from scorelet.data.fields.ensembles import ensemble
from scorelet.models.field_energy import ConditionalEnergy, Couplings, FieldEnergy
from scorelet.models.multiscale import Multiscale
from scorelet.tasks.field_model.sizes import check_size_of, least_curvature

SIZE = 8


@pytest.fixture(scope="module")
def fitted():
    x = ensemble("lattice_ou", mass=1.0, coupling=0.2).sample(60, SIZE, 0)[:, 0]
    return sl.FieldModel("haar", knots=4, reach=1, steps=2, moments=False).fit(x).model


def with_hole(model, depth):
    """The same law of 8x8 pixels, whose finest energy is flatter between their frequencies.

    2 cos(8 w) - 2 is 0 at multiples of 2 pi / 8, and -4 halfway.
    """
    finest = model.details[-1]
    field, a = finest.field, depth / 4
    shifts = (*field.couplings.shifts, (0, 0), (0, SIZE))
    strengths = torch.cat([field.couplings.strengths, torch.tensor([-2 * a, a]).double()])
    energy = FieldEnergy(Couplings(shifts, strengths), field.potential, finer=field.finer)
    details = [*model.details[:-1], ConditionalEnergy(energy, finest.band)]
    return Multiscale(model.transform, model.coarse, details, record=model.record)


@pytest.mark.slow
def test_larger_samples_are_refused_where_the_energy_is_flat_between_the_fitted_frequencies(fitted):
    m = fitted.record["bands"][-1]["mean_curvature"]
    own = least_curvature(fitted.details[-1], (SIZE, SIZE), m)
    assert check_size_of(fitted, (16, 16)) == (16, 16)
    assert check_size_of(with_hole(fitted, 0.3 * own), (16, 16)) == (16, 16)
    deep = with_hole(fitted, 3 * own)
    assert least_curvature(deep.details[-1], (SIZE, SIZE), m) == pytest.approx(own)
    for size in ((SIZE, SIZE), (5, 8), (16, 8)):  # rows have no other frequencies
        assert check_size_of(deep, size) == size
    for size in ((8, 16), (8, 9), (24, 24)):
        with pytest.raises(InputError, match=r"the energy of 8x8 pixels is far flatter .*--reach"):
            check_size_of(deep, size)
    older = Multiscale(deep.transform, deep.coarse, deep.details, record=without_curvatures(deep))
    assert check_size_of(older, (8, 16)) == (8, 16)  # nothing is known of its potential


def without_curvatures(model):
    bands = [{k: v for k, v in b.items() if k != "mean_curvature"} for b in model.record["bands"]]
    return model.record | {"bands": bands}


def test_the_built_in_model_draws_larger_fields():
    model = sl.load("phi4")
    bands = [
        band | {"mean_curvature": m}  # of 24 of its samples
        for band, m in zip(
            model.record["bands"], (0.0655, 0.13, 0.382, 1.02, 2.59, 6.51), strict=True
        )
    ]
    model.record = model.record | {"bands": bands}
    assert check_size_of(model, (128, 64)) == (128, 64)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*moments")  # which are not matched
def test_small_fields_after_a_beam_say_nothing_of_larger_ones_unless_couplings_are_near():
    """At 32x32 pixels samples had up to 130 times the power of such fields (beam of 1.5)."""
    x = white(300, 16, 16)
    w = 2 * math.pi * torch.fft.fftfreq(16, dtype=torch.float64)
    beam = torch.exp(-(w[:, None].square() + w.square()) * 1.5**2 / 2)
    x = torch.fft.ifft2(torch.fft.fft2(x) * beam).real
    with pytest.raises(InputError, match="fit larger fields, or couplings of nearer pixels"):
        sl.FieldModel(steps=5, moments=False).fit(x).sample(1, size=(32, 32))
    near = sl.FieldModel(reach=2, steps=5, moments=False).fit(x)
    assert check_size_of(near.model, (32, 32)) == (32, 32)
