"""scorelet info."""

from scorelet.cli.options import DEFAULTS, Shared


def info(*, shared: Shared = DEFAULTS) -> int:
    """Print versions, device, threads and folders: what a bug report needs.

    For example:

        scorelet info
    """
    from scorelet.tasks.info import info as gather

    document = gather(shared.device)
    if not shared.json:
        from scorelet.cli.models import describe

        shared.say(describe(document))
    shared.emit(document)
    return 0
