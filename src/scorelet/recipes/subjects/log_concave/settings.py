"""What the recipe measures at each scale."""

from dataclasses import dataclass

from scorelet.recipes.base import Scale


@dataclass(frozen=True)
class Lattice:
    """Critical lattice φ⁴: a model fitted, its samples beside other fields of the law.

    Attributes:
        side: in pixels.
        fields: that are fitted.
        samples: that are drawn.
        others: fields that samples are compared with.
        least: frequency from which on spectra are compared, in cycles per side.
        tolerance: of the radial spectrum, a share.
    """

    side: int
    fields: int
    samples: int
    others: int
    least: float = 2.0
    tolerance: float = 0.05

    @property
    def name(self) -> str:
        """Of steps and numbers."""
        return f"phi4-{self.side}-{self.fields}"


@dataclass(frozen=True)
class Curvature:
    """Hessians of the exact action.

    Attributes:
        presets: of φ⁴, see `scorelet.sampling.PRESETS`.
        side: in pixels.
        fields: where they are looked at.
    """

    presets: tuple[str, ...]
    side: int
    fields: int


@dataclass(frozen=True)
class Mixing:
    """Direct against conditional Langevin chains of the exact action, from equilibrium.

    Attributes:
        sides: in pixels.
        chains: side by side.
        conditional, direct: steps.
    """

    sides: tuple[int, ...]
    chains: int
    conditional: int
    direct: int


@dataclass(frozen=True)
class Curve:
    """Learning curves: score matching alone, with more and more fields.

    Attributes:
        side: in pixels.
        sizes: numbers of fields.
        held: fields where forces are compared with those of the action.
    """

    side: int
    sizes: tuple[int, ...]
    held: int


@dataclass(frozen=True)
class Surrogate:
    """A law that is no lattice: fitted, drawn, compared.

    Attributes:
        law: log_normal or turbulence.
        side, fields, samples, bands, transform: of the model; the paper has no transform.
    """

    law: str
    side: int
    fields: int
    samples: int
    bands: str = "auto"
    transform: str = "none"

    @property
    def name(self) -> str:
        """Of steps and numbers."""
        return self.law if self.transform == "none" else f"{self.law}-{self.transform}"


@dataclass(frozen=True)
class Maps:
    """Maps of the sky, cut into patches.

    Attributes:
        names: files under ``$SCORELET_DATA``/fields.
        side: of patches.
        samples: that are drawn.
    """

    names: tuple[str, ...]
    side: int
    samples: int


@dataclass(frozen=True)
class Settings:
    """Everything that decides about a run."""

    lattices: tuple[Lattice, ...]
    curvature: Curvature
    mixing: Mixing
    curve: Curve
    surrogates: tuple[Surrogate, ...] = ()
    maps: Maps | None = None
    steps: int = 400


SETTINGS: dict[Scale, Settings] = {
    "smoke": Settings(
        (Lattice(16, 600, 400, 1200, tolerance=0.15),),
        Curvature(("critical",), 32, 6),
        Mixing((8, 16), 64, 300, 800),
        Curve(16, (100, 200, 400), 50),
        steps=200,
    ),
    "small": Settings(
        (
            Lattice(32, 2000, 2000, 10000, tolerance=0.08),
            Lattice(32, 10000, 4000, 10000),
            Lattice(64, 2000, 800, 2000, tolerance=0.08),
        ),
        Curvature(("critical", "soft"), 32, 16),
        Mixing((8, 16, 32, 64), 256, 400, 4000),
        Curve(32, (100, 200, 500, 1000, 2000, 5000, 10000), 200),
        (
            Surrogate("log_normal", 64, 2000, 400),
            Surrogate("log_normal", 64, 2000, 400, transform="auto"),
            Surrogate("turbulence", 64, 500, 200),
        ),
        Maps(("kappa", "dust_intensity"), 64, 400),
    ),
    "paper": Settings(
        (Lattice(32, 10000, 4000, 10000), Lattice(128, 10000, 400, 2000, 3.0, 0.07)),
        Curvature(("critical", "soft"), 32, 20),
        Mixing((8, 16, 32, 64), 100, 400, 20000),
        Curve(32, (100, 200, 500, 1000, 2000, 5000, 10000), 500),
        (
            Surrogate("log_normal", 128, 5000, 400),
            Surrogate("log_normal", 128, 5000, 400, transform="auto"),
            Surrogate("turbulence", 128, 2000, 200),
        ),
        Maps(("kappa", "dust_intensity"), 64, 400),
    ),
}
