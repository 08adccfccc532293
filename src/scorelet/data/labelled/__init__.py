"""Labelled pictures: sets from npz files or folders of classes; training samples."""

from scorelet.data.labelled.changes import shifted
from scorelet.data.labelled.files import load_labelled
from scorelet.data.labelled.images import LabelledImages
from scorelet.data.labelled.samples import LabelledSamples, order_of

__all__ = [
    "LabelledImages",
    "LabelledSamples",
    "load_labelled",
    "order_of",
    "shifted",
]
