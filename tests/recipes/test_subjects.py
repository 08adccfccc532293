"""All recipes: they say who they are, and their smoke runs hold what they claim."""

import json
import re
from pathlib import Path

import pytest

from scorelet.cli.main import run as command
from scorelet.core.errors import InputError
from scorelet.recipes import SCALES, find_recipe, recipe_names
from scorelet.recipes.run import reproduce

ROOT = Path(__file__).parents[2]
DRAWN = {"log_concave"}
"""Recipes whose data are drawn at every scale."""


@pytest.mark.parametrize("name", recipe_names())
def test_a_recipe_is_complete(name):
    recipe = find_recipe(name)
    assert recipe.subject == name
    assert set(recipe.setups) <= set(SCALES)
    assert "smoke" in recipe.setups
    assert re.search(r"arXiv \d{4}\.\d{4,5}", recipe.paper)
    for setup in recipe.setups.values():
        assert setup.claims
        assert {key for claim in setup.claims for key in claim.needs} <= recipe.measures(
            setup.settings
        )
        assert len({claim.name for claim in setup.claims}) == len(setup.claims)


def test_an_unknown_subject_gets_the_list():
    with pytest.raises(InputError, match=r"'alchemy': use one of .*separation_concentration"):
        find_recipe("alchemy")


@pytest.mark.parametrize("name", recipe_names())
def test_stored_rows_are_those_of_the_recipe(name):
    stored = json.loads((ROOT / f"docs/results/{name}.json").read_text())
    lines = {line["name"]: line for line in stored["claims"]}
    for claim in find_recipe(name).setup(stored["scale"]).claims:
        if line := lines.get(claim.name):
            written = (claim.where, claim.unit, claim.published)
            assert (line["where"], line["unit"], line["published"]) == written
    for line in stored["claims"]:
        own, *_ = line["criterion"].split("; and ")
        assert "counted against it" not in own or line["error"] is not None


@pytest.mark.slow
@pytest.mark.parametrize("name", recipe_names())
def test_smoke_runs_without_data_and_its_claims_hold(name, tmp_path, monkeypatch, capsys):
    monkeypatch.delenv("SCORELET_DATA", raising=False)
    monkeypatch.chdir(tmp_path)
    assert command(["reproduce", name, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert [claim["name"] for claim in document["claims"] if not claim["holds"]] == []
    assert (tmp_path / f"{name}_smoke/report.html").stat().st_size > 10_000
    # what is drawn a second time is the same
    monkeypatch.setattr("matplotlib.figure.Figure.savefig", lambda *_, **__: None)
    again = reproduce(name, f"{name}_smoke", resume=True)
    assert again["claims"] == document["claims"]


@pytest.mark.parametrize("name", [n for n in recipe_names() if n not in DRAWN])
def test_small_needs_its_data_before_it_begins(name, tmp_path, monkeypatch):
    monkeypatch.delenv("SCORELET_DATA", raising=False)
    for _ in range(2):  # no step is done, so the folder stays free
        with pytest.raises(InputError, match=r"no data '(cifar10|faces80)'"):
            reproduce(name, tmp_path, scale="small")
