"""Models of fields as users meet them: fit, sample, save, load, resume, and what is refused."""

import sys

import numpy as np
import pytest
import torch

import scorelet as sl
from laws.energy_laws import (
    assert_force_is_the_gradient,
    assert_samples_do_not_see_each_other,
    assert_score_is_minus_the_force,
)
from scorelet.analysis.field_statistics.agreement import even_total_variation, spectrum_ratios
from scorelet.core.errors import InputError
from scorelet.core.random import generator, randn
from scorelet.data.fields.ensembles import ensemble
from scorelet.models.field_energy import WholeEnergy
from scorelet.tasks.field_certify import certify
from scorelet.tasks.field_model.drawing import enlarged, run_of
from scorelet.tasks.field_model.drawn import chains_of
from scorelet.tasks.field_model.fields import as_source
from scorelet.tasks.field_model.likeness import unlike_fields
from scorelet.tasks.field_model.planning import choose_bands
from scorelet.tasks.field_model.scale import needs_double, standardised
from scorelet.tasks.field_model.watch import ChainWatch
from scorelet.tasks.field_pieces import Pieces
from scorelet.training.score_matching import Family

pytestmark = pytest.mark.filterwarnings("ignore:.*moments")  # of fits that are small or without

SIZE, STEPS = 8, 30


def gaussian_fields(count=400, size=SIZE, seed=0):
    law = ensemble("lattice_ou", mass=1.0, coupling=0.2)
    return law.sample(count, size, seed)[:, 0].numpy()


@pytest.fixture(scope="module")
def fitted():
    return sl.FieldModel("haar", knots=6, reach=1, steps=STEPS).fit(5 + 2 * gaussian_fields())


@pytest.fixture
def model_file(fitted, tmp_path):
    fitted.save(tmp_path / "model.safetensors")
    return tmp_path / "model.safetensors"


@pytest.mark.slow
def test_samples_have_the_scale_and_the_spectrum_of_the_data(fitted):
    x, y = torch.from_numpy(5 + 2 * gaussian_fields(1000, seed=9)), fitted.sample(400, seed=1)
    assert y.dtype == torch.float32
    assert float(y.mean()) == pytest.approx(5, abs=0.1)
    power = [torch.fft.fft2((u - 5).double()).abs().square().mean(0) for u in (x, y)]
    ratio = power[1].mean() / power[0].mean()
    assert float(ratio) == pytest.approx(1, abs=0.05)
    # of single frequencies: 400 samples err by 7 %, and chains of 30 steps have not quite arrived
    assert float((power[1] / power[0] - 1).abs().max()) < 0.35


@pytest.mark.slow
def test_samples_of_a_gaussian_lattice_have_its_spectrum_and_its_marginal():
    """From 4000 fields of 16x16 with the precision Id - A / 5, through all bands, by MALA."""
    law = ensemble("lattice_ou", mass=1.0, coupling=0.2)
    x, other = (law.sample(4000, 16, seed)[:, 0] for seed in (0, 1))
    y = sl.FieldModel(even=True, moments=False, steps=100).fit(x).sample(800).double()
    assert spectrum_ratios(other.double(), y).excess(least=2.0, errors=0.0) < 0.08
    assert even_total_variation(other.double(), y) < 0.03


@pytest.mark.slow
def test_samples_without_the_variance_of_the_fields_are_said(tmp_path):
    """Stripes with a phase of their own in each field: no energy of shifts and pixels has them."""
    rng, k = np.random.default_rng(0), np.arange(16)
    phase = rng.uniform(0, 2 * np.pi, (200, 1, 1))
    x = np.sin(2 * np.pi * k / 4 + phase) + 0.1 * rng.standard_normal((200, 16, 16))
    model = sl.FieldModel("haar", knots=6, reach=1, steps=STEPS, moments=False).fit(x)
    with pytest.warns(UserWarning, match=r"Samples have \d+ % .*gradients and stripes"):
        y = model.sample(60, seed=1)
    assert float(y.var()) < 0.5 * x.var()
    model.save(tmp_path / "m.safetensors")
    found = sl.field.sample(tmp_path / "m.safetensors", 60, tmp_path / "y.npy", seed=1)
    assert "of the variance of the fitted fields" in found["warnings"][-1]


