"""scorelet: multiscale probability models of images and fields.

Everything is imported when it is first used, so that ``import scorelet`` costs nothing.

    >>> import scorelet as sl
    >>> denoiser = sl.load("photo")  # a Denoiser: denoiser(y, sigma) → E[x | y]
    >>> out = sl.denoise("noisy.png")  # doctest: +SKIP
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scorelet import wavelets
    from scorelet.analysis.fisher_profile import fisher_profile
    from scorelet.analysis.jacobian import JacobianBasis, jacobian_basis
    from scorelet.data.labelled import LabelledImages
    from scorelet.models import Denoiser, score
    from scorelet.recipes import reproduce
    from scorelet.tasks import field, weights
    from scorelet.tasks.audit import Audit, audit
    from scorelet.tasks.basis import basis
    from scorelet.tasks.classify import Classified, classify
    from scorelet.tasks.denoise import Denoised, denoise
    from scorelet.tasks.evaluate import evaluate
    from scorelet.tasks.explain_attack import ExplainedAttack, explain_attack
    from scorelet.tasks.field_model import FieldModel
    from scorelet.tasks.fisher import fisher
    from scorelet.tasks.noise import PictureNoise, noise
    from scorelet.tasks.restore import Restored, restore
    from scorelet.tasks.robust import Robustness, robust
    from scorelet.tasks.sample import Samples, sample
    from scorelet.tasks.scatter import scatter
    from scorelet.tasks.train import train
    from scorelet.zoo import load, save

_SOURCES = {
    "Audit": "scorelet.tasks.audit",
    "Classified": "scorelet.tasks.classify",
    "Denoised": "scorelet.tasks.denoise",
    "Denoiser": "scorelet.models",
    "ExplainedAttack": "scorelet.tasks.explain_attack",
    "FieldModel": "scorelet.tasks.field_model",
    "JacobianBasis": "scorelet.analysis.jacobian",
    "LabelledImages": "scorelet.data.labelled",
    "audit": "scorelet.tasks.audit",
    "PictureNoise": "scorelet.tasks.noise",
    "basis": "scorelet.tasks.basis",
    "Restored": "scorelet.tasks.restore",
    "classify": "scorelet.tasks.classify",
    "denoise": "scorelet.tasks.denoise",
    "evaluate": "scorelet.tasks.evaluate",
    "explain_attack": "scorelet.tasks.explain_attack",
    "fisher": "scorelet.tasks.fisher",
    "fisher_profile": "scorelet.analysis.fisher_profile",
    "jacobian_basis": "scorelet.analysis.jacobian",
    "load": "scorelet.zoo",
    "noise": "scorelet.tasks.noise",
    "reproduce": "scorelet.recipes",
    "restore": "scorelet.tasks.restore",
    "robust": "scorelet.tasks.robust",
    "Robustness": "scorelet.tasks.robust",
    "sample": "scorelet.tasks.sample",
    "Samples": "scorelet.tasks.sample",
    "save": "scorelet.zoo",
    "scatter": "scorelet.tasks.scatter",
    "score": "scorelet.models",
    "train": "scorelet.tasks.train",
}

_MODULES = {
    "field": "scorelet.tasks.field",
    "wavelets": "scorelet.wavelets",
    "weights": "scorelet.tasks.weights",
}

__all__ = [
    "Audit",
    "Classified",
    "Denoised",
    "Denoiser",
    "ExplainedAttack",
    "FieldModel",
    "JacobianBasis",
    "LabelledImages",
    "PictureNoise",
    "Restored",
    "Robustness",
    "Samples",
    "audit",
    "basis",
    "classify",
    "denoise",
    "evaluate",
    "explain_attack",
    "field",
    "fisher",
    "fisher_profile",
    "jacobian_basis",
    "load",
    "noise",
    "reproduce",
    "restore",
    "robust",
    "sample",
    "save",
    "scatter",
    "score",
    "train",
    "wavelets",
    "weights",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever the name stands for
    if name in _SOURCES:
        return getattr(import_module(_SOURCES[name]), name)
    if name in _MODULES:
        return import_module(_MODULES[name])
    raise AttributeError(f"module 'scorelet' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
