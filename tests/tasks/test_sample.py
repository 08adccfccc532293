"""`sample` on closed forms: the exact law, seeds, coarse pictures that are kept, files, errors."""

import json
import signal
import sys

import numpy as np
import pytest
import torch
from torch import nn

import scorelet as sl
from samples import assert_one_sentence
from scorelet.cli.main import run
from scorelet.core import ending
from scorelet.core.ending import heed_sigterm
from scorelet.core.errors import InputError
from scorelet.core.random import Noise
from scorelet.data import Picture, read_picture, write_picture
from scorelet.models import (
    Denoiser,
    FiniteSetDenoiser,
    ResidualDenoiser,
    StationaryGaussianDenoiser,
)
from scorelet.models.bounded import CentredDenoiser, ConditionalBoundedDenoiser
from scorelet.models.conditional import ConditionalResidualDenoiser
from scorelet.models.gaussian_details import gaussian_cascade
from scorelet.models.multiscale import Multiscale
from scorelet.models.schedules import OrnsteinUhlenbeck, VarianceExploding
from scorelet.networks import BFCNN
from scorelet.sampling import DivergenceError
from scorelet.sampling.reverse import SAMPLERS, ReversePlan, discrete_law, reverse
from scorelet.tasks.sample import Samples, SampleSettings
from scorelet.tasks.sample.cascades import plans_of
from scorelet.tasks.sample.output import write_samples
from scorelet.tasks.sample.verb import drawn
from scorelet.tasks.sample.whole import CHURN, EXACT, LARGEST, POWER, RANGE, plan_of
from scorelet.wavelets import OrthogonalWavelet, PacketPlan, WaveletPacket
from scorelet.wavelets.orthogonal.normalization import Normalization
from scorelet.wavelets.orthogonal.spectral import gaussian_levels

SIDE = 16


def spectrum(side=SIDE):
    k = torch.fft.fftfreq(side, 1 / side, dtype=torch.float64)
    power = 1 / (1 + k[:, None] ** 2 + k**2)
    return power / power.mean()


def gaussian(levels=2, wavelet="haar"):
    return gaussian_cascade(spectrum(), wavelet, levels)


class Flat(nn.Module):
    """A share of what it is shown is noise: networks of the shape that a cascade has."""

    def __init__(self, channels):
        super().__init__()
        self.channels = channels

    def forward(self, shown):
        return 0.5 * shown[:, -self.channels :]


