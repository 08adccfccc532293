"""scorelet info."""

from scorelet.cli.options import DEFAULTS, Shared


def info(*, shared: Shared = DEFAULTS) -> int:
    """Print versions, device, threads and folders: what a bug report needs.

    For example:

        scorelet info
    """
    from scorelet.cli.models import describe
    from scorelet.tasks.info import info as gather

    document = gather(shared.device)
    shared.show(document, describe(document))
    return 0
