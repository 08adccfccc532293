"""Say what pictures show: the most probable classes of a classifier.

A picture is brought to the channels and the size that the model takes, and what was done to it is
said: its model's file names the way (see `scorelet.models.Classifier.fitted`).
"""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from scorelet.core.brief import Brief
from scorelet.core.errors import InputError, warn_of
from scorelet.core.files import write_text
from scorelet.core.numbers import is_whole
from scorelet.core.options import check_types, checked
from scorelet.core.paths import as_path
from scorelet.core.progress import Say
from scorelet.data import Note, Picture, iter_pages
from scorelet.models import Classifier, NetworkJointEnergy
from scorelet.tasks.array_files import check_output
from scorelet.tasks.classify_input import LITTLE, RANGE, Source, pictures, prepared
from scorelet.tasks.folder_results import FolderFiles
from scorelet.tasks.jobs import Outcome, Publish, run_tasks
from scorelet.tasks.planning import FileTask, plan_reading
from scorelet.tasks.ready_classifier import ReadyClassifier, check_answers, ready_classifier
from scorelet.tasks.table_files import check_table, write_table
from scorelet.zoo import load_as, viewed

SUFFIXES = (".csv", ".json", ".parquet")
BATCH = 64
"""Pictures at a time, brought to one size; whole pictures, where a model takes any size."""
_THE_PICTURE = "the picture"
Model = str | Path | Classifier | NetworkJointEnergy


@dataclass(frozen=True, repr=False)
class Classified(Brief):
    """The most probable classes of one picture.

    Attributes:
        classes: their names, the most probable first.
        probabilities: p(class | picture) of each, in [0, 1].
        notes: what was done to the picture before.
        shape: (height, width) of the picture as it was.
        dtype: of the network's products.
        file: that was read; None: what was given was in memory.
    """

    classes: tuple[str, ...]
    probabilities: tuple[float, ...]
    notes: tuple[Note, ...]
    shape: tuple[int, int]
    dtype: str
    file: Path | None = None


@dataclass(frozen=True)
class _Seen:
    """What a model sees of a picture, and what is said of the picture, which itself is let go.

    A batch of photographs as they are would fill the memory.
    """

    x: Tensor
    notes: tuple[Note, ...]
    shape: tuple[int, int]
    file: Path | None


@checked
def classify(
    source: str | Path | Source,
    *,
    model: Model | nn.Module,
    k: int = 5,
    device: str = "auto",
    dtype: str = "auto",
) -> Classified | Any:  # noqa: ANN401 - or a list; no type of the source tells
    """Return the most probable classes of a picture.

    Args:
        source: path of a picture; an array (height, width[, 1 to 4]) of uint8, uint16, or floats in
            [0, 1]; a Pillow picture; a float tensor (channel, height, width) with values in
            [0, 1]. A folder, a file of several pages, or an array or tensor with a batch axis
            before these gives a list. Files of a folder that cannot be used are left out, and named
            at the end by a `scorelet.data.PictureWarning`. Values beyond [0, 1], or in a small part
            of it, as of 12 bits in 16, are warned of (`scorelet.core.errors.ResultWarning`).
        model: path, built-in name or Hub id of a classifier or a joint law, or one that is loaded.
        k: how many classes; a model with fewer gives all.
        device: auto, cpu, cuda or mps.
        dtype: of the network's products: auto, float32, bfloat16 or float16; auto takes bfloat16
            for networks that can be folded on processors that multiply in it. Joint laws keep that
            of their weights.

    Raises:
        InputError: arrays or options that cannot be used, a model that is no classifier, or one
            whose logits are not finite, or probabilities.
        ImageFileError: a file that cannot be read; of a folder, all of them.
    """
    ready = _ready(model, k, device, dtype)
    if isinstance(source, str | Path):
        results, several = _classify_path(as_path(source), ready, k)
        names = [str(result.file) if several else _THE_PICTURE for result in results]
    else:
        found, several = pictures(source)
        names = _numbered(len(found))
        seen = (_seen(one, ready, name=name) for one, name in zip(found, names, strict=True))
        results = _classify_pictures(seen, ready, k)
    pairs = zip(results, names, strict=True)
    notes = ((name, note) for result, name in pairs for note in result.notes)
    warn_of(f"{name} {note.text}" for name, note in notes if note.kind in (RANGE, LITTLE))
    return results if several else results[0]


