"""The kinds of model that scorelet comes with, one file each.

Those that need wavelets are imported when a file or a model of theirs is met.
"""

from importlib import import_module

from scorelet.zoo.kind import LATER, register

for _name in (
    "blind_denoiser",
    "classifier",
    "conditional_denoiser",
    "gaussian_mixture",
    "joint_energy",
    "level_map_denoiser",
):
    register(import_module(f"scorelet.zoo.kinds.{_name}").KIND)
LATER |= {
    "centred-denoiser": "scorelet.zoo.kinds.bounded_denoiser",
    "gaussian-guided-denoiser": "scorelet.zoo.kinds.guided_denoiser",
    "told-guided-denoiser": "scorelet.zoo.kinds.guided_denoiser",
    "conditional-bounded-denoiser": "scorelet.zoo.kinds.bounded_denoiser",
    "conditional-energy": "scorelet.zoo.kinds.field_energy",
    "scaled-denoiser": "scorelet.zoo.kinds.scaled_denoiser",
    "scalar-density": "scorelet.zoo.kinds.field_energy",
    "multiscale": "scorelet.zoo.kinds.multiscale",
}
