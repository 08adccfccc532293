"""The verb noise: how much noise pictures have, and of what kind, found without a model."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from scorelet.analysis.far_values import far_off
from scorelet.analysis.jpeg_grid import jpeg_quality
from scorelet.analysis.local_noise import local_noise
from scorelet.analysis.noise_kind import NoiseKind, is_cut_off, noise_kind
from scorelet.core.files import write_text
from scorelet.core.options import checked
from scorelet.core.paths import as_path
from scorelet.core.progress import Say
from scorelet.data import Picture, iter_pages, to_unit
from scorelet.data.pictures.in_memory import in_memory
from scorelet.data.pictures.kinds import is_raw_file
from scorelet.data.pictures.notes import LEFT_OUT, NO_DATA, OPACITY, Note
from scorelet.tasks.array_files import check_output, write_page
from scorelet.tasks.denoise.shown.nodata import without_nodata
from scorelet.tasks.folder_results import FolderFiles
from scorelet.tasks.jobs import Outcome, Publish, run_tasks
from scorelet.tasks.noise_report import report
from scorelet.tasks.planning import FileTask, plan_reading
from scorelet.tasks.sensor_noise import SensorNoise, sensor_noise

SUFFIXES = (".html", ".json")


@dataclass(frozen=True)
class PictureNoise:
    """The noise of one picture.

    Attributes:
        shape: (height, width, channels).
        bounded: samples lie in [0, 1] (integers as fractions of white), and are cut off there;
            otherwise all is in the unit of the picture.
        kind: what was measured; None where too little can be: small or painted pictures.
        jpeg_quality: that of the file; None: it is no JPEG.
        reason: why `kind` is None: "cut off", too many pixels are at black or white, or "too
            little", there are too few blocks in which anything changes.
        at_least: standard deviation of what is left of noise that is cut off, read off the quietest
            squares (`scorelet.analysis.local_noise`); the noise had more. For "too little" the
            median over squares, which says about how strong it is. None where `kind` is not None,
            or that is no noise.
        left_out: pixels far outside the bulk of a picture of floats, which were left out.
        sensor: of a camera raw file, measured on the mosaic of its sensor; `shape` is then that of
            the mosaic, and `kind` is None.
        developed: a camera raw file of which the picture was measured that LibRaw develops,
            because nothing can be measured on its mosaic.
        notes: what is worth saying of the file, see `scorelet.data.pictures.notes`.
        file: that was read by `noise`; None: what was given was in memory.
    """

    shape: tuple[int, int, int]
    bounded: bool
    kind: NoiseKind | None
    jpeg_quality: int | None = None
    reason: str | None = None
    at_least: float | None = None
    left_out: int = 0
    sensor: SensorNoise | None = None
    developed: bool = False
    notes: tuple[Note, ...] = ()
    file: Path | None = None

    @property
    def document(self) -> dict[str, Any]:
        """For JSON: the attributes by name; those of `kind` are null where it is None.

        So are numbers too large for a float. `unit` is that of `level`, which is `sigma` as it is
        printed: "8-bit", 255 `sigma`, where `bounded`; else "own", that of the picture. With
        `sensor`, `sigma` is that of the sensor, and `a` and `b` are there, by colour.
        """
        kind = self.kind
        sigma = self._sigma
        numbers = ("sigma", "a", "b", "a_error", "b_error", "low", "high", "white")
        arrays = ("spectrum", "brightness", "variance")
        return {
            "height": self.shape[0],
            "width": self.shape[1],
            "channels": self.shape[2],
            "bounded": self.bounded,
            "unit": "8-bit" if self.bounded else "own",
            "level": None if sigma is None else sigma * (255 if self.bounded else 1),
            **{name: None if kind is None else _finite(kind, name) for name in numbers},
            **({} if self.sensor is None else {"sigma": sigma}),
            "sensor": None if self.sensor is None else self.sensor.document,
            "developed": self.developed,
            "reason": self.reason,
            "at_least": self.at_least,
            "left_out": self.left_out,
            "notes": [asdict(note) for note in self.notes],
            "ratios": None if kind is None else kind.ratios,
            "jpeg_quality": self.jpeg_quality,
            "jpeg_grid": None if kind is None or kind.grid is None else list(kind.grid),
            **{name: None if kind is None else _finite(kind, name) for name in arrays},
        }

    @property
    def _sigma(self) -> float | None:
        if self.sensor is not None:
            return self.sensor.sigma or None
        return None if self.kind is None else self.kind.sigma


def _finite(kind: NoiseKind, name: str) -> float | bool | list[Any] | None:
    """Return an attribute for JSON, which has no infinity."""
    value = getattr(kind, name)
    if not np.isfinite(value).all():
        return None
    return value.tolist() if isinstance(value, np.ndarray) else value


@checked
def noise(
    source: Any,  # noqa: ANN401 - paths, arrays, tensors, pictures
) -> PictureNoise | Any:  # noqa: ANN401 - or a list; no type of the source tells
    """Measure how much noise a picture has, and of what kind.

    Args:
        source: path of a picture or a folder; an array (height, width) or ([batch,] height, width,
            channels); a tensor ([batch,] channels, height, width); a Pillow picture. Of uint8,
            uint16 or floats. Floats beyond [0, 1] are in a unit of their own. Where they are NaN,
            infinite or masked, nothing is measured. Of a camera raw file the sensor is measured.

    Returns:
        One result; a list for a folder, a file of several pages and a batch, which may hold one
        picture only: a tensor (1, channels, height, width) gives a list of one. Files of a folder
        that cannot be used are left out, and named at the end by a `scorelet.data.PictureWarning`.

    Raises:
        InputError: shapes or dtypes that cannot be used.
        ImageFileError: a file that cannot be read; of a folder, all of them.

    Example:
        >>> import numpy as np, scorelet as sl
        >>> y = 0.5 + 0.1 * np.random.default_rng(0).standard_normal((256, 256))
        >>> found = sl.noise(y)
        >>> found.kind.white, round(found.kind.sigma, 2)
        (True, 0.1)
    """
    if isinstance(source, str | Path):
        return _noise_of_path(as_path(source, name="source"))
    given = in_memory(source)
    found = [noise_of_picture(picture) for picture in given.pictures]
    return found if given.batch else found[0]


def _noise_of_path(path: Path) -> PictureNoise | list[PictureNoise]:
    files = FolderFiles(path)
    found = list(files.each(lambda file: (replace(one, file=file) for one in _noise_of_file(file))))
    files.warn()
    return found[0] if len(found) == 1 and not files.folder else found


def _noise_of_file(path: Path) -> Iterator[PictureNoise]:
    """Measure the pages of a file; of a raw file the sensor, or what is developed of it."""
    raw = is_raw_file(path)
    sensor = sensor_noise(path) if raw else None
    if sensor is not None:
        reason = None if sensor.sigma else "too little"
        yield PictureNoise((*sensor.shape, 1), True, None, reason=reason, sensor=sensor)
        return
    for page in iter_pages(path, gaps=True):
        notes = tuple(note for note in page.notes if note.kind in (NO_DATA, LEFT_OUT, OPACITY))
        yield replace(noise_of_picture(page), developed=raw, notes=notes)


def noise_of_picture(picture: Picture) -> PictureNoise:
    """Measure one page."""
    pixels = to_unit(picture.pixels)
    mask, left_out = _without_far_values(picture)
    data = pixels if mask is None else pixels[mask]
    bounded = not data.size or bool((data.min() >= 0) & (data.max() <= 1))
    coding = picture.metadata.jpeg
    quality = jpeg_quality(coding.tables[0]) if coding and coding.tables else None
    safe = pixels if mask is None else np.where(mask[..., None], pixels, 0)
    kind = noise_kind(safe, bounded=bounded, mask=mask)
    reason = at_least = None
    if kind is None:
        reason = "cut off" if bounded and is_cut_off(safe, mask) else "too little"
        at_least = _at_least(safe, mask, cut_off=reason == "cut off")
    height, width, channels = pixels.shape
    shape = (height, width, channels)
    return PictureNoise(shape, bounded, kind, quality, reason, at_least, left_out)


def _at_least(pixels: np.ndarray, mask: np.ndarray | None, *, cut_off: bool) -> float | None:
    """Return `PictureNoise.at_least`; the median of a painted picture with some edges is 0."""
    if mask is not None and not mask.any():
        return None
    local = local_noise(pixels, mask)
    known = local.fine[np.isfinite(local.fine)]
    level = local.level() if cut_off or not known.size else float(np.median(known))
    return level if 0 < level < np.inf else None


def _without_far_values(picture: Picture) -> tuple[np.ndarray | None, int]:
    """Return a mask without pixels far outside the bulk of floats, and how many these are.

    They are undeclared values for "no data", then what else is far off (`far_off`).
    """
    pixels, mask = picture.pixels, picture.mask
    if pixels.dtype.kind != "f" or not (mask is None or mask.any()):
        return mask, 0
    data = np.ones(pixels.shape[:2], bool) if mask is None else mask
    rest = without_nodata(picture, "auto")[0].mask
    rest = data if rest is None else rest
    far = data & ~rest
    if rest.any():
        far[rest] = far_off(pixels[rest]).any(1)
    count = int(far.sum())
    return (data & ~far, count) if count else (mask, 0)


def noise_files(
    paths: list[Path],
    output: Path | None = None,
    *,
    overwrite: bool = False,
    plan: Callable[[int], None] | None = None,
    say: Say = lambda _text: None,
) -> Iterator[Outcome]:
    """Measure files and folders; yield what became of each, in order.

    A report has ``input`` and ``pages``: the `PictureNoise.document` of each.

    Args:
        paths: files and folders of pictures.
        output: NAME.html, a report with figures, or NAME.json; written when the last picture is
            done, if any is.
        overwrite: replace `output`.
        plan: called with the number of files before the first is worked on.
        say: called with sentences without a full stop, about files that are left out.

    Raises:
        InputError: nothing to do, or an output that exists.
    """
    if output is not None:
        check_output(output, overwrite=overwrite, suffixes=SUFFIXES)
    tasks = plan_reading(paths, say=say)
    if plan:
        plan(len(tasks))
    reports = []
    for outcome in run_tasks(tasks, _measure_file, verb="noise", settings={}, writes=False):
        if outcome.report is not None:
            reports.append(outcome.report)
        yield outcome
    if output is not None and reports:
        _write(output, reports)


def summarize(outcomes: Iterable[Outcome], output: Path | None) -> dict[str, Any]:
    """Return what became of pictures as a JSON document."""
    outcomes = list(outcomes)
    done = [outcome.report for outcome in outcomes if outcome.report is not None]
    failed = [{"input": str(o.task.source), "error": o.error} for o in outcomes if o.error]
    return {"files": done, "failed": failed, "output": str(output) if output and done else None}


def _measure_file(task: FileTask, _publish: Publish) -> dict[str, Any]:
    return {"pages": [one.document for one in _noise_of_file(task.source)]}


def _write(output: Path, reports: Sequence[dict[str, Any]]) -> None:
    if output.suffix.lower() == ".json":
        write_text(output, json.dumps(list(reports), indent=2, allow_nan=False))
    else:
        write_page(output, report(reports))
