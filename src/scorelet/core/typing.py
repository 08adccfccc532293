"""The shape vocabulary of scorelet: the only place where shapes are named.

Images are float tensors (batch, channel, height, width) with values in [0, 1]; noise levels are
standard deviations in the same unit. The annotations are checked in tests.
"""

from jaxtyping import Float
from torch import Tensor

Image = Float[Tensor, "batch channel height width"]
NoiseLevel = Float[Tensor, " batch"]
PerSample = Float[Tensor, " batch"]
Scalar = Float[Tensor, ""]

__all__ = ["Image", "NoiseLevel", "PerSample", "Scalar"]
