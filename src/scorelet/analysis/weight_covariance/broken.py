"""Networks whose weights cannot be looked at."""

from torch import nn

from scorelet.core.errors import InputError


def refuse_broken(network: nn.Module, *, which: str = "") -> None:
    """Refuse a network with weights that are not finite.

    Args:
        network: any.
        which: it is of several, as "of the first network".

    Raises:
        InputError: names the first layer that has some.
    """
    for name, parameter in network.named_parameters():
        if not bool(parameter.isfinite().all()):
            layer = " ".join(word for word in ("Layer", name.rpartition(".")[0], which) if word)
            raise InputError(
                f"{layer}: some weights are NaN or infinite: fetch or copy the file again."
            )
