"""How results are written: the format and the quality that are asked for."""

import numpy as np
import pytest
from PIL import Image

from samples import noisy, pillow
from scorelet.core.errors import InputError
from scorelet.data import (
    FORMAT_NAMES,
    Picture,
    check_target,
    read_picture,
    suffix_for_result,
    write_pages,
    write_picture,
)
from scorelet.data.pictures.formats.foreign import foreign
from scorelet.data.pictures.kinds import FORMATS

PICTURE = Picture(noisy(64, 64))


def tables(path):
    return pillow(path).quantization


@pytest.mark.parametrize("quality", [1, 50, 90, 100])
@pytest.mark.parametrize("before", [None, 30])
def test_jpeg_has_the_tables_of_the_quality(tmp_path, quality, before):
    picture = PICTURE
    if before:
        Image.fromarray(PICTURE.pixels).save(tmp_path / "s.jpg", quality=before, subsampling=2)
        picture = read_picture(tmp_path / "s.jpg")
    write_picture(tmp_path / "a.jpg", picture, quality=quality)
    Image.fromarray(PICTURE.pixels).save(tmp_path / "b.jpg", quality=quality)
    assert tables(tmp_path / "a.jpg") == tables(tmp_path / "b.jpg")
    halved = read_picture(tmp_path / "a.jpg").metadata.jpeg.subsampling == 2
    assert halved == (before is not None and quality < 90)


@pytest.mark.parametrize("before", [{"lossless": True}, {"quality": 80}])
def test_webp_of_a_quality_is_lossy_and_grows_with_it(tmp_path, before):
    Image.fromarray(PICTURE.pixels).save(tmp_path / "s.webp", **before)
    picture = read_picture(tmp_path / "s.webp")
    sizes = []
    for quality in (1, 50, 100):
        write_picture(tmp_path / "a.webp", picture, quality=quality)
        assert b"VP8 " in (tmp_path / "a.webp").read_bytes()
        sizes.append((tmp_path / "a.webp").stat().st_size)
    assert sizes == sorted(set(sizes))


@pytest.mark.parametrize("form", FORMATS, ids=FORMAT_NAMES)
def test_quality_is_refused_where_there_is_none(tmp_path, form):
    for suffix in form.suffixes:
        path = tmp_path / f"a{suffix}"
        if "quality" in form.can:
            check_target(path, PICTURE, quality=5)
            for quality in (0, 101, -1):
                with pytest.raises(InputError, match=f"The quality is {quality}; expected 1"):
                    write_pages(path, [PICTURE], quality=quality)
            continue
        with pytest.raises(InputError, match=f"but {form.title.split()[0]}.* keep every value"):
            write_pages(path, [PICTURE], quality=90)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "form", "suffix"),
    [
        ("a.png", "png", ".png"),
        ("a.PNG", "png", ".PNG"),
        ("a.png", "jpeg", ".jpg"),
        ("a.jpeg", "jpeg", ".jpeg"),
        ("a.tiff", "tiff", ".tiff"),
        ("scan", "tiff", ".tif"),
        ("a.pbm", "pnm", ".pnm"),
        ("a.gif", "webp", ".webp"),
        ("a.png", "jpg", ".jpg"),
        ("a.png", "JPG", ".jpg"),
        ("a.JPEG", "jpg", ".JPEG"),
        ("a.png", "tif", ".tif"),
        ("a.tiff", "TIF", ".tiff"),
        ("a.png", "ppm", ".pnm"),
    ],
)
def test_results_get_the_format_that_is_asked_for(name, form, suffix):
    assert suffix_for_result(name, form) == suffix


def test_the_names_of_formats_are_those_of_what_is_read(tmp_path):
    for form in FORMAT_NAMES:
        path = tmp_path / f"a{suffix_for_result('a', form)}"
        write_picture(path, Picture(np.zeros((4, 5, 1), np.uint8)))
        assert read_picture(path).metadata.kind == form
    with pytest.raises(InputError, match=r"is 'gif'; expected one of png, tiff, jpeg"):
        suffix_for_result("a.png", "gif")


def test_formats_do_not_overlap(tmp_path):
    """A file is of one kind, and so is a suffix."""
    suffixes = [suffix for form in FORMATS for suffix in (*form.suffixes, *form.read_only)]
    assert len(set(suffixes)) == len(suffixes)
    assert len(set(FORMAT_NAMES)) == len(FORMATS)
    for form in FORMATS:
        write_picture(tmp_path / f"a{form.suffixes[0]}", Picture(PICTURE.pixels[..., :1]))
        head = (tmp_path / f"a{form.suffixes[0]}").read_bytes()[:16]
        assert [other.name for other in FORMATS if other.matches(head)] == [form.name]
        assert foreign(head) is None
