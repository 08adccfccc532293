"""scorelet info."""

from scorelet.cli.options import DEFAULTS, Shared
from scorelet.cli.tables import ConsoleTable


def info(*, shared: Shared = DEFAULTS) -> int:
    """Print versions, device, threads and folders: what a bug report needs.

    For example:

        scorelet info
    """
    from scorelet.tasks.info import info as gather

    document = gather(shared.device)
    rows = [*document["versions"].items()]
    for name, value in document.items():
        if name != "versions":
            text = ", ".join(value) if isinstance(value, list) else str(value)
            rows.append((name.replace("_", " "), text))
    shared.show(document, ConsoleTable(["", ""], rows, frozenset({0, 1})).text())
    return 0
