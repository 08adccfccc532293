"""scorelet models."""

from scorelet.cli.options import DEFAULTS, Shared
from scorelet.cli.tables import ConsoleTable


def models(name: str | None = None, *, shared: Shared = DEFAULTS) -> int:
    """List the built-in models, show the card of one, or what a file of your own holds.

    For example:

        scorelet models

        scorelet models photo

        scorelet models runs/mine/weights.safetensors

    Args:
        name: the model whose card to show: data and their terms, command, hours, figures; or a
            .safetensors file or a Hub id: kind, network, classes, size of the pictures and noise
            levels that it has learnt, and how many numbers it has, weights and statistics.
    """
    from scorelet.zoo import card, contents, names

    if name is not None:
        document = card(name) if name in names() else contents(name)
        shared.show(document, describe(document))
        return 0
    cards = [card(each) for each in names()]
    rows = [(each["name"], each["summary"]) for each in cards]
    shared.show(cards, ConsoleTable(["model", "what it is"], rows, frozenset({0, 1})).text())
    return 0


def describe(document: dict, indent: str = "") -> str:
    """Lay out a card as text: nested mappings are indented, lists get dashes."""
    lines = []
    for key, value in document.items():
        if isinstance(value, dict):
            lines += [f"{indent}{key}:", describe(value, indent + "  ")]
        elif isinstance(value, list):
            lines += [f"{indent}{key}:", *(f"{indent}  - {item}" for item in value)]
        else:
            lines.append(f"{indent}{key}: {value}")
    return "\n".join(lines)
