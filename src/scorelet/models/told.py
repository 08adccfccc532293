"""What is asked f(y, sigma, cond=, label=) in the place of a denoiser: laws, functions, modules."""

from collections.abc import Callable
from inspect import BoundArguments, Parameter, Signature, signature
from typing import Any

from torch import Tensor, nn

from scorelet.core.errors import InputError
from scorelet.core.network import has_factors, unwrapped
from scorelet.core.typing import Image
from scorelet.models.answers import image_like
from scorelet.models.denoiser import Denoiser, NoiseLike, check_tensor
from scorelet.models.joint_energy import JointEnergy
from scorelet.models.labels import LabelLike

_POSITIONAL = (
    Parameter.POSITIONAL_ONLY,
    Parameter.POSITIONAL_OR_KEYWORD,
    Parameter.VAR_POSITIONAL,
)

Told = nn.Module | Callable[..., Any]
"""A denoiser, a `JointEnergy`, or a function of y, of y and sigma, or called as a denoiser is."""


def told_denoiser(model: Told) -> Told:
    """Return what is called as a denoiser: of a joint law its denoiser, a denoiser as it is.

    Functions f(y), f(y, sigma) and f(y, sigma, cond=, label=) pass, and modules that are told
    sigma. Only what is given, or has no default in f, is passed on of cond and label.

    Raises:
        InputError: it cannot be called so, as a name, or a network that is told no noise level;
            torch may have compiled it. Or it is a law of labels only.
    """
    inner = unwrapped(model)
    if isinstance(inner, JointEnergy):
        return inner.denoiser()
    if has_factors(inner):
        raise InputError(
            f"A {type(inner).__name__} is a cascade of denoisers: "
            "scorelet.models.multiscale_denoiser.MultiscaleDenoiser(model) denoises whole images, "
            "and model.coarse and model.details are of its bands."
        )
    if isinstance(inner, Denoiser):
        return model
    module = isinstance(inner, nn.Module)
    called = inner.forward if module else inner
    try:
        form = signature(called) if callable(called) else Signature()
    except ValueError:  # compiled ones may not say how they are called
        return _Asked(model)
    blind = module and "sigma" not in form.parameters  # it may give noise
    if blind or not _bound(form, None, None, {}):
        raise InputError(
            f"A {type(model).__name__} is no Denoiser, which is called f(y, sigma, cond=, label=), "
            "nor a function f(y, sigma) or f(y): scorelet.load gives that of a name or a file; a "
            "network that gives the noise of an image becomes one by "
            "scorelet.models.ResidualDenoiser."
        )
    if module and _bound(form, None, None, {"cond": None, "label": None}):
        return _Asked(model)
    return _Asked(model, form)


class _Asked:
    """A function that is called as a denoiser is, and answers as one.

    Args:
        f: the function, or a module.
        form: how it is called; None: as a denoiser.

    Attributes:
        centre: what f says, see `Denoiser`.

    Raises InputError when it is called, for what f cannot be told, or for another answer than
    images like those that it is given.
    """

    def __init__(self, f: Told, form: Signature | None = None) -> None:
        self._f, self._form = f, form
        self.centre: Tensor | None = getattr(f, "centre", None)

    def __call__(
        self,
        y: Image,
        sigma: NoiseLike,
        cond: Tensor | None = None,
        label: LabelLike | None = None,
    ) -> Image:
        check_tensor(y)
        return image_like(y, self._answer(y, sigma, cond, label), "function")

    def _answer(
        self, y: Image, sigma: NoiseLike, cond: Tensor | None, label: LabelLike | None
    ) -> object:
        if self._form is None:
            return self._f(y, sigma, cond=cond, label=label)
        given = {"cond": cond, "label": label}
        given = {name: value for name, value in given.items() if value is not None}
        bound = _bound(self._form, y, sigma, given)
        if bound is None:
            raise InputError(
                f"The function takes no {' and '.join(given)}, only {self._form}: call it without, "
                "or write f(y, sigma, cond=None, label=None)."
            )
        return self._f(*bound.args, **bound.kwargs)


def _bound(
    form: Signature, y: object, sigma: object, given: dict[str, Any]
) -> BoundArguments | None:
    """Return the arguments of a call; None: there is no way to call it.

    As a denoiser, if it can be called so; else with sigma by that name, or as the second argument,
    unless that has a value of its own, which may mean anything; or with y alone, if it is all.
    """
    both, names = {"cond": None, "label": None}, form.parameters
    if _binds(form, (y, sigma), both):
        return _binds(form, (y, sigma), both | given)
    needed = {name: None for name in both if name in names and _is_needed(names[name])}
    places = [p for p in names.values() if p.name not in both and p.kind in _POSITIONAL]
    others = places[1:] or [p for p in places if p.kind is Parameter.VAR_POSITIONAL]
    args, named = (y,), {}
    if "sigma" in names and names["sigma"].kind is not Parameter.POSITIONAL_ONLY:
        named = {"sigma": sigma}
    elif others and not _is_needed(others[0]):
        return None
    elif others:
        args = (y, sigma)
    return _binds(form, args, {**named, **needed, **given})


def _binds(
    form: Signature, args: tuple[object, ...], named: dict[str, Any]
) -> BoundArguments | None:
    try:
        return form.bind(*args, **named)
    except TypeError:
        return None


def _is_needed(parameter: Parameter) -> bool:
    return parameter.default is Parameter.empty
