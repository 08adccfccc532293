"""What is taken for fields, and which fields are periodic."""

import os
import warnings
from inspect import unwrap
from pathlib import Path

import numpy as np
import pytest
import torch

from field_samples import gaussian, smooth_power, white
from scorelet.analysis.field_statistics import (
    STATISTICS,
    NotPeriodicWarning,
    gaussian_reference,
    is_periodic,
    moments,
    phase_randomized,
    power_map,
)
from scorelet.analysis.field_statistics.fields import _checked
from scorelet.analysis.field_statistics.scattering import measure_by
from scorelet.core.errors import InputError
from scorelet.data.fields.ensembles import ensemble
from scorelet.sampling import Phi4

DATA = Path(os.environ.get("SCORELET_DATA", "nowhere")) / "fields"
PERIODIC = ("power_law", "matern", "lattice_ou", "log_normal")


@pytest.mark.slow
@pytest.mark.parametrize("name", STATISTICS)
def test_shape_dtype_and_batch_make_no_difference(name):
    measure, x = STATISTICS[name].measure, gaussian(smooth_power(32, 1.0), 6)
    found = measure(x)
    torch.testing.assert_close(measure(x[:, None]).values, found.values)
    single = measure(x.float(), like=found)
    scale = found.values.abs().amax(-1, keepdim=True)
    # float32 moves a few of 6,144 pixels into the next bin
    assert ((single.values - found.values).abs() / scale).max() < 5e-3
    halves = [measure(part, like=found).sample for part in x.split([1, 5])]
    frame = found.sample.frame
    rows = [s.reframe(s.contributions, frame)[0] if s.reframe else s.contributions for s in halves]
    torch.testing.assert_close(torch.cat(rows), found.sample.contributions)
    assert found.values.shape == (len(found.labels), len(found.axis.x))
    assert found.blocks == 6


@pytest.mark.slow
@pytest.mark.parametrize("name", PERIODIC)
@pytest.mark.parametrize("count", [4, 16])
def test_periodic_ensembles_are_periodic(name, count):
    for seed in range(3):
        assert is_periodic(ensemble(name).sample(count, 32, seed=seed)[:, 0])
    assert is_periodic(Phi4().sample(count, 32, seed=1)[:, 0])


@pytest.mark.parametrize("unit", [1e-30, 1e30])
def test_whether_fields_are_periodic_does_not_depend_on_their_unit(unit):
    x = gaussian(smooth_power(64, 2.0), 4).float()
    assert is_periodic(unit * x)
    assert not is_periodic(unit * x[:, :, :40])
    with pytest.warns(NotPeriodicWarning):
        moments(unit * x[:, :, :40])


@pytest.mark.parametrize("unit", [1e-36, 1e36])
def test_new_phases_keep_the_power_in_any_unit(unit):
    x = unit * gaussian(smooth_power(64, 2.0), 2).float()
    made = phase_randomized(x, rng=torch.Generator().manual_seed(0))
    assert made.dtype == torch.float32
    power, other = (u.double().var((1, 2)) for u in (x, made))
    torch.testing.assert_close(other, power, rtol=1e-5, atol=0)


@pytest.mark.parametrize("axis", [1, 2])
def test_cut_fields_are_not_periodic(axis):
    x = gaussian(smooth_power(64, 2.0), 4).narrow(axis, 0, 40)
    assert not is_periodic(x)
    with pytest.warns(NotPeriodicWarning, match="--window hann"):
        moments(x)
    moments(x, window="hann")


@pytest.mark.skipif(not DATA.exists(), reason="needs $SCORELET_DATA/fields")
@pytest.mark.parametrize(
    ("name", "periodic"), [("kappa", False), ("dust_intensity", True), ("dust_q", True)]
)
def test_real_maps(name, periodic):
    x = torch.from_numpy(np.load(DATA / f"{name}.npy"))
    assert is_periodic(x) == periodic


@pytest.mark.slow
@pytest.mark.parametrize("name", STATISTICS)
def test_every_statistic_warns_of_cut_fields(name):
    """But for those that do not see the border, and yet the warning is the same for all."""
    x = gaussian(smooth_power(96, 2.0), 4)[:, :64, :64]
    with pytest.warns(NotPeriodicWarning, match=r"not periodic.*window='hann' \(--window hann"):
        STATISTICS[name].measure(x)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        STATISTICS[name].measure(x, window="hann")


