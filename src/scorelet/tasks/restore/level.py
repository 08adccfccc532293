"""The level of the noise that a picture is restored with, and what is to be said."""

from dataclasses import replace

from scorelet.data import Picture
from scorelet.tasks.restore.known import doubt
from scorelet.tasks.restore.observed import LEAST_NOISE, noise_found
from scorelet.tasks.restore.settings import RestoreSettings

_PLAINLY = 2.0
"""Noise that was found, over the level that was given, from which that is worth a word."""


def leveled(picture: Picture, settings: RestoreSettings) -> tuple[RestoreSettings, tuple[str, ...]]:
    """Return settings with a level of the noise, that found if none is given, and what to say.

    Raises:
        InputError: as `observe`.
    """
    found = noise_found(picture, settings) if settings.task == "deblur" else 0.0
    given = settings.sigma
    taken = found if given is None else given
    said = (None if given is None else _more_found(given, found), doubt(settings))
    return replace(settings, sigma=taken), tuple(text for text in said if text)


def _more_found(given: float, found: float) -> str | None:
    """Say whether a blurred picture has plainly more noise than was given."""
    if found <= _PLAINLY * max(given, LEAST_NOISE):
        return None
    return (
        f"the picture has more noise than was given, or more detail than such a blur leaves: sigma "
        f"is {given * 255:.1f}, and {found * 255:.1f} was found (8-bit units), which deblurring "
        "makes far stronger; leave sigma out, or give a smaller blur if that is no noise"
    )