def blind(*, sigma=((0.01, 4.0), (0.01, 0.3), (0.01, 0.2)), size=(16, 24)):
    """A cascade of pictures with small networks that nothing was learnt by."""
    generator = torch.Generator().manual_seed(0)
    coarse = CentredDenoiser(Flat(1), torch.full((1, 1, size[0] // 4, size[1] // 4), 0.5), 0.2)
    with torch.random.fork_rng():
        torch.manual_seed(int(torch.randint(99, (), generator=generator)))
        nets = [BFCNN(4, width=6, depth=3, outputs=3) for _ in range(2)]
    details = [
        ConditionalBoundedDenoiser(n, 0.1, channels=3, cond_channels=1, window=0) for n in nets
    ]
    record = {"size": list(size), "channels": 1, "range": [0, 1], "sigma": sigma}
    return Multiscale(
        WaveletPacket("haar", PacketPlan.wavelet(2)),
        coarse,
        details,
        normalization=Normalization("mean", levels=2),
        record=record,
    ).eval()


def unsized():
    """A cascade that says nothing of the size of its pictures."""
    model = blind()
    del model.record["size"]
    return model


def test_closed_forms_are_drawn_in_the_size_of_their_law():
    assert sl.sample(gaussian(), n=1, steps=2).images.shape == (1, 1, SIDE, SIDE)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["heun", "ddim", "ancestral-small", "dpmpp-2m"])
def test_low_bands_have_the_exact_law_of_the_discrete_sampler(name):
    """Variance of each frequency of the low band, whose denoiser is exact, after five steps."""
    count = 4000
    found = sl.sample(gaussian(1), n=count, size=(SIDE, SIDE), steps=5, sampler=name, seed=3)
    low, _ = OrthogonalWavelet("haar", 1).analyze(torch.from_numpy(found.images).double())
    (law,) = gaussian_levels(spectrum(), "haar", 1)
    plan = ReversePlan(5, OrnsteinUhlenbeck(), SAMPLERS[name], 2.0)
    expected = discrete_law(law.low_spectrum / law.detail_power, plan).variance * law.detail_power
    power = torch.fft.fft2(low[:, 0], norm="ortho").abs().square()
    deviations = (power.mean(0) - expected) / (power.std(0) / count**0.5)
    assert float(deviations.abs().max()) < 4.5
    assert (expected / law.low_spectrum - 1).abs().max() > 0.02  # which is not that of the data


@pytest.mark.slow
def test_whole_pictures_have_the_exact_law_of_the_discrete_sampler():
    """Variance of each frequency, with churn, and the mean: the start is around it."""
    count, mean = 4000, 0.3
    power = spectrum() / 4
    model = StationaryGaussianDenoiser(power, mean=mean)
    found = sl.sample(model, n=count, steps=6, seed=3)
    assert found.images.shape == (count, 1, SIDE, SIDE)
    assert found.document["churn"] == [[CHURN, None]]
    start = EXACT * float(power.max()) ** 0.5
    schedule = VarianceExploding(start, RANGE * start)
    plan = ReversePlan(6, schedule, SAMPLERS["heun"], POWER, churn=CHURN)
    expected = discrete_law(power, plan).variance
    x = torch.from_numpy(found.images[:, 0]).double() - mean
    drawn = torch.fft.fft2(x, norm="ortho").abs().square()
    deviations = (drawn.mean(0) - expected) / (drawn.std(0) / count**0.5)
    assert float(deviations.abs().max()) < 4.5
    assert abs(float(x.mean())) < 4.5 * (float(expected[0, 0]) / count / SIDE**2) ** 0.5
    assert (expected / power - 1).abs().max() > 0.05  # six steps are not the law of the data


def test_the_usual_steps_of_whole_pictures_give_the_spectrum_of_the_data():
    """By the exact law: from faint texture to the mean of a photograph of 128x128."""
    d = torch.logspace(-4, 2.6, 30, dtype=torch.float64)
    exact = StationaryGaussianDenoiser(spectrum() / spectrum().max() * d.max())
    plan = plan_of(exact, SampleSettings(exact))
    assert float((discrete_law(d, plan, centred=True).variance / d - 1).abs().max()) < 0.25


@pytest.mark.parametrize("unit", [1e-6, 1e4])
def test_closed_forms_are_drawn_alike_in_every_unit(unit):
    """Here all samples are those of unit 1, times the unit."""
    one, other = (StationaryGaussianDenoiser(spectrum() * u**2) for u in (1, unit))
    expected, found = (sl.sample(model, n=2, steps=4, seed=1).images for model in (one, other))
    np.testing.assert_allclose(found / unit, expected, rtol=1e-4, atol=1e-5)


def test_one_image_is_drawn_as_it_is():
    image = torch.full((1, 1, 4, 4), 0.25).double()
    found = sl.sample(FiniteSetDenoiser(image), n=1, steps=4).images
    np.testing.assert_allclose(found, image.numpy(), atol=1e-6)


def test_networks_start_from_the_largest_level_that_they_learnt():
    """Those that are told the level; blind ones start above what they learnt."""
    joint = sl.load("cifar10-joint").denoiser()
    assert plan_of(joint, SampleSettings(joint)).schedule.end == joint.most < 10
    photo = sl.load("photo")
    assert plan_of(photo, SampleSettings(photo)).schedule.end == LARGEST


def test_networks_draw_whole_pictures_of_the_size_that_is_given():
    network = BFCNN(3, width=6, depth=3)
    with torch.no_grad():
        for weights in network.parameters():
            weights.mul_(0.5)
    model = ResidualDenoiser(network, channels=(1, 3)).eval()
    one = sl.sample(model, n=3, size=(7, 9), steps=3, seed=1)
    assert one.images.shape == (3, 3, 7, 9)
    assert one.pictures
    alone = sl.sample(model, n=1, size=(7, 9), steps=3, seed=1).images
    assert np.abs(one.images[:1] - alone).max() < 1e-4
    plan = plan_of(model, SampleSettings(model, steps=3))
    like, mean = torch.zeros(3, 3, 7, 9), torch.tensor(0.5)
    with torch.no_grad():
        *_, last = reverse(model, like, plan, Noise(1, range(3)), mean=mean)
    assert np.array_equal(one.images, last.x.numpy())


def test_another_size_than_the_one_that_was_learnt_is_said(capsys, tmp_path):
    joint = sl.load("cifar10-joint").denoiser()
    assert sl.sample(joint, n=1, steps=1).document["warnings"] == []
    (said,) = sl.sample(joint, n=1, steps=1, size=(16, 24)).document["warnings"]
    assert said.startswith("the model learnt pictures of another size: 32x32, and here it is 16x24")
    path = str(tmp_path / "a.npy")
    args = ["-n", "1", "--steps", "1", "--size", "16x24", "-o", path, "--quiet"]
    assert run(["sample", "--model", "cifar10-joint", *args]) == 0
    assert capsys.readouterr().err == f"warning: {said}.\n"


def test_values_far_outside_of_pictures_are_said_with_their_share(monkeypatch):
    """Of one picture: it is drawn as it is, whatever the batch."""
    image = torch.full((1, 1, 4, 5), 0.5).double()
    image[..., 0] = -3.0
    image[..., 1] = 1.04
    model = FiniteSetDenoiser(image)
    monkeypatch.setattr("scorelet.tasks.sample.work.BATCH_PIXELS", 1)
    monkeypatch.setattr("scorelet.tasks.sample.work.size_of", lambda *_: (4, 5))
    (said,) = sl.sample(model, n=2, steps=4).document["warnings"]
    assert said.startswith(
        "20 % of the values lie more than 0.05 outside of [0, 1] (from -3 to 1.04)"
    )
    few = torch.full((1, 1, 1, 20), 0.5).double()
    few[..., 0] = 1.5
    monkeypatch.setattr("scorelet.tasks.sample.work.size_of", lambda *_: (1, 20))
    assert sl.sample(FiniteSetDenoiser(few), n=2, steps=4).document["warnings"] == []


def test_a_joint_model_draws_pictures_of_its_size_and_of_a_class():
    joint = sl.load("cifar10-joint")
    whole = joint.denoiser()
    for label in (None, "dog"):
        found = sl.sample(joint, n=1, steps=2, label=label)
        assert found.document.get("label") == label
        plan, like = plan_of(whole, SampleSettings(whole, steps=2)), torch.zeros(1, 3, 32, 32)
        mean = torch.tensor(0.5) if whole.centre is None else None
        with torch.no_grad():
            *_, last = reverse(whole, like, plan, Noise(0, [0]), mean=mean, label=label)
        assert np.abs(found.images - last.x.numpy()).max() < 1e-5


class OfItsMean(Denoiser):
    """The exact denoiser of one picture, that does not say how many channels it takes."""

    blind = True
    centre = torch.full((1, 3, 8, 8), 0.5)

    def _denoise(self, y, sigma, cond, label):
        return self.centre.to(y).expand_as(y)


@pytest.mark.parametrize("model", [FiniteSetDenoiser(torch.rand(5, 3, 8, 8)), OfItsMean()])
def test_colour_is_drawn_by_models_that_know_the_mean_of_colour(model):
    drawn = torch.from_numpy(sl.sample(model, n=2, steps=3).images)
    assert drawn.shape == (2, 3, 8, 8)
    if isinstance(model, FiniteSetDenoiser):
        assert torch.cdist(drawn.flatten(1), model.points.flatten(1)).amin(1).max() < 0.1


def test_a_cascade_draws_the_channels_of_its_low_band():
    """Of a model whose record does not say them; also from a coarse picture."""
    details = [ConditionalResidualDenoiser(Flat(9), channels=9, cond_channels=3) for _ in range(2)]
    coarse = FiniteSetDenoiser(torch.rand(5, 3, 4, 6))
    transform, units = WaveletPacket("haar", PacketPlan.wavelet(2)), Normalization("mean", levels=2)
    model = Multiscale(transform, coarse, details, normalization=units)
    assert sl.sample(model, n=2, size=(16, 24), steps=2).images.shape == (2, 3, 16, 24)
    picture = np.random.default_rng(0).uniform(size=(4, 6, 3)).astype(np.float32)
    found = sl.sample(model, n=1, coarse=picture, steps=2).images
    means = found[0].reshape(3, 4, 4, 6, 4).mean((2, 4))
    assert np.abs(means - picture.transpose(2, 0, 1)).max() < 1e-3  # details are large


@pytest.mark.slow
def test_the_usual_steps_give_the_spectrum_of_the_data():
    count = 2000
    found = sl.sample(gaussian(2, "db2"), n=count, size=(SIDE, SIDE))
    power = torch.fft.fft2(torch.from_numpy(found.images[:, 0]).double(), norm="ortho").abs()
    ratio = power.square().mean(0) / spectrum()
    assert float((ratio - 1).abs().max()) < 0.05 + 4.5 * (2 / count) ** 0.5


@pytest.mark.slow
def test_a_sample_does_not_depend_on_the_others_nor_on_its_batch(monkeypatch):
    whole = sl.sample(gaussian(), n=5, size=(SIDE, SIDE), steps=4, seed=7).images
    monkeypatch.setattr("scorelet.tasks.sample.work.BATCH_PIXELS", 2 * SIDE * SIDE)
    parts = sl.sample(gaussian(), n=5, size=(SIDE, SIDE), steps=4, seed=7).images
    alone = sl.sample(gaussian(), n=3, size=(SIDE, SIDE), steps=4, seed=7).images
    assert np.abs(whole - parts).max() < 1e-6
    assert np.abs(whole[:3] - alone).max() < 1e-6
    other = sl.sample(gaussian(), n=5, size=(SIDE, SIDE), steps=4, seed=8).images
    assert np.abs(whole - other).max() > 0.1


def test_a_part_of_a_set_is_drawn_alone():
    whole = sl.sample(gaussian(), n=5, steps=4, seed=7)
    rest = sl.sample(gaussian(), n=3, steps=4, seed=7, first=2)
    assert np.abs(whole.images[2:] - rest.images).max() < 1e-6
    assert (whole.document["first"], rest.document["first"]) == (0, 2)


def test_samples_of_networks_do_not_depend_on_their_batch(monkeypatch):
    whole = sl.sample(saved_model(), n=3, steps=4).images
    monkeypatch.setattr("scorelet.tasks.sample.work.BATCH_PIXELS", 1)
    alone = sl.sample(saved_model(), n=3, steps=4).images
    assert np.abs(whole - alone).max() < 1e-4 * np.abs(whole).max()


def test_a_model_whose_low_band_is_local_draws_other_sizes():
    model = blind()
    with torch.random.fork_rng():
        torch.manual_seed(2)
        model.coarse = ResidualDenoiser(BFCNN(1, width=4, depth=3))
    assert sl.sample(model, n=2, steps=2, size=(40, 28)).images.shape == (2, 1, 40, 28)


@pytest.mark.parametrize("factor", [2, 4])
def test_block_means_of_samples_are_the_coarse_picture(factor):
    """At every factor of the cascade, for networks that nothing was learnt by."""
    rng = np.random.default_rng(0)
    coarse = rng.uniform(size=(6, 10)).astype(np.float32)
    size = (6 * factor, 10 * factor)
    found = sl.sample(blind(), n=3, coarse=coarse, size=size, steps=3).images
    means = found[:, 0].reshape(3, 6, factor, 10, factor).mean((2, 4))
    assert np.abs(means - coarse).max() < 1e-5
    assert np.abs(found[0] - found[1]).max() > 1e-3  # the rest is drawn


def test_arrays_in_files_are_continued_as_those_in_memory(tmp_path):
    coarse = np.random.default_rng(0).uniform(size=(4, 6)).astype(np.float32)
    np.save(tmp_path / "c.npy", coarse)
    np.savez(tmp_path / "c.npz", low=coarse, other=coarse + 3)
    expected = sl.sample(blind(), n=1, coarse=coarse, steps=2).images
    for path in (tmp_path / "c.npy", f"{tmp_path / 'c.npz'}:low", torch.tensor(coarse)[None, None]):
        assert np.array_equal(sl.sample(blind(), n=1, coarse=path, steps=2).images, expected)


def test_samples_that_start_from_too_little_noise_are_warned_of():
    """As training says it: of deviation s and level s/2 four fifths are lost; old files lack s."""
    model = blind()  # whose levels end at 4, 0.3 and 0.2
    assert sl.sample(model, n=1, steps=2).document["warnings"] == []
    model.record["deviations"] = [8.0, 0.05, 0.05]
    (said,) = sl.sample(model, n=1, steps=2).document["warnings"]
    assert "low band of 4x6 ends at 4," in said
    assert "deviation 8: samples, which start from that noise, lose about 80 %" in said
    assert "end at 24 or above in training" in said
    coarse = np.full((4, 6), 0.5)
    assert sl.sample(model, n=1, coarse=coarse, steps=2).document["warnings"] == []
    model.record["deviations"] = [1.0, 0.05, 0.05]
    assert sl.sample(model, n=1, steps=2).document["warnings"] == []
    model.record["deviations"] = [2.0, 0.05, 0.05]  # the flow loses a fifth, churn 1 its square
    (said,) = sl.sample(model, n=1, steps=2).document["warnings"]
    assert "lose about 20 %" in said
    assert sl.sample(model, n=1, steps=2, churn=1.0).document["warnings"] == []


def test_a_sample_is_continued_as_it_is_written(tmp_path):
    """And so is one of three or four pixels a side, whose channels could be taken for rows."""
    small = sl.sample(blind(size=(8, 16)), n=1, steps=2)
    for shown in (small.images, small.images[0], small.images[..., :4]):
        np.save(tmp_path / "x.npy", shown)
        height, width = shown.shape[-2:]
        plain = shown.reshape(height, width)
        found = sl.sample(blind(), n=1, coarse=tmp_path / "x.npy", size=(16, 2 * width), steps=2)
        same = sl.sample(blind(), n=1, coarse=plain, size=(16, 2 * width), steps=2)
        assert np.array_equal(found.images, same.images)
    colours = np.random.default_rng(0).random((3, 4, 4))
    last, first = (
        sl.sample(blind(), n=1, coarse=c, steps=2).images
        for c in (np.moveaxis(colours, 0, 2), colours)
    )
    assert np.array_equal(last, first)


def test_numbers_of_a_field_are_what_they_are():
    """Whole ones, too, which are levels of gray for a model of pictures."""
    model, field = gaussian(), np.arange(16).reshape(4, 4)
    expected = sl.sample(model, n=1, coarse=field.astype(np.float32), steps=2).images
    for whole in (field, field.astype(np.uint8), torch.tensor(field), field.tolist()):
        assert np.array_equal(sl.sample(model, n=1, coarse=whole, steps=2).images, expected)
    model.record["range"] = [0, 1]
    gray = (
        sl.sample(model, n=1, coarse=coarse, steps=2).images
        for coarse in (field.astype(np.uint8), (field / 255).astype(np.float32))
    )
    assert np.allclose(*gray, atol=1e-6)


def test_coarse_pictures_go_on_by_the_largest_factor_and_colour_becomes_gray(tmp_path):
    gray = np.arange(24, dtype=np.uint8).reshape(4, 6) * 10
    write_picture(tmp_path / "small.png", Picture(np.repeat(gray[..., None], 3, 2), None))
    path = tmp_path / "small.png"
    from_file = sl.sample(blind(), n=1, coarse=path, steps=2)
    from_tensor = sl.sample(blind(), n=1, coarse=torch.from_numpy(gray), steps=2)
    assert from_file.images.shape == (1, 1, 16, 24)
    assert not any("gray" in text for text in from_file.document["warnings"])
    colours = np.repeat(gray[..., None], 3, 2) + np.array([0, 0, 9], np.uint8)
    said = sl.sample(blind(), n=1, coarse=colours, steps=2).document["warnings"]
    assert [text for text in said if "gray" in text] == [
        "the coarse picture has colours, and the model draws gray pictures: it was made gray"
    ]
    assert np.abs(from_file.images - from_tensor.images).max() < 1e-6
    clear = np.full((4, 6), 255, np.uint8)
    for least, expected in ((255, False), (0, True)):
        clear[0, 0] = least
        write_picture(tmp_path / "clear.png", Picture(gray[..., None], clear))
        document = sl.sample(blind(), n=1, coarse=tmp_path / "clear.png", steps=2).document
        assert any("transparent parts" in text for text in document["warnings"]) == expected
    assert from_file.document["coarse"] == str(path)
    before = path.read_bytes()
    with pytest.raises(InputError, match="is what it would be made from"):
        from_file.save(path, overwrite=True)
    assert path.read_bytes() == before


def test_levels_and_steps_are_those_that_the_model_knows():
    plans = plans_of(blind(), steps=5, sampler="ddim")
    points = [[step.points[0] for step in plan.table] for plan in plans]
    levels = [[sigma / alpha for alpha, sigma in found] for found in points]
    for found, (least, largest) in zip(levels, blind().record["sigma"], strict=True):
        assert len(found) == 5
        assert found[0] == pytest.approx(largest)
        assert found[-1] == pytest.approx(least)
        roots = np.diff(np.array(found) ** (1 / 7))
        assert np.allclose(roots, roots[0])
    usual = [plan.steps for plan in plans_of(blind(), steps=None, sampler="heun")]
    assert usual == [32, 12, 12]
    model = blind()
    model.record["restraint"] = [0.01, 0.0, -0.02]
    assert [p.restraint for p in plans_of(model, steps=5, sampler="ddim")] == [0.01, 0.0, -0.02]
    assert sl.sample(model, n=1, steps=1).document["restraint"] == [0.01, 0.0, -0.02]
    assert "restraint" not in sl.sample(blind(), n=1, steps=1).document
    model.record["restraint"] = [0.01]
    with pytest.raises(InputError, match="names restraint of 1 scale, and has 3"):
        sl.sample(model, n=1)


@pytest.mark.slow
def test_spreads_are_named_by_the_model():
    model = blind()
    plain = sl.sample(model, n=2, steps=2)
    model.record["spread"] = [0.0, 0.2, 0.0]
    spread = sl.sample(model, n=2, steps=2)
    assert spread.document["spread"] == [0.0, 0.2, 0.0]
    assert "spread" not in plain.document
    low, (coarser, _) = OrthogonalWavelet("haar", 2).analyze(torch.from_numpy(plain.images))
    same, (other, _) = OrthogonalWavelet("haar", 2).analyze(torch.from_numpy(spread.images))
    assert torch.allclose(low, same, atol=1e-5)
    gain = (coarser * other).sum((1, 2, 3, 4)) / coarser.square().sum((1, 2, 3, 4))
    assert float((gain - 1).abs().min()) > 0.01
    assert torch.allclose(other, gain[:, None, None, None, None] * coarser, atol=1e-5)
    coarse = np.full((SIDE // 2, SIDE // 2), 0.5, np.float32)
    finest = sl.sample(model, n=1, steps=2, coarse=coarse, size=(SIDE, SIDE))
    assert "spread" not in finest.document
    model.record["spread"] = [0.2]
    with pytest.raises(InputError, match="names spread of 1 scale, and has 3"):
        sl.sample(model, n=1)


def test_churn_is_named_by_the_model():
    churns = [[1.0, 2.0], [0.5, 0.4], [0.0, 0.3]]
    model = blind()
    model.record["churn"] = churns
    plans = plans_of(model, steps=5, sampler="heun")
    assert [[p.churn, p.churn_max] for p in plans] == churns
    assert sl.sample(model, n=1, steps=1).document["churn"] == churns
    assert "churn" not in sl.sample(blind(), n=1, steps=1).document
    plain, churned = (sl.sample(each, n=1, steps=4).images for each in (blind(), model))
    assert np.abs(plain - churned).max() > 1e-3
    model.record["churn"] = [[0.5, 1.0]]
    with pytest.raises(InputError, match="names churn of 1 scale, and has 3"):
        sl.sample(model, n=1)


@pytest.mark.slow
def test_churn_that_is_given_goes_before_that_of_the_model():
    """Up to the level that the model names; 0 is none."""
    model = blind()
    model.record["churn"] = [[1.0, 2.0], [0.5, 0.4], [0.0, 0.3]]
    options = {"n": 1, "steps": 3}
    without = sl.sample(model, churn=0.0, **options)
    assert "churn" not in without.document
    assert np.array_equal(without.images, sl.sample(blind(), **options).images)
    found = sl.sample(model, churn=0.25, **options).document["churn"]
    assert found == [[0.25, 2.0], [0.25, 0.4], [0.25, 0.3]]
    found = sl.sample(model, churn=(0.25, 0.0, 1.0), **options).document["churn"]
    assert found == [[0.25, 2.0], [0, 0.4], [1, 0.3]]
    whole = StationaryGaussianDenoiser(spectrum())
    assert "churn" not in sl.sample(whole, churn=0.0, **options).document


def test_steps_are_those_of_each_scale():
    """Of the law of the low band, and of what is drawn from a coarse picture."""
    model = blind()
    found = sl.sample(model, n=1, steps=(5, 3, 2), sampler="ddim")
    assert (found.document["steps"], found.document["calls"]) == ([5, 3, 2], 10)
    assert sl.sample(model, n=1, steps=2).document["steps"] == [2, 2, 2]
    coarse = np.full((8, 12), 0.5, np.float32)
    fine = sl.sample(model, n=1, steps=[3], coarse=coarse, size=(16, 24))
    assert fine.document["steps"] == [3]
    plans = plans_of(model, steps=[None, 3, 2], sampler="ddim")
    assert [plan.steps for plan in plans] == [32, 3, 2]


def test_numbers_of_other_scales_are_refused_and_scales_named():
    three = "the low band of 4x6, details of 8x12, details of 16x24, in this order"
    for options in ({"steps": (5, 3)}, {"churn": (0.5, 0.5)}):
        name = next(iter(options))
        with pytest.raises(InputError, match=f"{name} has 2 numbers for 3 scales: give .* {three}"):
            sl.sample(blind(), n=1, **options)
    coarse = np.full((8, 12), 0.5, np.float32)
    with pytest.raises(InputError, match="3 numbers for 1 scale: give one for each of details of"):
        sl.sample(blind(), n=1, steps=(5, 3, 2), coarse=coarse, size=(16, 24))
    with pytest.raises(InputError, match=r"2 numbers for 1 scale: .* whole pictures"):
        sl.sample(StationaryGaussianDenoiser(spectrum()), n=1, steps=(5, 3))


def test_as_many_samples_as_are_wanted_are_drawn_at_once():
    shapes = []
    model = blind()
    model.coarse.register_forward_hook(lambda _m, given, _out: shapes.append(len(given[0])))
    options = {"n": 5, "steps": 1, "seed": 3}
    whole = sl.sample(model, **options).images
    parts = sl.sample(model, batch=2, **options).images
    assert shapes == [5, 2, 2, 1]
    assert np.abs(whole - parts).max() < 1e-4 * np.abs(whole).max()


class Underestimates(Denoiser):
    """The exact denoiser of N(0.5, 0.01), whose residual is a third of the noise."""

    blind = True
    centre = torch.full((1, 1, 1, 1), 0.5)

    def _denoise(self, y, sigma, cond, label):
        level = sigma[:, None, None, None]
        return y - (y - 0.5) * level**2 / (level**2 + 0.01) / 3


def test_a_noise_level_that_is_underestimated_stops_nothing():
    """All steps are made, down to the least level: nothing is read off the residual."""
    calls = []
    model = blind()
    model.coarse = Underestimates()
    model.coarse.register_forward_hook(lambda _m, given, _out: calls.append(float(given[1])))
    sl.sample(model, n=1, steps=6, sampler="ddim")
    assert len(calls) == 6
    assert calls[0] == pytest.approx(4.0)
    assert calls[-1] == pytest.approx(0.01)


def test_a_model_that_is_given_stays_as_it_is():
    model = blind().train()
    sl.sample(model, n=1, steps=1)
    assert model.training
    assert all(part.training for part in model.details)


def test_a_model_of_half_precision_draws_in_single_precision_as_its_file_does():
    model = blind()
    found = sl.sample(model, n=2, steps=3).images
    assert np.abs(sl.sample(model.half(), n=2, steps=3).images - found).max() < 5e-3
    assert next(model.parameters()).dtype == torch.float16


def test_a_narrow_sheet_is_written(tmp_path):
    images = np.random.default_rng(0).random((1, 1, 3000, 1)).astype(np.float32)
    write_samples([tmp_path / "x.png"], images, (0.0, 1.0))
    assert read_picture(tmp_path / "x.png").pixels.shape == (3000, 1, 1)


def test_files_hold_what_was_drawn(tmp_path):
    found = sl.sample(blind(), n=3, steps=2)
    found.save(tmp_path / "x.npy")
    assert np.array_equal(np.load(tmp_path / "x.npy"), found.images)
    found.save(tmp_path / "x.png")
    sheet = read_picture(tmp_path / "x.png").pixels[..., 0]
    first = np.rint(255 * found.images[0, 0].clip(0, 1)).astype(np.uint8)
    assert np.array_equal(sheet[:16, :24], first)
    with pytest.raises(InputError, match="exists already"):
        found.save(tmp_path / "x.npy")


@pytest.mark.slow
def test_a_folder_gets_a_picture_of_each_sample_by_its_number(tmp_path, capsys):
    """So that parts of a set fill one folder, and what is there is not drawn again."""
    model = saved_model()
    sl.save(model, tmp_path / "m.safetensors")
    found = sl.sample(model, n=3, steps=2)
    out = tmp_path / "out.dir"
    words = ["sample", "--model", str(tmp_path / "m.safetensors"), "--steps", "2", "-o", f"{out}/"]
    assert run([*words, "-n", "2"]) == 0
    assert run([*words, "-n", "1", "--first", "2"]) == 0
    names = [f"sample_{k:03d}.png" for k in range(3)]
    assert sorted(path.name for path in out.iterdir()) == names
    expected = np.rint(255 * found.images[:, 0].clip(0, 1)).astype(int)
    for name, pixels in zip(names, expected, strict=True):
        assert np.abs(read_picture(out / name).pixels[..., 0] - pixels).max() <= 1
    capsys.readouterr()
    assert run([*words, "-n", "1", "--first", "2"]) == 2
    assert_one_sentence(capsys.readouterr().err, "sample_002.png exists already")
    found.save(tmp_path / "bare")  # a name without a suffix is a folder, too
    assert len(list((tmp_path / "bare").iterdir())) == 3
    with pytest.raises(InputError, match=r"m\.safetensors is no folder"):
        found.save(f"{tmp_path / 'm.safetensors'}/")


def test_values_without_a_range_have_the_same_black_and_white_in_all_pictures(tmp_path):
    images = np.linspace(-3, 5, 2 * 8 * 8).reshape(2, 1, 8, 8).astype(np.float32)
    Samples(images, False, {"first": 999}).save(tmp_path)
    low, high = (read_picture(tmp_path / f"sample_{k}.png").pixels for k in (999, 1000))
    assert (low.min(), high.max()) == (0, 255)
    assert low.max() <= high.min()


class Diverges(Denoiser):
    """Right until its fourth call."""

    blind = True
    calls = 0

    def _denoise(self, y, sigma, cond, label):
        self.calls += 1
        return y if self.calls < 4 else y * torch.inf


def test_divergence_says_where_and_keeps_what_was_done(tmp_path, monkeypatch):
    model = blind()
    model.coarse = Diverges()
    monkeypatch.setattr("scorelet.tasks.sample.work.BATCH_PIXELS", 1)
    settings = SampleSettings(model, 5, steps=3, sampler="ddim")
    with pytest.raises(DivergenceError, match=r"step 1 of 3 of scale 0.*sample before is in"):
        drawn(settings, output=tmp_path / "x.npy")
    assert np.load(tmp_path / "x.npy").shape == (1, 1, 16, 24)
    model.coarse = Diverges()
    with pytest.raises(DivergenceError, match="scale 0"):
        sl.sample(model, n=5, steps=3, sampler="ddim")


class Interrupts(Diverges):
    """Right until its fourth call; then somebody presses a key."""

    def _denoise(self, y, sigma, cond, label):
        self.calls += 1
        if self.calls >= 4:
            raise KeyboardInterrupt
        return y


def test_an_interrupt_keeps_what_was_done_and_says_so(tmp_path, monkeypatch):
    model = blind()
    model.coarse = Interrupts()
    monkeypatch.setattr("scorelet.tasks.sample.work.BATCH_PIXELS", 1)
    settings = SampleSettings(model, 5, steps=3, sampler="ddim", first=10)
    told = r"The sample before is in .*--first.* 11 and .* 4 draw the others"
    with pytest.raises(KeyboardInterrupt, match=told + " into another file"):
        drawn(settings, output=tmp_path / "x.npy")
    assert np.load(tmp_path / "x.npy").shape == (1, 1, 16, 24)
    model.coarse.calls = 0
    with pytest.raises(KeyboardInterrupt, match=told + r"\."):
        drawn(settings, output=f"{tmp_path}/x/")
    assert [path.name for path in (tmp_path / "x").iterdir()] == ["sample_010.png"]
    model.coarse.calls = 4  # in its first batch
    with pytest.raises(KeyboardInterrupt, match="nothing was written"):
        drawn(settings, output=tmp_path / "y.npy")
    assert not (tmp_path / "y.npy").exists()


class Killed(Diverges):
    """Right; in its fourth call a signal comes."""

    def __init__(self, number):
        super().__init__()
        self.number = number

    def _denoise(self, y, sigma, cond, label):
        self.calls += 1
        if self.calls == 4:
            signal.raise_signal(self.number)
        return y


@pytest.fixture
def heeded(monkeypatch):
    """A process that signals end as they end the command, also in the background of a shell."""
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    monkeypatch.setattr(ending, "_came", False)
    monkeypatch.setattr(sys, "unraisablehook", sys.unraisablehook)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    heed_sigterm()
    yield
    for number, handler in zip((signal.SIGINT, signal.SIGTERM), before, strict=True):
        signal.signal(number, handler)


@pytest.mark.parametrize("name", ["x.npy", "x/"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_keeps_what_was_done_and_says_so(
    tmp_path, monkeypatch, heeded, capsys, number, name
):
    model = blind()
    model.coarse = Killed(number)
    monkeypatch.setattr("scorelet.tasks.sample.cascades.load", lambda _: model)
    monkeypatch.setattr("scorelet.tasks.sample.work.BATCH_PIXELS", 1)
    monkeypatch.chdir(tmp_path)
    words = ["-n", "5", "--steps", "3", "--sampler", "ddim", "--first", "10", "--quiet"]
    if number == signal.SIGINT:
        assert run(["sample", *words, "-o", name]) == 130
    else:
        with pytest.raises(SystemExit) as ended:
            run(["sample", *words, "-o", name])
        assert ended.value.code == 143
    into = "" if name == "x/" else " into another file"
    others = f"first (--first) 11 and n (-n) 4 draw the others{into}"
    said = f"The sample before is in {name}; {others}."
    assert capsys.readouterr().err == f"Interrupted. {said}\n"
    assert model.coarse.calls == 4  # the step is finished, and no other is begun
    if name == "x/":
        assert [path.name for path in (tmp_path / "x").iterdir()] == ["sample_010.png"]
    else:
        assert np.load(tmp_path / "x.npy").shape == (1, 1, 16, 24)


class Looks(Denoiser):
    """Tells which files are there at each call."""

    blind = True

    def __init__(self, folder, seen):
        super().__init__()
        self.look = lambda: seen.append(len(list(folder.iterdir())))

    def _denoise(self, y, sigma, cond, label):
        self.look()
        return y


@pytest.mark.parametrize("unit", [[0, 1], None])
def test_pictures_of_a_folder_are_written_as_they_are_drawn(tmp_path, monkeypatch, unit):
    """Whatever ends the process then; and black and white are the same in all."""
    model = blind()
    model.record["range"] = unit
    seen = []
    model.coarse = Looks(tmp_path, seen)
    monkeypatch.setattr("scorelet.tasks.sample.work.BATCH_PIXELS", 2 * 16 * 24)
    drawn(SampleSettings(model, 5, steps=1, sampler="ddim"), tmp_path)
    assert seen == [0, 2, 4]
    images = sl.sample(model, n=5, steps=1, sampler="ddim").images[:, 0]
    low, high = (0, 1) if unit else np.quantile(images[:2], (0.001, 0.999))
    expected = np.rint(255 * ((images - low) / (high - low)).clip(0, 1))
    found = [read_picture(file).pixels[..., 0] for file in sorted(tmp_path.iterdir())]
    assert np.abs(np.stack(found) - expected).max() <= 1


def test_all_samples_of_one_array_have_to_fit_and_those_of_a_folder_a_batch(tmp_path, monkeypatch):
    one = 4 * 16 * 24
    monkeypatch.setattr("scorelet.tasks.sample.work.network_bytes", lambda *_: 4 * one)
    monkeypatch.setattr("scorelet.tasks.sample.work.BATCH_PIXELS", 1)
    monkeypatch.setattr("scorelet.tasks.sample.work.available_memory", lambda: 11 * one)
    settings = SampleSettings(blind(), 4, steps=1, sampler="ddim")
    for output in ("x.npy", "x.png"):
        with pytest.raises(InputError, match=r"4 samples of 16 x 24 .*--first\), or into a folder"):
            drawn(settings, tmp_path / output)
    with pytest.raises(InputError, match="draw parts of them"):
        sl.sample(blind(), n=4, steps=1, sampler="ddim")
    drawn(settings, f"{tmp_path}/x/")
    drawn(SampleSettings(blind(), 3, steps=1, sampler="ddim"), tmp_path / "x.npy")
    assert not (tmp_path / "x.png").exists()
    monkeypatch.setattr("scorelet.tasks.sample.work.available_memory", lambda: 7 * one)
    with pytest.raises(InputError, match="make them smaller"):
        drawn(settings, f"{tmp_path}/y/")


@pytest.mark.parametrize("unit", [1.0, 1e4])
def test_a_mean_that_is_zero_but_for_rounding_is_zero(unit):
    model = StationaryGaussianDenoiser(unit**2 * spectrum(), mean=-1e-8 * unit)
    found = sl.sample(model, n=2, steps=4)
    assert float(found.images.std()) < 100 * unit


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"model": "nothing"}, "Unknown model 'nothing'"),
        ({"model": "cifar10-scattering"}, "is a .*, and sample takes a denoiser"),
        ({"model": "photo"}, "does not say how large.*--size"),
        ({"model": "photo", "coarse": np.zeros((4, 6))}, "knows no coarser ones.*superres"),
        ({"model": blind().details[0], "size": (8, 8)}, "beside a coarser picture.*cascade"),
        ({"model": "grain", "size": (8, 8)}, "noise that neighbours share"),
        ({"model": "camera", "size": (8, 8)}, "noise that neighbours share"),
        ({"model": StationaryGaussianDenoiser(spectrum(), mean=7.0)}, "lie around 7"),
        ({"model": StationaryGaussianDenoiser(spectrum()), "size": (8, 8)}, "leave size out"),
        ({"model": blind(), "label": "dog"}, "knows no classes"),
        ({"model": "photo", "size": (8, 8), "label": "dog"}, "class|label"),
        ({"model": "phi4"}, "energies.*scorelet field sample"),
        ({"model": unsized()}, "give size"),
        ({"model": gaussian(), "size": (18, 16)}, r"divisible by 4, as the .* them 2 times\.$"),
        ({"model": gaussian(1), "size": (15, 16)}, r"divisible by 2, as the .* them once\.$"),
        ({"model": gaussian(), "size": (32, 32)}, "the model knows pictures of 16x16"),
        ({"model": unsized(), "size": (1 << 22, 1 << 22)}, "need .* GB or more"),
        ({"model": blind(), "size": (32, 32)}, "whole picture.*coarse"),
        ({"size": (96, 96)}, r"20x20 coefficients is about the whole picture\. Leave size out\.$"),
        ({"model": blind(), "steps": 0}, "steps is 0"),
        ({"model": blind(), "steps": (3, 0, 3)}, r"steps is \(3, 0, 3\): a sampler takes 1 to"),
        ({"model": blind(), "steps": "3,2,1"}, "steps is '3,2,1': expected a whole number"),
        ({"model": blind(), "churn": 1.5}, "churn of 1.5"),
        ({"model": blind(), "batch": 0}, "batch is 0"),
        ({"model": blind(), "n": 0}, "n is 0"),
        ({"model": blind(), "seed": -1}, "seed is -1"),
        ({"model": blind(), "first": -1}, "first is -1"),
        ({"model": blind(), "first": (1 << 32) - 3, "n": 4}, r"first is .* below 2\^32"),
        ({"model": blind(), "sampler": "best"}, "Unknown sampler 'best'"),
        ({"model": blind(), "coarse": np.full((4, 6), 1.5)}, "goes from 1.5 to 1.5"),
        ({"model": blind(), "coarse": np.zeros((2, 4, 6, 1))}, "2 coarse pictures"),
        ({"model": blind(), "coarse": np.zeros((2, 1, 4, 6))}, "2 coarse pictures"),
        ({"model": blind(), "coarse": np.zeros((1, 4, 3))}, "first or last: give"),
        ({"model": gaussian(), "coarse": np.full((4, 4), 1e39)}, "from 1e\\+39 .* up to 1e\\+37"),
        ({"model": blind(), "coarse": np.zeros((4, 6)), "size": (12, 18)}, "enlarges by 2, 4"),
        ({"model": blind(), "coarse": np.full((4, 6), np.nan)}, "without data"),
    ],
)
def test_what_cannot_be_drawn_is_refused_in_a_sentence(options, reason):
    with pytest.raises(InputError, match=reason):
        sl.sample(**options)


@pytest.mark.slow
@pytest.mark.parametrize("name", list(SAMPLERS))
def test_the_command_takes_all_samplers(name, tmp_path, capsys):
    sl.save(saved_model(), tmp_path / "m.safetensors")
    words = ["--model", tmp_path / "m.safetensors", "-n", 1, "--steps", 3, "--sampler", name]
    assert run(["sample", *map(str, words), "-o", str(tmp_path / "x.npy"), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["sampler"], document["calls"]) == (name, 3 * (5 if name == "heun" else 3))


def test_the_command_writes_the_samples_of_python(tmp_path, capsys):
    sl.save(gaussian_file := saved_model(), tmp_path / "m.safetensors")
    words = ["--model", tmp_path / "m.safetensors", "-n", 2, "--steps", 2, "--seed", 5]
    assert run(["sample", *map(str, words), "-o", str(tmp_path / "x.npy"), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    expected = sl.sample(gaussian_file, n=2, steps=2, seed=5)
    assert np.abs(np.load(tmp_path / "x.npy") - expected.images).max() < 1e-6
    assert document["calls"] == 3 * 3  # Heun, whose last step has one
    assert document["size"] == [16, 24]
    words = ["--first", 1, "-n", 1, "--steps", "2,2,2", "--churn", "0", "--batch", "1"]
    words += ["--seed", 5, "-o", tmp_path / "y.npy"]
    assert run(["sample", "--model", str(tmp_path / "m.safetensors"), *map(str, words)]) == 0
    assert np.abs(np.load(tmp_path / "y.npy") - expected.images[1:]).max() < 1e-4


def test_the_document_of_whole_pictures_is_strict_json(tmp_path, capsys):
    """Churn at every level has no largest one."""
    sl.save(ResidualDenoiser(BFCNN(1, width=6, depth=3)), tmp_path / "m.safetensors")
    words = ["--model", str(tmp_path / "m.safetensors"), "--size", "8", "-n", "1", "--steps", "2"]
    assert run(["sample", *words, "-o", str(tmp_path / "x.npy"), "--json"]) == 0
    document = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)
    assert document["churn"] == [[CHURN, None]]


def saved_model():
    """A cascade whose parts files can hold."""
    model = blind()
    with torch.random.fork_rng():
        torch.manual_seed(1)
        network = BFCNN(2, width=4, depth=3, outputs=1)
    model.coarse = CentredDenoiser(network, torch.full((1, 1, 4, 6), 0.5), 0.2)
    return model.eval()


def test_a_file_gives_the_model_back(tmp_path):
    model = saved_model()
    sl.save(model, tmp_path / "m.safetensors")
    loaded = sl.load(tmp_path / "m.safetensors")
    assert loaded.record == json.loads(json.dumps(model.record))
    for name, tensor in model.state_dict().items():
        assert torch.equal(loaded.state_dict()[name], tensor)
    x = torch.rand(1, 1, 4, 6)
    assert torch.equal(loaded.coarse(x), model.coarse(x))
    y = torch.rand(1, 3, 8, 8)
    assert torch.equal(
        loaded.details[0](y, cond=x[..., :1, :1].expand(1, 1, 8, 8)),
        model.details[0](y, cond=x[..., :1, :1].expand(1, 1, 8, 8)),
    )


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["-o", "x.jpg"], "unknown suffix"),
        (["-o", "x.npy", "--size", "16by24"], "expected HxW"),
        (["-o", "x.npy", "--steps", "0"], "steps is 0"),
        (["-o", "x.npy", "--steps", "3,2"], "of the low band of 4x6, details of 8x12"),
        (["-o", "x.npy", "--steps", "3,2.5,1"], "3,2.5,1: expected a whole number, or one for"),
        (["-o", "x.npy", "--churn", "much"], "--churn much: expected a number, or one for each"),
        (["-o", "x.npy", "--size", "17x24"], "divisible by 4"),
        (["-o", "x.npy", "--coarse", "none.png"], "none.png"),
    ],
)
def test_the_command_refuses_in_a_sentence(tmp_path, monkeypatch, capsys, words, reason):
    monkeypatch.chdir(tmp_path)
    sl.save(saved_model(), "m.safetensors")
    assert run(["sample", "--model", "m.safetensors", *words]) == 2
    assert_one_sentence(capsys.readouterr().err, reason)
    assert not list(tmp_path.glob("x.*"))


def test_a_coarse_picture_that_cannot_be_continued_is_told_what_can():
    """Details of 2x2 pixels of `faces` are local, those of 4x4 are about the whole face."""
    with pytest.raises(InputError, match=r"is 40x40,.*80x80: give one of 20x20; yours.*80x80"):
        sl.sample(coarse=np.full((40, 40), 0.5), n=1, size=(160, 160))
    assert sl.sample(coarse=np.full((20, 20), 0.5), n=1, steps=1).images.shape[-2:] == (80, 80)
    found = sl.sample(coarse=np.full((32, 40), 0.5), n=1, size=(64, 80), steps=1)
    assert found.images.shape[-2:] == (64, 80)
    assert not found.document["warnings"]


def test_a_whole_picture_that_is_continued_as_a_part_is_warned_of():
    """Of 20x20 `faces` makes 80x80; the finest details alone make of it a part of a face."""
    said = {
        size: sl.sample(coarse=np.full((20, 20), 0.5), n=1, size=size, steps=1).document["warnings"]
        for size in (None, (80, 80), (40, 40))
    }
    assert said[None] == said[80, 80] == []
    (text,) = said[40, 40]
    assert "whole one of 80x80 made 4 times smaller, and to 40x40" in text
    assert "--size 80x80" in text


@pytest.mark.parametrize("size", [(40, 40), (32, 24)])
def test_a_coarse_picture_is_continued_as_far_as_it_can_be(size):
    """By two over the finest details of `faces`: to whole faces, or to any size, as these are."""
    found = sl.sample(coarse=np.full(size, 0.5), n=1, steps=1)
    assert found.images.shape[-2:] == (2 * size[0], 2 * size[1])
    (said,) = found.document["warnings"]
    assert f"continued to {2 * size[0]}x{2 * size[1]}" in said
    assert "only 20x20 pixels" in said


@pytest.mark.parametrize(
    ("coarse", "warned"),
    [(np.eye(4, 6) / 16, True), (np.eye(4, 6), False), (np.full((4, 6), 0.5), False)],
)
def test_coarse_pictures_without_contrast_are_warned_of(coarse, warned):
    """Twelve of sixteen bits fill a sixteenth of the range."""
    said = sl.sample(blind(), n=1, coarse=coarse, steps=2).document["warnings"]
    assert (
        any("and details are drawn as those of pictures that fill" in text for text in said)
        == warned
    )


def test_complex_coarse_pictures_are_refused():
    with pytest.raises(InputError, match="complex"):
        sl.sample(blind(), n=1, coarse=torch.rand(4, 6) + 5j)
