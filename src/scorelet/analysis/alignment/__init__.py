"""Alignment of two networks: one orthogonal map for each layer."""

from scorelet.analysis.alignment.beside import left_out, own_forwards, uncalled
from scorelet.analysis.alignment.layers import (
    Layer,
    registered_layers,
    sharing,
    sharing_words,
)
from scorelet.analysis.alignment.moments import CrossMoments
from scorelet.analysis.alignment.networks import (
    AlignedLayer,
    Alignment,
    align,
    cross_moments,
    matched_layers,
    to_reference,
)
from scorelet.analysis.alignment.procrustes import (
    Rotation,
    newton_schulz,
    polar_factor,
    procrustes,
    similarity_of_means,
)

__all__ = [
    "AlignedLayer",
    "Alignment",
    "CrossMoments",
    "Layer",
    "Rotation",
    "align",
    "cross_moments",
    "left_out",
    "matched_layers",
    "newton_schulz",
    "own_forwards",
    "polar_factor",
    "procrustes",
    "registered_layers",
    "sharing",
    "sharing_words",
    "similarity_of_means",
    "to_reference",
    "uncalled",
]
