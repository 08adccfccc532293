"""Takes in what the layers of a network put out, batch by batch, for their Fisher ratios."""

import operator
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import accumulate
from typing import Protocol, TypeGuard, runtime_checkable

import torch
from torch import Tensor, nn
from torch.jit import ScriptModule

from scorelet.analysis.channel_axes import ChannelAxes
from scorelet.analysis.fisher import (
    ConstantFeatures,
    FisherRatio,
    KindSeparation,
    fisher_ratio,
    separation_by_kind,
)
from scorelet.analysis.fisher_moments import ClassMoments
from scorelet.analysis.random_projection import RandomProjection
from scorelet.core.device import widened
from scorelet.core.errors import InputError
from scorelet.core.network import WATCHING, evaluated, not_compiled

INPUT = "input"
"""Name under which the pictures themselves are listed."""
OUTPUT = "output"
"""Name under which the answer of the network is listed, where no module's output is the same."""
PARTS = 2
"""Into which the samples of each class are dealt, for ratios from halves."""

_SILENT = (nn.Identity, nn.Flatten, nn.Unflatten, nn.modules.dropout._DropoutNd)


@runtime_checkable
class NamesItsChannels(Protocol):
    """A layer that says of what kind each channel of its output is."""

    channel_kinds: Sequence[str]


@dataclass(frozen=True)
class LayerSeparation:
    """What was found at one layer.

    Attributes:
        name: of the module, ``input`` for the pictures, ``output`` for the answer of the network;
            with #2, #3 for its later calls.
        module: its class.
        shape: of its output for one picture.
        fisher: the ratio of (projected) features, with its floor.
        kinds: separation of class means by kind of channel, where kinds are known.
    """

    name: str
    module: str
    shape: tuple[int, ...]
    fisher: FisherRatio
    kinds: tuple[KindSeparation, ...] = ()


class Probe:
    """Takes in the outputs of layers as they come."""

    def __init__(
        self,
        net: nn.Module,
        counts: list[int],
        patterns: Sequence[str] | None,
        dimension: int,
        axes: ChannelAxes | None,
        kinds: dict[str, Sequence[str]],
    ) -> None:
        self.counts, self.dimension, self.axes, self.kinds = counts, dimension, axes, kinds
        self.names = {m: n for n, m in net.named_modules() if n and _is_wanted(n, m, patterns)}
        self.with_input = patterns is None or _matches(INPUT, patterns)
        self.with_output = patterns is None or _matches(OUTPUT, patterns)
        self._answer_counts = patterns is not None and OUTPUT in patterns
        self.layers: dict[str, _Layer] = {}
        self.unsure: list[str] = []
        self._passed: dict[str, None] = {}  # calls whose outputs have no row for each picture
        self.pictures = 0
        self._calls: dict[str, int] = {}
        self._last: tuple[str, Tensor] | None = None
        self._answer: str | None = None

    def start(self, labels: Tensor) -> None:
        """Begin a batch."""
        self.labels, self._calls, self._last = labels, {}, None
        self.pictures += len(labels)
        self._trying = False

    def try_out(self, count: int) -> None:
        """Begin a batch that is not taken in, of another number of pictures than the next one.

        So what has a row for each token is known, which may be as many as pictures in one of them.
        """
        self.labels, self._calls, self._trying = torch.zeros(count), {}, True

    def record(self, name: str, module: nn.Module, output: object) -> None:
        """Take in one output, the first of several; what is no batch of numbers is noted."""
        if name == INPUT and not self.with_input:
            return
        output = output[0] if isinstance(output, tuple) and output else output
        call = self._calls[name] = self._calls.get(name, 0) + 1
        name = name if call == 1 else f"{name}#{call}"
        if name in self._passed or not _is_batch(output, len(self.labels)):
            self._passed[name] = None
            self._forget(name)
            return
        if self._trying:
            return
        if name not in self.layers:
            self.layers[name] = self._layer(name, module, output)
        try:
            self.layers[name].add(output, self.labels)
        except InputError as error:
            raise InputError(f"Layer {name}: {error}") from None
        self._last = name, output.flatten(1).clone()  # later steps may work in place

    def record_answer(self, net: nn.Module, answer: object) -> None:
        """Take in what the network answers, after all layers."""
        if not self.with_output:
            return
        before = self._last
        self.record(OUTPUT, net, answer)
        if self._last and self._last is not before:
            self._answer, features = self._last
            self._answer_counts |= before is None or not _equal(before[1], features)

    def leave_out_repeated_answer(self) -> None:
        """Forget the answer where it was that of the last layer in all batches."""
        if self._answer and not self._answer_counts:
            self._forget(self._answer)

    def _forget(self, name: str) -> None:
        self.layers.pop(name, None)
        self.unsure = [other for other in self.unsure if other != name]

    @property
    def unread(self) -> tuple[str, ...]:
        """Names of what is no layer: an output of it was no batch of numbers."""
        return tuple(self._passed)

    def results(self) -> tuple[tuple[LayerSeparation, ...], tuple[str, ...]]:
        """Return what was found, in the order of the first calls, and the names of dead layers.

        Raises:
            InputError: no layer, or only dead ones.
        """
        found, dead = [], []
        for name, layer in self.layers.items():
            try:
                found.append(layer.result())
            except ConstantFeatures as error:
                dead.append(name)
                reason = f"Layer {name}: {error}"
        if not found:
            raise InputError(reason if dead else "No layer was asked for: name one at least.")
        return tuple(found), tuple(dead)

    def _layer(self, name: str, module: nn.Module, output: Tensor) -> "_Layer":
        kinds = self.kinds.get(name, ())
        if not kinds and name != INPUT and isinstance(module, NamesItsChannels):
            kinds = module.channel_kinds
        kind = "pictures" if name == INPUT else type(module).__name__
        space = self.axes.space(module, output) if self.axes else ()
        if self.axes and self.axes.is_unsure(module, output):
            self.unsure.append(name)
        return _Layer(name, kind, output, self.counts, self.dimension, space, tuple(kinds))


