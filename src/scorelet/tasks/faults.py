"""What pydantic finds wrong, in words."""

from pydantic_core import ErrorDetails

_LONGEST = 60  # letters of a value that is shown


def wrong_value(fault: ErrorDetails) -> str:
    """Return where a value is wrong, how, and the value itself."""
    shown = "" if isinstance(fault["input"], dict) else repr(fault["input"])  # a section: nothing
    what = f" (got {shown})" if 0 < len(shown) <= _LONGEST else ""
    message = f"{fault['msg'].removeprefix('Value error, ')}{what}"
    return f"{where(fault)}: {message}" if fault["loc"] else message


def where(fault: ErrorDetails) -> str:
    """Return the name of what is wrong, with dots between sections."""
    return ".".join(str(part) for part in fault["loc"])
