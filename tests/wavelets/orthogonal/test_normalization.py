"""Conventions of normalisation: their definitions, inverses, and what checkpoints keep."""

import os
from inspect import unwrap
from pathlib import Path

import numpy as np
import pytest
import torch

from laws.transform_laws import pyramid_error
from scorelet.core.checkpoint import load_tensors, save_tensors
from scorelet.core.errors import InputError
from scorelet.core.random import generator, randn
from scorelet.wavelets import Normalization, OrthogonalWavelet
from scorelet.wavelets.orthogonal import normalization

DOUBLE = torch.zeros((), dtype=torch.float64)
WAVELET = OrthogonalWavelet("db2", 3)


@pytest.fixture
def x():
    noise = randn((5, 2, 32, 16), rng=generator(0), like=DOUBLE)
    return noise.cumsum(-1) + 3 * torch.arange(2, dtype=torch.float64)[:, None, None]


def fit(convention, x):
    return Normalization.fit(convention, WAVELET, x)


@pytest.mark.parametrize("convention", ["none", "scalar", "mean", "channel"])
def test_unnormalisation_is_the_inverse(convention, x):
    pyramid, normal = WAVELET.analyze(x), fit(convention, x)
    again = normal.unnormalize(normal.normalize(pyramid))
    assert pyramid_error(again, pyramid) < 1e-12


def test_scalar_gives_details_the_energy_of_white_noise(x):
    """E |d_j|^2 = 3 h w for each channel of a picture, on average."""
    pyramid = fit("scalar", x).normalize(WAVELET.analyze(x))
    for detail in pyramid.details:
        assert float(detail.square().mean()) == pytest.approx(1, rel=1e-12)


def test_channel_gives_every_band_mean_zero_and_deviation_one(x):
    pyramid = fit("channel", x).normalize(WAVELET.analyze(x))
    for band in (pyramid.low, *pyramid.details):
        axes = (0, -2, -1)
        assert band.mean(axes).abs().max() < 1e-12
        assert (band.std(axes, correction=0) - 1).abs().max() < 1e-12


def test_levels_between_have_the_statistics_of_the_low_band_inside_them(x):
    normal, step = fit("channel", x), WAVELET.one_level()
    x1, _ = step.analyze(x)
    x2, (d2,) = step.analyze(x1)
    assert float(normal.normalize_low(x2, 2).square().mean()) == pytest.approx(1, rel=1e-12)
    rebuilt = step.synthesize((x2, (normal.unnormalize_detail(normal.normalize_detail(d2, 2), 2),)))
    assert float(normal.normalize_low(rebuilt, 1).square().mean()) == pytest.approx(1, rel=1e-12)


def test_a_checkpoint_holds_convention_and_statistics(x, tmp_path):
    normal = fit("channel", x)
    path = tmp_path / "normal.safetensors"
    save_tensors(path, dict(normal.state_dict()), normal.options)
    tensors, options = load_tensors(path)
    again = Normalization(**options).double()
    again.load_state_dict(tensors)
    pyramid = WAVELET.analyze(x)
    assert again.options["convention"] == "channel"
    assert pyramid_error(again.normalize(pyramid), normal.normalize(pyramid)) == 0


def test_what_has_no_scale_is_refused(x):
    with pytest.raises(InputError, match=r"convention 'half' .* none, scalar, mean, channel"):
        Normalization("half", levels=1)
    with pytest.raises(InputError, match="level 1 does not vary"):
        fit("channel", torch.zeros(2, 1, 16, 16))
    with pytest.raises(InputError, match=r"shape \(16, 16\).*expected \(batch"):
        fit("none", torch.zeros(16, 16))
    with pytest.raises(InputError, match="no level 4: this normalisation has 3"):
        fit("none", x).normalize_low(x, 4)
    for counts in ({"levels": 0}, {"levels": 1, "channels": 0}):
        with pytest.raises(InputError, match="use whole numbers of at least 1"):
            Normalization("none", **counts)
    with pytest.raises(InputError, match=r"shape \(3, 8, 8\): expected \(\.\.\., 2, height, "):
        fit("none", x).normalize_low(torch.zeros(3, 8, 8), 1)
    with pytest.raises(InputError, match=r"shape \(2, 8, 8\): expected \(\.\.\., 2, 3, height, "):
        fit("none", x).unnormalize_detail(torch.zeros(2, 8, 8), 1)


