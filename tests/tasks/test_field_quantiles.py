"""Quantiles of samples made those of fields: closed forms, and fields whose tails a model loses."""

import pytest
import torch

import scorelet as sl
from scorelet.core.random import generator, randn
from scorelet.data.fields.pointwise import QuantileMatched, Unchanged
from scorelet.tasks.field_model.quantiles import paired_quantiles

LIKE = torch.zeros((), dtype=torch.float64)


def normal(*shape, seed=0):
    return randn(shape, rng=generator(seed), like=LIKE)


def test_normal_laws_are_paired_by_a_straight_line():
    """Quantiles of N(1, 4) and N(0, 1) lie on z = (x - 1) / 2."""
    found = paired_quantiles(1 + 2 * normal(400_000), normal(400_000, seed=1))
    assert found is not None
    x, z = (torch.tensor(found[name], dtype=torch.float64) for name in ("fields", "drawn"))
    assert len(x) == 13
    assert torch.allclose((x - 1) / 2, z, atol=0.03)
    assert torch.allclose(z, torch.arange(-6, 7, dtype=torch.float64) / 2, atol=0.03)


def test_even_laws_have_an_odd_line():
    found = paired_quantiles(normal(3000).pow(3) + 0.1, normal(5000, seed=1), even=True)
    assert found is not None
    for values in map(torch.tensor, found.values()):
        assert torch.allclose(values, -values.flip(0), atol=1e-12)
    odd = QuantileMatched(Unchanged(), tuple(found["fields"]), tuple(found["drawn"]))
    x = normal(100, seed=2)
    assert torch.allclose(odd.forward(-x), -odd.forward(x), atol=1e-12)


def test_levels_need_pixels_beyond_and_numbers_that_rise():
    few = paired_quantiles(normal(1000), normal(5000, seed=1))
    assert few is not None
    assert len(few["fields"]) == 5  # 159 of 1000 are beyond Φ(-1), 67 beyond Φ(-1.5)
    atoms = paired_quantiles(torch.zeros(10_000).double(), normal(10_000))
    assert atoms is None
    assert paired_quantiles(normal(50), normal(50)) is None


@pytest.mark.slow
def test_samples_of_a_model_with_a_transform_have_the_quantiles_of_its_fields():
    """Kinds of patches, some bright, are in no potential: without the line the tail is lost."""
    bright = 1 + 2 * (torch.arange(400) % 4 == 0)[:, None, None]
    x = (bright * (1 + 0.5 * normal(400, 8, 8))).sinh()
    model = sl.FieldModel("haar", knots=4, reach=1, steps=30, transform="asinh").fit(x)
    assert set(model.record["field"]["quantiles"]) == {"fields", "drawn"}
    assert any("quantiles" in text for text in model.record["field"]["remarks"])
    matched = model.sample(1000, seed=5).asinh().flatten()
    del model.record["field"]["quantiles"]
    plain = model.sample(1000, seed=5).asinh().flatten()
    levels = torch.tensor([0.05, 0.25, 0.5, 0.75, 0.95], dtype=torch.float64)
    wanted, one, other = (
        torch.quantile(z.flatten().double(), levels) for z in (x.asinh(), matched, plain)
    )
    off, without = (float((z - wanted).abs().mean()) for z in (one, other))
    assert float((one - wanted).abs().max()) < 0.15  # of 4.3, in the tail
    assert off < 0.04
    assert without > 1.5 * off


@pytest.mark.slow
def test_the_certificate_of_a_fit_is_that_of_the_fields_which_were_held_out():
    """A field is looked at where the model has it, by the fit and whenever it is given."""
    x = (1 + normal(80, 8, 8)).sinh()
    model = sl.FieldModel("haar", knots=4, reach=1, steps=30, transform="asinh").fit(x)
    assert "quantiles" in model.record["field"]
    one, two = model.certificate().bands, model.certificate(x[-4:]).bands
    for band, other in zip(one, two, strict=True):
        assert band["least_min"] == pytest.approx(other["least_min"], rel=1e-6)
