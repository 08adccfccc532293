"""The libraries that attack, imported when they are used, without warnings of their own."""

import warnings
from importlib import import_module
from types import ModuleType

from scorelet.core.errors import MissingExtraError


def library(package: str, *modules: str) -> ModuleType:
    """Return a package of the extra `attacks`, with modules of it imported.

    Raises:
        MissingExtraError: it is not installed.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # foolbox names what scipy has moved
            for module in modules:
                import_module(f"{package}.{module}")
            return import_module(package)
    except ImportError as error:
        raise MissingExtraError(package, "attacks") from error
