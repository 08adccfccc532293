"""What a denoiser, a network or a function answers to images: images of their shape and dtype."""

from torch import Tensor

from scorelet.core.errors import InputError
from scorelet.core.typing import Image


def image_like(y: Image, found: object, maker: str = "denoiser") -> Image:
    """Return what was answered to y, in the dtype of y.

    Args:
        y: the images.
        found: the answer; another shape would broadcast with y unnoticed.
        maker: what answered.

    Raises:
        InputError: it is no tensor, is complex, or has another shape.
    """
    if not isinstance(found, Tensor):
        raise InputError(
            f"The {maker} made images of class {type(found).__name__}: its answer must be a "
            "tensor, as what it is given."
        )
    if found.is_complex():
        raise InputError(
            f"The {maker} made complex images of {found.dtype}: its answer must be real, as what "
            "it is given."
        )
    if found.shape != y.shape:
        raise InputError(
            f"The {maker} made images of shape {tuple(found.shape)} from {tuple(y.shape)}: its "
            "answer must have the shape of what it is given."
        )
    return found if found.dtype == y.dtype else found.to(y.dtype)