def classify_files(  # noqa: PLR0913 - as many as the command has options
    paths: list[Path],
    output: Path | None = None,
    *,
    model: Model,
    k: int = 5,
    device: str = "auto",
    dtype: str = "auto",
    overwrite: bool = False,
    plan: Callable[[int], None] | None = None,
    say: Say = lambda _text: None,
) -> Iterator[Outcome]:
    """Classify files and folders; yield what became of each, in order.

    A report has ``input``, ``dtype`` (of the network's products) and ``pages``: for each its
    height, width, ``classes`` (a list of {class, probability}) and ``notes`` (texts by their kind).

    Args:
        paths: files and folders of pictures.
        output: NAME.csv or NAME.parquet, a row for each picture (page) with the columns file,
            class_1, probability_1, class_2, ...; or NAME.json, with the reports. It is written when
            the last picture is done, if any is.
        model, k, device, dtype: as in `classify`.
        overwrite: replace `output`.
        plan: called with the number of files before the first is worked on.
        say: called with sentences without a full stop, about files that are left out.

    Raises:
        InputError: nothing to do, an output that exists, a model that is no classifier.
    """
    if output is not None:
        check_output(output, overwrite=overwrite, suffixes=SUFFIXES)
        check_table(output)
    ready = _ready(model, k, device, dtype)
    tasks = plan_reading(paths, say=say)
    if plan:
        plan(len(tasks))
    reports = []
    for outcome in run_tasks(
        tasks,
        lambda task, _publish: _classify_file(task, ready, k, _publish),
        verb="classify",
        settings={},
        writes=False,
    ):
        if outcome.report is not None:
            reports.append(outcome.report)
        yield outcome
    if output is not None and reports:
        _write(output, reports, min(k, len(ready.classifier.classes)))


def _ready(model: Model | nn.Module, k: int, device: str, dtype: str) -> ReadyClassifier:
    if not is_whole(k, least=1):
        raise InputError(f"k is {k!r}: it must be a whole number of at least 1.")
    model = viewed(Classifier, model)
    check_types({"model": model}, {"model": Model})
    loaded = model if isinstance(model, Classifier) else load_as(Classifier, model, verb="classify")
    return ready_classifier(loaded, device=device, dtype=dtype)


def _classify_path(path: Path, ready: ReadyClassifier, k: int) -> tuple[list[Classified], bool]:
    """Return the results, and whether there may be several."""
    files = FolderFiles(path)
    found = _classify_pictures(files.each(lambda file: _seen_in(file, ready)), ready, k)
    files.warn()
    return found, files.folder or len(found) > 1


def _classify_file(
    task: FileTask, ready: ReadyClassifier, k: int, _publish: Publish
) -> dict[str, Any]:
    found = _classify_pictures(_seen_in(task.source, ready), ready, k)
    return {"dtype": ready.dtype_name, "pages": [_page(result) for result in found]}


def _page(result: Classified) -> dict[str, Any]:
    pairs = zip(result.classes, result.probabilities, strict=True)
    return {
        "height": result.shape[0],
        "width": result.shape[1],
        "classes": [{"class": name, "probability": value} for name, value in pairs],
        "notes": {note.kind: note.text for note in result.notes},
    }


def _classify_pictures(found: Iterable[_Seen], ready: ReadyClassifier, k: int) -> list[Classified]:
    """Classify pictures, so many at a time."""
    results, rest = [], iter(found)
    while part := list(islice(rest, BATCH)):
        logits = ready.logits_of_each([seen.x for seen in part]).cpu()
        check_answers(logits)
        p = logits.double().softmax(1)
        results += [_named(row, seen, ready, k) for row, seen in zip(p, part, strict=True)]
    return results


def _seen_in(file: Path, ready: ReadyClassifier) -> Iterator[_Seen]:
    return (_seen(page, ready, file) for page in iter_pages(file))


def _numbered(count: int) -> list[str]:
    """Name pictures in memory."""
    return [f"picture {k + 1} of {count}" for k in range(count)] if count > 1 else [_THE_PICTURE]


def _seen(
    picture: Picture, ready: ReadyClassifier, file: Path | None = None, name: str = _THE_PICTURE
) -> _Seen:
    x, notes = prepared(picture, ready.classifier, name)
    return _Seen(ready.fitted(x), tuple(notes), (x.shape[2], x.shape[3]), file)


def _named(p: Tensor, seen: _Seen, ready: ReadyClassifier, k: int) -> Classified:
    classes = ready.classifier.classes
    values, places = p.topk(min(k, len(classes)))
    names = tuple(classes[place] for place in places.tolist())
    probabilities = tuple(values.tolist())
    return Classified(names, probabilities, seen.notes, seen.shape, ready.dtype_name, seen.file)


def _write(output: Path, reports: Sequence[dict[str, Any]], k: int) -> None:
    if output.suffix.lower() == ".json":
        write_text(output, json.dumps(list(reports), indent=2, allow_nan=False))
        return
    columns: dict[str, list[Any]] = {"file": []}
    for place in range(1, k + 1):
        columns |= {f"class_{place}": [], f"probability_{place}": []}
    for report in reports:
        for number, page in enumerate(report["pages"]):
            several = f":{number + 1}" if len(report["pages"]) > 1 else ""
            columns["file"].append(report["input"] + several)
            for place, found in enumerate(page["classes"], 1):
                columns[f"class_{place}"].append(found["class"])
                columns[f"probability_{place}"].append(found["probability"])
    write_table(output, columns)
