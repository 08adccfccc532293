"""Architectures only: no probability, no files."""

from torch import nn

from scorelet.core.network import Network
from scorelet.networks.bf_cnn import BFCNN
from scorelet.networks.folding import folded
from scorelet.networks.learned_scattering import LearnedScattering
from scorelet.networks.normalization import BiasFreeBatchNorm
from scorelet.networks.patch_frame import PatchFrame
from scorelet.networks.res_net import ResNet
from scorelet.networks.scattering_head import FixedFeatures, ScatteringHead
from scorelet.networks.scattering_tree import ScatteringTree
from scorelet.networks.shuffle_unet import ShuffleUNet
from scorelet.networks.unet import UNet

ARCHITECTURES: dict[str, type[nn.Module]] = {
    "BFCNN": BFCNN,
    "ScatteringHead": ScatteringHead,
    "LearnedScattering": LearnedScattering,
    "PatchFrame": PatchFrame,
    "ResNet": ResNet,
    "ScatteringTree": ScatteringTree,
    "ShuffleUNet": ShuffleUNet,
    "UNet": UNet,
}
"""Networks that a checkpoint can name: class name → class, whose objects are each a `Network`."""

__all__ = [
    "ARCHITECTURES",
    "BFCNN",
    "BiasFreeBatchNorm",
    "FixedFeatures",
    "LearnedScattering",
    "Network",
    "PatchFrame",
    "ResNet",
    "ScatteringHead",
    "ScatteringTree",
    "ShuffleUNet",
    "UNet",
    "folded",
]
