"""Samples with the nearest picture of the data beside each, as a contact sheet."""

from pathlib import Path

import numpy as np

from scorelet.analysis.memorization import Nearest, pair_cosines
from scorelet.data import to_unit
from scorelet.data.pictures.formats.png import png_bytes
from scorelet.plots.contact_sheet import MAX_PIXELS, contact_sheet
from scorelet.tasks.array_files import writing
from scorelet.tasks.evaluate.sample_input import Input
from scorelet.tasks.picture_arrays import images_of

SUFFIXES = (".png",)
_SHOWN = 64


def write_sheet(output: Path, given: Input, nearest: Nearest, *, overwrite: bool) -> None:
    """Write the samples that are nearest to pictures of the data, these first.

    Args:
        output: NAME.png, checked before.
        given: both sets.
        nearest: of each sample the nearest picture.
        overwrite: whether it may replace a file.
    """
    count = min(_SHOWN, max(1, MAX_PIXELS // (2 * given.samples[0].size)))
    order = nearest.cosine.argsort(descending=True, stable=True)[:count]
    made = to_unit(given.samples[order.numpy()])
    known = _turned(made, to_unit(given.data[nearest.index[order].numpy()]))
    pairs = np.concatenate([made, known], axis=2)
    shown = pairs[..., 0] if pairs.shape[3] == 1 else pairs
    with writing(output, overwrite=overwrite) as temporary:
        temporary.write_bytes(png_bytes(contact_sheet(shown, bounds=(0.0, 1.0))))


def _turned(samples: np.ndarray, pictures: np.ndarray) -> np.ndarray:
    """Return pictures, those of which the mirror image is nearer to its sample as that."""
    mirrored = np.ascontiguousarray(pictures[:, :, ::-1])
    made, straight, other = (images_of(x) for x in (samples, pictures, mirrored))
    nearer = pair_cosines(made, other) > pair_cosines(made, straight)
    return np.where(nearer.numpy()[:, None, None, None], mirrored, pictures)
