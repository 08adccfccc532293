"""The README and the pages: their pictures and files exist, their commands can be typed."""

import ast
import importlib
import re
import shlex
from pathlib import Path

import numpy as np
import pytest

import scorelet as sl
from samples import noisy, read_png, write_png
from scorelet.cli.main import app

ROOT = Path(__file__).parents[1]
PAGES = sorted(
    [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *(ROOT / "examples").glob("*.md")]
)
FOLDERS = ("benchmarks", "docs", "examples", "scripts", "src", "tests")
PACKAGE = ROOT / "src" / "scorelet"
FENCE = re.compile(r"^```(\S*)\n(.*?)^```", re.DOTALL | re.MULTILINE)
SPAN = re.compile(r"`([^`\n]+)`")
PICTURE = re.compile(r"!\[[^\]]*\]\(([^)]+)\)|<img[^>]+src=\"([^\"]+)\"|\{(?:image|figure)\} (\S+)")
LINK = re.compile(r"(?<!!)\[[^\]]+\]\(([^)#:]+)(?:#[^)]*)?\)")

pages = pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))


def blocks(text, *languages):
    return [body for language, body in FENCE.findall(text) if language in languages]


def commands(text):
    """Every command that is shown, in blocks for a shell and between backticks, word by word."""
    lines = [
        line
        for body in blocks(text, "", "sh", "shell", "text")
        for line in body.replace("\\\n", " ").splitlines()
    ]
    spans = SPAN.findall(FENCE.sub("", text))
    lines += [span for span in spans if not re.fullmatch("[a-z ]+", span)]  # a command's name
    for line in lines:
        for part in re.split(r"&&|;", line):
            if re.match(r"\s*(scorelet|torchrun|python\d?) \S", part) and "..." not in part:
                yield shlex.split(part, comments=True)


def test_the_pages_are_there():
    assert ROOT / "README.md" in PAGES
    assert len(PAGES) > 8


@pages
def test_pictures_and_links_lead_to_files(page):
    text = page.read_text(encoding="utf-8")
    named = ["".join(groups) for groups in PICTURE.findall(text)] + LINK.findall(text)
    for name in named:
        assert (page.parent / name).is_file(), name


@pages
def test_files_of_this_repository_that_are_named_exist(page):
    """Between backticks or as a word of a command; NAME stands for any name, _build is made.

    Python files of the package are named from its own folder on: ``tasks/train.py``.
    """
    text = page.read_text(encoding="utf-8")
    words = [word for line in SPAN.findall(text) for word in line.split()]
    words += [word for command in commands(text) for word in command]
    for word in words:
        ours = "/" in word and word.split("/")[0] in FOLDERS
        if ours and "NAME" not in word and "_build" not in word:
            assert (ROOT / word).exists(), word
        of_package = (
            word.endswith(".py") and "/" in word and (PACKAGE / word.split("/")[0]).is_dir()
        )
        if of_package and "NAME" not in word:
            assert (PACKAGE / word).is_file(), word


@pytest.mark.slow
@pages
def test_commands_parse(page):
    for words in commands(page.read_text(encoding="utf-8")):
        if "-m" in words and "scorelet" in words:
            words = words[words.index("scorelet") :]
        if words[0] == "scorelet":
            app.parse_args(words[1:], exit_on_error=False, print_error=False)
        elif words[0].startswith("python") and words[1].endswith(".py"):
            assert (ROOT / words[1]).is_file(), words[1]


def test_the_readme_shows_every_command():
    shown = {words[1] for words in commands((ROOT / "README.md").read_text()) if len(words) > 1}
    verbs = {"denoise", "evaluate", "models", "train", "info"}
    verbs |= {
        "audit",
        "basis",
        "classify",
        "field",
        "fisher",
        "reproduce",
        "restore",
        "robust",
        "sample",
        "scatter",
    }
    assert verbs <= shown


def test_commands_of_the_readme_write_files_of_their_own():
    """In a clone they can be typed one after the other: a file that is there is refused."""
    written = {}
    for words in commands((ROOT / "README.md").read_text(encoding="utf-8")):
        if "-o" in words:
            target = words[words.index("-o") + 1]
        elif words[1] == "denoise" and "-m" not in words:
            target = f"{words[2]} with the name that it gets of itself"
        else:
            continue
        assert written.setdefault(target, words) == words
        assert not target.startswith(("docs/", "examples/"))  # the repository has files there


@pytest.mark.slow
def test_the_python_of_the_readme_runs(tmp_path, monkeypatch, float32):
    """Each block alone, as it is printed, in a clone."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "examples").mkdir()
    write_png(tmp_path / "examples/noisy.png", noisy(24, 32))  # a smaller one, to be quick
    found = blocks((ROOT / "README.md").read_text(encoding="utf-8"), "python")
    assert found
    for body in found:
        exec(compile(ast.parse(body), "README.md", "exec"), {})
    assert read_png(tmp_path / "cat.png").shape == (24, 32, 3)


@pytest.mark.slow
def test_the_picture_of_the_readme_is_what_its_command_makes(float32):
    """50 dB: the same weights in bfloat16 agree to more, other weights to less.

    After a change of the model:
    scorelet denoise examples/noisy.png -o docs/images/clean.png --overwrite
    """
    shown = read_png(ROOT / "docs/images/clean.png").astype(float)
    made = sl.denoise(ROOT / "examples/noisy.png").image.astype(float)
    assert np.square(shown - made).mean() < 255**2 * 10 ** (-50 / 10)
    clean = read_png(ROOT / "examples/clean/chelsea.png").astype(float)
    before = read_png(ROOT / "examples/noisy.png").astype(float)
    assert np.square(made - clean).mean() < np.square(before - clean).mean() / 8  # 9 dB


def test_what_the_reference_names_is_there():
    """A member that sphinx does not find fails the build of the pages, which is slow to see."""
    text = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    listed = re.findall(r"automodule:: (\S+)\n +:members: (.+)", text)
    assert len(listed) > 10
    for module, names in listed:
        found = importlib.import_module(module)
        public = getattr(found, "__all__", None) or vars(found)
        for name in names.split(", "):
            assert name in public, (module, name)


def test_lists_in_the_pages_are_whole():
    """The index names each page, the reference each name, and what to install each verb."""
    index, reference, install = (
        (ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8")
        for name in ("index", "api", "install")
    )
    listed = index.split("## All pages")[1]
    names = [path.name for path in (ROOT / "docs").glob("*.md")]
    assert [name for name in names if name != "index.md" and f"({name})" not in listed] == []
    whole = {"field", "weights"}  # each of their functions is listed
    assert [n for n in sl.__all__ if f"| `sl.{n}` |" not in reference and n not in whole] == []
    verbs = [name for name in app if not name.startswith("-")]
    assert [v for v in verbs if not re.search(rf"`(scorelet )?{v}`", install)] == []
