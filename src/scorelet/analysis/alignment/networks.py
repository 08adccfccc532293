"""Aligns all layers of two networks in one pass over the data.

Symbols: a_j, b_j what layer j of the reference and of the other network read, at the same places of
the same pictures; A_j the rotation with a_j ≈ A_j b_j; W'_j the weights of the other network. A
neuron of W'_j sees b_j as W'_j A_jᴴ sees a_j: its weights in coordinates of the reference.

Where the first layer reads the same in both networks, as the pictures themselves: there A = 1.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from scorelet.analysis.alignment.beside import left_out, own_forwards, uncalled, unsettled_words
from scorelet.analysis.alignment.layers import Layer
from scorelet.analysis.alignment.moments import CrossMoments
from scorelet.analysis.alignment.pictures import Batches, Pictures, first_pictures, picture_batches
from scorelet.analysis.alignment.procrustes import (
    Rotation,
    identity,
    nothing,
    procrustes,
    similarity_of_means,
    undetermined,
)
from scorelet.analysis.alignment.reading import looked_at, read_alike
from scorelet.analysis.alignment.watching import (
    CalledParts,
    called_parts,
    read_by,
    show,
    watching,
)
from scorelet.core.brief import Brief
from scorelet.core.errors import InputError
from scorelet.core.network import unwrapped
from scorelet.core.options import checked
from scorelet.core.progress import Progress
from scorelet.core.words import counted, listed, too_few

SAMPLES = 10
"""For each channel, so many samples are needed."""


@dataclass(frozen=True, repr=False)
class AlignedLayer(Brief):
    """A layer of two networks.

    Attributes:
        reference, other: the layer in each.
        rotation: from the other's channels to the reference's.
        needed: samples that an alignment of so many channels needs.
        of_means: similarity that the means of both signals alone give.
        fixed: whether A = 1, since both read the same.
    """

    reference: Layer
    other: Layer
    rotation: Rotation
    needed: int
    of_means: float = math.nan
    fixed: bool = False

    @property
    def name(self) -> str:
        """Of the reference."""
        return self.reference.name

    @property
    def enough(self) -> bool:
        """Whether there were enough samples; the identity needs none."""
        return self.rotation.samples >= self.needed

    def weights(self) -> Tensor:
        """Return the other's weights (n, c, s) in the coordinates of the reference."""
        return to_reference(self.other.weights(), self.rotation.matrix)


@dataclass(frozen=True, repr=False)
class Alignment(Brief):
    """All layers of two networks, in the order of their calls.

    Attributes:
        layers: one record each.
        pictures: how many were shown.
        warnings: sentences without a full stop.
        output: the last layer of the reference that is called, None if that is none of `layers`.
    """

    layers: tuple[AlignedLayer, ...]
    pictures: int
    warnings: tuple[str, ...] = ()
    output: Layer | None = None

    def __getitem__(self, name: str) -> AlignedLayer:
        """Return the layer that the reference calls `name`."""
        for layer in self.layers:
            if layer.name == name:
                return layer
        raise KeyError(name)


def to_reference(weights: Tensor, rotation: Tensor) -> Tensor:
    """Return W Aᴴ for weights (n, c, s) and A (c_ref, c): what they are in its coordinates."""
    dtype = torch.promote_types(weights.dtype, rotation.dtype)
    return torch.einsum("ncs,rc->nrs", weights.to(dtype), rotation.conj().to(dtype))


