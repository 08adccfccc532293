"""Class separation by depth: the Fisher ratio of what every layer of a network puts out.

Layers have different numbers of features, and the floor of a Fisher ratio grows with that number;
so all are brought to the same one before they are compared: a layer with more is projected at
random. A projection never raises the ratio.
"""

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor, nn

from scorelet.analysis.fisher import (
    FisherRatio,
    Separation,
    fisher_ratio,
    separation_by_kind,
)
from scorelet.analysis.fisher_moments import ClassMoments, check_counts
from scorelet.analysis.labelled_batches import Source, labelled_batches
from scorelet.analysis.random_projection import RandomProjection
from scorelet.core.errors import InputError
from scorelet.core.numbers import is_whole
from scorelet.core.progress import Progress

INPUT = "input"
"""Name under which the pictures themselves are listed."""

_SILENT = (nn.Identity, nn.Flatten, nn.Unflatten, nn.modules.dropout._DropoutNd)
_PARTS = 2


@runtime_checkable
class NamesItsChannels(Protocol):
    """A layer that says of what kind each channel of its output is."""

    channel_kinds: Sequence[str]


@dataclass(frozen=True)
class LayerSeparation:
    """What was found at one layer.

    Attributes:
        name: of the module, ``input`` for the pictures, with #2, #3 for its later calls.
        module: its class.
        shape: of its output for one picture.
        fisher: the ratio of (projected) features, with its floor.
        kinds: separation of class means by kind of channel, where kinds are known.
    """

    name: str
    module: str
    shape: tuple[int, ...]
    fisher: FisherRatio
    kinds: tuple[Separation, ...] = ()


@dataclass(frozen=True)
class FisherProfile:
    """The layers of a network, in the order in which they were called.

    Attributes:
        layers: one record each.
        counts: samples of each class.
        dimension: number of features that layers with more were projected to.
        pool: "flatten", or "mean" where each channel was averaged over space first.
    """

    layers: tuple[LayerSeparation, ...]
    counts: tuple[int, ...]
    dimension: int
    pool: str

    def __getitem__(self, name: str) -> LayerSeparation:
        """Return the layer called `name`."""
        for layer in self.layers:
            if layer.name == name:
                return layer
        raise KeyError(name)


def fisher_profile(
    net: nn.Module,
    data: Source,
    *,
    layers: str | Sequence[str] | None = None,
    dimension: int = 512,
    pool: str = "flatten",
    kinds: Mapping[str, Sequence[str]] | None = None,
    batch: int = 128,
    progress: Progress | None = None,
) -> FisherProfile:
    """Return the Fisher ratio of every layer of a network.

    Args:
        net: any module that maps a batch of pictures; it is run in evaluation mode, where it is,
            and left in the mode that it was in.
        data: a pair (x, y): x floats (n, channel, height, width), or uint8 pictures
            (n, height, width, channel), which become floats in [0, 1]; y whole numbers (n,) from
            0. Or an object with such `x` and `y`; or a loader of batches (x, y) that can be
            walked twice in the same order.
        layers: names of modules as in ``net.named_modules()``, ``*`` and ``?`` allowed; None takes
            the pictures and all modules without parts of their own.
        dimension: layers with more features are projected to so many.
        pool: "flatten" takes all positions, "mean" averages each channel over space.
        kinds: of the channels of layers, by name; layers that say it themselves need none.
        batch: pictures at a time.
        progress: called with (pictures done, pictures).

    Raises:
        InputError: data that cannot be used, names that no layer has, a layer with outputs that
            are not finite or constant within classes.

    Example:
        >>> import torch, scorelet as sl
        >>> net = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(16, 8), torch.nn.ReLU())
        >>> y = torch.arange(60) % 3
        >>> x = torch.randn(60, 1, 4, 4) + y[:, None, None, None]
        >>> profile = sl.fisher_profile(net, (x, y))
        >>> [layer.name for layer in profile.layers]
        ['input', '1', '2']
    """
    _check_options(dimension, pool)
    labels, batches = labelled_batches(data, batch=batch)
    counts = torch.bincount(labels).tolist()
    check_counts(counts, _PARTS)
    patterns = [layers] if isinstance(layers, str) else layers
    probe = _Probe(net, counts, patterns, dimension, pool, dict(kinds or {}))
    with _listening(net, probe), torch.no_grad():
        for x, y in batches():
            probe.start(y)
            x = _on_device_of(net, x)
            probe.record(INPUT, net, x)
            net(x)
            if progress:
                progress(probe.pictures, len(labels))
    _refuse_unknown(patterns, net, probe)
    return FisherProfile(probe.results(), tuple(counts), dimension, pool)