class _Layer:
    """The moments of one layer."""

    def __init__(
        self,
        name: str,
        kind: str,
        output: Tensor,
        counts: list[int],
        dimension: int,
        space: tuple[int, ...],
        kinds: tuple[str, ...],
    ) -> None:
        self.name, self.kind, self.space, self.kinds = name, kind, space, kinds
        self.shape = tuple(output.shape[1:])
        size = self._rows(output).shape[1]
        self.projection = RandomProjection(size, dimension)
        self.moments = ClassMoments(counts, self.projection.outputs, parts=PARTS)
        left = [n for axis, n in enumerate(self.shape, 1) if axis not in space]
        channels = list(accumulate(left, operator.mul))  # bands of wavelets are an axis more
        if kinds and len(kinds) not in channels:
            raise InputError(
                f"Layer {name}: {len(kinds)} kinds of channels are named, and it has "
                f"{channels[0]}: give one for each channel."
            )
        self.variances = ClassMoments(counts, size, diagonal=True) if kinds else None

    def add(self, output: Tensor, labels: Tensor) -> None:
        """Take in a batch."""
        if tuple(output.shape[1:]) != self.shape:
            raise InputError(
                f"its output has shape {tuple(output.shape[1:])} for a picture, but {self.shape} "
                "before: use pictures of one size."
            )
        rows = self._rows(output)
        self.moments.update(self.projection(rows), labels)
        if self.variances:
            self.variances.update(rows, labels)

    def result(self) -> LayerSeparation:
        """Return what was found."""
        try:
            fisher = fisher_ratio(self.moments)
            kinds = separation_by_kind(self.variances, self.kinds) if self.variances else ()
        except ConstantFeatures:
            raise
        except InputError as error:
            raise InputError(f"Layer {self.name}: {error}") from None
        return LayerSeparation(self.name, self.kind, self.shape, fisher, kinds)

    def _rows(self, output: Tensor) -> Tensor:
        output = widened(output)
        output = output.mean(self.space) if self.space else output
        if output.is_complex():
            output = torch.view_as_real(output.resolve_conj())
        return output.flatten(1)


@contextmanager
def listening(net: nn.Module, probe: Probe) -> Generator[None]:
    """Hand every wanted output to the probe, in evaluation mode.

    Raises:
        InputError: a layer that torch.jit has compiled, which takes no hooks.
    """
    compiled = [name for part, name in probe.names.items() if isinstance(part, ScriptModule)]
    if compiled:
        raise InputError(
            f"Layer {compiled[0]} is compiled by torch.jit, which lets nobody look at its output: "
            "give the network as it was before torch.jit.script or trace."
        )

    def hook(module: nn.Module, _inputs: object, output: object) -> None:
        probe.record(probe.names[module], module, output)

    with WATCHING, not_compiled():
        hooks = [module.register_forward_hook(hook) for module in probe.names]
        with evaluated(net, hooks):
            yield


def _equal(one: Tensor, other: Tensor) -> bool:
    alike = one.dtype == other.dtype and one.device == other.device
    return alike and torch.equal(one, other)


def _is_batch(output: object, count: int) -> TypeGuard[Tensor]:
    """Whether it has features of so many pictures."""
    if not isinstance(output, Tensor) or output.ndim < 2 or len(output) != count:
        return False
    return output.is_floating_point() or output.is_complex()


def _is_wanted(name: str, module: nn.Module, patterns: Sequence[str] | None) -> bool:
    if patterns is not None:
        return _matches(name, patterns)
    return next(module.children(), None) is None and not isinstance(module, _SILENT)


def _matches(name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)
