"""Which channels of a network say nothing, whatever the picture and its noise.

A channel is idle if its GELU or ReLU returns the same everywhere: its deviation over pictures,
places and noise levels is less than a thousandth of that of its layer. GELU hides such channels as
ReLU does: far below zero its value and its slope are zero, and the weights that lead there learn no
more.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn

from scorelet.core.random import Noise
from scorelet.core.typing import Image
from scorelet.models import Denoiser, NetworkJointEnergy
from scorelet.networks.gelu import gelu
from scorelet.networks.grad_res_net import GradBlock, GradResNet

IDLE = 1e-3
SIGMAS = (0.0, 0.1, 0.5)
Maps = Callable[[Tensor], Tensor]


def idle_maps(joint: NetworkJointEnergy, x: Image) -> list[dict[str, Any]]:
    """Return a row for each non-linear layer: channels, idle ones, and the quietest one's share.

    Args:
        joint: its network is a `GradResNet`.
        x: clean pictures; noise is added.
    """
    assert isinstance(joint.network, GradResNet)
    watched = [
        (name, module, _same if isinstance(module, GradBlock) else gelu)
        for name, module in joint.network.named_modules()
        if isinstance(module, GradBlock)
        or name == "stem"
        or (name.endswith(".first") and isinstance(module, nn.Conv2d))
    ]
    return _rows(variances(watched, joint.logits, x))


def idle_units(denoiser: Denoiser, x: Image) -> list[dict[str, Any]]:
    """Return the same of the ReLUs of a denoiser."""
    return _rows(unit_variances(denoiser, x))


def unit_variances(denoiser: Denoiser, x: Image) -> dict[str, Tensor]:
    """Return of each ReLU by name the variance of every channel."""
    watched = [(n, m, _same) for n, m in denoiser.named_modules() if isinstance(m, nn.ReLU)]
    return variances(watched, denoiser, x)


def idle(variance: Tensor) -> Tensor:
    """Return which channels of a layer say nothing."""
    return _shares(variance) < IDLE


@torch.no_grad()
def variances(
    watched: Iterable[tuple[str, nn.Module, Maps]], run: Callable[..., Tensor], x: Image
) -> dict[str, Tensor]:
    """Return the variance of every channel of each layer, (channel,), the mean over noise levels.

    Args:
        watched: name, module, and what makes the maps of its output.
        run: from noisy images and their level, through these modules.
        x: clean pictures.
    """
    seen: dict[str, list[Tensor]] = defaultdict(list)
    hooks = [m.register_forward_hook(_watch(seen[name], maps)) for name, m, maps in watched]
    try:
        for sigma in SIGMAS:
            run(x + sigma * Noise(0, range(len(x))).normal(x), sigma)
    finally:
        for hook in hooks:
            hook.remove()
    return {name: torch.stack(parts).mean(0) for name, parts in seen.items()}


def _watch(parts: list[Tensor], maps: Maps) -> Any:  # noqa: ANN401 - a hook
    def hook(_module: nn.Module, _inputs: Any, z: Tensor) -> None:  # noqa: ANN401
        parts.append(maps(z).double().movedim(1, 0).flatten(1).var(1))

    return hook


def _same(z: Tensor) -> Tensor:
    return z


def _shares(variance: Tensor) -> Tensor:
    return (variance / variance.mean()).sqrt()


def _rows(found: dict[str, Tensor]) -> list[dict[str, Any]]:
    return [
        {
            "layer": name,
            "channels": len(variance),
            "idle": int(idle(variance).sum()),
            "quietest": round(float(_shares(variance).min()), 4),
        }
        for name, variance in found.items()
    ]
