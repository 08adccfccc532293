"""What a recipe is: data, not a script."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, TypeVar

from scorelet.core.errors import InputError
from scorelet.plots.report import Section
from scorelet.recipes.claims import Claim, Measured
from scorelet.recipes.steps import Steps

Scale = Literal["smoke", "small", "medium", "paper", "imagenet"]
"""One dial for the size of a run.

smoke takes minutes at most and needs no data set; small took up to 6.4 hours on one core; medium is
larger where small is too small for a claim; paper is the published configuration, for a GPU;
imagenet is that for a second, larger set, whose pictures lie under $SCORELET_DATA.
"""

SCALES: tuple[Scale, ...] = ("smoke", "small", "medium", "paper", "imagenet")

Settings = TypeVar("Settings")


@dataclass(frozen=True)
class Findings:
    """What a run found.

    Attributes:
        data: a sentence: what was measured on.
        measured: numbers by key; claims name them.
        sections: figures and tables for the report.
        tables: rows for results.json, by the name of the table.
    """

    data: str
    measured: Mapping[str, Measured]
    sections: Sequence[Section] = ()
    tables: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)


@dataclass(frozen=True)
class Setup(Generic[Settings]):
    """A recipe at one scale.

    Attributes:
        settings: everything that decides about the run, a frozen dataclass.
        claims: what is claimed at this scale.
    """

    settings: Settings
    claims: tuple[Claim, ...]


@dataclass(frozen=True)
class Recipe(Generic[Settings]):
    """A published result that can be measured again.

    Attributes:
        subject: its name, that of its module.
        title: of the report.
        paper: authors, year, title, where.
        summary: what is claimed, in a sentence or two.
        setups: by scale; scales that are not there are refused.
        run: measures with the given settings, seed and steps.
        measures: keys of the numbers that a run with these settings will measure.
        trains: whether it trains networks, for which it needs a package: said before its work.

    Raises:
        ValueError: a claim, at any scale, needs a number that is not measured there.
    """

    subject: str
    title: str
    paper: str
    summary: str
    setups: Mapping[Scale, Setup[Settings]]
    run: Callable[[Settings, int, Steps], Findings]
    measures: Callable[[Settings], frozenset[str]]
    trains: bool = True

    def __post_init__(self) -> None:
        """Compare what claims need with what will be measured: a run may take days."""
        for scale, setup in self.setups.items():
            needed = frozenset[str]().union(*(claim.needs for claim in setup.claims))
            if unknown := needed - self.measures(setup.settings):
                raise ValueError(
                    f"{self.subject}, {scale}: claims need numbers that are not measured: "
                    f"{_listed(unknown)}"
                )

    def measure(self, settings: Settings, seed: int, steps: Steps) -> Findings:
        """Return what `run` finds.

        Raises:
            ValueError: it has not measured what `measures` says, or something else.
        """
        findings = self.run(settings, seed, steps)
        if unlike := findings.measured.keys() ^ self.measures(settings):
            raise ValueError(
                f"{self.subject}: numbers that are either stated or measured, not both: "
                f"{_listed(unlike)}"
            )
        return findings

    def setup(self, scale: str) -> Setup[Any]:
        """Return the setup of a scale.

        Raises:
            InputError: unknown, or not there.
        """
        for name, setup in self.setups.items():
            if name == scale:
                return setup
        raise InputError(
            f"{self.subject} has no scale {scale!r}: use one of {', '.join(self.setups)}."
        )


def _listed(keys: Iterable[str]) -> str:
    return ", ".join(map(repr, sorted(keys)))
