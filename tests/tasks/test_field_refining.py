"""Super-resolution of fields: what is given stays, what is added has the conditional law."""

import numpy as np
import pytest
import torch

import scorelet as sl
from scorelet.core.errors import InputError
from scorelet.data.fields.ensembles import ensemble
from scorelet.models.field_energy import (
    Band,
    ConditionalEnergy,
    Couplings,
    FieldEnergy,
    ScalarDensity,
    SplinePotential,
)
from scorelet.models.multiscale import Multiscale
from scorelet.tasks.field_model.census import FieldWarning
from scorelet.tasks.field_model.refining import coarsen
from scorelet.wavelets import PacketPlan, WaveletPacket

pytestmark = pytest.mark.slow


def fields(n, seed):
    x = ensemble("lattice_ou", mass=4.4, coupling=1.0).sample(n, 16, seed)[:, 0]
    return 5 + 2 * x


@pytest.fixture(scope="module", params=["haar", "db2"])
def model(request):
    return sl.FieldModel(request.param, knots=4, reach=3, steps=80).fit(fields(1500, 0))


@pytest.mark.parametrize("octaves", [1, 2, 4])
def test_the_coarse_field_of_a_sample_is_the_one_that_was_given(model, octaves):
    coarse = model.coarsen(fields(3, 1), octaves)
    drawn = model.sample(5, coarse=coarse, seed=2)
    means = [z.double().mean((1, 2)) for z in (coarse, fields(3, 1))]
    assert torch.allclose(*means, atol=1e-5)  # weights of means have sum 1
    again = model.coarsen(drawn, octaves)
    assert torch.allclose(again, coarse[[0, 1, 2, 0, 1]], atol=1e-4)
    assert float((drawn[3] - drawn[0]).abs().max()) > 0.5  # two continuations of one field
    alone = model.sample(2, coarse=coarse, seed=2, start=3)
    assert torch.equal(alone, drawn[3:])


def test_samples_of_coarse_fields_have_the_spectrum_of_the_law(model):
    """Coarse fields of the law, continued, are the law: |k| in four rings, within 10 %."""
    x, other = fields(400, 3), fields(2000, 4)
    drawn = model.sample(400, coarse=model.coarsen(x, 2), seed=5)
    k = torch.fft.fftfreq(16).abs() * 16
    ring = (k[:, None] ** 2 + k[None] ** 2).sqrt().round().clamp(1, 8)
    found, expected = (torch.fft.fft2(f.double()).abs().square().mean(0) for f in (drawn, other))
    for radius in (2, 4, 6, 8):
        ratio = found[ring == radius].mean() / expected[ring == radius].mean()
        assert float(ratio) == pytest.approx(1, abs=0.1), radius


def test_the_conditional_mean_of_a_gaussian(model):
    """The mean of 600 continuations of one coarse field is its regression, measured on fields."""
    x = fields(4000, 6)
    c = model.coarsen(x, 1)
    flat, low = (f.flatten(1).double() - 5 for f in (x, c))
    # ridge against the noise of 4000 fields in 64 numbers
    regression = torch.linalg.solve(low.T @ low + 20 * torch.eye(64).double(), low.T @ flat)
    given = model.coarsen(fields(1, 7), 1)
    mean = model.sample(600, coarse=given, seed=8).double().mean(0).flatten() - 5
    expected = (given.flatten().double() - 5) @ regression
    fine = expected - expected.mean()
    error = (mean - expected).norm() / fine.norm()
    assert float(error) < 0.15
    wrong = (mean - expected.roll(16)).norm() / fine.norm()
    assert float(wrong) > 3 * float(error)


@pytest.mark.parametrize("border", ["periodic", "mirror"])
@pytest.mark.parametrize("octaves", [1, 2, 3])
@pytest.mark.parametrize("name", ["haar", "db2", "db4", "sym4"])
def test_a_coarse_pixel_stands_for_the_block_where_it_is(name, octaves, border):
    """Smooth fields: their coarse fields are the means of blocks, within a few percent."""
    field = {"size": [32, 32], "mean": 0.0, "deviation": 1.0, "dtype": "float64", "border": border}
    knots = torch.tensor([-1.0, 0.0, 1.0], dtype=torch.float64)
    potential = SplinePotential(knots, torch.ones_like(knots))
    energy = FieldEnergy(Couplings(((0, 1),), torch.zeros(1).double()), potential)
    factors = [ConditionalEnergy(energy, Band(name)) for _ in range(5)]
    transform = WaveletPacket(name, PacketPlan.octaves(5))
    model = Multiscale(transform, ScalarDensity(potential), factors, record={"field": field})
    t = 2 * torch.pi * (torch.arange(32).double() + 0.5) / 32
    wave = (lambda u: (u / 2).cos()) if border == "mirror" else (lambda u: (u - 1).cos())
    x = (wave(t)[:, None] + 2 * wave(t))[None]
    blocks = torch.nn.functional.avg_pool2d(x, 2**octaves)
    if border == "mirror" and name != "haar":
        blocks, found = blocks[:, 1:-1, 1:-1], coarsen(model, x, octaves)[:, 1:-1, 1:-1]
    else:
        found = coarsen(model, x, octaves)
    assert float((found - blocks).norm() / blocks.norm()) < 0.15


