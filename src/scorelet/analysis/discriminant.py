"""The plane in which classes lie furthest apart: two linear features of many, to look at.

    maximise tr (Vᵀ (Σ_W + ε I) V)⁻¹ Vᵀ Σ_B V over V of two columns:

the eigenvectors of (Σ_W + ε I)⁻¹ Σ_B with the largest eigenvalues, ε a share of the mean variance.

References: Fisher, Annals of Eugenics 7, 1936; Rao, Journal of the Royal Statistical Society B 10,
1948.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from scorelet.analysis.fisher_moments import ClassMoments
from scorelet.core.errors import InputError
from scorelet.core.typing import Labels
from scorelet.core.words import counted

Features = Float[Tensor, "sample dimension"]


def discriminant_plane(
    features: Features, labels: Labels, *, ridge: float = 1e-2
) -> Float[Tensor, "dimension 2"]:
    """Return V, (dimension, 2), float64, for which Vᵀ (Σ_W + ε I) V = 1.

    Args:
        features: x, (sample, dimension), of two dimensions at least.
        labels: classes from 0, at least two of them, with at least two samples each.
        ridge: ε over the mean variance within classes; it tells directions of few samples from
            those that separate. Draw other samples than those that V comes from.

    Raises:
        InputError: fewer than two features or classes, or a class with too few samples.
    """
    if features.shape[1] < 2:
        raise InputError(
            f"The samples have {counted(features.shape[1], 'feature')}: a plane needs two or more."
        )
    moments = ClassMoments(torch.bincount(labels).tolist(), features.shape[1])
    moments.update(features, labels)
    within = moments.within.clone()
    within.diagonal().add_(ridge * within.diagonal().mean().clamp_min(1e-30))
    root = torch.linalg.cholesky(within)
    whitened = torch.linalg.solve_triangular(root, moments.deviations().mT, upper=False)
    left = torch.linalg.svd(whitened, full_matrices=True).U[:, :2]
    return torch.linalg.solve_triangular(root.mT, left, upper=True)
