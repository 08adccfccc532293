"""The verb audit: did a denoiser learn the density of its pictures, or the pictures?"""

from scorelet.tasks.audit.document import Audit
from scorelet.tasks.audit.settings import AuditSettings, Network
from scorelet.tasks.audit.twins import HALVES, picture_training, twin_weights, write_halves
from scorelet.tasks.audit.verb import Told, audit, audit_models, audit_twins, compare_twins

__all__ = [
    "HALVES",
    "Audit",
    "AuditSettings",
    "Network",
    "Told",
    "audit",
    "audit_models",
    "audit_twins",
    "compare_twins",
    "picture_training",
    "twin_weights",
    "write_halves",
]
