"""Which mean of its own answers makes a denoiser better."""

from scorelet.models.averaged import AveragedDenoiser
from scorelet.models.denoiser import Denoiser
from scorelet.models.multiscale_denoiser import MultiscaleDenoiser
from scorelet.models.shifted import ShiftedDenoiser
from scorelet.models.turned import TurnedDenoiser


def mean_of_own_answers(denoiser: Denoiser) -> AveragedDenoiser:
    """Return the mean of its answers to an image in eight orientations, or moved by pixels.

    A cascade of wavelet scales sees even and odd places in different ways, and one of upright
    pictures knows which way up they are: it answers to four shifts.
    """
    if isinstance(denoiser, MultiscaleDenoiser):
        return ShiftedDenoiser(denoiser)
    return TurnedDenoiser(denoiser)