def test_what_is_refused(model):
    with pytest.raises(InputError, match="8x8, 4x4, 2x2, 1x1 pixels"):
        model.sample(1, coarse=np.zeros((1, 5, 5), np.float32))
    with pytest.raises(InputError, match="no finite number"):
        model.sample(1, coarse=np.full((1, 4, 4), np.nan, np.float32))
    with pytest.raises(InputError, match="not both"):
        model.sample(1, coarse=np.zeros((1, 4, 4), np.float32), size=(32, 32))
    with pytest.raises(InputError, match="this model has 1 to 4"):
        model.coarsen(fields(1, 0), 5)


@pytest.mark.parametrize("octaves", [1, 2, 4])
def test_coarse_fields_in_another_unit_are_said(model, octaves, tmp_path):
    """Those of the data raise no warning, which would be an error here."""
    coarse = model.coarsen(fields(40, 1), octaves)
    run = model.with_steps(1)
    run.sample(1, coarse=coarse)
    for wrong in (1000 * coarse, coarse + 1e6, 4.0**octaves * coarse):
        with pytest.warns(FieldWarning, match="Coarse fields reach .* times as far as those of"):
            run.sample(1, coarse=wrong)
    run.sample(1, coarse=1000 * coarse, check=False)
    model.save(tmp_path / "m.safetensors")
    np.save(tmp_path / "low.npy", 1000 * coarse.numpy())
    options = {"coarse": tmp_path / "low.npy", "steps": 1}
    found = sl.field.sample(tmp_path / "m.safetensors", 1, tmp_path / "y.npy", **options)
    assert "expected means of pixels in the units of the data" in found["warnings"][-1]


def test_an_array_of_two_dimensions_is_one_field(model):
    """As a file of it is."""
    run, coarse = model.with_steps(1), model.coarsen(fields(1, 1), 2)
    assert torch.equal(run.sample(2, coarse=coarse[0]), run.sample(2, coarse=coarse))
    x = fields(1, 2)
    assert model.certificate(x[0]).as_dict() == model.certificate(x).as_dict()
    assert torch.equal(model.coarsen(x[0], 1), model.coarsen(x, 1))
    assert model.energy(x[0]).shape == (1,)


def test_refused_coarse_fields_leave_nothing(model, tmp_path):
    model.save(tmp_path / "m.safetensors")
    np.save(tmp_path / "low.npy", np.zeros((1, 5, 5), np.float32))
    options = {"coarse": tmp_path / "low.npy"}
    with pytest.raises(InputError, match="8x8, 4x4, 2x2, 1x1 pixels"):
        sl.field.sample(tmp_path / "m.safetensors", 1, tmp_path / "y.npy", **options)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["low.npy", "m.safetensors"]


def test_the_verb_continues_a_file_and_resumes(model, tmp_path, monkeypatch):
    model.save(tmp_path / "m.safetensors")
    np.save(tmp_path / "low.npy", model.coarsen(fields(2, 9), 2).numpy())
    options = {"seed": 3, "coarse": tmp_path / "low.npy"}
    found = sl.field.sample(tmp_path / "m.safetensors", 6, tmp_path / "y.npy", **options)
    assert [band["size"] for band in found["chains"]] == [[8, 8], [16, 16]]
    y = np.load(tmp_path / "y.npy")
    assert np.array_equal(y, model.sample(6, seed=3, coarse=tmp_path / "low.npy").numpy())
    monkeypatch.setattr("scorelet.tasks.field_sample.BATCH_PIXELS", 2 * 256)
    calls = []

    def stop(done, total):
        calls.append(done)
        if len(calls) == 2:
            raise KeyboardInterrupt

    target = tmp_path / "z.npy"
    with pytest.raises(KeyboardInterrupt):
        sl.field.sample(tmp_path / "m.safetensors", 6, target, progress=stop, **options)
    sl.field.sample(tmp_path / "m.safetensors", 6, target, resume=True, **options)
    assert np.array_equal(np.load(target), y)
