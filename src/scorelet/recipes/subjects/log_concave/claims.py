"""What the paper says, with criteria that were written before the runs."""

from scorelet.recipes.base import Scale
from scorelet.recipes.claims import Claim, Criterion, at_least, at_most, within
from scorelet.recipes.subjects.log_concave.settings import Lattice, Settings, Surrogate

CONDITIONAL = "section 2 of the paper, figure 2: conditional laws in wavelet packets"
MIXING = "section 4 of the paper: no critical slowing down"
SAMPLES = "section 4 of the paper: samples of critical φ⁴"
BEYOND = "a share, beyond two standard errors"
"""Errors excuse such a number, so that its claims have a condition: `_seen`."""
OCTAVES = "One octave of db4 is not log-concave at the critical point of λ = 1"


def claims(scale: Scale, settings: Settings) -> tuple[Claim, ...]:
    """Return the claims of a scale."""
    found = [*_curvatures(settings), *_mixing(scale, settings), *_curve(scale)]
    for lattice in settings.lattices:
        found += _lattice(scale, lattice)
    for surrogate in settings.surrogates:
        found += _others(surrogate)
    if settings.maps:
        for name in settings.maps.names:
            found += _maps(name)
    return tuple(found)


def doubled(key: str) -> str:
    """Return the key of twice the error of a number, the largest error if it has several."""
    return f"twice the error of {key}"


def _seen(key: str, tolerance: float) -> dict[str, Criterion]:
    """What is tolerated would be seen: twice the error is no larger."""
    return {doubled(key): at_most(tolerance, errors=0)}


def _curvatures(settings: Settings) -> list[Claim]:
    value, control = "eigenvalue", "control"
    found = [
        Claim(
            "The law of whole fields is not log-concave",
            "critical none",
            CONDITIONAL,
            value,
            at_most(0),
        ),
        Claim(OCTAVES, "critical octave", control, value, at_most(0), note=_OCTAVE),
        Claim(
            "The upper quarter of the octave is log-concave at every field",
            "critical quarter positive",
            CONDITIONAL,
            "share of the fields",
            at_least(1),
        ),
    ]
    if "soft" in settings.curvature.presets:
        found.append(
            Claim(
                "One octave is log-concave at every field for λ = 0.1",
                "soft octave positive",
                CONDITIONAL,
                "share of the fields",
                at_least(1),
            )
        )
    return found


_OCTAVE = (
    "the paper states that packets make φ⁴ conditionally log-concave; at λ = 1 that needs bands "
    "narrower than an octave"
)


def _mixing(scale: Scale, settings: Settings) -> list[Claim]:
    largest = max(settings.mixing.sides)
    slow = Claim(
        "Direct chains slow down with the side, in Langevin time",
        "direct exponent",
        MIXING,
        "exponent of the side",
        at_least(1.0),
    )
    few = scale == "smoke"  # its chains are too short to tell: the first run failed this claim
    return [
        *([] if few else [slow]),
        Claim(
            "Details forget in a Langevin time that does not depend on the side",
            "conditional spread",
            MIXING,
            "largest over least, less 1",
            at_most(0.25, errors=0),
        ),
        Claim(
            f"Direct chains need far more steps than details at {largest} pixels",
            "direct over conditional",
            MIXING,
            "ratio of steps",
            at_least(100, errors=0),
        ),
        Claim(
            "Steps for details fall as N^(-1/3): by 1.59 as the side doubles",
            "step ratio",
            "control",
            "ratio",
            within(1.6, 0.12, errors=0),
        ),
    ]


def _curve(scale: Scale) -> list[Claim]:
    where = "section 3 of the paper: score matching of each factor"
    least = 0.97 if scale == "smoke" else 0.99
    return [
        Claim(
            "The expected excess of the loss falls as one over the number of fields",
            "excess exponent",
            where,
            "exponent of the number",
            within(-1, 0.25, errors=0),
        ),
        Claim(
            "Forces of the finest details are those of the action",
            "cosine",
            where,
            "cosine",
            at_least(least, errors=0),
        ),
    ]


