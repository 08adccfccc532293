"""What leaves the process: results, messages, and streams that cannot take them."""

import io
import json
import math
import subprocess
import sys
from pathlib import Path

import pytest

from samples import environment, noisy, write_png
from scorelet.cli import main, options
from scorelet.cli.options import NOBODY_READS, Shared, let_go, prepare_streams

PLAIN, JSON, QUIET = Shared(), Shared(json=True), Shared(quiet=True)


def test_messages_leave_stdout_to_the_document(capsys):
    for shared in (PLAIN, JSON, QUIET):
        shared.say("going well")
    assert capsys.readouterr() == ("going well\n", "going well\n")
    for shared in (PLAIN, JSON, QUIET):
        shared.warn("not so well.")
    assert capsys.readouterr() == ("", 3 * "warning: not so well.\n")


def test_levels_below_one_are_said_to_be_in_8_bit_units(capsys):
    assert [PLAIN.eight_bits(level) for level in (0.0, 1.0, 25.5)] == [0.0, 1 / 255, 0.1]
    assert capsys.readouterr() == ("", "")
    assert QUIET.eight_bits(0.1, "--noise") == 0.1 / 255
    assert "a level of 0.1 in [0, 1] is --noise 25.5" in capsys.readouterr().err


def test_a_result_is_text_or_json_and_quiet_changes_nothing(capsys):
    for shared in (PLAIN, QUIET):
        shared.show({"a": 1}, "a is 1")
    assert capsys.readouterr() == (2 * "a is 1\n", "")
    for shared in (JSON, Shared(json=True, quiet=True)):
        shared.show({"a": [1, None]}, "a is 1")
        out, err = capsys.readouterr()
        assert (json.loads(out), err) == ({"a": [1, None]}, "")
    PLAIN.emit({"a": 1})
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("bad", [math.nan, math.inf, object()])
def test_a_document_that_is_no_json_is_not_printed_at_all(capsys, bad):
    with pytest.raises((ValueError, TypeError)):
        JSON.emit({"files": list(range(1000)), "bad": bad})
    assert capsys.readouterr() == ("", "")


class Streams:
    """Stand-ins for stdout and stderr, of an encoding; what was written comes back as bytes."""

    def __init__(self, monkeypatch, encoding):
        self.raw = io.BytesIO(), io.BytesIO()
        for name, raw in zip(("stdout", "stderr"), self.raw, strict=True):
            monkeypatch.setattr(sys, name, io.TextIOWrapper(raw, encoding=encoding))

    def written(self):
        return tuple(raw.getvalue() for raw in self.raw)


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-8"])
def test_a_name_that_the_terminal_cannot_show_is_no_error(monkeypatch, encoding):
    """A file name whose bytes are no text has lone surrogates, which no encoding has."""
    streams = Streams(monkeypatch, encoding)
    prepare_streams()
    PLAIN.say("n\udcffoch ± Ω")
    PLAIN.warn("n\udcffoch")
    out, err = streams.written()  # line by line: nobody has flushed
    shown = {"ascii": b"\\xb1 \\u03a9", "cp1252": b"\xb1 \\u03a9"}
    assert out == b"n\\udcffoch " + shown.get(encoding, "± Ω".encode()) + b"\n"
    assert err == b"warning: n\\udcffoch\n"


def test_a_stream_that_is_closed_takes_everything(monkeypatch, capfd):
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", None)
    prepare_streams()
    PLAIN.say("nothing")
    PLAIN.warn("nothing")
    assert let_go(0) == 0
    sys.stdout.close()
    sys.stderr.close()
    assert capfd.readouterr() == ("", "")


def test_streams_that_are_no_files_are_left_alone(monkeypatch):
    kept = io.StringIO()
    monkeypatch.setattr(sys, "stdout", kept)
    prepare_streams()
    PLAIN.say("±")
    assert sys.stdout is kept
    assert kept.getvalue() == "±\n"


def test_an_error_that_nobody_reads_is_no_other_error(monkeypatch):
    class Gone(io.StringIO):
        def write(self, _text):
            raise BrokenPipeError

    monkeypatch.setattr(sys, "stderr", Gone())
    options.complain("too late")


PROGRAM = [sys.executable, "-W", "error", "-m", "scorelet"]
LEFT = {"models": NOBODY_READS, "--help": 1, "nonsense": 2}  # rich chooses the status of --help


@pytest.mark.parametrize(
    "word", [pytest.param("models", marks=pytest.mark.slow), "--help", "nonsense"]
)
def test_a_reader_who_leaves_ends_it_without_a_word(word):
    """As in  scorelet models | true , and both streams as in  scorelet nonsense 2>&1 | true ."""
    both = subprocess.STDOUT if word == "nonsense" else subprocess.PIPE
    with subprocess.Popen(
        [*PROGRAM, word], stdout=subprocess.PIPE, stderr=both, env=environment()
    ) as process:
        process.stdout.close()
        said = process.stderr.read() if process.stderr else b""
        process.wait()
    assert said == b""
    assert process.returncode == LEFT[word]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="it needs a Unix shell")
@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-"])
@pytest.mark.parametrize("word", ["--version", "nonsense"])
def test_a_closed_stream_changes_neither_the_status_nor_the_other_stream(word, closed):
    command = ["sh", "-c", f'exec "$0" -m scorelet {word} {closed}', sys.executable]
    done = subprocess.run(command, capture_output=True, env=environment(), check=False)
    assert done.returncode == (2 if word == "nonsense" else 0)
    assert bool(done.stdout) == (word == "--version" and closed == "2>&-")
    assert bool(done.stderr) == (word == "nonsense" and closed == ">&-")


def test_old_terminals_get_the_table_too(monkeypatch, float32, tmp_path, model):
    for name in ("a.png", "b.png"):  # of two pictures there is a standard error, with its ±
        write_png(tmp_path / name, noisy(16, 16))
    streams = Streams(monkeypatch, "ascii")
    monkeypatch.setattr(main, "heed_sigterm", lambda: None)
    with pytest.raises(SystemExit) as left:
        main.main(["evaluate", "--data", str(tmp_path), "--model", model, "--sigma", "25"])
    out, err = streams.written()
    assert (left.value.code, err) == (0, b"")
    assert b"\\xb1" in out


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="it needs a device that is full")
@pytest.mark.parametrize(
    "words",
    [pytest.param(["models", "--json"], marks=pytest.mark.slow), ["--help"], ["--version"]],
)
def test_a_full_device_is_named(words):
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [*PROGRAM, *words], stdout=full, stderr=subprocess.PIPE, env=environment(), check=False
        )
    assert done.returncode == 2
    assert done.stderr == (
        b"error: The output cannot be written (No space left on device): send it to another "
        b"place.\n"
    )
