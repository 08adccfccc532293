"""Published denoisers of white noise as `Denoiser`, to stand between our transform and its inverse.

The released weights of BF-CNN are not in the repository: `$SCORELET_BF_CNN` names the file
`pretrained/dncnn/bias_free/0-100.pt` of github.com/LabForComputationalVision/bias_free_denoising
(commit 64930f0, MIT), the network of Mohan et al., ICLR 2020, trained on levels of 0 to 100.
"""

import argparse
import os
from pathlib import Path

import torch
from denoise_peers import bm3d
from torch import Tensor

from scorelet.models import Denoiser, ResidualDenoiser
from scorelet.networks.bf_cnn import BFCNN

DEPTH = 20
_EPS = 1e-5
"""What the released layers add to a running deviation."""


class BM3D(Denoiser):
    """BM3D of the package bm3d, told the noise level; one gray image at a time."""

    channels = (1,)

    def _denoise(
        self, y: Tensor, sigma: Tensor, cond: Tensor | None, label: Tensor | None
    ) -> Tensor:
        pixels = y[0].permute(1, 2, 0).double().numpy()
        clean = bm3d(pixels, float(sigma[0]), profile="np")
        return torch.from_numpy(clean).permute(2, 0, 1)[None].to(y)


def released_bf_cnn() -> Denoiser | None:
    """Return BF-CNN with its released weights, or None: `$SCORELET_BF_CNN` is not set."""
    name = os.environ.get("SCORELET_BF_CNN")
    if not name:
        return None
    with torch.serialization.safe_globals([argparse.Namespace]):  # the options of its training
        stored = torch.load(Path(name), weights_only=True, map_location="cpu")["model"][0]
    weights = {
        "layers.0.weight": stored["first_layer.weight"],
        f"layers.{2 + 3 * (DEPTH - 2)}.weight": stored["last_layer.weight"],
    }
    for k in range(DEPTH - 2):
        norm = f"bn_layer_list.{k}"
        weights[f"layers.{2 + 3 * k}.weight"] = stored[f"hidden_layer_list.{k}.weight"]
        weights[f"layers.{3 + 3 * k}.gain"] = stored[f"{norm}.weight"]
        weights[f"layers.{3 + 3 * k}.running_std"] = stored[f"{norm}.running_var"].sqrt() + _EPS
    network = BFCNN(1, depth=DEPTH)
    network.load_state_dict(weights)
    return ResidualDenoiser(network, channels=(1,)).eval()