@pytest.mark.slow
def test_tapered_fields_have_no_jump_for_wavelets():
    """On a ramp the finest wavelets see the jump only; of white noise they keep the power."""
    statistic, finest = STATISTICS["scattering"].measure, slice(16, 20)  # S2 of j = 0
    ramp = torch.arange(32.0).double().expand(4, 32, 32) + 1e-3 * white(4, 32, 32)
    with pytest.warns(NotPeriodicWarning):
        jumping = statistic(ramp).values[0, finest].max()
    assert statistic(ramp, window="hann").values[0, finest].max() < jumping / 30
    noise = white(60, 32, 32)
    plain, tapered = statistic(noise), statistic(noise, window="hann")
    torch.testing.assert_close(
        tapered.values[0, finest], plain.values[0, finest], rtol=0.05, atol=0
    )


@pytest.mark.parametrize("name", STATISTICS)
@pytest.mark.parametrize(
    ("x", "words"),
    [
        (torch.zeros(2, 16, 16, dtype=torch.int32), "int32"),
        (torch.zeros(2, 16, 16) + 0j, "complex64"),
        (torch.full((2, 16, 16), torch.nan), "NaN or infinite"),
        (torch.zeros(0, 16, 16), "at least one field"),
        (torch.zeros(2, 4, 4), "at least 8"),
        (torch.zeros(2, 3, 16, 16), "expected"),
    ],
)
def test_every_statistic_refuses_what_is_no_field(name, x, words):
    for measure in (STATISTICS[name].measure, power_map, is_periodic):
        with pytest.raises(InputError, match=words):
            measure(x)
    with pytest.raises(InputError, match="use 'none'"):
        STATISTICS[name].measure(white(2, 16, 16), window="hamming")


@pytest.mark.parametrize("name", STATISTICS)
def test_every_statistic_refuses_fields_that_do_not_vary(name):
    """Rounding of a mean of pixels of 0.1 is no variation."""
    with pytest.raises(InputError, match=r"^All pixels are 0\.1: expected fields that vary\.$"):
        STATISTICS[name].measure(torch.full((3, 16, 16), 0.1, dtype=torch.float64))


def test_an_array_is_no_tensor():
    with pytest.raises(InputError, match=r"Fields are ndarray.*torch\.from_numpy"):
        unwrap(_checked)(np.zeros((2, 16, 16)))


@pytest.mark.parametrize("power", [torch.zeros(16, 16), torch.ones(1, 16, 16), -torch.ones(16, 16)])
def test_a_reference_needs_a_power_map(power):
    with pytest.raises(InputError, match="finite and positive in the mean, as power_map"):
        gaussian_reference(power, STATISTICS["peaks"].measure(white(2, 16, 16)))


@pytest.mark.parametrize(
    ("x", "words"),
    [
        (torch.zeros(2, 16, 16, dtype=torch.int32), "real floating-point"),
        (torch.zeros(2, 16, 16, dtype=torch.complex64), r"\.real and \.imag"),
        (torch.zeros(16, 16), r"expected \(n, h, w\)"),
        (torch.zeros(2, 3, 16, 16), r"expected \(n, h, w\)"),
        (torch.zeros(0, 16, 16), "at least one field"),
        (torch.zeros(2, 7, 16), "at least 8"),
        (torch.full((2, 16, 16), torch.nan), "512 of 512 values are NaN"),
        (torch.ones(2, 16, 16), "All pixels are 1"),
        (white(2, 16, 16) * 1e-200, r"reach \de-200, .* multiply them"),
        (white(2, 16, 16) * 1e200, r"reach \de\+200, .* multiply them"),
    ],
)
def test_what_is_no_field(x, words):
    with pytest.raises(InputError, match=words):
        moments(x)


def test_unknown_windows():
    with pytest.raises(InputError, match="use 'none'"):
        moments(white(2, 16, 16), window="hamming")


def test_cut_fields_must_have_an_interior():
    with pytest.raises(InputError, match="no interior"):
        STATISTICS["peaks"].measure(white(2, 16, 16), window="hann")


def test_the_place_of_the_scattering_covariance():
    """Any function of fields (n, 1, h, w) to moments (n, m) becomes a statistic."""
    x = 5 + 3 * white(4, 16, 16)
    found = measure_by(lambda u: torch.stack([u.mean((1, 2, 3)), u.square().mean((1, 2, 3))], 1))(x)
    torch.testing.assert_close(found.values, torch.tensor([[0.0, 1.0]]).double(), atol=1e-9, rtol=0)
