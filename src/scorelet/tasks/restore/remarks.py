"""What is worth saying of a restored picture, in sentences without a full stop."""

from scorelet.models import Denoiser
from scorelet.tasks.denoise.remarks import beyond_learnt, beyond_range, other_size


def remarks(denoiser: Denoiser, sigma: float, size: tuple[int, ...]) -> tuple[str, ...]:
    """Return what is to be said of what is sought, (height, width), at a noise level."""
    said = (
        beyond_range(sigma) or beyond_learnt(sigma, denoiser.most),
        other_size(size, denoiser),
    )
    return tuple(text for text in said if text)
