"""Single pictures that are known by heart, where medians and means say nothing of them.

A sample is a copy of the most similar training picture if their cosine is above `ALIKE`, and if it
is half as far from it as any held-out picture is from its nearest one, or less: with directions u
and v, |u - v|² = 2 (1 - c). A training picture is known if its own network brings it back better
than the other one by `LARGE_GAP` more than that happens at any held-out picture: the other network
says how hard a picture is.

References: the criteria are ours; Carlini et al. 2023, arXiv 2301.13188, and Somepalli et al. 2023,
arXiv 2212.03860, count single copies.
"""

from jaxtyping import Float
from torch import Tensor

from scorelet.analysis.memorization.curves import LARGE_GAP, Levels
from scorelet.analysis.memorization.duplicates import THRESHOLD as ALIKE

Others = Float[Tensor, "levels m"]


def copy_threshold(of_held_out: Tensor) -> float:
    """Return the cosine above which a sample is a copy.

    Args:
        of_held_out: cosines of pictures that nobody copied with the most similar training picture.
    """
    return max(ALIKE, 1 - (1 - float(of_held_out.max())) / 4)


def known_by_heart(own: tuple[Levels, Levels], held_out: tuple[Others, Others]) -> int:
    """Return how many training pictures a model knows by heart.

    Args:
        own: PSNR of its training pictures, by the model and by one that has not seen them.
        held_out: PSNR of held-out pictures by the same two; each two with the same noise.
    """
    here, elsewhere = ((model - other).mean(0) for model, other in (own, held_out))
    return int((here >= elsewhere.max() + LARGE_GAP).sum())
