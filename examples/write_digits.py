"""Write scikit-learn's 1797 digits as pictures, in a folder for each class: data to learn from.

Digits 0 to 1499 go to FOLDER/train, the others to FOLDER/test.

Run:  python examples/write_digits.py digits
"""

import sys
from pathlib import Path

import numpy as np

from scorelet.data import Picture, write_picture

COUNT = 1500


def main(folder: Path) -> None:
    """Write 8 x 8 gray pictures, folder/part/class/number.png."""
    from sklearn.datasets import load_digits

    found = load_digits()
    for number, (image, label) in enumerate(zip(found.images, found.target, strict=True)):
        part = "train" if number < COUNT else "test"
        path = folder / part / str(label) / f"{number:04}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = np.rint(image * 255 / 16).astype(np.uint8)[..., None]
        write_picture(path, Picture(pixels))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
