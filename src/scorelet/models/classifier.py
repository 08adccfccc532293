"""Classifiers: p(class | image) by logits, and how a picture of any size is brought to them.

Symbols: x image, c class, z_c(x) logits, p(c | x) = softmax_c(z(x)).
"""

from collections.abc import Sequence
from typing import final

import torch.nn.functional as F
from torch import Tensor, nn

from scorelet.core.errors import InputError
from scorelet.core.network import Network, answered
from scorelet.core.numbers import is_whole
from scorelet.core.typing import Image, Logits

FITS = ("crop", "stretch")
"""How a picture of another shape is brought to a size: what is outside a central crop is lost, or
the picture is stretched."""


@final
class Classifier(nn.Module):
    """Logits of named classes.

    Args:
        network: maps images to logits (batch, classes). A `scorelet.networks.Network` says itself
            which channel counts it takes and how many classes it has.
        classes: names, in the order of the logits.
        size: (height, width) of the images that it was made for; None: it takes any.
        fit: how pictures of other sizes are brought to `size`, "crop" or "stretch", see `fitted`.
        channels: the channel counts that it takes; None: what the network says, or any.

    Shape:
        (batch, channel, height, width), values in [0, 1] → (batch, classes).

    Raises:
        InputError: fewer than two classes, a name twice, another number than the network's, or a
            size or fit that cannot be used.
    """

    def __init__(
        self,
        network: nn.Module,
        classes: Sequence[str],
        *,
        size: Sequence[int] | None = None,
        fit: str = "crop",
        channels: tuple[int, ...] | None = None,
    ) -> None:
        super().__init__()
        self.network = network
        self.classes = class_names(classes)
        self.size = None if size is None else sides(size)
        self.fit = known_fit(fit)
        self.channels = channels
        if isinstance(network, Network):
            self.channels = channels or network.accepts
            if network.classes != len(self.classes):
                raise InputError(
                    f"{len(self.classes)} classes are named, and the network has "
                    f"{network.classes or 'no'} logits: name as many."
                )

    def forward(self, x: Tensor) -> Logits:
        """Return the logits of images of the right size.

        Raises:
            InputError: no float image batch, another channel count or size, or a network with
                another number of logits than there are classes.
        """
        self._check(x)
        logits = answered(self, x, lambda: self.network(x))
        self._check_count(logits)
        return logits

    def posterior(self, x: Tensor) -> Logits:
        """Return p(c | x), (batch, classes); arguments and errors as in `forward`."""
        return self(x).softmax(1)

    def fitted(self, x: Image) -> Tensor:
        """Return the images in the size that the classifier takes, see `fitted`."""
        return x if self.size is None else fitted(x, self.size, fit=self.fit)

    def label(self, name: str) -> int:
        """Return the number of a class.

        Raises:
            InputError: no class has this name.
        """
        if name not in self.classes:
            shown = ", ".join(self.classes[:20]) + (", ..." if len(self.classes) > 20 else "")
            raise InputError(f"There is no class {name!r}: choose one of {shown}.")
        return self.classes.index(name)

    def _check(self, x: Tensor) -> None:
        if x.ndim != 4 or not x.is_floating_point():
            raise InputError(
                f"The image batch has shape {tuple(x.shape)} and dtype {x.dtype}: expected floats "
                "(batch, channel, height, width) with values in [0, 1]."
            )
        if self.channels is not None and x.shape[1] not in self.channels:
            known = " or ".join(str(count) for count in self.channels)
            got = "1 channel" if x.shape[1] == 1 else f"{x.shape[1]} channels"
            raise InputError(f"The image has {got}: this classifier takes {known}.")
        if self.size is not None and tuple(x.shape[-2:]) != self.size:
            raise InputError(
                f"The images are {x.shape[-2]}x{x.shape[-1]}, and this classifier takes "
                f"{self.size[0]}x{self.size[1]}: bring them to that size, in Python with its "
                "method fitted; in the shell give a folder of classes, whose pictures are brought "
                "to it."
            )

    def _check_count(self, logits: object) -> None:
        if not isinstance(logits, Tensor) or logits.ndim != 2:
            return
        refuse_single(logits)
        if logits.shape[1] != len(self.classes):
            raise InputError(
                f"The network makes {logits.shape[1]} logits of a picture, and "
                f"{len(self.classes)} classes are named: name as many."
            )


def refuse_single(logits: Logits) -> None:
    """Refuse logits (batch, 1), as networks that know two classes may have them.

    Raises:
        InputError: these are such.
    """
    if logits.shape[1] == 1:
        raise InputError(
            "The model makes one logit z of a picture, and one of each class is expected: let it "
            "return torch.cat([torch.zeros_like(z), z], 1), whose softmax is sigmoid(z) for the "
            "second class."
        )


def fitted(x: Image, size: tuple[int, int], *, fit: str) -> Tensor:
    """Bring images to `size` by bilinear interpolation, without aliasing where they shrink.

    Args:
        x: (batch, channel, height, width).
        size: (height, width) of the result.
        fit: "crop" keeps the shape of things: the largest central part with the sides' ratio of
            `size`, to whole pixels, is scaled; "stretch" scales the whole image.

    Images of that size are returned as they are.
    """
    if tuple(x.shape[-2:]) == tuple(size):
        return x
    if fit == "crop":
        x = _central_part(x, size)
    if tuple(x.shape[-2:]) == tuple(size):
        return x
    wide = x.float() if x.element_size() < 4 else x  # CPUs interpolate nothing in half precision
    found = F.interpolate(wide, size=size, mode="bilinear", antialias=True, align_corners=False)
    return found.to(x.dtype)


def _central_part(x: Image, size: tuple[int, int]) -> Tensor:
    height, width = x.shape[-2:]
    scale = min(height / size[0], width / size[1])
    rows, columns = (max(1, round(side * scale)) for side in size)
    top, left = (height - rows) // 2, (width - columns) // 2
    return x[..., top : top + rows, left : left + columns]


def class_names(classes: Sequence[str]) -> tuple[str, ...]:
    """Return the names, two at least and each once."""
    names = tuple(str(name) for name in classes)
    if len(names) < 2 or len(set(names)) < len(names):
        raise InputError(
            f"The classes are {', '.join(names[:20]) or 'none'}: give at least two, with different "
            "names."
        )
    return names


def sides(size: Sequence[int]) -> tuple[int, int]:
    """Return (height, width) in whole pixels."""
    if len(size) != 2 or not all(is_whole(side, least=1) for side in size):
        raise InputError(f"size is {size}: it must be (height, width) in pixels.")
    return int(size[0]), int(size[1])


def known_fit(fit: str) -> str:
    """Return one of `FITS`."""
    if fit not in FITS:
        raise InputError(f"fit is {fit!r}: use {' or '.join(FITS)}.")
    return fit
