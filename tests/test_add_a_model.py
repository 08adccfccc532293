"""The page on models of one's own: every example in it prints what it says."""

import doctest
import re
from pathlib import Path

from samples import kinds_restored
from scorelet.zoo.kind import KINDS, LATER

PAGE = Path(__file__).parents[1] / "docs" / "add_a_model.md"


def test_the_examples_of_the_page_print_what_they_say(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    blocks = PAGE.read_text(encoding="utf-8").split("```{doctest}\n")[1:]
    source = "\n".join(block.split("```")[0] for block in blocks)
    example = doctest.DocTestParser().get_doctest(source, {}, PAGE.name, str(PAGE), 0)
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.IGNORE_EXCEPTION_DETAIL)
    with kinds_restored():
        result = runner.run(example)
    assert result.attempted > 20
    assert result.failed == 0
    assert (tmp_path / "pixel.safetensors").is_file()


def test_the_page_names_every_kind_of_the_package():
    """Those that are imported late, too: a row for each, and no row for another."""
    own = {k.name for k in KINDS.values() if k.model_type.__module__.startswith("scorelet.")}
    table = PAGE.read_text(encoding="utf-8").split("| kind |")[1].split("\n\n")[0]
    rows = re.findall(r"^\| `([a-z-]+)` \|", table, re.MULTILINE)
    assert sorted(rows) == sorted(own | set(LATER))
