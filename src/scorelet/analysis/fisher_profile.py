"""Class separation by depth: the Fisher ratio of what every layer of a network puts out.

Layers have different numbers of features, and the floor of a Fisher ratio grows with that number;
so all are brought to the same one before they are compared: a layer with more is projected at
random. A projection never raises the ratio.
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from fnmatch import fnmatchcase

import torch
from torch import Tensor, nn

from scorelet.analysis.alignment.watching import show
from scorelet.analysis.channel_axes import ChannelAxes
from scorelet.analysis.fisher_moments import check_counts
from scorelet.analysis.labelled_batches import Source, labelled_batches
from scorelet.analysis.layer_probe import (
    INPUT,
    OUTPUT,
    PARTS,
    LayerSeparation,
    Probe,
    listening,
)
from scorelet.core.errors import InputError
from scorelet.core.network import unwrapped
from scorelet.core.numbers import is_whole
from scorelet.core.options import checked
from scorelet.core.progress import Progress

_SHOWN = 15  # names of layers in a message


@dataclass(frozen=True)
class FisherProfile:
    """The layers of a network, in the order in which they were called.

    Attributes:
        layers: one record each; the last is the answer of the network, called ``output`` where the
            last module's is another, or was not asked for.
        counts: samples of each class.
        dimension: number of features that layers with more were projected to.
        pool: "flatten", or "mean" where each channel was averaged over space first.
        dead: names of layers that are left out: their outputs are constant within every class.
        unsure: with "mean", names of layers of which nothing says on which axis their channels are;
            the first is taken, see `scorelet.analysis.channel_axes`.
        unread: names of modules that are left out: an output of them is no tensor of floats or
            complex numbers with a row for each picture, as where tokens come first.
    """

    layers: tuple[LayerSeparation, ...]
    counts: tuple[int, ...]
    dimension: int
    pool: str
    dead: tuple[str, ...] = ()
    unsure: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()

    def __getitem__(self, name: str) -> LayerSeparation:
        """Return the layer called `name`."""
        for layer in self.layers:
            if layer.name == name:
                return layer
        raise KeyError(name)


@checked
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
        net: any module that maps a batch of pictures, which are brought to its device and dtype; it
            is run in evaluation mode, and left in the mode that it was in.
        data: a pair (x, y): x floats (n, channel, height, width), or uint8 pictures
            (n, height, width, channel), which become floats in [0, 1]; y whole numbers (n,) from
            0. Or an object with such `x` and `y`; or a loader of batches (x, y) that can be
            walked twice in the same order.
        layers: names of modules as in ``net.named_modules()``, ``*`` and ``?`` allowed, ``input``
            for the pictures, ``output`` for what the network answers; None takes these and all
            modules without parts of their own. What steps of a ``forward`` make that are no
            modules, as functions and sums, is seen in the answer only.
        dimension: layers with more features are projected to so many.
        pool: "flatten" takes all positions, "mean" averages each channel over space, features of
            tokens over tokens.
        kinds: of the channels of layers, by name; layers that say it themselves need none.
        batch: pictures at a time.
        progress: called with (pictures done, pictures).

    Raises:
        InputError: data that cannot be used, names that no layer has, a layer with outputs that
            are not finite, layers that are all constant within classes, pictures that the network
            does not take.

    Example:
        >>> import torch, scorelet as sl
        >>> net = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(16, 8), torch.nn.ReLU())
        >>> y = torch.arange(60) % 3
        >>> x = torch.randn(60, 1, 4, 4) + y[:, None, None, None]
        >>> profile = sl.fisher_profile(net, (x, y))
        >>> [layer.name for layer in profile.layers]
        ['input', '1', '2']
    """
    _check_options(dimension, pool, batch)
    net = unwrapped(net)
    labels, batches = labelled_batches(data, batch=batch)
    counts = torch.bincount(labels).tolist()
    check_counts(counts, PARTS, getattr(data, "classes", ()))
    patterns = [layers] if isinstance(layers, str) else layers
    axes = ChannelAxes(net, next(batches())[0][:2]) if pool == "mean" else None
    probe = Probe(net, counts, patterns, dimension, axes, dict(kinds or {}))
    _try_out(net, next(batches())[0], probe)
    _show(net, batches(), probe, progress)
    _refuse_unknown(patterns, net, probe)
    probe.leave_out_repeated_answer()
    found, dead = probe.results()
    unsure = tuple(probe.unsure)
    return FisherProfile(found, tuple(counts), dimension, pool, dead, unsure, probe.unread)


@torch.no_grad()
def _try_out(net: nn.Module, x: Tensor, probe: Probe) -> None:
    """Let the probe see which outputs have a row for each picture: of two or three pictures."""
    count = 2 if len(x) != 2 else 3
    probe.try_out(count)
    with listening(net, probe), suppress(InputError):  # it may take batches of one size alone
        probe.record_answer(net, show(net, x[torch.arange(count) % len(x)]))


@torch.no_grad()
def _show(
    net: nn.Module,
    batches: Iterable[tuple[Tensor, Tensor]],
    probe: Probe,
    progress: Progress | None,
) -> None:
    """Show all batches to the network, and what its layers put out to the probe."""
    with listening(net, probe):
        for x, y in batches:
            probe.start(y)
            probe.record(INPUT, net, x)
            probe.record_answer(net, show(net, x))
            if progress:
                progress(probe.pictures, sum(probe.counts))


def _refuse_unknown(patterns: Sequence[str] | None, net: nn.Module, probe: Probe) -> None:
    found = {name.partition("#")[0] for name in probe.layers}
    for pattern in patterns or ():
        if not any(fnmatchcase(name, pattern) for name in found):
            names = [INPUT, *(name for name, _ in net.named_modules() if name), OUTPUT]
            shown = names if len(names) <= _SHOWN else [*names[: _SHOWN - 3], "...", *names[-4:]]
            raise InputError(
                f"No layer is called {pattern!r}, or its output is no tensor: choose among "
                f"{', '.join(shown)}."
            )


def _check_options(dimension: int, pool: str, batch: int) -> None:
    if not is_whole(batch, least=1):
        raise InputError(f"batch is {batch!r}: it must be a whole number of at least 1.")
    if not is_whole(dimension, least=2):
        raise InputError(f"dimension is {dimension!r}: it must be a whole number of at least 2.")
    if pool not in ("flatten", "mean"):
        raise InputError(f"pool is {pool!r}: it must be flatten or mean.")
