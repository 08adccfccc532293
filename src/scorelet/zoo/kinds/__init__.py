"""The kinds of model that scorelet comes with, one file each."""

from scorelet.zoo.kind import register
from scorelet.zoo.kinds import (
    blind_denoiser,
    classifier,
    field_energy,
    gaussian_mixture,
    multiscale,
)

for _module in (blind_denoiser, classifier, gaussian_mixture, multiscale):
    register(_module.KIND)
for _kind in field_energy.KINDS:
    register(_kind)
