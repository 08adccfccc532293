"""What is said of chains: known autocorrelation times, and of the first batch only."""

import json

import numpy as np
import pytest
import torch

import scorelet as sl
from scorelet.analysis.field_statistics.peaks import PEAKS_NOTE
from scorelet.data.fields.ensembles import ensemble
from scorelet.plots.field_models import curvatures_figure, potentials_figure, traces_figure
from scorelet.sampling import LangevinInfo, LangevinState
from scorelet.tasks.field_model.watch import ChainWatch, autocorrelation_time, unsettled


def autoregressive(r, chains, steps, offset):
    rng = np.random.default_rng(0)
    x = np.zeros((chains, steps))
    for t in range(1, steps):
        x[:, t] = r * x[:, t - 1] + (1 - r * r) ** 0.5 * rng.normal(size=chains)
    return x + offset * np.arange(chains)[:, None]


@pytest.mark.parametrize("r", [0.0, 0.5, 0.9])
def test_times_are_those_of_chains_with_means_of_their_own(r):
    tau = autocorrelation_time(autoregressive(r, 12, 4000, offset=100))
    assert tau == pytest.approx((1 + r) / (1 - r), rel=0.1)
    assert autocorrelation_time(np.ones((3, 100))) is None
    assert autocorrelation_time(autoregressive(r, 3, 8, offset=0)) is None


def chains(number, r_hat, acceptance=0.4, steps=400):
    return {"size": [2**number, 8], "r_hat": r_hat, "acceptance": acceptance, "steps": steps}


def test_chains_that_have_not_settled_are_said():
    bands = [chains(k, r) for k, r in enumerate((1.0, 1.2, 1.36, 1.61))]
    (text,) = unsettled(bands)
    assert "R-hat is 1.36 at 4x8 pixels, 1.61 at 8x8 pixels" in text
    assert "--steps" in text
    assert unsettled(bands[:2]) == []


def test_chains_that_stand_still_or_are_too_short_are_said():
    still, short = unsettled([chains(0, None, 0.0), chains(1, 1.1, 0.04), chains(2, None, 0.5, 30)])
    assert "0 % at 1x8, 4 % at 2x8 pixels" in still
    assert "Chains of 30 steps are too short" in short


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    x = ensemble("lattice_ou", mass=1.0, coupling=0.2).sample(300, 8, 0)[:, 0]
    np.save(folder / "x.npy", x.numpy())
    model = sl.FieldModel("haar", knots=4, reach=1, steps=60)
    options = {"model": model, "report": folder / "fit.html"}
    found = sl.field.fit(folder / "x.npy", folder / "m.safetensors", **options)
    assert found["report"] == str(folder / "fit.html")
    return folder


def test_the_watch_sees_what_the_kernel_does():
    watch = ChainWatch()
    for batch in range(2):
        for step in range(4):
            x = torch.full((20, 1, 2, 2), float(step + 10 * batch))
            state = LangevinState(x, x[:, 0, 0, 0] + 1, x)
            watch(0, step, state, LangevinInfo(torch.full((20,), 0.25), torch.ones(20)))
    (trace,) = watch._traces
    assert torch.stack(trace)[:, 0, 0].tolist() == [1, 2, 3, 4]
    assert torch.stack(trace)[:, 1, 7].tolist() == [0, 1, 2, 3]
    assert torch.stack(trace).shape == (4, 3, 16)


@pytest.mark.slow
def test_a_fast_chain_of_a_gaussian_is_said_to_have_settled(files, monkeypatch):
    """The same of a run that is resumed after its first piece."""
    found = sl.field.sample(files / "m.safetensors", 12, files / "y.npy", seed=1)
    assert [band["size"] for band in found["chains"]] == [[2, 2], [4, 4], [8, 8]]
    for band in found["chains"]:
        assert band["steps"] == 60
        assert 1 <= band["tau_energy"] < 20
        assert band["states"] == pytest.approx(60 / max(band["tau_energy"], band["tau_detail"]))
        assert 0.95 < band["r_hat"] < 1.4
    monkeypatch.setattr("scorelet.tasks.field_sample.BATCH_PIXELS", 4 * 64)
    calls = []

    def stop(done, total):
        calls.append(done)
        if len(calls) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sl.field.sample(files / "m.safetensors", 12, files / "z.npy", seed=1, progress=stop)
    again = sl.field.sample(files / "m.safetensors", 12, files / "z.npy", seed=1, resume=True)
    assert again["chains"][0]["steps"] == 60
    assert np.array_equal(np.load(files / "y.npy"), np.load(files / "z.npy"))


@pytest.mark.slow
def test_reports_say_what_is_certified_and_what_chains_are_worth(files):
    text = (files / "fit.html").read_text(encoding="utf-8")
    for words in ("What is certified", "Potentials", "Chains", "Minkowski", "Peaks", "Structure"):
        assert words in text
    verdict = sl.field.certify(files / "m.safetensors")["verdict"]
    assert verdict.split(":")[0] in text
    assert 'src="http' not in text
    options = {"seed": 1, "report": files / "s.html"}
    sl.field.sample(files / "m.safetensors", 12, files / "s.npy", **options)
    alone = (files / "s.html").read_text(encoding="utf-8")
    assert "nearest" not in alone.lower()
    assert "Power spectrum" in alone
    assert PEAKS_NOTE in alone


@pytest.mark.slow
def test_figures_show_the_numbers_of_the_model(files):
    model = sl.FieldModel.load(files / "m.safetensors")
    potentials, bands = model.potentials(), model.certificate().bands
    for axes, band in zip(potentials_figure(potentials).axes, potentials, strict=True):
        np.testing.assert_allclose(axes.get_lines()[0].get_ydata(), band["v"])
    for axes in curvatures_figure(bands).axes:
        area = sum(bar.get_height() * bar.get_width() for bar in axes.patches)
        assert area == pytest.approx(1)
    traces = [{"size": [8, 8], "traces": [[0.0, 9.0, 1.0, 3.0]]}]
    (axes,) = traces_figure(traces).axes
    assert axes.get_lines()[0].get_ydata().tolist() == [-2, 7, -1, 1]
    assert len(model.plot().axes) == 2 * len(bands)
    assert json.dumps(bands)


@pytest.mark.slow
def test_a_report_of_small_fields_says_what_is_left_out(tmp_path):
    x = ensemble("lattice_ou", mass=1.0, coupling=0.2).sample(60, 4, 0)[:, 0]
    np.save(tmp_path / "x.npy", x.numpy())
    model = sl.FieldModel("haar", knots=4, reach=1, steps=20)
    sl.field.fit(
        tmp_path / "x.npy", tmp_path / "m.safetensors", model=model, report=tmp_path / "r.html"
    )
    text = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert "Left out" in text
    assert "Potentials" in text
