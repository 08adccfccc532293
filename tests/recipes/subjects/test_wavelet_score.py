"""What the recipe measures with: first-order errors, plateaus."""

import json
import math
from pathlib import Path

import pytest

from scorelet.models.schedules import OrnsteinUhlenbeck
from scorelet.recipes.claims import Measured
from scorelet.recipes.steps import Steps
from scorelet.recipes.subjects.wavelet_score.claims import claims
from scorelet.recipes.subjects.wavelet_score.findings import (
    of_errata,
    of_networks,
    of_samplers,
)
from scorelet.recipes.subjects.wavelet_score.learned import Comparison
from scorelet.recipes.subjects.wavelet_score.settings import SETTINGS, Spectra
from scorelet.recipes.subjects.wavelet_score.spectra import spectra_of_two, spectra_table
from scorelet.recipes.subjects.wavelet_score.theory import errata_table, samplers_table
from scorelet.sampling.reverse import (
    ReversePlan,
    steps_needed,
    whitened_variances,
)
from scorelet.tasks.experiments import read_config

ROOT = Path(__file__).parents[3]


def test_the_first_order_error_is_the_tabulated_one():
    rows = errata_table()
    assert [row["exact"] for row in rows] == pytest.approx([0.944, 0.827, -0.386, -2.696], abs=2e-3)
    assert [row["theorem"] for row in rows] == pytest.approx(
        [0.692, 0.660, -0.053, -1.697], abs=1e-3
    )
    found = of_errata(rows)
    assert found["corollary"].value < 0.01 < found["theorem"].value


def plateaus_of(settings, distances):
    rows = [
        {"model": name, "steps": steps, "high": 1 + distance, "distance": distance}
        for name, pair in distances.items()
        for steps, distance in zip(settings.networks[0].grid, pair, strict=True)
    ]
    return of_networks(settings, [rows])


def test_plateaus_begin_where_the_distance_is_near_the_least_of_both():
    settings = SETTINGS["smoke"]
    found = plateaus_of(settings, {"SGM": (5.0, 1.0), "WSGM": (1.1, 1.0)})
    assert found["phi4 plateau"].value == 2
    assert found["phi4 excess"].value == pytest.approx(1.0)
    assert found["phi4 converged"].value == pytest.approx(1.0)


def test_networks_that_are_never_near_have_no_plateau():
    found = plateaus_of(SETTINGS["smoke"], {"SGM": (5.0, 1.0), "WSGM": (3.0, 30.0)})
    assert math.isnan(found["phi4 plateau"].value)
    assert found["phi4 plateau"].note == "whole pictures and scales: 4 steps and never"


def test_stored_plateaus_are_those_of_the_stored_distances():
    stored = json.loads((ROOT / "docs/results/wavelet_score.json").read_text())
    settings = SETTINGS["small"]
    tables = [
        [row for row in stored["networks"] if row["source"] == each.source]
        for each in settings.networks
    ]
    found = of_networks(settings, tables)
    lines = {line["name"]: line for line in stored["claims"]}
    for claim in claims("small", settings):
        if claim.of.endswith("plateau"):
            again, line = claim.judge(found), lines[claim.name]
            keys = ("measured", "published", "holds", "note")
            assert {key: line[key] for key in keys} == {key: again[key] for key in keys}


@pytest.mark.parametrize(("name", "of"), [("SGM", "pixel"), ("WSGM", "wavelet")])
def test_paper_has_the_networks_of_the_published_configurations(name, of, tmp_path, monkeypatch):
    (setup,) = SETTINGS["paper"].networks
    monkeypatch.setattr(Comparison, "_pictures", lambda self: (self.setup.source, None, None))
    monkeypatch.setattr(
        Comparison, "_moments", lambda self, name: (None, [0.3, 0.03, 0.02][: _factors(name)])
    )
    comparison = Comparison(setup, 0, Steps(tmp_path))
    config, published = comparison._config(name, tmp_path), read_config(f"{of}-celebahq128")
    assert config.data.train == published.data.train
    pairs = zip([config.low, *config.details], [published.low, *published.details], strict=True)
    for own, other in pairs:
        keys = ("architecture", "options", "form", "shows_level")
        assert [getattr(own, key) for key in keys] == [getattr(other, key) for key in keys]


def _factors(name):
    return 1 if name == "SGM" else 3


def test_only_the_paper_figures_of_the_paper_are_published():
    published = {c.of: c.published for c in claims("small", SETTINGS["small"])}
    assert (published["faces80 plateau"], published["phi4 plateau"]) == (100, None)


def test_most_of_an_advantage_is_more_than_half_of_it():
    (claim,) = [c for c in claims("small", SETTINGS["small"]) if c.of == "advantage ancestral"]
    found = of_samplers(samplers_table(SETTINGS["small"].theory))
    assert not claim.judge(found)["holds"]
    assert claim.judge({claim.of: Measured(0.5)})["holds"]


def test_stored_verdicts_are_those_of_the_criteria():
    stored = json.loads((ROOT / "docs/results/wavelet_score.json").read_text())["claims"]
    written = claims("small", SETTINGS["small"])
    for claim, line in zip(written, stored, strict=True):
        value = math.nan if line["measured"] is None else line["measured"]
        measured = {key: Measured(1.0) for key in claim.given} | {claim.of: Measured(value)}
        again = claim.judge(measured)
        assert (line["name"], line["criterion"]) == (again["name"], again["criterion"])
        assert line["note"].startswith(claim.note)
        if not claim.given:
            assert line["holds"] is again["holds"]


@pytest.mark.parametrize("name", ["faces80 excess", "faces80 plateau"])
def test_networks_that_learned_nothing_decide_nothing(name):
    (claim,) = [c for c in claims("small", SETTINGS["small"]) if c.of == name]
    measured = {name: Measured(200.0), "faces80 converged": Measured(1.0)}
    assert not claim.judge(measured)["holds"]
    assert claim.judge(measured | {"faces80 converged": Measured(0.1)})["holds"]


def test_bands_are_whitened_by_the_law_of_other_fields():
    """By their own law every scale takes 28 steps, which would say nothing."""
    setup = Spectra("phi4", sides=(8,), count=40, wavelet="haar")
    one, other = spectra_of_two(setup, 8, seed=0)
    rows = [row for row in spectra_table(setup, seed=0) if row["scale"] != "pixels"]
    plan = ReversePlan(1, OrnsteinUhlenbeck(5.0))
    told = whitened_variances(one, "haar", 3, by=other)
    expected = [steps_needed(variances, plan) for variances in told]
    assert [row["whitened_uniform"] for row in rows] == expected
    assert set(expected) != {28}
