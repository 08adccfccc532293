"""Files for `scorelet denoise`, and what it says."""

from pathlib import Path

import numpy as np
import tifffile

from samples import noisy, plain, write_png

PLAIN_TIFF = {"photometric": "minisblack", "metadata": None}


def decibels(estimate, clean):
    """The PSNR of values whose white is 1, in any shape."""
    error = np.asarray(estimate, float).reshape(clean.shape) - clean
    return -10 * np.log10(np.square(error).mean())


def errors(stderr):
    """The sentences behind "error:", each a line with a full stop."""
    lines = [line for line in stderr.splitlines() if line.startswith("error: ")]
    assert all(line.endswith(".") for line in lines)
    return [line.removeprefix("error: ") for line in lines]


def write_tiff(path, samples):
    colour = samples.shape[2] > 2
    tifffile.imwrite(
        path,
        plain(samples),
        photometric="rgb" if colour else "minisblack",
        planarconfig="contig",
        extrasamples=[2] if samples.shape[2] in (2, 4) else None,
        metadata=None,
    )
    return path


def write_and_get(name, **options):
    samples = noisy(30, 40, **options)
    write_png(Path(name), samples)
    return samples
