"""The verb fisher: class separation by depth of a model on labelled data."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from torch import nn

from scorelet.analysis.fisher_profile import (
    FisherProfile,
    LayerSeparation,
    fisher_profile,
)
from scorelet.core.device import choose_device
from scorelet.core.errors import InputError
from scorelet.core.options import check_fields, checked
from scorelet.core.progress import Progress
from scorelet.data.labelled import LabelledImages, load_labelled
from scorelet.models import Classifier
from scorelet.tasks.array_files import save_page
from scorelet.tasks.fisher_report import report
from scorelet.tasks.fitting import load_fitted
from scorelet.zoo import load

Data = str | Path | LabelledImages
Model = str | Path | nn.Module


@dataclass(frozen=True)
class FisherSettings:
    """What is measured, and on which pictures.

    Args:
        part: of the data, train or test.
        layers, dimension, pool: see `scorelet.fisher_profile`.
        limit: only the first so many pictures.
        device: auto, cpu, cuda or mps.
    """

    part: Literal["train", "test"] = "test"
    layers: tuple[str, ...] | None = None
    dimension: int = 512
    pool: str = "flatten"
    limit: int | None = None
    device: str = "auto"

    def __post_init__(self) -> None:
        """Check types, and what the analysis itself does not."""
        check_fields(self)
        if self.limit is not None and self.limit < 1:
            raise InputError(f"limit is {self.limit}: at least one picture must be measured.")
        if self.part not in ("train", "test"):
            raise InputError(f"part is {self.part!r}: it must be train or test.")


@dataclass(frozen=True)
class Separation:
    """Class separation by depth.

    Attributes:
        document: for JSON: model, data, part, pictures, classes, dimension, pool, warnings
            (sentences without a full stop) and ``layers``: name, module, shape, all of
            `scorelet.analysis.fisher.FisherRatio` by the names of its attributes, and kinds.
        profile: what it was made from.
    """

    document: dict[str, Any]
    profile: FisherProfile

    def save(self, path: str | Path, *, overwrite: bool = False) -> None:
        """Write a report with figures, NAME.html.

        Raises:
            InputError: another suffix, or a file that exists already.
        """
        save_page(path, lambda: report(self.document, self.profile), overwrite=overwrite)


@checked
def fisher(
    data: Data,
    *,
    model: Model,
    part: Literal["train", "test"] = "test",
    layers: Sequence[str] | None = None,
    dimension: int = 512,
    pool: str = "flatten",
    limit: int | None = None,
    device: str = "auto",
) -> Separation:
    """Measure how well classes are separated at every layer of a model.

    Args:
        data: npz with x_train, y_train, x_test, y_test, or a folder of classes, or the name of
            one under ``$SCORELET_DATA``; or a labelled set.
        model: path, built-in name or Hub id; or a module. Of a classifier its network is taken.
        part, layers, dimension, pool, limit, device: see `FisherSettings`.

    Raises:
        InputError: data, options or a model that cannot be used.
    """
    names = None if layers is None else tuple(layers)
    return separation(data, model, FisherSettings(part, names, dimension, pool, limit, device))


def separation(
    data: Data, model: Model, settings: FisherSettings, *, progress: Progress | None = None
) -> Separation:
    """Do what `fisher` says; `progress` is called with (pictures done, pictures)."""
    loaded = load(model) if isinstance(model, str | Path) else model
    net, named = _network(loaded), isinstance(data, str | Path)
    images = _labelled(data, loaded, settings) if isinstance(data, str | Path) else data
    images = (images if settings.limit is None else images.first(settings.limit)).readable()
    profile = fisher_profile(
        net.to(choose_device(settings.device)),
        images,
        layers=settings.layers,
        dimension=settings.dimension,
        pool=settings.pool,
        progress=progress,
    )
    document = {
        "model": str(model) if isinstance(model, str | Path) else type(model).__name__,
        "data": str(data) if named else type(data).__name__,
        "part": settings.part,
        "pictures": len(images),
        "classes": list(images.classes),
        "dimension": settings.dimension,
        "pool": settings.pool,
        "layers": [_entry(layer) for layer in profile.layers],
        "warnings": [*(note.rstrip(".") for note in images.notes), *_warnings(profile)],
    }
    return Separation(document, profile)


def _labelled(data: str | Path, model: object, settings: FisherSettings) -> LabelledImages:
    """Read pictures; those of folders are brought to a classifier's size and channels."""
    if isinstance(model, Classifier):
        return load_fitted(data, model, part=settings.part)
    return load_labelled(data, part=settings.part)


def _network(model: object) -> nn.Module:
    if isinstance(model, Classifier):
        return model.network
    if isinstance(model, nn.Module):
        return model
    raise InputError(f"A {type(model).__name__} has no layers: give a network.")


def _entry(layer: LayerSeparation) -> dict[str, Any]:
    return {
        "name": layer.name,
        "module": layer.module,
        "shape": list(layer.shape),
        **asdict(layer.fisher),
        "kinds": [
            {"kind": kind.kind, "channels": kind.channels, "separation": kind.value}
            for kind in layer.kinds
        ],
    }


def _warnings(profile: FisherProfile) -> list[str]:
    few = [layer.name for layer in profile.layers if layer.fisher.floor is None]
    known = [layer for layer in profile.layers if layer.fisher.floor is not None]
    apart = [layer.name for layer in known if layer.fisher.outside > 1e-6]
    warnings = []
    if profile.dead:
        warnings.append(
            f"the outputs of {', '.join(profile.dead)} are constant within every class, so they "
            "are left out"
        )
    if few:
        warnings.append(
            f"{sum(profile.counts)} pictures are too few for the features of {', '.join(few)}: "
            "their ratios have no floor and mean nothing; give more pictures or a smaller dimension"
        )
    if apart:
        warnings.append(
            f"classes differ where nothing varies within them, in {', '.join(apart)}: the ratio "
            "leaves that out and is too small"
        )
    return warnings
