"""YAML whose keys stand once: of two alike the first would be replaced without a word."""

from typing import Any

import yaml

from scorelet.core.errors import InputError

_MERGE = "tag:yaml.org,2002:merge"
"""The tag of ``<<``, which may stand several times: what each names is merged."""


class _UniqueKeys(yaml.SafeLoader):
    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:  # noqa: ANN401 - as PyYAML has it
        """Compose a mapping before what others lend it (``<<``) is merged into it."""
        node = super().compose_mapping_node(anchor)
        lines: dict[str, int] = {}
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode) or key.tag == _MERGE:
                continue
            line = key.start_mark.line + 1
            if key.value in lines:
                raise InputError(
                    f"the key {key.value} stands twice, in lines {lines[key.value]} and {line}: "
                    "keep one of them."
                )
            lines[key.value] = line
        return node


def parse_yaml(text: str) -> Any:  # noqa: ANN401 - what YAML makes of it
    """Return what a YAML document says.

    Raises:
        InputError: a key stands twice in a mapping; it is named with its lines.
        YAMLError: no YAML.
    """
    loader = _UniqueKeys(text)
    try:
        return loader.get_single_data()
    finally:
        loader.dispose()
