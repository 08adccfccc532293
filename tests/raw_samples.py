"""Raw files of a simulated camera, as DNG, written here so that nothing is read by its writer."""

import numpy as np
import tifffile
import torch

from scorelet.core.random import generator
from scorelet.data.camera import CameraSettings, mosaic
from scorelet.data.camera.shot import expose, light

BLACK, WHITE = (250, 256, 260, 270), 4095
XYZ_TO_SRGB = (3.2405, -1.5371, -0.4985, -0.9693, 1.8760, 0.0416, 0.0556, -0.2040, 1.0572)
XTRANS = "GGRGGBGGBGGRBRGRBGGGBGGRGGRGGBRBGBRG"


def fractions(values):
    return tuple(part for value in values for part in (round(value * 10_000), 10_000))


def dng(path, raw, order="RGGB", *, black=BLACK, white=WHITE, orientation=1, noise=(), tags=()):
    """Write samples (height, width) of a sensor; black by the place in 2x2 pixels."""
    side = round(len(order) ** 0.5)
    found = {
        50706: (1, 4, bytes((1, 4, 0, 0))),
        50707: (1, 4, bytes((1, 1, 0, 0))),
        33421: (3, 2, (side, side)),
        33422: (1, len(order), bytes("RGB".index(colour) for colour in order)),
        50713: (3, 2, (2, 2)),
        50714: (4, 4, tuple(black)),
        50717: (4, 1, white),
        50721: (10, 9, fractions(XYZ_TO_SRGB)),
        50728: (5, 3, fractions((0.5, 1, 0.6))),
        50778: (3, 1, 21),
        50708: (2, None, "Simulated camera"),
        271: (2, None, "Simulated"),
        272: (2, None, "camera"),
        274: (3, 1, orientation),
    }
    if noise:
        found[51041] = (12, len(noise), tuple(noise))
    found |= dict(tags)
    tifffile.imwrite(
        path,
        raw.astype(np.uint16),
        photometric=32803,
        extratags=[(code, *rest, True) for code, rest in sorted(found.items())],
        metadata=None,
    )


def another(path, raw, order="RGGB", *, subfile=0):
    """Add a picture of a sensor to a file of `dng`; `subfile` says what it is to the first."""
    tags = [
        (33421, 3, 2, (2, 2), True),
        (33422, 1, 4, bytes("RGB".index(colour) for colour in order), True),
    ]
    tifffile.imwrite(
        path,
        raw.astype(np.uint16),
        photometric=32803,
        subfiletype=subfile,
        extratags=tags,
        metadata=None,
        append=True,
    )


def monochrome(path, raw, *, black=256, white=WHITE):
    """Write samples of a sensor without colours."""
    tags = {
        50706: (1, 4, bytes((1, 4, 0, 0))),
        50714: (4, 1, black),
        50717: (4, 1, white),
        50708: (2, None, "Gray camera"),
        271: (2, None, "Gray"),
        272: (2, None, "camera"),
    }
    extra = [(code, *rest, True) for code, rest in sorted(tags.items())]
    tifffile.imwrite(
        path, raw.astype(np.uint16), photometric="minisblack", extratags=extra, metadata=None
    )
    with tifffile.TiffFile(path, mode="r+") as file:
        file.pages[0].tags[262].overwrite(34892)


def interpolated(path, raw):
    """Write samples (height, width) as a DNG of interpolated colours, all alike."""
    tags = [
        (50706, 1, 4, bytes((1, 4, 0, 0)), True),
        (50717, 3, 3, (WHITE,) * 3, True),
        (50708, 2, None, "camera", True),
    ]
    tifffile.imwrite(
        path,
        np.stack([raw] * 3, -1).astype(np.uint16),
        photometric=34892,
        planarconfig="contig",
        extratags=tags,
        metadata=None,
    )


def scene(height, width):
    """A smooth colour picture with edges, (height, width, 3) in [0, 1]."""
    y, x = np.mgrid[:height, :width] / max(height, width)
    planes = [0.2 + 0.5 * x, 0.35 + 0.3 * y, 0.5 - 0.3 * x * y]
    picture = np.stack(planes, -1)
    picture[(x - 0.4) ** 2 + (y - 0.3) ** 2 < 0.03] *= 0.4
    return picture


def exposed(picture, order="RGGB", *, a=4e-3, b=1.6e-4, seed=0):
    """Return noisy and clean light on the mosaic of a simulated sensor, (height, width)."""
    settings = CameraSettings(a=a, b=b, order=order, contrast=0.0)
    x = torch.from_numpy(picture.transpose(2, 0, 1).astype(np.float32))[None]
    clean = mosaic(light(x, settings), order)
    return expose(clean, settings, rng=generator(seed))[0, 0].numpy(), clean[0, 0].numpy()


def sampled(values, *, black=BLACK, white=WHITE):
    """Return light as samples with black levels by place, cut off at white."""
    levels = np.empty(values.shape)
    for place in range(4):
        levels[place // 2 :: 2, place % 2 :: 2] = black[place]
    return np.clip(np.rint(levels + values * (white - min(black))), 0, white)
