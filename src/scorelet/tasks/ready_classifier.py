"""A classifier made for inference: folded, on its device, in the dtype that is fastest there."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from scorelet.analysis.robustness import check_unnormalised
from scorelet.core.device import choose_device, in_precision, inference_dtype
from scorelet.core.errors import InputError
from scorelet.core.memory import keep_large_buffers
from scorelet.core.typing import Image, Logits
from scorelet.models import Classifier
from scorelet.models.joint_energy import JointEnergy
from scorelet.networks.folding import Foldable, folded

SAME = 0.01
"""Of the largest logit less the mean: by so much logits of one model may differ by rounding."""
HALF = (torch.bfloat16, torch.float16)
"""Dtypes of products of weights that are float32."""


@dataclass(frozen=True)
class ReadyClassifier:
    """A copy of a classifier that computes logits and nothing else.

    Attributes:
        classifier: folded, in evaluation, on its device.
        dtype: of its products.
    """

    classifier: Classifier
    dtype: torch.dtype

    @property
    def dtype_name(self) -> str:
        """As reports have it."""
        return str(self.dtype).removeprefix("torch.")

    @property
    def device(self) -> torch.device:
        """The classifier's; that of tensors in memory where it has no weights."""
        return next(self.classifier.parameters(), torch.empty(0)).device

    def logits(self, x: Image) -> Logits:
        """Return the logits of images of any size, float32 (float64 of a model in float64)."""
        return self._run(self.fitted(x))

    def logits_of_each(self, images: Sequence[Tensor]) -> Logits:
        """Return the logits of batches of any sizes, one after the other, together if they fit."""
        fitted = [self.fitted(x) for x in images]
        if len({x.shape[1:] for x in fitted}) == 1:
            return self._run(torch.cat(fitted))
        return torch.cat([self._run(x) for x in fitted])

    def fitted(self, x: Image) -> Tensor:
        """Return images on the device, in the dtype and in the size that the network takes."""
        like = next(self.classifier.parameters(), x)
        return self.classifier.fitted(x.to(like.device, like.real.dtype))

    @torch.no_grad()
    def _run(self, x: Tensor) -> Logits:
        half = self.dtype in HALF and x.dtype == torch.float32
        with torch.autocast(x.device.type, self.dtype if half else None, enabled=half):
            found = self.classifier(x)
        return found if found.dtype == torch.float64 else found.float()


def check_answers(logits: Logits) -> None:
    """Refuse logits that are NaN or infinite, and probabilities in their place.

    Raises:
        InputError: there are some.
    """
    broken = int((~logits.isfinite()).any(1).sum())
    if broken:
        raise InputError(
            f"The model's logits are NaN or infinite for {broken} of {len(logits)} pictures: look "
            "for such numbers in its weights, and for products beyond its dtype."
        )
    check_unnormalised(logits)


def told_of_drawing(logits: Logits, apart: Tensor) -> list[str]:
    """Return a sentence without a full stop where two passes over one picture are too far apart.

    Args:
        logits: (batch, classes), of one pass.
        apart: differences to those of another pass.
    """
    most = float(apart.amax())
    if most <= SAME * float((logits - logits.mean(1, keepdim=True)).abs().max()):
        return []
    return [
        f"two passes over one picture differ by up to {most:.3g} in the logits: the model draws "
        "something itself, and the figures are of one draw; switch that off, or give a module that "
        "returns the mean of several passes"
    ]


def ready_classifier(
    classifier: Classifier, *, device: str = "auto", dtype: str = "auto"
) -> ReadyClassifier:
    """Return a copy for inference.

    Args:
        classifier: any; it is left as it is.
        device: auto, cpu, cuda or mps.
        dtype: of the products: float32, bfloat16, float16, or auto: that of the weights, and
            bfloat16 on processors that multiply in it for networks that can be folded, whose
            products are nearly all of their work (see `inference_dtype`). Joint laws keep that of
            their weights.

    Raises:
        InputError: an unknown device or dtype.
    """
    place = choose_device(device)
    keep_large_buffers()
    fast = place.type == "cpu" and isinstance(classifier.network, Foldable)
    kind = inference_dtype(place, dtype, fast=fast)
    own = next((p.real.dtype for p in classifier.parameters()), torch.float32)
    if own != torch.float32 and dtype == "auto":
        kind = own
    if kind in HALF and isinstance(classifier.network, JointEnergy):
        kind = own
    made = Classifier(
        folded(classifier.network),
        classifier.classes,
        size=classifier.size,
        fit=classifier.fit,
        channels=classifier.channels,
    )
    weights = own if kind == own else torch.float32
    return ReadyClassifier(in_precision(made, place, weights).eval(), kind)
