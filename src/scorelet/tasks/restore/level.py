"""The level of the noise that a picture is restored with."""

from dataclasses import replace

from scorelet.data import Picture
from scorelet.tasks.restore.observed import least_noise, noise_found
from scorelet.tasks.restore.settings import RestoreSettings

_PLAINLY = 2.0
"""Noise that was found, over the level that was given, from which that is worth a word."""


def leveled(picture: Picture, settings: RestoreSettings) -> tuple[RestoreSettings, str | None]:
    """Return settings with a level of the noise, and what to say of one that was given.

    Without one a blurred picture has the level that is found in it, others have none. That of
    blurred pictures is `least_noise` at least.

    Raises:
        InputError: as `observe`.
    """
    given = settings.sigma
    if settings.task != "deblur":
        return replace(settings, sigma=given or 0.0), None
    found = noise_found(picture, settings)
    if given is None:
        return replace(settings, sigma=found), None
    taken = max(given, least_noise(picture))
    return replace(settings, sigma=taken), _more_found(given, found, taken)


def _more_found(given: float, found: float, taken: float) -> str | None:
    """Say whether a blurred picture has plainly more noise than was given, and is taken."""
    if found <= _PLAINLY * taken:
        return None
    return (
        f"the picture has more noise than was given, or more detail than such a blur leaves: sigma "
        f"is {given * 255:.1f}, and {found * 255:.1f} was found (8-bit units), which deblurring "
        "makes far stronger; leave sigma out, or give a smaller blur if that is no noise"
    )
