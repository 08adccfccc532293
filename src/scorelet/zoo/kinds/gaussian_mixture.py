"""Mixtures of isotropic Gaussians: denoisers in closed form, which need the noise level."""

from scorelet.models import GaussianMixtureDenoiser
from scorelet.zoo.kind import Header, Kind, Tensors

NAMES = ("weights", "means", "variances")


def describe(mixture: GaussianMixtureDenoiser) -> tuple[Header, Tensors]:
    """Return an empty header, and weights, means and variances."""
    return {}, {name: mixture.get_buffer(name) for name in NAMES}


def build(_header: Header, tensors: Tensors) -> GaussianMixtureDenoiser:
    """Return the mixture, in the dtype of the file."""
    return GaussianMixtureDenoiser(*(tensors[name] for name in NAMES)).eval()


KIND = Kind(
    "gaussian-mixture",
    GaussianMixtureDenoiser,
    describe,
    build,
    verbs=("denoise", "restore", "sample", "basis", "audit", "evaluate"),
)
