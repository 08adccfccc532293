"""What pydantic finds wrong, in words."""

from pydantic_core import ErrorDetails

_LONGEST = 60  # letters of a value that is shown
_PLAINLY = {
    "tuple_type": "Input should be a list, as [low, high]",
    "int_parsing": "Input should be a whole number, in digits alone as 100",
}
"""What to say where pydantic speaks of types of Python, or of parsing."""


def wrong_value(fault: ErrorDetails) -> str:
    """Return where a value is wrong, how, and the value itself if no whole sentence says it."""
    shown = "" if isinstance(fault["input"], dict) else repr(fault["input"])  # a section: nothing
    what = f" (got {shown})" if 0 < len(shown) <= _LONGEST else ""
    said = _PLAINLY.get(fault["type"], fault["msg"]).removeprefix("Value error, ")
    message = said.removesuffix(".") if said.endswith(".") else f"{said}{what}"
    return f"{where(fault)}: {message}" if fault["loc"] else message


def where(fault: ErrorDetails) -> str:
    """Return the name of what is wrong, with dots between sections."""
    return ".".join(str(part) for part in fault["loc"])
