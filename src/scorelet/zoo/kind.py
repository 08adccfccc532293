"""Kinds of model: how each is described in a file, and built again from it.

A kind is one file in `scorelet.zoo.kinds` and one line in its list; or, in a program of your own,
a `Kind` and a call of `register`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, Generic, TypeVar

from torch import Tensor

from scorelet.core.errors import InputError

Header = dict[str, Any]
"""What JSON can say of a model: names, options, classes, curves."""

Tensors = dict[str, Tensor]

Verbs = tuple[str, ...]

Model = TypeVar("Model")


@dataclass(frozen=True)
class Kind(Generic[Model]):
    """A kind of model that files can hold.

    Args:
        name: of the kind in files, in small letters with hyphens.
        model_type: the class of its models; objects of subclasses are of another kind.
        describe: maps a model to (header, tensors); tensors keep their dtype.
        build: maps (header, tensors) to a model in evaluation mode. It may raise KeyError,
            IndexError, TypeError, ValueError, ArithmeticError or RuntimeError if they do not fit.
        verbs: what the shell can do with it, for the sentence that a wrong verb is met with; or a
            function of (header, tensors), if models of the kind differ.
        views: other classes as which verbs may take its models, and the functions that give them.
        measured: how it is measured, if `evaluate` does not: a phrase after "it is measured by".
        title: what sentences call it, without an article; the words of its name if nothing is said.
    """

    name: str
    model_type: type[Model]
    describe: Callable[[Model], tuple[Header, Tensors]]
    build: Callable[[Header, Tensors], Model]
    verbs: Verbs | Callable[[Header, Tensors], Verbs] = ()
    measured: str = ""
    title: str = ""
    views: Mapping[type, Callable[[Model], Any]] = field(default_factory=dict)

    @property
    def words(self) -> str:
        """The title, or the name as words, with an article: ``a blind denoiser``."""
        words = self.title or self.name.replace("-", " ")
        return f"{'an' if words[0] in 'aeiou' else 'a'} {words}"


KINDS: dict[str, Kind[Any]] = {}
"""Every kind that is known, by name."""


LATER: dict[str, str] = {}
"""Modules of kinds that are imported when they are needed, by the names of their kinds."""


def register(kind: Kind[Any]) -> None:
    """Make a kind known to `save` and `load`; a second one of the same class replaces the first.

    Raises:
        InputError: its name or its class belongs to another kind.
    """
    ours = kind.model_type.__module__.startswith("scorelet.")  # a late kind may be its own
    for name in tuple(LATER) if ours else (kind.name,):
        _import_kind(name)
    _add(kind)


def _add(kind: Kind[Any]) -> None:
    known = KINDS.get(kind.name)
    if known is not None and _label(known.model_type) != _label(kind.model_type):
        raise InputError(
            f"The kind {kind.name!r} is that of {_label(known.model_type)}: "
            "choose another name for yours."
        )
    for other in KINDS.values():
        if other.model_type is kind.model_type and other.name != kind.name:
            raise InputError(
                f"{_label(kind.model_type)} is saved as {other.name!r} already: "
                "a class has one kind."
            )
    KINDS[kind.name] = kind


def kind_of(model: object) -> Kind[Any]:
    """Return the kind of a model.

    Raises:
        InputError: no kind is registered for its class.
    """
    kind = find_kind(model)
    if kind is not None:
        return kind
    known = ", ".join(sorted(kind.model_type.__name__ for kind in KINDS.values()))
    raise InputError(
        f"A {_label(type(model))} is of no kind that can be saved ({known} are): "
        "register one with scorelet.zoo.register."
    )


def find_kind(model: object) -> Kind[Any] | None:
    """Return the kind of a model, None if there is none for its class."""
    for waits in (True, False):
        for kind in KINDS.values():
            if type(model) is kind.model_type:
                return kind
        if waits:
            for name in tuple(LATER):
                _import_kind(name)
    return None


def kind_named(name: object) -> Kind[Any]:
    """Return the kind that a file names.

    Raises:
        ValueError: no kind is registered by that name.
    """
    if isinstance(name, str) and name in LATER:
        _import_kind(name)
    if isinstance(name, str) and name in KINDS:
        return KINDS[name]
    raise ValueError(
        f"the kind {name!r}, which this version of scorelet does not know "
        f"({', '.join(sorted({*KINDS, *LATER}))})"
    )


def _import_kind(name: str) -> None:
    """Register the kinds of a module of `LATER`: what its tuple `KINDS` holds."""
    if name in LATER:
        for kind in import_module(LATER[name]).KINDS:
            _add(kind)
            LATER.pop(kind.name)


def _label(kind: type) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"
