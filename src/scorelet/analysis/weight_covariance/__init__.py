"""Covariances of a layer's weights: spectra, what was learned, and how two of them compare."""

from scorelet.analysis.weight_covariance.broken import refuse_broken
from scorelet.analysis.weight_covariance.bulk import (
    bulk_variance,
    is_other_start,
    tells_its_start,
)
from scorelet.analysis.weight_covariance.bures import bures_cosine, bures_distance
from scorelet.analysis.weight_covariance.dynamics import Movement, movement
from scorelet.analysis.weight_covariance.error import covariance_error
from scorelet.analysis.weight_covariance.gaussianity import (
    Marginal,
    marginal_tests,
    share_outside_bulk,
    whitened,
)
from scorelet.analysis.weight_covariance.learned import (
    bulk_edges,
    effective_rank,
    largest_of_noise,
    learned_part,
    shrink,
)
from scorelet.analysis.weight_covariance.row_norms import (
    edge_of_norms,
    mostly_norms,
    seen_beyond_norms,
)
from scorelet.analysis.weight_covariance.similarity import (
    Agreement,
    Similarity,
    agreement,
    redrawn,
    rotated,
    similarity,
    with_covariance,
    without_covariance,
)
from scorelet.analysis.weight_covariance.spatial import (
    mean_spatial_covariance,
    spatial_covariance,
    spatial_eigenvectors,
    universal_filters,
)
from scorelet.analysis.weight_covariance.spectrum import (
    Spectrum,
    clipped,
    eigenvector_cosines,
    weight_spectrum,
)

__all__ = [
    "Agreement",
    "Marginal",
    "Movement",
    "Similarity",
    "Spectrum",
    "agreement",
    "bulk_edges",
    "bulk_variance",
    "bures_cosine",
    "bures_distance",
    "clipped",
    "covariance_error",
    "edge_of_norms",
    "effective_rank",
    "eigenvector_cosines",
    "is_other_start",
    "largest_of_noise",
    "learned_part",
    "marginal_tests",
    "mean_spatial_covariance",
    "mostly_norms",
    "movement",
    "redrawn",
    "refuse_broken",
    "rotated",
    "seen_beyond_norms",
    "share_outside_bulk",
    "shrink",
    "similarity",
    "spatial_covariance",
    "spatial_eigenvectors",
    "tells_its_start",
    "universal_filters",
    "weight_spectrum",
    "whitened",
    "with_covariance",
    "without_covariance",
]
