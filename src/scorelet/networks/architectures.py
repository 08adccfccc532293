"""Networks by the names of their classes; one is imported when it is first asked for.

So whoever denoises does not wait for scattering, nor for its filters.
"""

from collections.abc import Iterator, MutableMapping
from importlib import import_module

from torch import nn


class Architectures(MutableMapping[str, type[nn.Module]]):
    """Class name → class; a class of your own is added as to a dictionary.

    Args:
        modules: class name → name of its module in `scorelet.networks`.
    """

    def __init__(self, modules: dict[str, str]) -> None:
        self._entries: dict[str, str | type[nn.Module]] = dict(modules)

    def __getitem__(self, name: str) -> type[nn.Module]:
        entry = self._entries[name]
        if isinstance(entry, str):
            entry = self._entries[name] = vars(import_module(f"scorelet.networks.{entry}"))[name]
        return entry

    def __setitem__(self, name: str, architecture: type[nn.Module]) -> None:
        self._entries[name] = architecture

    def __delitem__(self, name: str) -> None:
        del self._entries[name]

    def __contains__(self, name: object) -> bool:
        return name in self._entries  # without an import

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)


ARCHITECTURES = Architectures(
    {
        "BFCNN": "bf_cnn",
        "DiffusionUNet": "diffusion_unet",
        "GradResNet": "grad_res_net",
        "FactorizedVGG": "vgg",
        "LearnedScattering": "learned_scattering",
        "PatchFrame": "patch_frame",
        "Perceptron": "perceptron",
        "ResNet": "res_net",
        "ScaleShared": "scale_shared",
        "ScatteringHead": "scattering_head",
        "ScatteringTree": "scattering_tree",
        "ShuffleUNet": "shuffle_unet",
        "StridedCNN": "strided_cnn",
        "UNet": "unet",
        "VGG": "vgg",
    }
)
"""Networks that a checkpoint can name, whose objects are each a `Network`."""
