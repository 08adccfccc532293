"""Modules that are another map in training: refused, wherever they are called from."""

import threading
import warnings
from collections.abc import Generator
from contextlib import contextmanager

from torch import Tensor, nn
from torch.nn.modules.module import register_module_forward_pre_hook

from scorelet.core.errors import InputError
from scorelet.networks.normalization import BiasFreeBatchNorm

_CHANCE = ("DropPath", "StochasticDepth")
"""Classes of timm and torchvision that leave out branches by chance, by name."""


def check_mode(f: object) -> None:
    """Refuse what would normalise by the one image: another map than the one that is used."""
    if not isinstance(f, nn.Module):
        return
    for name, module in f.named_modules():
        if module.training and _changes_in_training(module):
            raise InputError(
                f"{name or type(f).__name__} is in training mode, where it depends on the batch or "
                "on chance: call .eval() first."
            )


class Watch:
    """Knows which modules in training mode a map calls: functions call networks unseen.

    It is a hook that is called before modules. Parts of a residual block, which kernels compute at
    once, have no mode; where parts have one kernels stay out (`only_images_matter`).
    """

    needs_no_parts = True

    def __init__(self) -> None:
        self._thread = threading.get_ident()
        self._called: dict[nn.Module, None] = {}

    @contextmanager
    def over(self) -> Generator[None]:
        """Look at what this thread calls within the context.

        Raises:
            InputError: within it, for a module in training mode that is another map there.
        """
        handle = register_module_forward_pre_hook(self)
        try:
            with warnings.catch_warnings():  # it does not matter that torch calls it twice
                warnings.filterwarnings("ignore", r"Using `torch\.compile")
                yield
        finally:
            handle.remove()

    def buffers(self) -> dict[tuple[nn.Module, str], Tensor]:
        """Return copies of what the modules in training mode keep, which norms change there."""
        return {
            (module, name): buffer.clone()
            for module in self._called
            for name, buffer in module.named_buffers(recurse=False)
        }

    def __call__(self, module: nn.Module, _inputs: object) -> None:
        """Look at a module that is called."""
        if threading.get_ident() != self._thread or not module.training:
            return
        if _changes_in_training(module):
            raise InputError(
                f"f calls a {type(module).__name__} in training mode, where it depends on the "
                "batch or on chance: call .eval() on the network first."
            )
        self._called[module] = None


def check_unchanged(before: dict[tuple[nn.Module, str], Tensor]) -> None:
    """Refuse a map whose calls change what its modules keep."""
    for (module, name), kept in before.items():
        now = dict(module.named_buffers(recurse=False)).get(name)
        if now is None or now.shape != kept.shape or not _equal(now, kept):
            raise InputError(
                f"{type(module).__name__} is in training mode and changes its {name} each time it "
                "is called: call .eval() on the network first."
            )


def _equal(a: Tensor, b: Tensor) -> bool:
    return bool(((a == b) | ((a != a) & (b != b))).all())


def _changes_in_training(module: nn.Module) -> bool:
    if isinstance(module, nn.modules.batchnorm._NormBase):  # instance norms, too
        by_batch = isinstance(module, nn.modules.batchnorm._BatchNorm)
        return by_batch or module.track_running_stats
    drops = isinstance(module, nn.modules.dropout._DropoutNd | BiasFreeBatchNorm)
    return drops or type(module).__name__ in _CHANCE
