"""The verb fisher: class separation by depth of a model on labelled data."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from scorelet.analysis.fisher_profile import (
    FisherProfile,
    LayerSeparation,
    fisher_profile,
)
from scorelet.core.brief import Brief
from scorelet.core.options import check_fields, checked
from scorelet.core.progress import Progress
from scorelet.core.words import listed, too_few
from scorelet.tasks.array_files import save_page
from scorelet.tasks.fisher_report import report
from scorelet.tasks.networks import (
    Data,
    Model,
    Part,
    PictureChoice,
    open_network,
    open_pictures,
    said_of,
)


@dataclass(frozen=True)
class FisherSettings:
    """What is measured.

    Args:
        arch: see `open_network`.
        layers, dimension, pool: see `scorelet.fisher_profile`.
        device: auto, cpu, cuda or mps.
    """

    arch: str | None = None
    layers: tuple[str, ...] | None = None
    dimension: int = 512
    pool: str = "flatten"
    device: str = "auto"

    def __post_init__(self) -> None:
        """Check types; the analysis checks ranges."""
        check_fields(self)


@dataclass(frozen=True, repr=False)
class Separation(Brief):
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
def fisher(  # noqa: PLR0913 - as many as the shell has options
    data: Data,
    *,
    model: Model,
    arch: str | None = None,
    part: Part = "test",
    size: tuple[int, int] | None = None,
    layers: Sequence[str] | None = None,
    dimension: int = 512,
    pool: str = "flatten",
    limit: int | None = None,
    device: str = "auto",
) -> Separation:
    """Measure how well classes are separated at every layer of a model.

    Args:
        data: npz with x_train, y_train, x_test, y_test, or a folder of classes, or the name of
            one under ``$SCORELET_DATA``; or a `scorelet.LabelledImages`.
        model: path, built-in name or Hub id; with `arch` a file of weights; or a module. Of a
            classifier its network is taken.
        arch, layers, dimension, pool, device: see `FisherSettings`.
        part, size, limit: see `PictureChoice`.

    Raises:
        InputError: data, options or a model that cannot be used.
        CheckpointError: a file that cannot be read, or does not fit.
    """
    names = None if layers is None else tuple(layers)
    settings = FisherSettings(arch, names, dimension, pool, device)
    return separation(data, model, settings, PictureChoice(part, size, limit))


def separation(
    data: Data,
    model: Model,
    settings: FisherSettings,
    shown: PictureChoice,
    *,
    progress: Progress | None = None,
) -> Separation:
    """Do what `fisher` says; `progress` is called with (pictures done, pictures)."""
    opened = open_network(model, settings.arch, device=settings.device)
    images = open_pictures(data, opened.model, shown)
    profile = fisher_profile(
        opened.network,
        images,
        layers=settings.layers,
        dimension=settings.dimension,
        pool=settings.pool,
        progress=progress,
    )
    document = {
        "model": opened.title,
        **said_of(data, shown.part),
        "pictures": len(images),
        "classes": list(images.classes),
        "dimension": settings.dimension,
        "pool": settings.pool,
        "layers": [_entry(layer) for layer in profile.layers],
        "warnings": [
            *opened.notes,
            *(note.rstrip(".") for note in images.notes),
            *_warnings(profile),
        ],
    }
    return Separation(document, profile)


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
            f"the outputs of {listed(profile.dead)} are constant within every class, so they "
            "are left out"
        )
    if profile.unread:
        warnings.append(
            f"the outputs of {listed(profile.unread)} are no tensors with a row for each picture, "
            "so they are left out"
        )
    if profile.unsure:
        warnings.append(
            f"which axis of the outputs of {listed(profile.unsure)} holds the channels is not "
            "known: the first is taken"
        )
    if few:
        warnings.append(
            f"{too_few(sum(profile.counts), 'picture')} for the features of {listed(few)}: "
            "their ratios have no floor and mean nothing; give more pictures or a smaller dimension"
        )
    if apart:
        warnings.append(
            f"classes differ where nothing varies within them, in {listed(apart)}: the ratio "
            "leaves that out and is too small"
        )
    return warnings