def _lattice(scale: Scale, lattice: Lattice) -> list[Claim]:
    name = f"{lattice.side} pixels, {lattice.fields} fields"
    few = scale == "smoke"  # two errors of the Binder ratio of its samples are 0.04
    binder = [] if few else [_binder(lattice.name, name)]
    return [*_lattice_law(lattice, name), *binder, *_lattice_chains(lattice.name, name)]


def _lattice_law(lattice: Lattice, name: str) -> list[Claim]:
    tolerance, key = lattice.tolerance, lattice.name
    return [
        Claim(
            f"Samples have the spectrum of the law ({name}, |k| >= {lattice.least:g})",
            f"{key} spectrum",
            SAMPLES,
            BEYOND,
            at_most(tolerance, errors=0),
            given={f"{key} white spectrum": at_least(0.2, errors=0)}
            | _seen(f"{key} spectrum", tolerance),
        ),
        Claim(
            f"Samples have the marginal of the law ({name})",
            f"{key} variation",
            SAMPLES,
            "total variation",
            at_most(tolerance * 0.4, errors=0),
            given={f"{key} white variation": at_least(0.05, errors=0)},
        ),
        Claim(
            f"Samples have the deviations of the law at every scale ({name})",
            f"{key} scales",
            SAMPLES,
            BEYOND,
            at_most(tolerance / 5, errors=0),
            given=_seen(f"{key} scales", tolerance / 5),
        ),
    ]


def _binder(key: str, name: str) -> Claim:
    return Claim(
        f"Samples have the Binder ratio of the law ({name})",
        f"{key} binder",
        SAMPLES,
        "difference, beyond two standard errors",
        at_most(0.05, errors=0),
        given=_seen(f"{key} binder", 0.05),
    )


def _lattice_chains(key: str, name: str) -> list[Claim]:
    return [
        Claim(
            f"Samples have the order parameter <|m|> of the law ({name})",
            f"{key} order",
            MIXING,
            "samples over fields",
            within(1, 0.15, errors=0),
        ),
        Claim(
            f"Direct chains of as many steps, from 0, have not found it ({name})",
            f"{key} cold order",
            MIXING,
            "chains over fields",
            at_most(0.5, errors=0),
        ),
        Claim(
            f"Samples have the mean 0 ({name})",
            f"{key} mean",
            "control",
            "standard errors",
            at_most(3, errors=0),
        ),
        Claim(
            f"Acceptance is 0.5 to 0.65 in every band ({name})",
            f"{key} acceptance",
            "control",
            "largest distance from 0.575",
            at_most(0.075, errors=0),
        ),
    ]


def _others(surrogate: Surrogate) -> list[Claim]:
    law, lensing = surrogate.name, surrogate.law == "log_normal"
    published = lensing and surrogate.transform == "none"
    where = "section 4 of the paper: lensing" if published else "control"
    tolerance = 0.07 if lensing else 0.1
    found = [
        Claim(
            f"Samples of {law} have its spectrum",
            f"{law} spectrum",
            where,
            BEYOND,
            at_most(tolerance, errors=0),
            given=_seen(f"{law} spectrum", tolerance),
        ),
        Claim(
            f"Samples of {law} have its marginal",
            f"{law} variation",
            where,
            "total variation",
            at_most(0.05, errors=0),
        ),
    ]
    if lensing:
        found.append(
            Claim(
                f"Samples of {law} have its peaks, up to 3 standard deviations",
                f"{law} peaks",
                "control",
                BEYOND,
                at_most(0.15, errors=0),
                given=_seen(f"{law} peaks", 0.15),
            )
        )
    return found


def _maps(name: str) -> list[Claim]:
    where, said = "control: a real map", f"Samples of patches of {name} have their"
    marginal = Claim(
        f"{said} marginal",
        f"{name} variation",
        where,
        "total variation",
        at_most(0.03, errors=0),
        given={f"{name} white variation": at_least(0.03, errors=0)},
    )
    others = [
        Claim(
            f"{said} {key}",
            f"{name} {key}",
            where,
            BEYOND,
            at_most(tolerance, errors=0),
            given=_seen(f"{name} {key}", tolerance),
        )
        for key, tolerance in {"spectrum": 0.1, "skewness": 0.2, "kurtosis": 0.2}.items()
    ]
    return [marginal, *others]
