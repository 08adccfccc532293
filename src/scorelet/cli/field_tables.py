"""Tables of what scorelet field says of models: bands, their chains, their curvatures."""

from typing import Any

from scorelet.cli.tables import ConsoleTable

_WORTH = "tau_energy", "tau_detail", "states", "r_hat"


def fitted(document: dict[str, Any]) -> str:
    """Return a table of the bands, coarse to fine."""
    rows = []
    for band, chain in zip(document["bands"], document["chains"]["schedules"], strict=True):
        height, width = band["size"]
        rows.append(
            (
                f"{height}x{width}",
                str(band["parameters"]),
                "none" if band["condition"] is None else f"{band['condition']:.1e}",
                f"{band['excess']:.2g}",
                _moments(band),
                f"{chain['epsilons'][-1]:.2g}",
                f"{100 * chain['acceptance']:.0f} %",
            )
        )
    head = ["pixels", "parameters", "condition", "excess loss", "moments", "step", "acceptance"]
    return ConsoleTable(head, rows, frozenset({0})).text()


def paid(document: dict[str, Any]) -> str:
    """Say what enforced log-concavity costs, or nothing."""
    bands = [b for b in document["bands"] if "loss_paid" in b]
    if not bands:
        return ""
    shares = ", ".join(
        f"{b['size'][0]}x{b['size'][1]}: {100 * b['loss_paid'] / abs(b['loss']):.1f} %"
        for b in bands
    )
    return f"\nLog-concavity costs of the loss of each band: {shares}."


def chains(document: dict[str, Any]) -> str:
    """Return a table of what the chains of each band are worth, coarse to fine."""
    rows = [
        (
            f"{band['size'][0]}x{band['size'][1]}",
            f"{band['epsilon']:.2g}",
            f"{100 * band['acceptance']:.0f} %",
            *("–" if band[key] is None else f"{band[key]:.3g}" for key in _WORTH),
        )
        for band in document["chains"]
    ]
    head = ["pixels", "step", "acceptance", "tau energy", "tau detail", "states", "R-hat"]
    return ConsoleTable(head, rows, frozenset({0})).text()


def certified(document: dict[str, Any]) -> str:
    """Return a table of the bands, coarse to fine."""
    rows = [
        (
            f"{band['size'][0]}x{band['size'][1]}",
            f"{band['least_mean']:.2f}",
            f"{band['least_min']:.2f}",
            f"{band['largest_mean']:.2f}",
            f"{100 * band['share_positive']:.0f} %",
            "none" if band["kappa"] is None else f"{band['kappa']:.1f}",
            f"{band['alpha_uniform']:.2f}",
        )
        for band in document["bands"]
    ]
    head = ["pixels", "least", "least of all", "largest", "positive", "condition", "uniform"]
    return ConsoleTable(head, rows, frozenset({0})).text()


def _moments(band: dict[str, Any]) -> str:
    """Say how far moments were from those of the fields, before and after; 1 is chance."""
    if "moments" not in band:
        missed = band.get("moments_missed")
        return "not matched" if missed is None else f"{missed:.1f}, not matched"
    before, after = (band["moments"][key] for key in ("before", "after"))
    return f"{after:.1f}" if before == after else f"{before:.1f}, then {after:.1f}"
