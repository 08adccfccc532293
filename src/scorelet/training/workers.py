"""Processes that prepare samples end with the process of the run, and not by signals of others.

Systems that stop a job send SIGTERM to all of its processes. The end of a worker would raise in the
middle of the step that the run is to finish before its state is saved.
"""

import multiprocessing
import os
import signal
import threading


def heed_the_run_only(_worker: int) -> None:
    """Begin a worker: SIGTERM ends it only if the process of the run sends it; SIGINT never does.

    Where the sender of a signal is not told (macOS, Windows), SIGTERM is as ever.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(signal, "sigwaitinfo"):
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
        threading.Thread(target=_end_when_told, daemon=True).start()


def _end_when_told() -> None:
    run = multiprocessing.parent_process()
    while run and signal.sigwaitinfo({signal.SIGTERM}).si_pid != run.pid:
        continue
    os._exit(0)