def test_the_mean_of_fields_that_were_taken_for_even_is_no_variance():
    x = 1 + randn((100, 8, 8), rng=generator(0), like=torch.zeros(()))
    field = {"mean": 0.0, "deviation": 1.0, "power": 2.0}
    assert unlike_fields(field, x) == []
    assert unlike_fields(field | {"power": 1.0}, x)


@pytest.mark.slow
def test_samples_without_the_points_of_the_fields_are_said():
    """A bright pixel in one field of three: a hundredth of the pixels' law, all of its kurtosis."""
    x, rng = gaussian_fields(120), np.random.default_rng(0)
    x[::3, 1, 2] += 8 * np.exp(rng.normal(size=40)).astype("f4")
    model = sl.FieldModel(
        "haar", knots=4, reach=1, steps=STEPS, moments=False, transform="none"
    ).fit(x)
    z = (x[:114] - x[:114].mean()) / x[:114].std()
    assert model.record["field"]["kurtosis"] == pytest.approx((z**4).mean(), rel=0.05)
    with pytest.warns(UserWarning, match=r"kurtosis of [23]\.?\d* ?.*, those of the fitted"):
        model.sample(60, seed=1)


@pytest.mark.parametrize(("kurtosis", "said"), [(3.0, False), (5.5, False), (7.0, True)])
def test_tails_are_said_from_half_on(kurtosis, said):
    x = randn((200, 8, 8), rng=generator(0), like=torch.zeros(()))
    assert bool(unlike_fields({"mean": 0.0, "deviation": 1.0, "kurtosis": kurtosis}, x)) == said


@pytest.mark.parametrize("transform", ["none", "log"])
@pytest.mark.parametrize(("factor", "said"), [(1.0, False), (1.5, True), (0.6, True), (0.0, True)])
def test_the_variance_is_that_of_what_was_fitted(transform, factor, said):
    """Means and deviations are those of logarithms where these were fitted."""
    field = {"mean": 0.5, "deviation": 0.25, "transform": transform}
    x = 0.5 + 0.25 * factor * randn((200, 8, 8), rng=generator(0), like=torch.zeros(()))
    assert bool(unlike_fields(field, x if transform == "none" else x.exp())) == said


@pytest.mark.slow
def test_a_file_gives_the_same_samples(fitted, model_file):
    loaded = sl.FieldModel.load(model_file)
    assert torch.equal(loaded.sample(3, seed=2), fitted.sample(3, seed=2))
    assert torch.equal(loaded.sample(1, seed=2, start=2), fitted.sample(3, seed=2)[2:])
    assert isinstance(sl.load(model_file), sl.FieldModel.load(model_file).model.__class__)


@pytest.mark.slow
def test_a_model_of_a_file_is_fitted_again_as_it_was(tmp_path):
    options = {"enforce": True, "precondition": True, "knots": 5, "smooth": False, "pixels": "own"}
    model = sl.FieldModel("haar", reach=1, steps=2, even=False, transform="none", **options)
    x = gaussian_fields()
    model.fit(x).save(tmp_path / "m.safetensors")
    again = sl.FieldModel.load(tmp_path / "m.safetensors").fit(x)
    assert again.certificate().holds_uniformly
    assert again.record["family"] == model.record["family"]
    assert all(band["curvature"] is not None for band in again.record["chains"]["schedules"])


@pytest.mark.slow
def test_a_run_that_is_resumed_gives_the_same_file(model_file, tmp_path, monkeypatch):
    whole, again = tmp_path / "whole.npy", tmp_path / "again.npy"
    monkeypatch.setattr("scorelet.tasks.field_sample.BATCH_PIXELS", 4 * SIZE**2)
    sl.field.sample(model_file, 10, whole, seed=3)
    calls = []

    def stop(done, total):
        calls.append(done)
        if len(calls) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sl.field.sample(model_file, 10, again, seed=3, progress=stop)
    assert not again.exists()
    drawn = []
    original = sl.FieldModel.sample
    monkeypatch.setattr(
        sl.FieldModel, "sample", lambda self, n, **k: drawn.append(n) or original(self, n, **k)
    )
    sl.field.sample(model_file, 10, again, seed=3, resume=True)
    assert sum(drawn) < 10
    assert np.array_equal(np.load(whole), np.load(again))
    assert not list(tmp_path.glob("*.pieces"))
    assert not list(tmp_path.glob(".*.pieces"))


