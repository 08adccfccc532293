"""Weights from the Hugging Face Hub, or from the copy of them that its library keeps."""

import logging
import warnings
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from scorelet.core.errors import CheckpointError, one_line

FILE = "model.safetensors"
PATIENCE = 3
"""Seconds until a Hub that does not answer counts as out of reach."""

_CAUSES = {
    "GatedRepoError": "its owner has to give you access first",
    "RepositoryNotFoundError": "it does not exist, or it is private",
    "RevisionNotFoundError": "it has no such revision",
    "EntryNotFoundError": "it has no such file",
    "HFValidationError": "this is no valid name",
    "OfflineModeIsEnabled": "HF_HUB_OFFLINE forbids to ask for it, and no copy is kept here",
}


def fetch(name: str) -> Path:
    """Return the local file of ``owner/name[@revision]``, fetched if it is not the newest.

    Raises:
        CheckpointError: the Hub has it not, or cannot be reached and no copy is kept.
    """
    import huggingface_hub as hub

    repository, _, revision = name.partition("@")
    with _in_silence():
        problem = _asked_once(repository, revision or None)
        try:
            found = hub.hf_hub_download(
                repository, FILE, revision=revision or None, local_files_only=problem is not None
            )
        except Exception as error:  # its own kinds, and those of an HTTP client
            raise CheckpointError(
                f"Cannot get {FILE} of {name!r} from the Hugging Face Hub "
                f"({problem or one_line(error)}): check the name and the connection."
            ) from error
    return Path(found)


def _asked_once(repository: str, revision: str | None) -> str | None:
    """Say why the Hub does not give the file, if so; a download would ask for half a minute."""
    import huggingface_hub as hub

    try:
        url = hub.hf_hub_url(repository, FILE, revision=revision)
        hub.get_hf_file_metadata(url, timeout=PATIENCE)
    except Exception as error:  # its own kinds, and those of an HTTP client
        kinds = (kind.__name__ for kind in type(error).__mro__)
        away = "the Hub does not answer, and no copy is kept here"
        return next((_CAUSES[kind] for kind in kinds if kind in _CAUSES), away)
    return None


@contextmanager
def _in_silence() -> Generator[None]:
    """Keep the library's log, warnings and progress bars off the screen."""
    from huggingface_hub import utils

    log = logging.getLogger("huggingface_hub")
    level, shown = log.level, not utils.are_progress_bars_disabled()
    log.setLevel(logging.CRITICAL)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        utils.disable_progress_bars()
        try:
            yield
        finally:
            log.setLevel(level)
            if shown:
                utils.enable_progress_bars()
