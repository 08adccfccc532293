"""What Kymatio and PyWavelets call otherwise, and how it is called here."""

_KYMATIO = {
    "shape": "filters are made for the size of each input, so leave it out, as in "
    "Scattering2d(J, L)",
    "max_order": "it is called order",
    "backend": "the transform is a module of torch, so leave it out",
    "out_type": "coefficients are one tensor, and paths says what each is, so leave it out",
    "pre_pad": "pictures are extended by the transform, so give them without padding",
}
_PYWAVELETS = {
    "wavelet": "it is called name",
    "level": "it is called levels",
    "mode": "fields are periodic, as in its mode periodization, so leave it out, and mirror what "
    "is not periodic first",
    "axes": "the last axes are transformed, so bring them there by x.movedim",
    "axis": "with ndim=1 the last axis is transformed, so bring it there by x.movedim",
}
_MODES = {
    *("zero", "constant", "symmetric", "reflect", "periodic", "smooth", "periodization", "per"),
    *("antisymmetric", "antireflect"),
}


def of_kymatio(_self: object, *args: object, **options: object) -> str:
    """Return what is said of arguments of Kymatio's `Scattering2D`, if there are any."""
    is_shape = len(args) > 1 and isinstance(args[1], tuple | list)
    return _said("Kymatio", _KYMATIO, ["shape"] if is_shape else list(options))


def of_pywavelets(_self: object, *args: object, **options: object) -> str:
    """Return what is said of arguments of PyWavelets' `wavedec2` and `wavedec`, if any."""
    is_mode = any(isinstance(value, str) and value in _MODES for value in args[1:])
    return _said("PyWavelets", _PYWAVELETS, ["mode"] if is_mode else list(options))


def _said(library: str, words: dict[str, str], names: list[str]) -> str:
    known = [name for name in names if name in words]
    return f"{known[0]} is an argument of {library}: here {words[known[0]]}." if known else ""
