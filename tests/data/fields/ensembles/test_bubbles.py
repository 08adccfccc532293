"""Bubbles: a filtered Cox process, whose cumulants are known."""

import pytest

from laws.ensemble_laws import assert_power
from scorelet.data.fields.ensembles import Bubbles


@pytest.mark.parametrize(
    ("law", "size"),
    [
        (Bubbles(contrast=0.0), 24),
        pytest.param(Bubbles(length=8.0, density=0.03), 25, marks=pytest.mark.slow),
    ],
)
def test_samples_have_the_spectrum(law, size):
    assert_power(law, n=1500, size=size, mean=law.mean(size))


@pytest.mark.slow
def test_without_clusters_cumulants_are_density_times_sums_of_powers():
    law, size, n = Bubbles(contrast=0.0, density=0.02, radius=2.5), 32, 600
    alone = law._bubble(size)
    x = law.sample(n, size, 0).double()
    assert float(x.min()) >= 0
    means = x.flatten(1).mean(1)
    assert abs(float(means.mean()) - law.mean(size)) < 4 * float(means.std()) / n**0.5
    centred = x - law.mean(size)
    for order in (2, 3):
        per_field = (centred**order).flatten(1).mean(1)
        expected = law.density * float((alone**order).sum())
        assert abs(float(per_field.mean()) - expected) < 4 * float(per_field.std()) / n**0.5


def test_clusters_add_power_at_low_frequencies():
    plain, clustered = Bubbles(contrast=0.0).power(64), Bubbles(contrast=1.0).power(64)
    assert clustered[0, 1] > 1.5 * plain[0, 1]
    assert float(clustered[0, 16]) == pytest.approx(float(plain[0, 16]), rel=0.05)
