"""Wavelet score-based generation: as many steps at each scale, whatever the size of the field.

Exact recursions say how many steps Gaussian fields need, in one piece and scale by scale, for power
laws and for spectra that are measured on φ⁴ and on faces. Energies fitted to φ⁴ and networks then
show what becomes of it where scores are learned.
"""

from functools import partial
from typing import Any

from scorelet.recipes.base import Findings, Recipe, Setup
from scorelet.recipes.steps import Steps
from scorelet.recipes.subjects.wavelet_score import figures, findings, theory
from scorelet.recipes.subjects.wavelet_score.claims import claims
from scorelet.recipes.subjects.wavelet_score.learned import Comparison
from scorelet.recipes.subjects.wavelet_score.linear import linear_scores
from scorelet.recipes.subjects.wavelet_score.quantities import quantities
from scorelet.recipes.subjects.wavelet_score.settings import SETTINGS, Settings
from scorelet.recipes.subjects.wavelet_score.spectra import spectra_table


def run(settings: Settings, seed: int, steps: Steps) -> Findings:
    """Measure everything; pictures that are not there end it before the first step."""
    comparisons = [Comparison(setup, seed, steps) for setup in settings.networks]
    tables = {
        name: steps(name, partial(work, settings.theory))
        for name, work in (
            ("steps", theory.steps_table),
            ("conditions", theory.conditions_table),
            ("samplers", theory.samplers_table),
            ("fixed", theory.fixed_table),
        )
    }
    errata = steps("errata", theory.errata_table)
    measured = findings.of_errata(errata) | findings.of_samplers(tables["samplers"])
    measured |= findings.of_growth(*(tables[name] for name in ("steps", "conditions", "fixed")))
    sections = [
        figures.theory_section(**tables),
        figures.errata_section(errata),
    ]
    spectra = []
    for setup in settings.spectra:
        rows = steps(f"spectra-{setup.source}", partial(spectra_table, setup, seed))
        spectra += rows
        measured |= findings.of_spectra(rows)
        sections.append(figures.spectra_section(rows))
    linear = steps("linear", partial(linear_scores, settings.linear, seed))
    measured |= findings.of_linear(linear)
    sections.append(figures.linear_section(linear))
    networks = [comparison.rows() for comparison in comparisons]
    measured |= findings.of_networks(settings, networks)
    sections += [
        figures.networks_section(rows, comparison.shown())
        for rows, comparison in zip(networks, comparisons, strict=True)
    ]
    rows = [{k: v for k, v in row.items() if k != "octaves"} for part in networks for row in part]
    tables |= {"errata": errata, "spectra": spectra, "networks": rows}
    return Findings(_data(settings), measured, sections, tables)


def _data(settings: Settings) -> str:
    laws = [f"spectra of {each.source} ({each.sides[-1]} pixels)" for each in settings.spectra]
    laws.append(f"critical φ⁴ ({settings.linear.side} pixels)")
    laws += [f"{each.source} ({each.side} pixels)" for each in settings.networks]
    return "; ".join(["Gaussian fields with power laws", *laws])


RECIPE: Recipe[Any] = Recipe(
    subject="wavelet_score",
    title="Wavelet score-based generative modeling",
    paper=(
        "Guth, Coste, De Bortoli, Mallat: Wavelet Score-Based Generative Modeling. NeurIPS 2022, "
        "arXiv 2208.05003."
    ),
    summary=(
        "A reverse diffusion of whole fields takes more steps the larger they are, as directions "
        "vary more and more differently. Wavelet coefficients, given the coarser field, all vary "
        "alike: a number of steps at each scale that does not depend on the size is enough."
    ),
    setups={scale: Setup(each, claims(scale, each)) for scale, each in SETTINGS.items()},
    run=run,
    measures=quantities,
)
