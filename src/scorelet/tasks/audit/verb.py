"""The verb audit: twins that it trains, or two models that are there."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn

from scorelet.analysis.memorization import (
    Pair,
    Shown,
    disjoint_halves,
    find_copies,
    picture_names,
    shared,
    thumbnails,
)
from scorelet.analysis.training_mode import Watch
from scorelet.core.device import choose_device
from scorelet.core.errors import InputError
from scorelet.core.network import evaluated
from scorelet.core.options import checked
from scorelet.core.paths import as_path
from scorelet.core.progress import Progress
from scorelet.core.words import counted
from scorelet.models import Denoiser
from scorelet.tasks.array_files import write_arrays
from scorelet.tasks.audit.common import ALIKE, common_pictures
from scorelet.tasks.audit.document import Audit
from scorelet.tasks.audit.given import (
    refuse_noise,
    refuse_one_model,
    refuse_options_of_twins,
    refuse_other_channels,
    warn_of_copies,
    warn_of_other_scale,
)
from scorelet.tasks.audit.measure import Row, measure
from scorelet.tasks.audit.outlook import outlook
from scorelet.tasks.audit.settings import SIZES, AuditSettings, network_of_twins, noise_levels
from scorelet.tasks.audit.singles import of_other
from scorelet.tasks.audit.twins import (
    HALVES,
    refuse_tiny,
    train_twin,
    twin_weights,
    write_halves,
)
from scorelet.tasks.audit.two_models import conclusion_of_models, of_kind, of_unfit
from scorelet.tasks.audit.words import conclusion, evidence
from scorelet.tasks.locks import Locks
from scorelet.tasks.others_denoiser import DenoiserLike, as_denoiser, name_of
from scorelet.tasks.picture_arrays import (
    Pictures,
    Source,
    images_of,
    read_pictures,
)
from scorelet.tasks.steps import OnStep, Steps, claim_steps

FOLDER = "runs/audit"
_PIECE = 4096


@dataclass(frozen=True)
class Told:
    """Who is told how the work goes.

    `left_out` gets, before the work, warnings on files that are no pictures or cannot be read; they
    are among those of the document, too.
    """

    say: Callable[[str], None] = lambda _text: None
    left_out: Callable[[str], None] = lambda _text: None
    on_step: OnStep | None = None
    progress: Progress | None = None
    quiet: bool = True


@checked
def audit(  # noqa: PLR0913 - as many as the command has options
    data: str | Path | Tensor | np.ndarray,
    *,
    sizes: Sequence[int] | None = None,
    models: Sequence[str | Path | nn.Module | Callable[[Tensor], Tensor]] | None = None,
    train: Sequence[str | Path | Tensor | np.ndarray] | None = None,
    folder: str | Path | None = None,
    held_out: int = 64,
    channels: Literal[1, 3] = 1,
    side: int | None = None,
    samples: int = 16,
    sigmas: Sequence[float] | None = None,
    steps: int | None = None,
    width: int | None = None,
    device: str = "auto",
    seed: int = 0,
    resume: bool = False,
    overwrite: bool = False,
) -> Audit:
    """Find out whether denoisers learn the density of these pictures, or the pictures.

    Args:
        data: pictures of one size: a folder, an npy or npz file, or the name of one under
            ``$SCORELET_DATA``, see `scorelet.tasks.picture_arrays.load_picture_array`; or pictures
            in memory, see `scorelet.tasks.picture_arrays.picture_array`. With `models` these must
            be pictures that neither has seen. What a folder holds that is no picture, or cannot be
            read, is left out and among the warnings.
        sizes: of both halves on which twins are trained, one pair after the other; None: 10, 100
            and 1,000.
        models: two denoisers that are there (paths, built-in names, Hub ids or instances), or
            modules and functions of your own that map noisy images to clean ones, which functions
            get on `device`; none are trained then, and `sizes`, `folder`, `steps`, `width`,
            `resume` and `overwrite` are refused.
        train: of `models`, what each was trained on, as `data`; None: it is not known.
        folder: for trainings, finished steps and samples; weights stay there. None: runs/audit.
        held_out: pictures that no twin sees.
        channels, side, samples, device, seed: see `AuditSettings`.
        sigmas: noise levels at which models are compared, in [0, 1] units, those that they are for;
            the middle one is that of V. None: 1.0, 0.56, 0.3, 0.18 and 0.1.
        steps, width: of the twins; None: those of `Network`.
        resume: go on with a run that was interrupted.
        overwrite: begin anew where a run is already.

    Raises:
        InputError: data or options that cannot be used, too few pictures, the same pictures in both
            training sets, or models that are no denoisers, or return the noise.
        ImageFileError, ArrayFileError, CheckpointError: files that cannot be read.
    """
    settings = AuditSettings(
        SIZES if sizes is None else tuple(sizes),
        held_out,
        channels,
        side,
        samples,
        noise_levels(sigmas),
        network_of_twins(steps, width),
        device=device,
        seed=seed,
    )
    if models is not None:
        trainings = {"sizes": sizes, "folder": folder, "steps": steps, "width": width}
        trainings |= {"resume": resume, "overwrite": overwrite}
        refuse_options_of_twins("models", trainings)
        return audit_models(data, models, settings, train=train)
    if train is not None:
        raise InputError("Training pictures are named of models that are there: give models, too.")
    place = as_path(FOLDER if folder is None else folder)
    return audit_twins(data, place, settings, resume=resume, overwrite=overwrite)


def audit_twins(
    data: Source,
    folder: Path,
    settings: AuditSettings,
    *,
    resume: bool = False,
    overwrite: bool = False,
    told: Told = Told(),
) -> Audit:
    """Train twins on halves of every size, and compare them.

    Args:
        data: see `audit`.
        folder: of the run.
        settings: of the run.
        resume, overwrite: see `audit`.
        told: who is told of steps and of how long it will take.
    """
    choose_device(settings.device)  # one that is not there is refused before the folder is claimed
    pictures, notes = _load(data, settings, told)
    refuse_tiny(pictures)
    settings = replace(settings, network=settings.network.seeing(max(pictures.shape[1:3])))
    copies = find_copies(_thumbnails(pictures))
    if len(copies.repeated):
        told.say(_left_out(len(copies.repeated), len(pictures)))
    halves = disjoint_halves(
        copies.kept.numpy(),
        settings.sizes[-1],
        held_out=settings.held_out,
        seed=settings.seed,
    )
    arrays = {name: pictures[getattr(halves, name)] for name in (*HALVES, "held_out")}
    run = {
        "subject": "audit",
        "seed": settings.seed,
        "settings": asdict(replace(settings, device="auto")),
        "pictures": hashlib.sha256(np.ascontiguousarray(pictures).tobytes()).hexdigest(),
    }
    with Locks("steps") as locks:
        kept = claim_steps(folder, run, (), resume=resume, overwrite=overwrite, locks=locks)
        work = Steps(kept, on_step=told.on_step, quiet=told.quiet)
        write_halves(kept, arrays)
        if sentence := outlook(kept, images_of(arrays["held_out"]), settings):
            told.say(sentence)
        rows, shown = compare_twins(kept, arrays, settings, work, told)
    document = _document(data, pictures, settings) | {
        "conclusion": conclusion(rows),
        "left_out": len(copies.repeated),
        "training_pictures": None,
        "models": None,
        "network": asdict(settings.network) | {"parameters": rows[-1]["parameters"]},
        "folder": str(folder),
        "seconds": round(work.seconds, 1),
        "warnings": [*notes, *_warnings(rows)],
        "rows": rows,
    }
    return Audit(document, shown)


def compare_twins(
    folder: Path,
    arrays: dict[str, np.ndarray],
    settings: AuditSettings,
    steps: Steps,
    told: Told,
    *,
    name: str = "",
) -> tuple[list[Row], dict[int, Shown]]:
    """Train twins of every size and measure them, each a step of a run.

    Args:
        folder: with the file that `write_halves` has written; for trainings and samples.
        arrays: first, second and held_out, pictures (n, height, width, channels).
        settings: of the run.
        steps: of the run.
        told: who is told of samples.
        name: in front of the names of the steps.

    Returns:
        A row for each size, as in `Audit.document`, with `parameters`; and pictures by row.
    """
    rows, shown, trained = [], {}, {}
    for k, size in enumerate(settings.sizes):
        for half in HALVES:
            job = partial(train_twin, folder, half, size, settings, quiet=told.quiet)
            trained = steps(f"{name}{size}-{half}", job)
        job = partial(_measure_twins, folder, size, arrays, settings, told)
        row = steps(f"{name}{size}", job)
        parameters = trained["parameters"]
        rows.append({"size": size, "sentence": evidence(row), "parameters": parameters} | row)
        shown[k] = _read_shown(folder / f"{size}.npz")
    return rows, shown


def audit_models(
    data: Source,
    models: Sequence[DenoiserLike],
    settings: AuditSettings,
    *,
    train: Sequence[Source] | None = None,
    told: Told = Told(),
) -> Audit:
    """Compare two models that are there.

    Args:
        data: pictures that neither has seen; of the different ones `held_out` are drawn.
        models: two denoisers.
        settings: of the measurements.
        train: what each was trained on; as many of each are drawn as are held out.
        told: who is told of samples.
    """
    if len(models) != 2:
        raise InputError(f"{len(models)} models are given: an audit compares two.")
    if train is not None and len(train) != 2:
        raise InputError(f"{len(train)} training sets are given: expected one for each of two.")
    refuse_one_model(models)
    pictures, notes = _load(data, settings, told)
    known = []
    for each in train or ():
        seen, more = _load(each, settings, told, like=pictures)
        known.append(seen)
        notes += more
    warnings = _common(known) if known else []
    fresh, left_out = _unseen(pictures, known)
    place = choose_device(settings.device)
    a, b = (_denoiser(model).to(place) for model in models)
    for model, denoiser in zip(models, (a, b), strict=True):
        refuse_other_channels(model, denoiser, settings.channels)
    seed = settings.seed
    first, second = (images_of(_shuffled(each, seed)) for each in known) if known else (None, None)
    held_out = images_of(_shuffled(pictures[fresh], seed)[: settings.held_out])
    level = settings.middle
    with evaluated(a), evaluated(b), Watch().over():
        for model, f, seen in zip(models, (a, b), (first, second), strict=True):
            shown_to = held_out if seen is None else seen[: settings.held_out]
            refuse_noise(model, f, shown_to.to(place), level, seed=seed)
            warnings += warn_of_other_scale(model, f, shown_to.to(place), level, seed=seed)
        pair = Pair(a, b, first, second, twins=False)
        row, shown = measure(pair, held_out, settings, progress=told.progress)
    full = {"size": None, "sentence": evidence(row)} | row
    document = _document(data, pictures, settings) | {
        "conclusion": conclusion_of_models(full),
        "left_out": left_out,
        "held_out": len(held_out),
        "training_pictures": [len(each) for each in known] or None,
        "models": [name_of(model) for model in models],
        "network": None,
        "folder": None,
        "warnings": [
            *(*notes, *warn_of_copies(a, b), *warnings),
            *(*of_other(row["each"]), *of_kind(row), *of_unfit(row), *_warnings([full])),
        ],
        "rows": [full],
    }
    return Audit(document, {0: shown})


def _measure_twins(
    kept: Path,
    size: int,
    arrays: dict[str, np.ndarray],
    settings: AuditSettings,
    told: Told,
) -> Row:
    place = choose_device(settings.device)
    a, b = (_denoiser(twin_weights(kept, half, size)).to(place).eval() for half in HALVES)
    first, second = (images_of(arrays[half][:size]) for half in HALVES)
    held_out = images_of(arrays["held_out"])
    row, shown = measure(Pair(a, b, first, second), held_out, settings, progress=told.progress)
    write_arrays(kept / f"{size}.npz", {name: images.numpy() for name, images in shown.items()})
    return row


def _read_shown(path: Path) -> Shown:
    """Return the samples of a step; none where they are gone."""
    if not path.exists():
        return {}
    with np.load(path, allow_pickle=False) as arrays:
        return {name: torch.from_numpy(arrays[name]) for name in arrays.files}


def _document(data: Source, pictures: Pictures, settings: AuditSettings) -> dict[str, Any]:
    return {
        "data": str(data) if isinstance(data, str | Path) else "in memory",
        "pictures": len(pictures),
        "height": pictures.shape[1],
        "width": pictures.shape[2],
        "channels": pictures.shape[3],
        "held_out": settings.held_out,
        "sigmas": list(settings.sigmas),
        "seed": settings.seed,
    }


def _load(
    data: Source, settings: AuditSettings, told: Told, like: Pictures | None = None
) -> tuple[Pictures, list[str]]:
    """Return pictures, and what is said of files that were left out."""
    notes: list[str] = []
    channels, side = settings.channels, settings.side
    pictures = read_pictures(data, channels=channels, side=side, say=notes.append, field="--side")
    for note in notes:
        told.left_out(note)
    if like is not None and pictures.shape[1:] != like.shape[1:]:
        size, expected = ("{}x{}".format(*found.shape[1:3]) for found in (pictures, like))
        source = data if isinstance(data, str | Path) else "An array"
        raise InputError(
            f"{source} has pictures of {size} pixels, the held-out ones have {expected}: give "
            "--side (in Python side) to bring all to one size."
        )
    return pictures, notes


def _thumbnails(pictures: Pictures) -> Tensor:
    starts = range(0, len(pictures), _PIECE)
    return torch.cat([thumbnails(images_of(pictures[k : k + _PIECE])) for k in starts])


def _names(pictures: Pictures, seed: int) -> list[bytes]:
    starts = range(0, len(pictures), _PIECE)
    pieces = (picture_names(seed, images_of(pictures[k : k + _PIECE])) for k in starts)
    return [name for piece in pieces for name in piece]


def _shuffled(pictures: Pictures, seed: int) -> Pictures:
    """Return pictures in a random order, the same one however they were ordered before."""
    names = _names(pictures, seed)
    return pictures[sorted(range(len(names)), key=names.__getitem__)]


def _common(known: list[Pictures]) -> list[str]:
    names = [_names(each, 0) for each in known]
    return common_pictures(names, [_thumbnails(each) for each in known])


def _left_out(copies: int, pictures: int) -> str:
    return f"{copies} of {pictures} pictures are left out, as they look like others: {ALIKE}"


def _unseen(pictures: Pictures, known: list[Pictures]) -> tuple[np.ndarray, int]:
    """Return the different pictures that are in no training set, and how many are left out."""
    rows = _thumbnails(pictures)
    kept = find_copies(rows).kept
    fresh = torch.ones(len(kept), dtype=torch.bool)
    for each in known:
        fresh[shared(rows[kept], _thumbnails(each))[:, 0]] = False
    found = kept[fresh].numpy()
    if len(found) < 2:
        raise InputError(
            f"Different and in no training set: {len(found)} of "
            f"{counted(len(pictures), 'picture')} (copies are {ALIKE}): give at least two that the "
            "models have not seen."
        )
    return found, len(pictures) - len(found)


def _warnings(rows: Sequence[Row]) -> list[str]:
    return [
        f"no samples could be drawn ({row['diverged'].rstrip('.')})"
        for row in rows
        if row["diverged"]
    ]


def _denoiser(model: DenoiserLike) -> Denoiser:
    return as_denoiser(model, verb="audit", of_channels="give channels={}")
