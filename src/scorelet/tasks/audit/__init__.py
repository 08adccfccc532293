"""The verb audit: did a denoiser learn the density of its pictures, or the pictures?"""

from scorelet.tasks.audit.document import Audit
from scorelet.tasks.audit.settings import AuditSettings, Network
from scorelet.tasks.audit.verb import Told, audit, audit_models, audit_twins, compare_twins

__all__ = [
    "Audit",
    "AuditSettings",
    "Network",
    "Told",
    "audit",
    "audit_models",
    "audit_twins",
    "compare_twins",
]