@checked
def align(
    reference: nn.Module,
    other: nn.Module,
    data: Pictures,
    *,
    copies: dict[str, int] | None = None,
    polar: str = "svd",
    batch: int | None = None,
    of: int | None = None,
    progress: Progress | None = None,
) -> Alignment:
    """Align what the layers of two networks read, all in one pass over the data.

    Convolutions (channels only), linear layers (channels of the map that was flattened for them,
    or their features) and matrices across channels of learned scattering are aligned. Both
    networks are run in evaluation mode and left as they were.

    Args:
        reference: any module.
        other: another of the same architecture, widths may differ.
        data: pictures that both see, floats (n, channel, height, width), or a labelled set.
        copies: layers that read so many copies of each channel, as after fixed filters, and whose
            copies shall be turned together; see `procrustes`.
        polar: how rotations are computed, "svd" or "newton-schulz".
        batch: pictures at a time.
        of: how many pictures there are, where these are a part: a warning says how many it takes.
        progress: called with (pictures done, pictures).

    Raises:
        InputError: networks whose layers do not correspond, pictures that they do not take, or
            activations that are not finite.
    """
    reference, other = unwrapped(reference), unwrapped(other)
    count, batches = picture_batches(data, batch=batch)
    parts = tuple(called_parts(net, first_pictures(batches)) for net in (reference, other))
    pairs = match(parts[0].layers, parts[1].layers)
    moments = cross_moments(reference, other, pairs, data, batch=batch, progress=progress)
    layers = tuple(
        _aligned(pair, sums, copies=(copies or {}).get(pair[0].name, 1), polar=polar)
        for pair, sums in zip(pairs, moments, strict=True)
    )
    warnings = _warnings(reference, layers, count, of or count)
    last = [layer for layer in parts[0].layers if layer.module is parts[0].last]
    return Alignment(layers, count, (*warnings, *_repeated(parts)), *last)


LayerPair = tuple[Layer, Layer]


def matched_layers(reference: nn.Module, other: nn.Module, x: Tensor) -> list[LayerPair]:
    """Return layers that correspond, in the order of their calls.

    Raises:
        InputError: other numbers, kinds or kernels of layers.
    """
    return match(called_parts(reference, x).layers, called_parts(other, x).layers)


def match(first: Sequence[Layer], second: Sequence[Layer]) -> list[LayerPair]:
    """Return pairs of layers, as `matched_layers` does."""
    if len(first) != len(second):
        raise InputError(
            f"The networks have {len(first)} and {len(second)} layers across channels: only "
            "networks of one architecture are compared, widths may differ."
        )
    for a, b in zip(first, second, strict=True):
        if (a.kind, a.complex, a.shape[2]) != (b.kind, b.complex, b.shape[2]):
            raise InputError(
                f"Layer {a.name} of the reference is {_words(a)}, and {b.name} in its place is "
                f"{_words(b)}: only networks of one architecture are compared, widths may differ."
            )
    return list(zip(first, second, strict=True))


def cross_moments(
    reference: nn.Module,
    other: nn.Module,
    pairs: list[LayerPair],
    data: Pictures,
    *,
    fixed: bool | None = None,
    batch: int | None = None,
    progress: Progress | None = None,
) -> list[CrossMoments]:
    """Return the moments of what each pair of layers reads, in one pass over the data.

    Args:
        reference, other: two networks.
        pairs: layers of both.
        data: pictures, as for `align`.
        fixed: whether the first pair is not rotated, so that the diagonal of its moments is enough;
            None: it is not where both read the same, as the pictures themselves.
        batch: pictures at a time.
        progress: called with (pictures done, pictures).

    Raises:
        InputError: one network twice, a layer that is called more often in one of them, maps of
            other sizes, or activations that are not finite.
    """
    if reference is other:
        raise InputError("The networks are one object: copy it to align it with itself.")
    count, batches = picture_batches(data, batch=batch)
    if fixed is None:
        fixed = read_alike((reference, other), pairs[0], looked_at(batches))
    sums = [
        CrossMoments(a.shape[1], b.shape[1], diagonal=fixed and j == 0)
        for j, (a, b) in enumerate(pairs)
    ]
    done, paired = 0, _Paired(pairs, sums)
    with (
        watching(reference, paired.numbers[0], paired.keep),
        watching(other, paired.numbers[1], paired.add),
    ):
        for x in batches():
            show(reference, x)
            show(other, x)
            paired.refuse_left()
            done += len(x)
            if progress:
                progress(done, count)
    return sums


