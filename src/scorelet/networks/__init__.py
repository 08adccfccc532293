"""Architectures only: no probability, no files. Classes are imported when they are first used."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from scorelet.core.network import Network
from scorelet.networks.architectures import ARCHITECTURES
from scorelet.networks.folding import folded
from scorelet.networks.normalization import BiasFreeBatchNorm

if TYPE_CHECKING:
    from scorelet.networks.bf_cnn import BFCNN
    from scorelet.networks.diffusion_unet import DiffusionUNet
    from scorelet.networks.learned_scattering import LearnedScattering
    from scorelet.networks.patch_frame import PatchFrame
    from scorelet.networks.perceptron import Perceptron
    from scorelet.networks.res_net import ResNet
    from scorelet.networks.scale_shared import ScaleShared
    from scorelet.networks.scattering_head import FixedFeatures, ScatteringHead
    from scorelet.networks.scattering_tree import ScatteringTree
    from scorelet.networks.shuffle_unet import ShuffleUNet
    from scorelet.networks.strided_cnn import StridedCNN
    from scorelet.networks.unet import UNet
    from scorelet.networks.vgg import VGG, FactorizedVGG

__all__ = [
    "ARCHITECTURES",
    "BFCNN",
    "VGG",
    "BiasFreeBatchNorm",
    "DiffusionUNet",
    "FactorizedVGG",
    "FixedFeatures",
    "LearnedScattering",
    "Network",
    "PatchFrame",
    "Perceptron",
    "ResNet",
    "ScaleShared",
    "ScatteringHead",
    "ScatteringTree",
    "ShuffleUNet",
    "StridedCNN",
    "UNet",
    "folded",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever the name stands for
    if name == "FixedFeatures":
        return import_module("scorelet.networks.scattering_head").FixedFeatures
    if name in __all__ and name in ARCHITECTURES:
        return ARCHITECTURES[name]
    raise AttributeError(f"module 'scorelet.networks' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