class _Probe:
    """Takes in the outputs of layers as they come."""

    def __init__(
        self,
        net: nn.Module,
        counts: list[int],
        patterns: Sequence[str] | None,
        dimension: int,
        pool: str,
        kinds: dict[str, Sequence[str]],
    ) -> None:
        self.counts, self.dimension, self.pool, self.kinds = counts, dimension, pool, kinds
        self.names = {m: n for n, m in net.named_modules() if n and _is_wanted(n, m, patterns)}
        self.with_input = patterns is None or _matches(INPUT, patterns)
        self.layers: dict[str, _Layer] = {}
        self.pictures = 0
        self._calls: dict[str, int] = {}

    def start(self, labels: Tensor) -> None:
        """Begin a batch."""
        self.labels, self._calls = labels, {}
        self.pictures += len(labels)

    def record(self, name: str, module: nn.Module, output: object) -> None:
        """Take in one output; what is no batch of floats is passed over."""
        if name == INPUT and not self.with_input:
            return
        floats = isinstance(output, Tensor) and output.is_floating_point() and output.ndim > 1
        if not floats or len(output) != len(self.labels):
            return
        call = self._calls[name] = self._calls.get(name, 0) + 1
        name = name if call == 1 else f"{name}#{call}"
        if name not in self.layers:
            self.layers[name] = self._layer(name, module, output)
        try:
            self.layers[name].add(output, self.labels)
        except InputError as error:
            raise InputError(f"Layer {name}: {error}") from None

    def results(self) -> tuple[LayerSeparation, ...]:
        """Return what was found, in the order of the first calls."""
        return tuple(layer.result() for layer in self.layers.values())

    def _layer(self, name: str, module: nn.Module, output: Tensor) -> "_Layer":
        kinds = self.kinds.get(name, ())
        if not kinds and name != INPUT and isinstance(module, NamesItsChannels):
            kinds = module.channel_kinds
        kind = "pictures" if name == INPUT else type(module).__name__
        return _Layer(name, kind, output, self.counts, self.dimension, self.pool, tuple(kinds))


class _Layer:
    """The moments of one layer."""

    def __init__(
        self,
        name: str,
        kind: str,
        output: Tensor,
        counts: list[int],
        dimension: int,
        pool: str,
        kinds: tuple[str, ...],
    ) -> None:
        self.name, self.kind, self.pool, self.kinds = name, kind, pool, kinds
        self.shape = tuple(output.shape[1:])
        self.projection = RandomProjection(self._rows(output).shape[1], dimension)
        self.moments = ClassMoments(counts, self.projection.outputs, parts=_PARTS)
        size = output[0].numel()
        self.variances = ClassMoments(counts, size, diagonal=True) if kinds else None

    def add(self, output: Tensor, labels: Tensor) -> None:
        """Take in a batch."""
        if tuple(output.shape[1:]) != self.shape:
            raise InputError(
                f"its output has shape {tuple(output.shape[1:])} for a picture, but {self.shape} "
                "before: use pictures of one size."
            )
        self.moments.update(self.projection(self._rows(output)), labels)
        if self.variances:
            self.variances.update(output.flatten(1), labels)

    def result(self) -> LayerSeparation:
        """Return what was found."""
        try:
            fisher = fisher_ratio(self.moments)
            kinds = separation_by_kind(self.variances, self.kinds) if self.variances else ()
        except InputError as error:
            raise InputError(f"Layer {self.name}: {error}") from None
        return LayerSeparation(self.name, self.kind, self.shape, fisher, kinds)

    def _rows(self, output: Tensor) -> Tensor:
        if self.pool == "mean" and output.ndim > 2:
            output = output.mean((-2, -1) if output.ndim > 3 else 2)
        return output.flatten(1)


@contextmanager
def _listening(net: nn.Module, probe: _Probe) -> Generator[None]:
    """Hand every wanted output to the probe, in evaluation mode."""

    def hook(module: nn.Module, _inputs: object, output: object) -> None:
        probe.record(probe.names[module], module, output)

    modes = {module: module.training for module in net.modules()}
    handles = [module.register_forward_hook(hook) for module in probe.names]
    net.eval()
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()
        for module, mode in modes.items():
            module.training = mode


def _is_wanted(name: str, module: nn.Module, patterns: Sequence[str] | None) -> bool:
    if patterns is not None:
        return _matches(name, patterns)
    return next(module.children(), None) is None and not isinstance(module, _SILENT)


def _matches(name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def _refuse_unknown(patterns: Sequence[str] | None, net: nn.Module, probe: _Probe) -> None:
    found = {name.partition("#")[0] for name in probe.layers}
    for pattern in patterns or ():
        if not any(fnmatchcase(name, pattern) for name in found):
            names = ", ".join([INPUT, *(name for name, _ in net.named_modules() if name)][:12])
            raise InputError(
                f"No layer is called {pattern!r}, or its output is no tensor: choose among "
                f"{names} ..."
            )


def _on_device_of(net: nn.Module, x: Tensor) -> Tensor:
    for tensor in (*net.parameters(), *net.buffers()):
        return x.to(tensor.device)
    return x


def _check_options(dimension: int, pool: str) -> None:
    if not is_whole(dimension, least=2):
        raise InputError(f"dimension is {dimension!r}: it must be a whole number of at least 2.")
    if pool not in ("flatten", "mean"):
        raise InputError(f"pool is {pool!r}: it must be flatten or mean.")
