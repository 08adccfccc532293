"""The labelled sets that networks learn: the same pictures in parts, with other labels, and others.

Each is an npz file in the folder of the run.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from scorelet.core.blocks import block_means
from scorelet.core.errors import InputError
from scorelet.core.random import numpy_generator
from scorelet.data.labelled import LabelledImages, load_labelled
from scorelet.recipes.drawn_sets import DRAWN, write_textures
from scorelet.recipes.set_files import write_set
from scorelet.recipes.subjects.neural_encodings.settings import Settings
from scorelet.tasks.fitting import pixels_fitter

ALL, FIRST, SECOND, PAIR, BESIDE = "all", "first-half", "second-half", "two-classes", "beside"
RANDOM_A, RANDOM_B = "random-a", "random-b"
NAMES = (ALL, FIRST, SECOND, PAIR, BESIDE, RANDOM_A, RANDOM_B)
"""All pictures; those of the first classes, of the others, and of two; other pictures; random
labels, drawn twice."""
RANDOM = (RANDOM_A, RANDOM_B)

Parts = tuple[LabelledImages, LabelledImages]


def write_sets(settings: Settings, folder: Path, seed: int) -> dict[str, Path]:
    """Write all sets that are not there; return their files by name.

    Raises:
        InputError: no such data, or fewer pictures than the budget says.
    """
    paths = {name: folder / f"set-{name}.npz" for name in NAMES}
    if all(path.exists() for path in paths.values()):
        return paths
    train, test = _source(settings, folder, settings.budget.source, seed)
    beside = _beside(settings, folder, train.size, seed)
    half, classes = len(train.classes) // 2, len(train.classes)
    sets = {
        ALL: (_limited(train, settings), test),
        FIRST: _of_classes(train, test, range(half), settings),
        SECOND: _of_classes(train, test, range(half, classes), settings),
        PAIR: _of_classes(train, test, range(2), settings),
        BESIDE: beside,
    }
    some = train.first(settings.random.images)
    for number, name in enumerate(RANDOM):
        sets[name] = with_random_labels(some, len(test), seed, number)
    for name, parts in sets.items():
        write_set(paths[name], *parts)
    return paths


def with_random_labels(images: LabelledImages, tested: int, seed: int, number: int) -> Parts:
    """Return pictures with permuted labels, and the first of them to test what was learned."""
    labels = images.y[numpy_generator(seed, 7, number).permutation(len(images))]
    drawn = replace(images, y=labels)
    return drawn, drawn.first(tested)


def of_classes(images: LabelledImages, classes: Sequence[int]) -> LabelledImages:
    """Return the pictures of some classes, which are numbered anew from 0 on."""
    kept = np.isin(images.y, list(classes))
    number = {old: new for new, old in enumerate(classes)}
    y = np.array([number[int(k)] for k in images.y[kept]], np.int64)
    return replace(images, x=images.x[kept], y=y, classes=tuple(images.classes[k] for k in classes))


def _of_classes(
    train: LabelledImages, test: LabelledImages, classes: Sequence[int], settings: Settings
) -> Parts:
    return _limited(of_classes(train, classes), settings), of_classes(test, classes)


def _limited(images: LabelledImages, settings: Settings) -> LabelledImages:
    return images.first(settings.budget.images or len(images))


def _source(settings: Settings, folder: Path, source: str, seed: int) -> Parts:
    """Return all that may be learned from, and what is held out of it."""
    budget = settings.budget
    assert budget.held_out is not None
    if source == DRAWN:
        path, wanted = folder / f"{DRAWN}-{seed}.npz", 3 * (budget.images or 0)
        write_textures(path, train=wanted, test=budget.held_out, side=settings.side, seed=seed)
        return load_labelled(path), load_labelled(path, part="test")
    train, test = load_labelled(source).readable().hold_out(budget.held_out)
    wanted = budget.images or 0
    if len(train) < wanted:
        raise InputError(f"{source} has {len(train)} pictures beside the test: expected {wanted}.")
    return train, test


def _beside(settings: Settings, folder: Path, size: tuple[int, int], seed: int) -> Parts:
    """Return other pictures in the size of the first ones."""
    if settings.beside == DRAWN:
        train, test = _source(settings, folder, DRAWN, seed + 1)
        return _limited(train, settings), test
    fit = pixels_fitter(size, "crop")
    found = (load_labelled(settings.beside, part=part, fit=fit) for part in ("train", "test"))
    train, test = (_reduced(images.readable(), size) for images in found)
    return _limited(train, settings), test


def _reduced(images: LabelledImages, size: tuple[int, int]) -> LabelledImages:
    """Bring pictures to a size by means of blocks."""
    factor, rest = divmod(images.size[0], size[0])
    if rest or images.size != (factor * size[0], factor * size[1]):
        raise InputError(
            f"Pictures of {images.size[0]} x {images.size[1]} pixels are no whole multiple of "
            f"{size[0]} x {size[1]}: bring them to such a size first."
        )
    if factor == 1:
        return images
    means = [block_means(picture, factor) for picture in np.asarray(images.x)]
    return replace(images, x=np.rint(np.stack(means)).astype(np.uint8))
