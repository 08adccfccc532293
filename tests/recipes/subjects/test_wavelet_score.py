"""What the recipe measures with: first-order errors, plateaus."""

import json
from pathlib import Path

import pytest

from scorelet.models.schedules import OrnsteinUhlenbeck
from scorelet.recipes.claims import Measured
from scorelet.recipes.subjects.wavelet_score.claims import claims
from scorelet.recipes.subjects.wavelet_score.findings import (
    of_errata,
    of_networks,
    of_samplers,
)
from scorelet.recipes.subjects.wavelet_score.settings import SETTINGS, Spectra
from scorelet.recipes.subjects.wavelet_score.spectra import spectra_of_two, spectra_table
from scorelet.recipes.subjects.wavelet_score.theory import errata_table, samplers_table
from scorelet.sampling.reverse import (
    ReversePlan,
    steps_needed,
    whitened_variances,
)

ROOT = Path(__file__).parents[3]


def test_the_first_order_error_is_the_tabulated_one():
    rows = errata_table()
    assert [row["exact"] for row in rows] == pytest.approx([0.944, 0.827, -0.386, -2.696], abs=2e-3)
    assert [row["theorem"] for row in rows] == pytest.approx(
        [0.692, 0.660, -0.053, -1.697], abs=1e-3
    )
    found = of_errata(rows)
    assert found["corollary"].value < 0.01 < found["theorem"].value


def test_plateaus_begin_where_the_distance_is_near_its_least():
    settings = SETTINGS["smoke"]
    distances = {"SGM": (5.0, 1.0), "WSGM": (1.1, 1.0)}
    rows = [
        {"model": name, "steps": steps, "high": 1 + distance, "distance": distance}
        for name, pair in distances.items()
        for steps, distance in zip(settings.networks[0].grid, pair, strict=True)
    ]
    found = of_networks(settings, [rows])
    assert found["phi4 plateau"].value == 2
    assert found["phi4 excess"].value == pytest.approx(1.0)
    assert found["phi4 converged"].value == pytest.approx(1.0)


def test_most_of_an_advantage_is_more_than_half_of_it():
    (claim,) = [c for c in claims("small", SETTINGS["small"]) if c.of == "advantage ancestral"]
    found = of_samplers(samplers_table(SETTINGS["small"].theory))
    assert not claim.judge(found)["holds"]
    assert claim.judge({claim.of: Measured(0.5)})["holds"]


def test_stored_verdicts_are_those_of_the_criteria():
    stored = json.loads((ROOT / "docs/results/wavelet_score.json").read_text())["claims"]
    written = claims("small", SETTINGS["small"])
    for claim, line in zip(written, stored, strict=True):
        measured = {key: Measured(1.0) for key in claim.given} | {
            claim.of: Measured(line["measured"])
        }
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
