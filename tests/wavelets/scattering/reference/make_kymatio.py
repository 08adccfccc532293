"""Store scattering coefficients computed by Kymatio 0.3.0, which needs an older SciPy.

python3.11 -m venv kym
kym/bin/pip install 'scipy<1.15' kymatio==0.3.0 torch numpy
kym/bin/python tests/wavelets/scattering/reference/make_kymatio.py

Writes kymatio.npz beside this file: for each case NAME the coefficients `NAME` and, as rows of
(order, j1, θ1, j2, θ2) with -1 for none, `NAME_paths`. Pictures are those of `picture`.
"""

from pathlib import Path

import numpy as np

CASES = {
    # name: (batch, height, width, J, L, order)
    "square": (2, 32, 32, 2, 8, 2),
    "deep": (1, 32, 32, 3, 8, 2),
    "flat": (1, 40, 28, 2, 4, 2),
    "odd": (1, 33, 50, 3, 6, 1),
    "odd_angles": (1, 31, 9, 3, 5, 2),
    "smallest": (1, 16, 16, 4, 3, 2),
    "prime": (1, 104, 44, 2, 2, 2),
    "fine": (1, 20, 24, 1, 8, 2),
}


def picture(batch: int, height: int, width: int) -> np.ndarray:
    """Return uniform noise on a ramp, (batch, height, width) float32."""
    noise = np.random.default_rng(0).random((batch, height, width), dtype=np.float32)
    return noise + np.linspace(0, 1, width, dtype=np.float32)


def main() -> None:
    """Write the file."""
    import torch
    from kymatio.torch import Scattering2D

    arrays = {}
    for name, (batch, height, width, scales, angles, order) in CASES.items():
        transform = Scattering2D(scales, (height, width), angles, order, out_type="list")
        paths = transform(torch.from_numpy(picture(batch, height, width)))
        arrays[name] = np.stack([path["coef"].numpy() for path in paths], 1)
        arrays[f"{name}_paths"] = np.array([_row(path) for path in paths], np.int8)
    np.savez_compressed(Path(__file__).with_name("kymatio.npz"), **arrays)


def _row(path: dict) -> list[int]:
    steps = [number for pair in zip(path["j"], path["theta"], strict=True) for number in pair]
    return [len(path["j"]), *steps, *[-1] * (4 - len(steps))]


if __name__ == "__main__":
    main()
