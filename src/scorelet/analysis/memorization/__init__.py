"""Did a denoiser learn the density of its pictures, or the pictures? Evidence from twins."""

from scorelet.analysis.memorization.baseline import (
    covariance_filter,
    linear_filters,
    wiener_filter,
)
from scorelet.analysis.memorization.by_heart import copy_threshold, known_by_heart
from scorelet.analysis.memorization.curves import (
    SIGMAS,
    Curve,
    Gap,
    at_middle,
    curve,
    psnr_by_level,
    psnr_gap,
)
from scorelet.analysis.memorization.drawn import Drawn, Shown, draw
from scorelet.analysis.memorization.duplicates import Copies, find_copies, shared, thumbnails
from scorelet.analysis.memorization.halves import (
    Halves,
    disjoint_halves,
    picture_key,
    picture_names,
)
from scorelet.analysis.memorization.lead import Lead, lead_over_filters, lead_over_half
from scorelet.analysis.memorization.other_kind import Gaps, Kind
from scorelet.analysis.memorization.pair import Pair
from scorelet.analysis.memorization.seen import Seen, measure_seen
from scorelet.analysis.memorization.similarity import (
    Nearest,
    directions,
    mean_pair_cosine,
    nearest,
    nearest_in,
    pair_cosines,
)
from scorelet.analysis.memorization.twin_samples import SCHEDULE, TwinSamples, twin_samples
from scorelet.analysis.memorization.variance import (
    ModelVariance,
    gaussian_model_variance,
    model_variance,
)
from scorelet.analysis.memorization.verdict import (
    Evidence,
    Verdict,
    by_gap,
    by_samples,
    is_behind,
    median_with_error,
    open_signs,
    quartiles,
    verdict,
    verdict_of_two,
    where_it_ends,
)

__all__ = [
    "SCHEDULE",
    "SIGMAS",
    "Copies",
    "Curve",
    "Drawn",
    "Evidence",
    "Gap",
    "Gaps",
    "Halves",
    "Kind",
    "Lead",
    "ModelVariance",
    "Nearest",
    "Pair",
    "Seen",
    "Shown",
    "TwinSamples",
    "Verdict",
    "at_middle",
    "by_gap",
    "by_samples",
    "copy_threshold",
    "covariance_filter",
    "curve",
    "directions",
    "disjoint_halves",
    "draw",
    "find_copies",
    "gaussian_model_variance",
    "is_behind",
    "known_by_heart",
    "lead_over_filters",
    "lead_over_half",
    "linear_filters",
    "mean_pair_cosine",
    "measure_seen",
    "median_with_error",
    "model_variance",
    "nearest",
    "nearest_in",
    "open_signs",
    "pair_cosines",
    "picture_key",
    "picture_names",
    "psnr_by_level",
    "psnr_gap",
    "quartiles",
    "shared",
    "thumbnails",
    "twin_samples",
    "verdict",
    "verdict_of_two",
    "where_it_ends",
    "wiener_filter",
]
