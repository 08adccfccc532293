"""Laws of orthogonal transforms, each an assertion; errors are relative to the input."""

from torch import Tensor

from scorelet.wavelets import Pyramid, Transform


def pyramid_error(got: Pyramid, expected: Pyramid) -> float:
    """Return the largest difference of two coefficients."""
    assert len(got.details) == len(expected.details)
    pairs = zip((got.low, *got.details), (expected.low, *expected.details), strict=True)
    return max(float((a - b).abs().max()) for a, b in pairs)


def dot(a: Pyramid, b: Pyramid) -> Tensor:
    """Inner product of coefficients."""
    pairs = zip((a.low, *a.details), (b.low, *b.details), strict=True)
    return sum((p * q).sum() for p, q in pairs) + 0


def assert_reconstructs(transform: Transform, x: Tensor, tol: float) -> None:
    """Synthesis of the coefficients is the picture."""
    assert (transform.synthesize(transform.analyze(x)) - x).norm() <= tol * x.norm()


def assert_energy(transform: Transform, x: Tensor, tol: float) -> None:
    """Parseval: the energy of the coefficients is that of the picture."""
    energy = x.square().sum()
    assert (transform.analyze(x).energy() - energy).abs() <= tol * energy


def assert_adjoint(transform: Transform, x: Tensor, y: Pyramid, tol: float) -> None:
    """<W x, y> = <x, W^T y> with W^T the synthesis."""
    left, right = dot(transform.analyze(x), y), (x * transform.synthesize(y)).sum()
    assert (left - right).abs() <= tol * x.norm() * dot(y, y).sqrt()
