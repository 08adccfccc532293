"""Figures by layer: a row for each seed, parts of the test pictures as repetitions."""

import numpy as np
import pytest
import torch

from scorelet.analysis.fisher_profile import fisher_profile
from scorelet.data.labelled import LabelledImages
from scorelet.recipes.layer_tables import (
    fisher_without_bias,
    kept_tables,
    layer_tables,
    rows_by_layer,
    trace_ratio,
    values_and_errors,
)
from scorelet.recipes.steps import Steps


@pytest.fixture
def images():
    rng = np.random.default_rng(0)
    y = np.arange(80) % 2
    x = rng.integers(0, 150, (80, 4, 4, 1)) + 80 * y[:, None, None, None]
    return LabelledImages(x.astype(np.uint8), y.astype(np.int64), ("dark", "bright"))


@pytest.mark.parametrize("value", [fisher_without_bias, trace_ratio])
def test_a_table_has_the_figures_of_each_part(images, value):
    networks = [torch.nn.Sequential(torch.nn.Conv2d(1, 2, 1), torch.nn.Tanh()) for _ in range(2)]
    found = layer_tables(networks, images, {"it": value}, layers=["0", "1"], parts=2)["it"]
    assert found.shape == (2, 2, 2)
    x = images.images(40, 80), torch.from_numpy(images.y[40:])
    last = fisher_profile(networks[1], x, layers=["0", "1"], pool="mean")
    assert found[1, 1].tolist() == pytest.approx([value(layer) for layer in last.layers])


def test_what_does_not_exist_is_no_number(images):
    network = torch.nn.Sequential(torch.nn.Tanh())
    found = layer_tables([network], images, {"it": lambda _: None}, layers=["0"], parts=2)
    assert found["it"].isnan().all()


def test_a_step_keeps_tables_exactly(tmp_path):
    table = torch.tensor([[[0.1, float("nan")], [1 / 3, 2.0]]]).double()
    for made in (lambda: {"it": table}, lambda: pytest.fail("is kept")):
        found = kept_tables(Steps(tmp_path), "depth", made)["it"]
        assert torch.equal(found.nan_to_num(-1), table.nan_to_num(-1))


def test_rows_have_values_and_errors():
    tables = {"a": torch.tensor([[[1.0], [3.0]]]), "b": torch.full((1, 2, 1), torch.nan)}
    assert rows_by_layer({name: table.double() for name, table in tables.items()}) == [
        {"block": 1, "a": 2.0, "b": None, "a_error": 1.0, "b_error": None}
    ]


def test_curves_have_errors_of_parts():
    table = torch.tensor([[[1.0, 4.0], [3.0, 4.0]]]).double()
    values, errors = values_and_errors(table)
    assert values == [2.0, 4.0]
    assert errors == pytest.approx([1.0, 0.0])
