"""Denoisers that are means of another one's answers: they know what that one knows."""

from torch import Tensor

from scorelet.models.denoiser import Denoiser


class AveragedDenoiser(Denoiser):
    """What means of a denoiser's answers to an image in several positions have alike.

    Args:
        denoiser: of any kind, by whose attributes this one describes itself.
    """

    def __init__(self, denoiser: Denoiser) -> None:
        super().__init__()
        self.denoiser = denoiser
        self.blind, self.needs_noise = denoiser.blind, denoiser.needs_noise
        self.homogeneous = denoiser.homogeneous
        self.conditional, self.needs_cond = denoiser.conditional, denoiser.needs_cond
        self.channels, self.learnt = denoiser.channels, denoiser.learnt
        self.most, self.drawn_between = denoiser.most, denoiser.drawn_between
        self.locality, self.calibration = denoiser.locality, dict(denoiser.calibration)
        self.know_classes_of(denoiser)

    def knows(self, size: tuple[int, ...]) -> bool:
        """Whether images of a size are as those that the denoiser learnt."""
        return self.denoiser.knows(size)

    @property
    def centre(self) -> Tensor | None:
        """That of the denoiser."""
        return self.denoiser.centre
