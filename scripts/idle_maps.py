"""Which channels of a GradResNet say nothing, whatever the picture and its noise.

A channel is idle if its GELU returns the same everywhere: its deviation over pictures, places and
noise levels is less than a thousandth of that of its layer. GELU hides such channels as ReLU does:
far below zero its value and its slope are zero, and the weights that lead there learn no more.
"""

from collections import defaultdict
from typing import Any

import torch
from torch import Tensor, nn

from scorelet.core.random import Noise
from scorelet.core.typing import Image
from scorelet.models import NetworkJointEnergy
from scorelet.networks.gelu import gelu
from scorelet.networks.grad_res_net import GradBlock, GradResNet

IDLE = 1e-3
SIGMAS = (0.0, 0.1, 0.5)


@torch.no_grad()
def idle_maps(joint: NetworkJointEnergy, x: Image) -> list[dict[str, Any]]:
    """Return a row for each non-linear layer: channels, idle ones, and the quietest one's share.

    Args:
        joint: its network is a `GradResNet`.
        x: clean pictures; noise is added.
    """
    assert isinstance(joint.network, GradResNet)
    seen: dict[str, list[Tensor]] = defaultdict(list)
    hooks = [
        module.register_forward_hook(_watch(seen[name], name))
        for name, module in joint.network.named_modules()
        if isinstance(module, GradBlock)
        or name == "stem"
        or (name.endswith(".first") and isinstance(module, nn.Conv2d))
    ]
    try:
        for sigma in SIGMAS:
            joint.logits(x + sigma * Noise(0, range(len(x))).normal(x), sigma)
    finally:
        for hook in hooks:
            hook.remove()
    return [_row(name, torch.stack(parts).mean(0)) for name, parts in seen.items()]


def _watch(parts: list[Tensor], name: str) -> Any:  # noqa: ANN401 - a hook
    def hook(module: nn.Module, _inputs: Any, z: Tensor) -> None:  # noqa: ANN401
        maps = z if isinstance(module, GradBlock) else gelu(z)
        parts.append(maps.double().movedim(1, 0).flatten(1).var(1))

    return hook


def _row(name: str, variances: Tensor) -> dict[str, Any]:
    share = (variances / variances.mean()).sqrt()
    return {
        "layer": name,
        "channels": len(share),
        "idle": int((share < IDLE).sum()),
        "quietest": round(float(share.min()), 4),
    }
