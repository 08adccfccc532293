"""What a certificate says: what was computed, and what finitely many fields may cost."""

import pytest

from field_energies import small_energy, white
from scorelet.models.field_energy import Band, ConditionalEnergy, FieldEnergy, ScalarDensity
from scorelet.models.multiscale import Multiscale
from scorelet.tasks.field_model.certificate import Certificate, certify_model
from scorelet.wavelets import PacketPlan, WaveletPacket


def test_the_bound_on_the_divergence_is_the_excess_over_the_uniform_curvature():
    """KL <= excess / α where α > 0; where it is not, nothing is bounded."""
    rough = small_energy()  # v'' falls to -0.5
    convex = FieldEnergy(rough.couplings, rough.potential.with_weights(rough.potential.weights + 5))
    factors = [ConditionalEnergy(energy, Band("haar")) for energy in (convex, rough)]
    factors[1].field.couplings.strengths[0] = -1.0
    coarse = ScalarDensity(convex.potential)
    model = Multiscale(WaveletPacket("haar", PacketPlan.octaves(2)), coarse, factors)
    found = certify_model(model, white(2, 1, 4, 4), fields="given", excess=[0.3, 0.7])
    one, two = found.bands
    assert one["size"] == [2, 2]
    assert one["kl_bound"] == pytest.approx(0.3 / one["alpha_uniform"])
    assert two["alpha_uniform"] < 0
    assert two["kl_bound"] is None


@pytest.mark.parametrize(
    ("uniform", "at_fields", "words"),
    [
        (True, True, "Certified: every conditional law"),
        (False, True, "Not certified for all fields, but log-concave at all 7 given fields"),
        (False, False, "Not certified: Hessians have negative eigenvalues"),
    ],
)
def test_the_verdict_is_that_of_the_worst_band(uniform, at_fields, words):
    good = {"size": [2, 2], "fields": 7, "holds_uniformly": True, "holds_at_fields": True}
    other = good | {"size": [4, 4], "holds_uniformly": uniform, "holds_at_fields": at_fields}
    found = Certificate([good, other], "given")
    assert found.verdict.startswith(words)
    assert ("4x4" in found.verdict) == (not at_fields)
    transformed = Certificate([good, other], "given", "log")
    assert transformed.verdict.startswith(words)
    assert "laws of the logarithm of the fields" in transformed.verdict