@pytest.mark.slow
def test_statistics_of_cifar10_are_the_published_ones():
    """Haar, level 1 and 2, in 8-bit units: deviations of H, V, D and of the low band, its means."""
    path = Path(os.environ.get("SCORELET_DATA", "")) / "cifar10.npz"
    if not path.is_file():
        pytest.skip("needs cifar10.npz under $SCORELET_DATA")
    with np.load(path) as stored:
        x = torch.from_numpy(stored["x_train"][:4000]).double().permute(0, 3, 1, 2)
    found = Normalization.fit("channel", OrthogonalWavelet("haar", 2), x)
    details = [[23.83, 23.37, 23.20], [21.86, 21.58, 21.28], [8.78, 8.70, 8.60]]
    low, mean = [[121.3, 119.5, 129.2], [226.3, 223.1, 244.0]], [[250.6, 245.9, 227.5]]
    near = {"rtol": 0.02, "atol": 0.0}  # 4000 of 50,000 pictures
    expected = torch.tensor(details, dtype=torch.float64).T
    torch.testing.assert_close(found.detail_scale[0], expected, **near)
    torch.testing.assert_close(found.low_scale, torch.tensor(low, dtype=torch.float64), **near)
    torch.testing.assert_close(found.low_mean[:1], torch.tensor(mean, dtype=torch.float64), **near)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["haar", "db3"])
def test_white_noise_is_white_in_all_bands_of_level_sigma_by_2_j(name):
    """Deviations of 10^6 coefficients to 1 %, of coarser bands to their errors; no correlation."""
    wavelet, sigma, levels = OrthogonalWavelet(name, 2), 0.3, 2
    noise = sigma * randn((4, 1, 1024, 1024), rng=generator(7))
    low, details = Normalization("mean", levels=levels).normalize(wavelet.analyze(noise))
    for level, detail in zip((2, 1), details, strict=True):
        bands = detail[:, 0].transpose(0, 1).flatten(1)
        assert (bands.std(1) * 2**level / sigma).tolist() == pytest.approx([1] * 3, abs=0.01)
        together = torch.cat([low.flatten()[None], bands]) if level == levels else bands
        apart = torch.corrcoef(together) - torch.eye(len(together))
        assert apart.abs().max() < 0.01
    assert float(low.std()) * 4 / sigma == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize("convention", ["scalar", "channel"])
@pytest.mark.parametrize(
    ("dtype", "unit"),
    [(torch.float32, 1e25), (torch.float32, 1e-30), (torch.float16, 300.0), (torch.float64, 1e200)],
)
def test_statistics_follow_the_unit(convention, dtype, unit):
    """Their squares lie beyond what the dtype holds."""
    u = torch.rand(3, 2, 16, 16, generator=generator(3), dtype=torch.float64)
    wavelet = OrthogonalWavelet("db2", 2)
    plain = Normalization.fit(convention, wavelet, u)
    found = Normalization.fit(convention, wavelet, (u * unit).to(dtype))
    for name, expected in plain.named_buffers():
        statistic = getattr(found, name).double() / unit
        assert getattr(found, name).dtype == dtype
        torch.testing.assert_close(statistic, expected, rtol=2e-3, atol=2e-3)


@pytest.mark.parametrize("convention", ["scalar", "channel"])
@pytest.mark.parametrize("dtype", [torch.float16, torch.float32, torch.float64])
@pytest.mark.parametrize("name", ["db2", "sym8"])
def test_rounding_of_constants_is_no_scale(convention, dtype, name):
    x = torch.full((2, 1, 32, 32), 0.7, dtype=dtype)
    with pytest.raises(InputError, match="does not vary over the data by more than rounding"):
        Normalization.fit(convention, OrthogonalWavelet(name, 3), x)


def test_a_channel_in_a_small_unit_has_a_scale(x):
    units = torch.tensor([1e6, 1e-9], dtype=torch.float64)
    assert torch.allclose(
        fit("channel", x * units[:, None, None]).detail_scale,
        fit("channel", x).detail_scale * units[:, None],
    )


def test_scales_beyond_the_dtype_are_refused():
    signs = (-1.0) ** torch.arange(16)
    x = 6e4 * signs[:, None] * signs.expand(2, 1, 1, 16)
    with pytest.raises(InputError, match="level 1 is not finite in float16"):
        Normalization.fit("scalar", OrthogonalWavelet("haar", 1), x.half())


def test_what_is_no_tensor_is_told_how_to_become_one(monkeypatch):
    """Past the check of annotations in tests."""
    monkeypatch.setattr(normalization, "check_signal", unwrap(normalization.check_signal))
    for wrong in (3, np.zeros((2, 1, 8, 8))):
        with pytest.raises(InputError, match=r"x is (int|ndarray): .* as torch\.from_numpy\(x\)"):
            unwrap(Normalization.fit.__func__)(Normalization, "none", WAVELET, wrong)
