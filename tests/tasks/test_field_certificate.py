"""What a certificate says: what was computed, and what finitely many fields may cost."""

import pytest
import torch

from field_energies import small_energy, white
from scorelet.data.fields.prewhitening import Prewhitening
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
    assert "amplified" not in transformed.verdict
    amplified = Certificate([good, other], "given", "log", prewhitened=True)
    assert amplified.verdict.startswith(transformed.verdict)
    assert "Prewhitening has amplified the logarithm of the fields" in amplified.verdict
    assert "bands before it need not be log-concave" in amplified.verdict
    assert amplified.as_dict()["prewhitened"]
    assert "amplified the fields where" in Certificate([good], "given", prewhitened=True).verdict


@pytest.mark.parametrize(
    ("count", "holds", "words"),
    [
        (1, True, "at the one held-out field in every band. So few fields are weak evidence."),
        (4, True, "at all 4 held-out fields in every band. So few fields are weak evidence."),
        (5, True, "at all 5 held-out fields in every band."),
        (1, False, "negative eigenvalues at the one held-out field, in bands of 2x2 pixels."),
        (2, False, "negative eigenvalues at some of the 2 held-out fields, in bands of 2x2"),
    ],
)
def test_the_verdict_counts_fields(count, holds, words):
    band = {"size": [2, 2], "fields": count, "holds_uniformly": False, "holds_at_fields": holds}
    verdict = Certificate([band], "held-out").verdict
    assert words in verdict
    assert ("weak evidence" in verdict) == ("weak evidence" in words)


def test_parts_of_an_octave_are_told_apart():
    good = {"size": [8, 8], "fields": 7, "holds_uniformly": False, "holds_at_fields": True}
    failed = good | {"size": [16, 16], "holds_at_fields": False, "residual_max": 1.0}
    found = Certificate([good, failed, good | {"size": [16, 16]}, failed], "given")
    assert "in bands of 16x16 pixels (part 1 of 3), 16x16 pixels (part 3 of 3)." in found.verdict
    assert "(16x16 pixels (part 1 of 3))" in found.precision
    assert "In bands of 8x8 pixels, 16x16 pixels (part 2 of 3) curvatures" in found.limits[1]


def test_conditional_laws_before_an_amplification_need_not_be_log_concave():
    """x' = A x: the Hessian of the whole is A H A, positive if H is; blocks of bands are mixed.

    Given the low band of x', its details have the curvature 1; given that of x, the details of x
    move the low band of x', too, along which the energy falls.
    """
    band, size = Band("db4"), (8, 8)
    gains = torch.linspace(0, 2, 40, dtype=torch.float64).reshape(8, 5)
    amplify = Prewhitening.of(gains).apply
    unit = torch.eye(64, dtype=torch.float64).reshape(64, 1, *size)
    details = band.analyze(unit).flatten(1).T  # B
    low = band.lower(unit).flatten(1).T
    a = amplify(unit).flatten(1).T

    def least(matrix):
        return float(torch.linalg.eigvalsh((matrix + matrix.T) / 2)[0])

    hessian = details.T @ details - 20 * low.T @ low
    assert least(details @ hessian @ details.T) == pytest.approx(1)
    assert least(details @ a.T @ hessian @ a @ details.T) < -1
    convex = details.T @ details + 20 * low.T @ low
    assert least(a.T @ convex @ a) > 0
    with torch.no_grad():
        found = a @ details.T @ details - details.T @ details @ a
    assert float(found.abs().max()) > 0.1  # the filter does not keep to bands
