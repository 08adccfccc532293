"""What a denoiser keeps and removes at one image: eigenvectors of its Jacobian."""

from scorelet.analysis.jacobian.basis import JacobianBasis, ReturnsNoiseWarning, jacobian_basis
from scorelet.analysis.jacobian.products import JacobianProducts

__all__ = ["JacobianBasis", "JacobianProducts", "ReturnsNoiseWarning", "jacobian_basis"]
