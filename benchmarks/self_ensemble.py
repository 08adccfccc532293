"""What the mean of a denoiser's eight answers, to the picture in all orientations, gains.

Part `white`: PSNR of `photo` in dB by the protocol of `scorelet evaluate`, with and without
`--self-ensemble`.
"""

import sys

from measure import Row
from program import run_parts

import scorelet as sl

PACKAGES = ("scorelet", "torch")
SETS = (("set12", 1), ("bsd68", 1), ("cbsd68", 3))
SIGMAS = (5.0, 15.0, 25.0, 50.0)


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


if __name__ == "__main__":
    sys.exit(run_parts("self_ensemble", {"white": measure_white}, PACKAGES, __doc__ or ""))
