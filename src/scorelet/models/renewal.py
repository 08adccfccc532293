"""What modules compute once from their buffers is computed again when others are loaded."""

from typing import Protocol, cast

from torch import nn


class Renewed(Protocol):
    """A module that keeps something of its buffers."""

    def renew(self) -> None:
        """Compute it again."""


def follow_loading(module: nn.Module) -> None:
    """Call `module.renew()` after each `load_state_dict` of it, or of what it is a part of."""
    module.register_load_state_dict_post_hook(_renew)


def _renew(module: nn.Module, _keys: object) -> None:
    cast("Renewed", module).renew()
