"""`scorelet denoise --noise`: what is printed, what the journal keeps, what is refused."""

import json
from pathlib import Path

import numpy as np
import pytest
import tifffile

import noise_samples as samples
from denoise_samples import errors, write_and_get
from samples import write_png
from scorelet.data import iter_pages, read_picture

PHOTO = ("--model", "photo")  # the fixture's is another
COUNTS = np.uint16(samples.counts(samples.clean("camera")[:96, :128, :1], 30))


def test_the_choice_and_its_reason_are_printed_and_in_the_json(shell):
    write_png(Path("a.png"), COUNTS)
    status, stdout, _ = shell("a.png", "--dry-run", *PHOTO)
    assert status == 0
    assert "poisson noise (counts of photons, the variance is 1 times the mean)" in stdout
    _, stdout, _ = shell("a.png", "--dry-run", "--json", "--noise", "white", *PHOTO)
    (page,) = json.loads(stdout)["files"][0]["pages"]
    assert (page["noise"], page["reason"]) == ("white", "as asked for")


def test_a_law_that_is_given_is_taken(shell):
    write_png(Path("a.png"), COUNTS)
    _, stdout, _ = shell("a.png", "--dry-run", "--noise", "poisson", "--noise-law", "2,-3")
    assert "as asked for, the variance is 2 x - 3" in stdout


def test_resuming_with_another_noise_does_everything_anew(shell):
    write_and_get("in/a.png")
    assert shell("in", "--noise", "white", *PHOTO)[0] == 0
    first = Path("in_denoised/a.png").read_bytes()
    assert "kept from before" in shell("in", "--noise", "white", "--resume", *PHOTO)[1]
    assert "kept from before" not in shell("in", "--noise", "camera", "--resume", *PHOTO)[1]
    assert Path("in_denoised/a.png").read_bytes() != first


@pytest.mark.slow
def test_few_photons_become_floats_where_the_file_holds_them(shell):
    """All pages of a stack, though one alone has more photons."""
    few = np.uint16(samples.counts(samples.clean("camera")[:96, :128, 0], 5))
    tifffile.imwrite("a.tif", np.stack([few, few]), photometric="minisblack", metadata=None)
    write_png(Path("b.png"), few[..., None])
    status, _, stderr = shell("a.tif", "b.png", "-o", "out/", *PHOTO)
    assert status == 0
    assert "32-bit floating point in the unit of the picture" in stderr
    pages = [page.plain for page in iter_pages("out/a.tif")]
    assert {(page.dtype.name, page.shape) for page in pages} == {("float32", (96, 128))}
    assert 1 < pages[0].mean() < 5
    assert read_picture("out/b.png").pixels.dtype == np.uint16
    assert shell("b.png", "-o", "c.tif", *PHOTO)[0] == 0
    assert read_picture("c.tif").pixels.dtype == np.float32


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--noise", "pink"], "auto, white, camera, poisson"),
        (["--noise", "poisson", "--noise-law", "1"], "two numbers, as 1,0"),
        (["--noise-law", "1,0"], "--noise poisson"),
        (["--noise", "camera", "--model", "cifar10-joint"], "leave the model out"),
    ],
)
def test_what_cannot_be_is_refused_before_the_work(shell, options, words):
    write_and_get("a.png")
    status, stdout, stderr = shell("a.png", *options)
    assert (status, stdout) == (2, "")
    (sentence,) = errors(stderr)
    assert words in sentence
