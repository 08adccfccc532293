"""How much a classifier withstands: attacks, certificates, signs that attacks were misled."""

from scorelet.analysis.robustness.attacks import (
    ATTACKS,
    TRANSFER,
    Attack,
    Attacked,
    attack,
    clean_logits,
    in_order_of,
    known_attack,
)
from scorelet.analysis.robustness.ball import Norm, farthest, inside, known_norm, size, widest
from scorelet.analysis.robustness.explanation import (
    AttackExplanation,
    explain,
    low_frequency_share,
)
from scorelet.analysis.robustness.masking import beaten, stays_high, without_gradient
from scorelet.analysis.robustness.outliers import (
    Separation,
    auroc,
    false_positive_rate,
    log_densities,
    logit_scores,
    separation,
)
from scorelet.analysis.robustness.pictures import (
    check_labels,
    check_level,
    check_pictures,
    check_radius,
    check_unnormalised,
    is_wrong,
)
from scorelet.analysis.robustness.setup import AttackSetup
from scorelet.analysis.robustness.smoothing import (
    ABSTAINED,
    Certificate,
    VoteSetup,
    certify,
    lower_bound,
    radius,
)

__all__ = [
    "ABSTAINED",
    "ATTACKS",
    "TRANSFER",
    "Attack",
    "AttackExplanation",
    "AttackSetup",
    "Attacked",
    "Certificate",
    "Norm",
    "Separation",
    "VoteSetup",
    "attack",
    "auroc",
    "beaten",
    "certify",
    "check_labels",
    "check_level",
    "check_pictures",
    "check_radius",
    "check_unnormalised",
    "clean_logits",
    "explain",
    "false_positive_rate",
    "farthest",
    "in_order_of",
    "inside",
    "is_wrong",
    "known_attack",
    "known_norm",
    "log_densities",
    "logit_scores",
    "low_frequency_share",
    "lower_bound",
    "radius",
    "separation",
    "size",
    "stays_high",
    "widest",
    "without_gradient",
]
