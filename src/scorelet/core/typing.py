"""The shape vocabulary of scorelet: the only place where shapes are named.

Images are float tensors (batch, channel, height, width) with values in [0, 1]; noise levels are
standard deviations in the same unit. Fields are real numbers in any unit, (batch, height, width);
other fields in the same call may differ in number and size. Labels are numbers of classes. The
annotations are checked in tests.
"""

from jaxtyping import Float, Integer
from torch import Tensor

Fields = Float[Tensor, "batch height width"]
Image = Float[Tensor, "batch channel height width"]
Labels = Integer[Tensor, " batch"]
Logits = Float[Tensor, "batch classes"]
NoiseLevel = Float[Tensor, " batch"]
OtherFields = Float[Tensor, "other_batch other_height other_width"]
PerSample = Float[Tensor, " batch"]
Scalar = Float[Tensor, ""]

__all__ = [
    "Fields",
    "Image",
    "Labels",
    "Logits",
    "NoiseLevel",
    "OtherFields",
    "PerSample",
    "Scalar",
]
