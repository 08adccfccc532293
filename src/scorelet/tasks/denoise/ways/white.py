"""White noise: a page is denoised at once; channels or parts whose noise is unlike apart."""

from dataclasses import replace

from scorelet.models import Denoiser
from scorelet.tasks.denoise.plan import PagePlan, run_plan
from scorelet.tasks.denoise.remarks import colours_left, noise_of_colours
from scorelet.tasks.denoise.settings import MODEL, Denoised, DenoiseSettings
from scorelet.tasks.denoise.ways.channels import noisiest_apart, noisiest_channel, one_by_one
from scorelet.tasks.denoise.ways.parts import noisier_part, part_apart
from scorelet.tasks.listener import Listener


def is_unlike(plan: PagePlan, denoiser: Denoiser) -> bool:
    """Whether white noise is unlike in channels or parts, which alone keeps `photo` from it."""
    return noisiest_channel(plan) is not None or noisier_part(plan, denoiser) is not None


def denoised_white(
    plan: PagePlan, denoiser: Denoiser, settings: DenoiseSettings, listener: Listener
) -> Denoised:
    """Denoise a page at once; channels or parts apart where their noise is unlike."""
    apart = settings.model == MODEL
    noisiest = noisiest_channel(plan) if apart else None
    if noisiest is not None:
        return noisiest_apart(plan, noisiest, denoiser, settings, listener)
    part = noisier_part(plan, denoiser) if apart else None
    if part is not None:
        return part_apart(plan, part, denoiser, settings, listener)
    out = run_plan(plan, denoiser, settings, listener)
    noise = colours_left(plan.view, out.sigma, bounded=plan.bounded)
    if noise is None:
        return out
    said = noise_of_colours(noise, apart=apart, floats=plan.page.pixels.dtype.kind == "f")
    out = one_by_one(plan, denoiser, settings) if apart else out
    return replace(out, warnings=(*out.warnings, said))
