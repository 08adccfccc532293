"""Of a picture only the low frequencies are used."""

from scorelet.data import Picture
from scorelet.models.measurements import LowFrequencies
from scorelet.tasks.restore.ways.base import Prepared, Task, Words
from scorelet.tasks.restore.ways.part import check_part, prepare_part


def prepare(picture: Picture, words: Words) -> Prepared:
    """Begin with what is measured of the picture, the rest of it gray."""
    share = words.share
    assert share is not None
    return prepare_part(
        picture, words, lambda size, noise: LowFrequencies(size, share, noise=noise)
    )


TASK = Task("spectral", ("share",), prepare, lambda words: check_part("share", words), ranged=False)
