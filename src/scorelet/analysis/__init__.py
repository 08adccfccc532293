"""What data and models are: image quality, noise level, mixing of chains."""

from scorelet.analysis.image_quality import psnr, ssim
from scorelet.core.chain_diagnostics import (
    ChainDiagnostics,
    autocorrelation,
    autocorrelation_time,
    diagnose_chains,
    effective_sample_size,
    r_hat,
)

__all__ = [
    "ChainDiagnostics",
    "autocorrelation",
    "autocorrelation_time",
    "diagnose_chains",
    "effective_sample_size",
    "psnr",
    "r_hat",
    "ssim",
]
