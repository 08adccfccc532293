"""What data and models are: image quality, noise level."""

from scorelet.analysis.image_quality import psnr, ssim

__all__ = ["psnr", "ssim"]
