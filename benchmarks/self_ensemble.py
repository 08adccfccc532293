"""What the mean of a denoiser's own answers gains, as `--self-ensemble` gives it.

PSNR in dB by the protocol of `scorelet evaluate`, with and without it. Part `white`: of `photo`,
the mean of eight answers to pictures in all orientations. Part `cascade`: of `faces` on faces that
were held out, the mean of four answers to pictures moved by a pixel, and beside it that of eight
orientations, which a cascade of upright faces does not know.
"""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from measure import Row
from PIL import Image
from program import run_parts

import scorelet as sl
from scorelet.data import locate
from scorelet.models import Denoiser, TurnedDenoiser
from scorelet.zoo import load_as

PACKAGES = ("scorelet", "torch")
SETS = (("set12", 1), ("bsd68", 1), ("cbsd68", 3))
SIGMAS = (5.0, 15.0, 25.0, 50.0)
FACES, SIGMAS_OF_FACES = 64, (5.0, 10.0, 25.0, 80.0, 255.0)


def measure_white(*, quick: bool) -> dict[str, list[Row]]:
    """Return a row for each set and level."""
    return {"rows": [row for name, channels in SETS for row in _rows(name, channels, quick=quick)]}


def _rows(name: str, channels: int, *, quick: bool) -> list[Row]:
    alone, turned = (
        sl.evaluate(
            f"photos/{name}",
            sigmas=SIGMAS,
            channels=channels,
            limit=1 if quick else None,
            self_ensemble=whether,
        )
        for whether in (False, True)
    )
    return [
        {
            "set": name,
            "channels": channels,
            "pictures": alone["pictures"],
            "sigma": sigma,
            "psnr": one["psnr"],
            "self_ensemble": eight["psnr"],
            "gain": eight["psnr"] - one["psnr"],
        }
        for sigma, one, eight in zip(SIGMAS, alone["rows"], turned["rows"], strict=True)
    ]


def measure_cascade(*, quick: bool) -> dict[str, list[Row]]:
    """Return a row for each level."""
    turned = TurnedDenoiser(load_as(Denoiser, "faces", verb="denoise").eval())
    with np.load(locate("faces80.npz")) as arrays, TemporaryDirectory() as folder:
        for k, pixels in enumerate(arrays["test"][: 2 if quick else FACES]):
            Image.fromarray(pixels).save(Path(folder) / f"{k:03d}.png")
        alone, four, eight = (
            sl.evaluate(folder, model=model, sigmas=SIGMAS_OF_FACES, self_ensemble=whether)
            for model, whether in (("faces", False), ("faces", True), (turned, False))
        )
    levels = zip(alone["rows"], four["rows"], eight["rows"], strict=True)
    return {
        "faces": [
            {
                "set": "faces80",
                "pictures": alone["pictures"],
                "sigma": one["sigma"],
                "psnr": one["psnr"],
                "self_ensemble": shifted["psnr"],
                "gain": shifted["psnr"] - one["psnr"],
                "gain_of_turns": turned["psnr"] - one["psnr"],
            }
            for one, shifted, turned in levels
        ]
    }


if __name__ == "__main__":
    sys.exit(
        run_parts(
            "self_ensemble",
            {"white": measure_white, "cascade": measure_cascade},
            PACKAGES,
            __doc__ or "",
        )
    )
