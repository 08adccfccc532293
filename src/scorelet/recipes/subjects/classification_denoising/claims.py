"""What the paper says, with criteria that were written before the runs."""

from scorelet.recipes.base import Scale
from scorelet.recipes.claims import Claim, Criterion, at_least, at_most, within
from scorelet.recipes.subjects.classification_denoising.networks import NOISY, PLAIN
from scorelet.recipes.subjects.classification_denoising.settings import Settings

_POINTS = "points of accuracy"
_ABSTRACT = "abstract of the paper, without figures"
_THEORY = "section 2 of the paper"
_OWN = "control"

NOT_BELOW = Criterion(
    "not below 0 by more than two standard errors",
    lambda found: found.value + 2 * (found.error or 0) >= 0,
)


def claims(scale: Scale, settings: Settings) -> tuple[Claim, ...]:
    """Return the claims of a scale."""
    found = _identities()
    if scale == "smoke":
        return found
    floor = at_least(settings.floor)
    return found + _labels(floor) + _denoising() + _information() + _attacks(floor, settings)


def _identities() -> tuple[Claim, ...]:
    return (
        Claim(
            "The denoiser of all classes is the mean of those of each class over the posterior",
            "mixture identity", _THEORY, "relative error", at_most(1e-3),
        ),
        Claim(
            "The gradient of an attack is a difference of two denoisers",
            "attack identity", _THEORY, "relative error", at_most(1e-3),
        ),
        Claim(
            "The Jacobian of the denoiser is symmetric, as that of a gradient",
            "joint asymmetry", _THEORY, "|J - Jᵀ| / |J|", at_most(1e-4),
            note="float32",
        ),
        Claim(
            "That of a network which only denoises is not",
            "direct asymmetry", _OWN, "|J - Jᵀ| / |J|", at_least(1e-3),
        ),
    )  # fmt: skip


def _labels(floor: Criterion) -> tuple[Claim, ...]:
    given = {f"accuracy {PLAIN}": floor}
    return (
        Claim(
            "On clean pictures the joint network labels about as well as with cross-entropy alone",
            "clean gain", _ABSTRACT, _POINTS, at_least(-3), given=given,
        ),
        Claim(
            "At noise level 0.1 it labels far better",
            "noisy gain", _OWN, _POINTS, at_least(15), given=given,
        ),
        Claim(
            "There it labels about as well as a network that learned noisy labels only",
            "gain over noisy labels", _OWN, _POINTS, at_least(-3),
            given={f"accuracy {NOISY}": floor},
        ),
    )  # fmt: skip


def _denoising() -> tuple[Claim, ...]:
    return (
        Claim(
            "It denoises nearly as well as a network of the same size that only denoises",
            "worst denoising", _ABSTRACT, "dB", at_least(-0.5),
            note="least gain over noise levels 0.05, 0.1, 0.2 and 0.5",
        ),
        Claim(
            "Knowing the class never makes denoising worse",
            "least worth", _THEORY, "dB", NOT_BELOW,
            note="least over noise levels, with two errors granted: it tends to 0 with the noise",
        ),
    )  # fmt: skip


def _information() -> tuple[Claim, ...]:
    return (
        Claim(
            "What the class is worth is how far the denoisers of the classes are apart",
            "variance ratio", "control: law of total variance", "ratio", within(1, 0.2),
            note="at noise level 0.2",
        ),
        Claim(
            "Added up over noise levels, it is what the pictures tell of the class",
            "information ratio", "control: information and the error of estimation", "ratio",
            within(1, 0.2),
        ),
    )  # fmt: skip


def _attacks(floor: Criterion, settings: Settings) -> tuple[Claim, ...]:
    given = {f"accuracy {PLAIN}": floor}
    names = {"linf": "L∞", "l2": "L2"}
    found = []
    for norm, eps in settings.attacks.decisive.items():
        size = f"{255 * eps:g}/255" if norm == "linf" else f"{eps:g}"
        found += [
            Claim(
                f"Under attacks of {names[norm]} size {size} it keeps more labels than with "
                "cross-entropy alone",
                f"robust gain {norm}", _ABSTRACT, _POINTS, at_least(10), given=given,
            ),
            Claim(
                f"Under attacks of {names[norm]} size {size} it keeps more labels than a network "
                "that learned noisy labels",
                f"robust gain over noisy labels {norm}", _OWN, _POINTS, at_least(0),
                given={f"accuracy {NOISY}": floor},
            ),
        ]  # fmt: skip
    slow = Claim(
        "Attacks on noisier pictures are smoother",
        "smoother", "figure of the paper, without figures", "share of energy", at_least(0),
        note="of D_c - D_u at low frequencies, noise level 0.25 less 0.02",
    )  # fmt: skip
    return (*found, slow)
