"""What is worth saying of a restored picture, in sentences without a full stop."""

from scorelet.tasks.denoise.remarks import beyond_learnt, beyond_range, other_size
from scorelet.tasks.restore.settings import RestoreSettings


def remarks(settings: RestoreSettings, size: tuple[int, ...]) -> tuple[str, ...]:
    """Return what is to be said of a result of this size, (height, width)."""
    sigma, denoiser = settings.sigma, settings.ready().denoiser
    said = (
        beyond_range(sigma) or beyond_learnt(sigma, denoiser.most),
        other_size(size, denoiser),
    )
    return tuple(text for text in said if text)