def test_each_output_has_one_place_for_pieces(tmp_path):
    """Also those whose long names begin alike, or that are of another kind."""
    names = ["y.npy", "y.npz", "z" * 50 + "1.npy", "z" * 50 + "2.npy"]
    assert len({Pieces(tmp_path / name, {}).folder for name in names}) == 4
    one, other = (Pieces(tmp_path / "y.npy", {"seed": seed}) for seed in (1, 2))
    assert one.folder == other.folder


@pytest.mark.slow
def test_an_interrupted_run_leaves_nothing_to_one_of_another_seed(
    model_file, tmp_path, monkeypatch
):
    monkeypatch.setattr("scorelet.tasks.field_sample.BATCH_PIXELS", 2 * SIZE**2)
    whole, again = tmp_path / "whole.npy", tmp_path / "again.npy"
    sl.field.sample(model_file, 4, whole, seed=4)

    def stop(_done, _total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sl.field.sample(model_file, 4, again, seed=3, progress=stop)
    (folder,) = tmp_path.glob(".*.pieces")
    done = sorted(path.name for path in folder.iterdir())
    with pytest.raises(InputError, match="of a run with another model or other options"):
        sl.field.sample(model_file, 4, again, seed=4, resume=True)
    assert sorted(path.name for path in folder.iterdir()) == done
    sl.field.sample(model_file, 4, again, seed=4)
    assert np.array_equal(np.load(whole), np.load(again))
    assert not list(tmp_path.glob(".*"))


@pytest.mark.slow
def test_damaged_pieces_are_drawn_again(model_file, tmp_path, monkeypatch):
    whole, again = tmp_path / "whole.npy", tmp_path / "again.npy"
    monkeypatch.setattr("scorelet.tasks.field_sample.BATCH_PIXELS", 2 * SIZE**2)
    expected = sl.field.sample(model_file, 10, whole, seed=3)["chains"]
    monkeypatch.setattr(Pieces, "remove", lambda _self: None)
    sl.field.sample(model_file, 10, again, seed=3)
    (folder,) = tmp_path.glob(".again*")
    cut, empty, other, *_ = sorted(folder.glob("*.npy"))[1:]
    cut.write_bytes(cut.read_bytes()[: cut.stat().st_size // 2])
    empty.write_bytes(b"")
    np.save(other, np.zeros((1, SIZE, SIZE), np.float32))
    drawn = []
    original = sl.FieldModel.sample
    monkeypatch.setattr(
        sl.FieldModel,
        "sample",
        lambda self, n, **k: drawn.append(k["start"]) or original(self, n, **k),
    )
    for text in ("[{", "{}"):
        (folder / "chains.json").write_text(text)
        found = sl.field.sample(model_file, 10, again, seed=3, resume=True, overwrite=True)
        assert found["chains"] == expected
        assert np.array_equal(np.load(whole), np.load(again))
    assert drawn == [0, 2, 4, 6, 0]


def test_double_precision_where_single_has_no_such_numbers():
    def needs(mean, deviation, **field):
        known = {"dtype": "float64", "mean": mean, "deviation": deviation}
        return needs_double(known | field)

    assert not needs(0.0, 1.0)
    assert needs(1e6, 1e-3)
    assert needs(0.0, 1e42)
    assert needs(0.0, 1e-44)
    assert not needs(0.0, 1e42, dtype="float32")
    assert needs(-100.0, 0.5, transform="log")
    assert needs(60.0, 3.0, transform="log")
    assert not needs(0.0, 3.0, transform="log")
    assert needs(0.0, 9.0, transform="asinh", asinh={"centre": 0.0, "scale": 1.0})


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="no locks there")
@pytest.mark.parametrize("resume", [False, True])
def test_two_runs_of_one_command_do_not_take_each_others_pieces(
    model_file, tmp_path, monkeypatch, resume
):
    monkeypatch.setattr("scorelet.tasks.field_sample.BATCH_PIXELS", 4 * SIZE**2)
    refused = []

    def beside(_done, _total):
        with pytest.raises(InputError, match="Another scorelet job") as error:
            sl.field.sample(model_file, 10, tmp_path / "y.npy", seed=3, resume=resume)
        refused.append(error)

    sl.field.sample(model_file, 10, tmp_path / "y.npy", seed=3, progress=beside)
    assert len(refused) == 3
    assert np.load(tmp_path / "y.npy").shape == (10, SIZE, SIZE)
    assert not list(tmp_path.glob(".*"))


BAD = {
    "one field": (gaussian_fields(1), "one field"),
    "constant": (np.ones((5, 8, 8)), "vary"),
    "complex": (np.ones((5, 8, 8)) * 1j, r"complex128: .* take \.real and \.imag"),
    "objects": (np.full((5, 8, 8), None), "^The set of fields holds object entries"),
    "booleans": (np.ones((5, 8, 8), bool), "bool"),
    "one picture": (gaussian_fields(1)[0], "one field"),
    "series": (
        np.random.default_rng(0).normal(size=(5, 1, 16)),
        "1x16 pixels are series: expected",
    ),
    "odd": (np.random.default_rng(0).normal(size=(5, 9, 8)), "odd side"),
    "all masked": (np.full((5, 8, 8), np.nan), "All pixels are masked"),
    "infinite": (np.full((5, 8, 8), np.inf), "infinite"),
    "two dimensions": (np.zeros(8), "shape"),
    "of a tiny unit": (
        gaussian_fields(5).astype(float) * 1e-200,
        r"reach \de-200, .* multiply them",
    ),
    "of a huge unit": (
        gaussian_fields(5).astype(float) * 1e200,
        r"reach \de\+200, .* multiply them",
    ),
    "spins": (np.sign(gaussian_fields(40)), "fields of two values, such as spins"),
    "copies": (np.repeat(gaussian_fields(1), 40, 0), "take out copies"),
    "copies and negatives": (np.concatenate([f := gaussian_fields(1), -f] * 20), "take out copies"),
}


@pytest.mark.slow
@pytest.mark.parametrize("case", BAD)
def test_what_cannot_be_fitted_is_met_with_a_sentence(case):
    fields, words = BAD[case]
    with pytest.raises(InputError, match=words) as error:
        sl.FieldModel("haar", knots=4, reach=1, steps=2).fit(fields)
    assert str(error.value).endswith(".")


@pytest.mark.parametrize("dtype", ["u1", "i2", "i4", "i8"])
def test_integers_are_fitted_as_the_same_numbers(tmp_path, dtype):
    x = (40 + 5 * gaussian_fields(5)).astype(dtype)
    np.save(tmp_path / "x.npy", x)
    for given in (x, torch.from_numpy(x), tmp_path / "x.npy"):
        source = as_source(given)
        assert source.dtype == torch.float64
        assert np.array_equal(source.read(range(5)).numpy(), x)


@pytest.mark.slow
def test_what_is_asked_of_an_empty_model(model_file, tmp_path):
    with pytest.raises(InputError, match="empty"):
        sl.FieldModel().sample(1)
    with pytest.raises(InputError, match="at least one"):
        sl.FieldModel.load(model_file).sample(0)
    for size in ((0, 0), (8, 0), (1 << 13, 1 << 13)):
        with pytest.raises(InputError, match="sides of at least 1"):
            sl.field.sample(model_file, 1, tmp_path / "y.npy", size=size)
    with pytest.raises(InputError, match="octave"):
        sl.FieldModel(bands="third")


@pytest.mark.slow
def test_what_a_report_compares_with_is_looked_at_before_anything_is_drawn(
    model_file, tmp_path, monkeypatch
):
    monkeypatch.setattr(sl.FieldModel, "sample", None)
    data, report = tmp_path / "x.npy", tmp_path / "r.html"
    np.save(data, gaussian_fields(12))
    for output, options, words in (
        ("y.npy", {"data": tmp_path / "none.npy", "report": report}, "There is no data"),
        ("y.npy", {"data": data}, "give --report, too"),
        ("x.npy", {"data": data, "report": report, "overwrite": True}, "would replace"),
    ):
        with pytest.raises(InputError, match=words):
            sl.field.sample(model_file, 2, tmp_path / output, **options)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model.safetensors", "x.npy"]


@pytest.mark.slow
def test_a_file_in_the_place_of_a_folder_is_said_before_the_work(model_file, tmp_path, monkeypatch):
    monkeypatch.setattr(sl.FieldModel, "fit", None)
    np.save(tmp_path / "x.npy", gaussian_fields(12))
    with pytest.raises(InputError, match="is no folder"):
        sl.field.fit(tmp_path / "x.npy", tmp_path / "x.npy" / "m.safetensors")
    with pytest.raises(InputError, match="is no folder; choose another -o"):
        sl.field.sample(model_file, 2, tmp_path / "x.npy" / "y.npy")


@pytest.mark.slow
def test_a_verb_that_does_not_fit_names_the_one_that_does(model_file, tmp_path):
    with pytest.raises(InputError) as caught:
        sl.evaluate("anything", model=model_file)
    assert str(caught.value) == (
        "evaluate does not measure a multiscale, which is measured by its samples: draw them with "
        "scorelet sample and compare them with scorelet evaluate --samples, or fields with "
        "scorelet field sample and scorelet field compare."
    )
    with pytest.raises(InputError, match="is a blind denoiser, and field certify takes a multisc"):
        certify("photo")
    with pytest.raises(InputError, match="is a blind denoiser, and field sample takes a multisc"):
        sl.FieldModel.load("photo")


@pytest.mark.slow
def test_bands_are_chosen_at_other_fields_than_the_certificate_looks_at(monkeypatch):
    from scorelet.tasks.field_model import certificate, planning

    seen = {"choice": [], "certificate": []}

    def watch(module, name, key, place):
        original = getattr(module, name)

        def watched(factor, x, **options):
            if x.shape[-1] == SIZE:
                seen[key].append(x)
            return original(factor, x, **options)

        monkeypatch.setattr(place, name, watched)

    watch(planning, "extreme_curvatures", "choice", planning)
    watch(certificate, "certify", "certificate", certificate)
    small = sl.FieldModel("haar", bands="auto", knots=4, reach=1, steps=2)
    small.fit(gaussian_fields())
    chosen, certified = (torch.cat(found).flatten(1) for found in seen.values())
    assert len(chosen) >= 10
    assert len(certified) == 20
    assert float(torch.cdist(chosen, certified).min()) > 0.1
    assert small.record["family"]["subdivisions"] == [1, 1, 1]  # octaves: they are log-concave


@pytest.mark.slow
@pytest.mark.parametrize("count", [24, 100])
def test_few_fields_do_not_make_bands_narrow(count):
    """Octaves of a Gaussian are log-concave, which potentials as smooth as those of a fit show."""
    x = torch.from_numpy(gaussian_fields(count, 16)).double()[:, None]
    assert choose_bands("db4", Family(), x / x.std(), even=True).subdivisions == (1, 1, 1, 1)


@pytest.mark.slow
def test_bands_whose_trial_is_singular_are_not_taken(monkeypatch):
    """Trials have fewer fields than the fit, which may do with what they cannot."""
    from scorelet.tasks.field_model import planning

    original = planning.fit_band

    def singular(moments, groups, family):
        if moments.band.subdivisions == 1 and moments.size == (SIZE, SIZE):
            raise InputError("The normal equations are singular.")
        return original(moments, groups, family)

    monkeypatch.setattr(planning, "fit_band", singular)
    x = torch.from_numpy(gaussian_fields(60)).double()[:, None]
    plan = choose_bands("haar", Family(knots=4, reach=1), x, even=True)
    assert plan.subdivisions == (2, 1, 1)


@pytest.mark.slow
def test_bands_are_chosen_at_fields_of_the_whole_set(monkeypatch):
    from scorelet.tasks.field_model import planning

    seen = []
    original = planning.extreme_curvatures
    monkeypatch.setattr(
        planning, "extreme_curvatures", lambda f, x: seen.append(x) or original(f, x)
    )
    monkeypatch.setattr(planning, "TRIAL_PIXELS", 32 * SIZE**2)
    x = torch.from_numpy(gaussian_fields(330)).double()[:, None]
    x[300:] *= 100
    choose_bands("haar", Family(knots=4, reach=1), x, even=True)
    assert float(seen[0].abs().max()) > 50


@pytest.mark.slow
def test_fields_that_are_not_square_or_no_power_of_two():
    """The coarsest field of 8 x 24 is 1 x 3: chains draw it as a whole."""
    x = np.random.default_rng(0).normal(size=(200, 8, 24))
    y = sl.FieldModel("haar", knots=4, reach=1, steps=STEPS).fit(x).sample(100)
    assert y.shape == (100, 8, 24)
    assert float(y.std()) == pytest.approx(1, abs=0.05)


@pytest.mark.slow
def test_the_energy_of_the_whole_is_that_of_the_law():
    """The sum of all scales, free energies included, against the exact energy of new fields."""
    law = ensemble("lattice_ou", mass=1.0, coupling=0.2)
    model = sl.FieldModel("db4", knots=3, reach=3, steps=2, even=True).fit(
        gaussian_fields(4000).astype("f8")
    )
    x = law.sample(200, SIZE, 77).double()
    found, exact = model.energy(x), law.energy(x)
    found, exact = found - found.mean(), exact - exact.mean()
    assert float((found * exact).sum() / exact.square().sum()) == pytest.approx(1, abs=0.03)
    assert float((found * exact).sum() / (found.norm() * exact.norm())) > 0.99
    slope, force = model.score(x[:, 0]), law.force(x)[:, 0]
    assert float(-(slope * force).sum() / force.square().sum()) == pytest.approx(1, abs=0.03)
    assert float(-(slope * force).sum() / (slope.norm() * force.norm())) > 0.99
    whole = WholeEnergy(model.model)
    z = standardised(model.record["field"], x[:2, 0])
    assert_force_is_the_gradient(whole, z, 1e-6)
    assert_score_is_minus_the_force(whole, z)
    assert_samples_do_not_see_each_other(whole, z, 1e-12)


@pytest.mark.slow
@pytest.mark.parametrize(
    "words",
    [{"transform": "log"}, {"border": "mirror"}, {"border": "window"}, {"prewhiten": True}],
    ids=str,
)
def test_the_score_is_the_gradient_of_minus_the_energy(words):
    """In the units of the data, through whatever fields go before they are modelled."""
    x = 0.3 * torch.from_numpy(gaussian_fields()).double()
    x = 1e3 * x.exp() if words.get("transform") == "log" else x
    model = sl.FieldModel("haar", knots=4, reach=1, steps=2, moments=False, **words).fit(x)
    y, step = x[:4], 1e-5 * x.std()
    aside = step * torch.randn(y.shape, generator=generator(1), dtype=torch.float64)
    rise = model.energy(y + aside) - model.energy(y - aside)
    found = -2 * (model.score(y) * aside).sum((1, 2))
    torch.testing.assert_close(found, rise, rtol=1e-4, atol=1e-8)
    assert not model.score(y).requires_grad


@pytest.mark.slow
def test_the_certificate_and_the_potentials_of_a_gaussian(fitted, model_file):
    found = fitted.certificate()
    assert found.fields == "held-out"
    assert found.holds_at_fields
    assert len(found.bands) == len(fitted.potentials()) == 3
    given = sl.field.certify(model_file, None)
    assert given["verdict"] == found.verdict
    told = []
    x = 5 + 2 * gaussian_fields(5, seed=4)
    given = fitted.certificate(x, progress=lambda done, total: told.append((done, total)))
    assert given.fields == "given"
    assert told == [(5, 15), (10, 15), (15, 15)]  # a Hessian of each field in each band
    finest = fitted.potentials()[-1]
    t, v = (torch.tensor(finest[key]).double() for key in ("t", "v"))
    square = ((t - 5) / 2 / t.sub(5).div(2).abs().max()).square()
    assert float(torch.corrcoef(torch.stack([v, square - square.mean()]))[0, 1]) > 0.9
    with pytest.raises(InputError, match="8x8"):
        fitted.certificate(np.zeros((2, 16, 16)))


@pytest.mark.slow
def test_a_pixel_of_a_coarse_potential_is_the_mean_of_the_block_that_it_stands_for(fitted):
    """Knots reach to quantiles near 0.001: three deviations of the means of blocks of haar."""
    x = torch.from_numpy(5 + 2 * gaussian_fields()).double()[:, None]
    for octave, band in enumerate(reversed(fitted.potentials())):
        spread = float(torch.nn.functional.avg_pool2d(x, 2**octave).std())
        assert 2.3 < (band["t"][-1] - 5) / spread < 4.1


@pytest.mark.slow
def test_chains_of_larger_fields_begin_with_smaller_steps_and_take_more_of_them(fitted):
    """Four times the pixels: what a pilot has found is stretched by 2, its last step is settled."""
    run = run_of(fitted.model, STEPS)
    other = enlarged(run, (16, 15))
    assert enlarged(run, (5, 8)) == run
    first = len(run.schedules[0].epsilons)
    assert other.steps == 2 * first + round((STEPS - first) * 4 ** (1 / 3))
    for one, two in zip(run.schedules, other.schedules, strict=True):
        assert two.epsilons[: 2 * first : 2] == pytest.approx([e / 2 for e in one.epsilons])
        assert two.epsilons[2 * first :] == pytest.approx((one.epsilons[-1] / 4 ** (1 / 3),))


@pytest.mark.slow
def test_samples_of_64_times_as_many_pixels_have_the_law_of_the_fields(fitted):
    """Sums of squares of each octave of Gaussian fields, and of samples: all from the start on."""
    watch = ChainWatch()
    y = fitted.sample(2, seed=1, size=(64, 64), on_step=watch).double() - 5
    x = torch.from_numpy(gaussian_fields(4000)).double() * 2
    assert min(band["acceptance"] for band in chains_of(fitted, watch, (64, 64))) > 0.5
    for octave in range(3):
        one, two = (torch.nn.functional.avg_pool2d(u, 2**octave).var() for u in (x, y))
        assert float(two / one) == pytest.approx(1, abs=0.1)


@pytest.mark.slow
def test_chains_that_stand_still_are_said(model_file, tmp_path):
    """From Python and by the command: their steps are a thousand times too long."""
    model = sl.FieldModel.load(model_file)
    for schedule in model.record["chains"]["schedules"]:
        schedule["epsilons"] = [1e3 * epsilon for epsilon in schedule["epsilons"]]
    with pytest.warns(UserWarning, match=r"stand still: .* 0 % at 2x2, 0 % at 4x4, 0 % at 8x8"):
        model.sample(2)
    model.save(tmp_path / "m.safetensors")
    found = sl.field.sample(tmp_path / "m.safetensors", 2, tmp_path / "y.npy")
    assert "Chains stand still" in found["warnings"][0]


@pytest.mark.slow
def test_narrow_bands(tmp_path):
    narrow = sl.FieldModel("haar", bands="quarter", knots=4, reach=1, steps=2).fit(
        gaussian_fields()
    )
    assert narrow.record["family"]["subdivisions"] == [4, 2, 1]
    assert len(narrow.certificate().bands) == 7
    assert torch.isfinite(narrow.sample(2)).all()
    with pytest.raises(InputError, match="octave"):
        narrow.energy(gaussian_fields(2))
    narrow.save(tmp_path / "m.safetensors")
    assert narrow.sample(1, size=(5, 8)).shape == (1, 5, 8)
    with pytest.raises(InputError, match="octave of 4x4 pixels is split into bands of one freq"):
        narrow.sample(1, size=(16, 8))
    with pytest.raises(InputError, match="--bands octave"):
        sl.field.sample(tmp_path / "m.safetensors", 1, tmp_path / "y.npy", size=(16, 8))
    assert [path.name for path in tmp_path.iterdir()] == ["m.safetensors"]
