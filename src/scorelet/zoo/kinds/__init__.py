"""The kinds of model that scorelet comes with, one file each."""

from scorelet.zoo.kind import register
from scorelet.zoo.kinds import blind_denoiser, classifier, gaussian_mixture

for _module in (blind_denoiser, classifier, gaussian_mixture):
    register(_module.KIND)
