"""The verb: a classifier, pictures, radii and attacks; a table, and a report."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn

from scorelet.core.brief import Brief
from scorelet.core.errors import InputError
from scorelet.core.options import checked
from scorelet.core.progress import Progress
from scorelet.models import Classifier
from scorelet.tasks.array_files import PAGES, check_output, save_page
from scorelet.tasks.foreign_classifier import foreign_classifier
from scorelet.tasks.locks import Locks
from scorelet.tasks.networks import said_of
from scorelet.tasks.robust.chunks import gathered
from scorelet.tasks.robust.document import tables
from scorelet.tasks.robust.guarded import in_single
from scorelet.tasks.robust.outliers import check_outliers
from scorelet.tasks.robust.parts import Parts, Target, Tensors, fingerprint
from scorelet.tasks.robust.report import report
from scorelet.tasks.robust.settings import OUTLIER_SIGMA, RobustSettings
from scorelet.tasks.robust.shown import (
    Data,
    Model,
    attacked_network,
    joint_law,
    other_pictures,
    shown_pictures,
)
from scorelet.tasks.robust.work import Work


@dataclass(frozen=True, repr=False)
class Robustness(Brief):
    """What a classifier withstands.

    Attributes:
        document: for JSON: model, data, pictures, norm, seed and settings; accuracy of the clean
            pictures and its error; ``rows`` by attack and eps, the clean ones first; warnings.
        work, found: what the pictures of a report are made of.
    """

    document: dict[str, Any]
    work: Work
    found: dict[str, Tensors]

    def save(self, path: str | Path, *, overwrite: bool = False) -> None:
        """Write a report with curves and attacked pictures, NAME.html.

        Raises:
            InputError: another suffix, or a file that exists already.
        """
        save_page(path, lambda: report(self.document, self.work, self.found), overwrite=overwrite)


@checked
def robust(  # noqa: PLR0913 - as many as the command has options
    data: Data,
    *,
    model: Model,
    norm: str = "linf",
    eps: float | Sequence[float] | np.ndarray = (1 / 255, 2 / 255),
    attack: str | Sequence[str] = "pgd",
    transfer_from: Model | None = None,
    part: Literal["train", "test"] = "test",
    limit: int = 200,
    steps: int | None = None,
    restarts: int = 1,
    queries: int = 1000,
    seed: int = 0,
    calibration: bool = False,
    smoothing: float | None = None,
    draws: int = 1000,
    outliers: Data | None = None,
    outlier_sigma: float = OUTLIER_SIGMA,
    device: str = "auto",
    arch: str | None = None,
    transfer_arch: str | None = None,
    size: tuple[int, int] | None = None,
) -> Robustness:
    """Attack a classifier within balls around pictures, and count what withstands.

    Robust accuracy at ε is the share of pictures that are right and whose label no attack has
    changed by at most ε: an upper bound of the true one. Its error is binomial.

    Args:
        data: npz with x_test, y_test, a folder of classes, or the name of one under
            ``$SCORELET_DATA``; a `scorelet.LabelledImages`; or float pictures (n, channel,
            height, width) in [0, 1] and integer labels (n,).
        model: path, built-in name or Hub id of a classifier or a joint law; with `arch` a file of
            weights; or a module that maps pictures to logits.
        norm: linf or l2.
        eps: radii, or one, in the unit of pictures with values in [0, 1].
        attack: pgd, apgd, autoattack, square or fmn, or several of them.
        transfer_from: another model: pictures that PGD makes for it are shown to this one.
        part, limit, steps, restarts, queries, seed, calibration, smoothing, draws, device: see
            `RobustSettings`.
        arch, transfer_arch, size: see `RobustSettings`.
        outliers: pictures of another kind, told by what the logits say of confidence, and by the
            log-density of a joint law.
        outlier_sigma: noise level of that, in [0, 1].

    Raises:
        InputError: data, options or a model that cannot be used.
        CheckpointError: a file of weights that cannot be read, or does not fit.
        MissingExtraError: pyautoattack or foolbox is not installed.
    """
    settings = RobustSettings(
        norm=norm,
        eps=tuple(float(r) for r in ((eps,) if isinstance(eps, int | float) else eps)),
        attacks=(attack,) if isinstance(attack, str) else tuple(attack),
        part=part,
        limit=limit,
        steps=steps,
        restarts=restarts,
        queries=queries,
        seed=seed,
        calibration=calibration,
        smoothing=smoothing,
        draws=draws,
        outlier_sigma=outlier_sigma,
        device=device,
        arch=arch,
        transfer_arch=transfer_arch,
        size=size,
    )
    return robustness(data, model, settings, source=transfer_from, outliers=outliers)


@torch.inference_mode(mode=False)
def robustness(
    data: Data,
    model: Model,
    settings: RobustSettings,
    *,
    source: Model | None = None,
    outliers: Data | None = None,
    target: Target | None = None,
    progress: Progress | None = None,
) -> Robustness:
    """Do what `robust` says.

    Args:
        data, model, settings, outliers: see `robust`.
        source: its `transfer_from`.
        target: the report; beside it parts of the run are kept until it is written.
        progress: called with (pieces of work done, pieces).
    """
    target = target or Target()
    if target.output is not None:
        check_output(target.output, overwrite=target.overwrite, suffixes=PAGES)
    work = _work(data, model, settings, source)
    if outliers is not None:
        work = _beside(work, outliers)
    with Locks("robust") as locks:
        parts = Parts(target, "" if target.output is None else _run(work), locks)
        found = gathered(work, parts, progress)
        document = {**_head(data, model, source, work), **tables(work, found)}
        if outliers is not None:
            named = {"data": said_of(outliers, settings.part)["data"]}
            document["outliers"] = named | document["outliers"]
        result = Robustness(document, work, found)
        if target.output is not None:
            result.save(target.output, overwrite=target.overwrite)
            parts.remove()
    return result


def _work(data: Data, model: Model, settings: RobustSettings, source: Model | None) -> Work:
    notes: list[str] = []

    def opened(what: Model, arch: str | None) -> nn.Module:
        if arch is not None:
            what = foreign_classifier(
                what, arch, data, part=settings.part, size=settings.size, say=notes.append
            )
        return attacked_network(what, settings.device)

    if source is None and settings.transfer_arch is not None:
        raise InputError("transfer-arch builds the model to transfer from: name that, too.")
    network = opened(model, settings.arch)
    other = None if source is None else opened(source, settings.transfer_arch)
    shown = shown_pictures(data, network, settings)
    work = Work(network, other, replace(shown, notes=(*notes, *shown.notes)), settings)
    x, _ = work.placed(slice(1))
    single = None if other is None else in_single(other, x)
    return replace(work, network=in_single(network, x), source=single)


def _beside(work: Work, outliers: Data) -> Work:
    """Return the work with outliers beside it."""
    others, notes = other_pictures(outliers, work.network, work.settings)
    check_outliers(work.shown.x, others, work.network)
    shown = replace(work.shown, notes=(*work.shown.notes, *notes))
    return replace(work, shown=shown, others=others)


def _run(work: Work) -> str:
    """Return the digest of all that results depend on.

    State that is no dense tensor is left out: models that differ in it are told by their logits.
    """
    state = {f"network.{name}": value for name, value in work.network.state_dict().items()}
    if work.source is not None:
        state |= {f"source.{name}": value for name, value in work.source.state_dict().items()}
    tensors = {name: value for name, value in state.items() if _is_dense(value)}
    tensors |= {"pictures": work.shown.x, "labels": work.shown.labels}
    if work.others is not None:
        tensors["outliers"] = work.others
    words: dict[str, Any] = {"settings": asdict(work.settings), "torch": str(torch.__version__)}
    models = (work.network, work.source)
    words["classes"] = [m.classes if isinstance(m, Classifier) else None for m in models]
    words["label_levels"] = [_label_level(model) for model in models]
    return fingerprint(tensors, words | {"scorelet": version("scorelet")})


def _is_dense(value: object) -> bool:
    return isinstance(value, Tensor) and value.layout == torch.strided and not value.is_quantized


def _head(data: Data, model: Model, source: Model | None, work: Work) -> dict[str, Any]:
    settings = work.settings
    head: dict[str, Any] = {
        "model": _name(model),
        **said_of(data, settings.part),
        "pictures": len(work.shown.x),
        "norm": settings.norm,
        "attacks": list(work.attacks),
        "steps": {n: settings.setup(a).steps for n, a in work.attacks.items() if a.steps},
        "restarts": settings.restarts,
        "queries": settings.queries if any(a.queries for a in work.attacks.values()) else None,
        "seed": settings.seed,
    }
    foreign = {n: getattr(settings, n) for n in ("arch", "transfer_arch", "size")}
    head |= {name: value for name, value in foreign.items() if value is not None}
    level = _label_level(work.network)
    if level is not None:
        head["label_level"] = level
    return head if source is None else head | {"transfer_from": _name(source)}


def _label_level(network: nn.Module | None) -> float | None:
    """Return the noise level at which a joint law labels; None of other networks."""
    joint = None if network is None else joint_law(network)
    return None if joint is None else joint.clean_level


def _name(what: object) -> str:
    return str(what) if isinstance(what, str | Path) else type(what).__name__