class _Paired:
    """Keeps what layers of the reference read until those of the other network have read theirs."""

    def __init__(self, pairs: list[LayerPair], sums: list[CrossMoments]) -> None:
        self.numbers = [{pair[side].module: j for j, pair in enumerate(pairs)} for side in (0, 1)]
        self._pairs, self._sums = pairs, sums
        self._kept: list[list[Tensor]] = [[] for _ in pairs]

    def keep(self, module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        j = self.numbers[0][module]
        signals = self._pairs[j][0].activations(inputs)
        self._kept[j].append(signals.clone())  # what comes next may be in place

    def add(self, module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        j = self.numbers[1][module]
        if not self._kept[j]:
            raise _called_more_often(self._pairs[j][0])
        try:
            self._sums[j].add(self._kept[j].pop(0), self._pairs[j][1].activations(inputs))
        except InputError as error:
            raise InputError(f"Layer {self._pairs[j][0].name}: {error}.") from None

    def refuse_left(self) -> None:
        """Refuse signals of the reference that would be paired with the next pictures."""
        for pair, left in zip(self._pairs, self._kept, strict=True):
            if left:
                raise _called_more_often(pair[0])


def _called_more_often(layer: Layer) -> InputError:
    return InputError(f"Layer {layer.name} is called more often in one network.")


def one_layer_moments(
    reference: nn.Module,
    other: nn.Module,
    pair: LayerPair,
    batches: Batches,
    *,
    diagonal: bool = False,
) -> CrossMoments:
    """Return the moments of what one pair of layers reads first; the networks run up to there."""
    sums = CrossMoments(pair[0].shape[1], pair[1].shape[1], diagonal=diagonal)
    for x in batches():
        a, b = (
            layer.activations(read_by(net, layer.module, x))
            for net, layer in zip((reference, other), pair, strict=True)
        )
        try:
            sums.add(a, b)
        except InputError as error:
            raise InputError(f"Layer {pair[0].name}: {error}.") from None
    return sums


def _aligned(pair: LayerPair, sums: CrossMoments, *, copies: int, polar: str) -> AlignedLayer:
    a, b = pair
    real = not a.complex
    try:
        if sums.diagonal:
            means = similarity_of_means(sums, real=real)
            return AlignedLayer(a, b, identity(sums, real=real), 0, means, fixed=True)
        if sums.count and not min(sums.powers) > 0:
            return AlignedLayer(a, b, nothing(sums, real=real), 0)
        rotation = procrustes(sums, real=real, copies=copies, polar=polar)
    except InputError as error:
        raise InputError(f"Layer {a.name}: {str(error).removesuffix('.')}.") from None
    needed = SAMPLES * max(a.shape[1], b.shape[1]) // copies
    means = similarity_of_means(sums, real=real, copies=copies)
    return AlignedLayer(a, b, rotation, needed, means)


def _repeated(parts: Sequence[CalledParts]) -> list[str]:
    names = list(dict.fromkeys(layer.name for part in parts for layer in part.repeated))
    if not names:
        return []
    return [
        f"{listed(names)} read more than one input for a picture: all of them are turned by one "
        "rotation, and not at all where both networks read the pictures"
    ]


def _warnings(
    reference: nn.Module, layers: tuple[AlignedLayer, ...], pictures: int, whole: int
) -> list[str]:
    warnings = []
    few = [layer for layer in layers if not layer.enough]
    if few:
        worst = max(few, key=lambda layer: layer.needed / layer.rotation.samples)
        need = -(-whole * worst.needed // worst.rotation.samples)
        names = listed([layer.name for layer in few])
        warnings.append(
            f"{too_few(pictures, 'picture', of=whole)} to align {names}: {worst.name} has "
            f"{counted(worst.rotation.samples, 'sample')} and needs {worst.needed}; "
            f"give {counted(need, 'picture')}"
        )
    silent = [layer.name for layer in layers if math.isnan(layer.rotation.similarity)]
    if silent:
        warnings.append(
            f"what {listed(silent)} of one network reads is 0 for all pictures: nothing can be "
            "aligned there"
        )
    heard = {layer.name: layer.rotation for layer in layers if layer.name not in silent}
    warnings += undetermined(heard)
    lost = [layer.name for layer in layers if not layer.rotation.is_isometry]
    if lost:
        warnings.append(
            f"the reference is narrower at {listed(lost)}: a part of the other network is lost; "
            "take the wider network as the reference"
        )
    warnings += left_out(reference, "no rotation may mix their channels")
    warnings += own_forwards(reference)
    warnings += uncalled(reference, [layer.reference for layer in layers])
    return warnings + unsettled_words(reference)


def _words(layer: Layer) -> str:
    field = "complex " if layer.complex else ""
    return f"a {field}{layer.kind} with {layer.shape[2]} weights for each channel"
