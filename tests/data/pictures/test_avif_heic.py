"""AVIF and HEIC: what pillow, imagecodecs and pillow-heif have written, as the format means it."""

import struct

import imagecodecs
import numpy as np
import pytest
from PIL import Image, features

from picture_samples import exif_block, noise, sentence, smooth
from samples import RGB_PROFILE
from scorelet.core.errors import InputError
from scorelet.data import (
    check_target,
    count_pages,
    list_folder,
    read_picture,
    skipped_sentence,
    suffix_for_result,
    write_picture,
)
from scorelet.data.pictures.formats import heic
from scorelet.data.pictures.formats.ifd import number
from scorelet.data.pictures.formats.orientation import turn_upright
from scorelet.data.pictures.lost import lost

if "avif" not in features.get_supported():
    pytest.skip("Pillow without AVIF", allow_module_level=True)
pillow_heif = pytest.importorskip("pillow_heif")

ORIENTATION, ANOTHER = 0x0112, 0x0128  # another tag of the same type, which no writer looks at
PIXELS = smooth(32, 48)
PACKET = b'<x:xmpmeta tiff:Orientation="6" tiff:ImageWidth="48" tiff:ImageLength="32"/>'


def avif(path, samples=PIXELS, **options):
    """Without subsampling; Pillow turns an orientation in EXIF into the format's own turns."""
    options = {"quality": 100, "subsampling": "4:4:4"} | options
    Image.fromarray(samples).save(path, "AVIF", **options)


def heif(path, samples=PIXELS, **options):
    """Without loss: in the colours that are given, and no subsampling; EXIF stays as it is."""
    file = pillow_heif.from_pillow(Image.fromarray(samples))
    profile = options.pop("icc_profile", None)
    if profile:
        file[0].info |= {"icc_profile": profile, "icc_profile_type": "prof"}
    with path.open("wb") as stream:
        file.save(stream, **{"quality": -1, "chroma": 444, "matrix_coefficients": 0} | options)


def by_pillow(path):
    with Image.open(path) as image:
        return np.array(image)


WRITERS = {".avif": avif, ".heic": heif}


# ---------------------------------------------------------------- samples


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("quality", [60, 100])
def test_an_avif_has_the_samples_that_pillow_gives(tmp_path, channels, quality):
    samples = noise((32, 48, channels))
    avif(tmp_path / "a.avif", samples[..., 0] if channels == 1 else samples, quality=quality)
    found = read_picture(tmp_path / "a.avif")
    both = found.pixels if found.alpha is None else np.dstack([found.pixels, found.alpha])
    np.testing.assert_array_equal(both, by_pillow(tmp_path / "a.avif").reshape(both.shape))
    assert (both.shape[2] == 4) == (channels == 4)
    assert (found.metadata.kind, found.metadata.bit_depth, found.notes) == ("avif", 8, ())


@pytest.mark.parametrize("shape", [(32, 48), (32, 48, 3), (32, 48, 4), (33, 47, 3)])
def test_a_lossless_heic_has_the_samples_that_were_written(tmp_path, shape):
    samples = noise(shape)
    heif(tmp_path / "a.heic", samples)
    found = read_picture(tmp_path / "a.heic")
    both = found.pixels if found.alpha is None else np.dstack([found.pixels, found.alpha])
    np.testing.assert_array_equal(both, samples.reshape(both.shape))
    assert (found.metadata.kind, found.metadata.bit_depth, found.notes) == ("heic", 8, ())


@pytest.mark.parametrize(("kind", "bits"), [("avif", 10), ("avif", 12), ("heic", 10)])
def test_deep_samples_fill_16_bits(tmp_path, kind, bits):
    path = tmp_path / "a"
    deep = (noise((32, 48, 3), "u2") >> 16 - bits).astype(np.uint16)
    if kind == "avif":
        path.write_bytes(
            imagecodecs.avif_encode(
                deep,
                level=100,
                bitspersample=bits,
                pixelformat=imagecodecs.AVIF.PIXEL_FORMAT.YUV444,
            )
        )
    else:
        file = pillow_heif.from_bytes("RGB;16", (48, 32), (deep << 16 - bits).tobytes())
        file.save(path, quality=-1, chroma=444, matrix_coefficients=0)
    found = read_picture(path)
    assert found.pixels.dtype == np.uint16
    np.testing.assert_array_equal(found.pixels, np.rint(deep * (65535 / (2**bits - 1))))
    assert found.metadata.bit_depth == bits
    said = f"has {bits}-bit samples; results have 16-bit ones, scaled"
    assert [note.text for note in found.notes] == [said]


def test_colours_multiplied_by_alpha_are_divided(tmp_path):
    samples = noise((32, 48, 4))
    samples[..., 3] = 128
    samples[..., :3] //= 2
    file = pillow_heif.from_pillow(Image.fromarray(samples))
    file.premultiplied_alpha = True
    file.save(tmp_path / "a.heic", quality=-1, chroma=444, matrix_coefficients=0)
    found = read_picture(tmp_path / "a.heic")
    expected = np.minimum(np.rint(samples[..., :3] * (255 / 128)), 255)
    np.testing.assert_array_equal(found.pixels, expected)


# ---------------------------------------------------------------- orientation


@pytest.mark.parametrize("suffix", WRITERS)
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_is_turned_once_as_the_format_says(tmp_path, suffix, orientation):
    """The turn is in irot and imir; in a HEIC EXIF repeats it, as telephones have it."""
    WRITERS[suffix](tmp_path / f"up{suffix}")
    path = tmp_path / f"a{suffix}"
    WRITERS[suffix](path, exif=exif_block(orientation))
    data = path.read_bytes()
    assert (b"irot" in data) == (orientation in (3, 5, 6, 7, 8))
    found, plain = read_picture(path), read_picture(tmp_path / f"up{suffix}")
    np.testing.assert_array_equal(found.pixels, turn_upright(plain.pixels, orientation))
    assert number(found.metadata.exif, ORIENTATION) in (1, None)


@pytest.mark.parametrize("suffix", WRITERS)
def test_an_orientation_in_exif_alone_turns_nothing(tmp_path, suffix):
    """By the format it only repeats what irot says, and here is none."""
    exif = Image.Exif()
    exif[ANOTHER] = 6
    path = tmp_path / f"a{suffix}"
    WRITERS[suffix](path, exif=exif.tobytes().removeprefix(b"Exif\0\0"))
    tag, real = (struct.pack(">HHI", name, 3, 1) for name in (ANOTHER, ORIENTATION))
    data = path.read_bytes()
    assert data.count(tag) == 1
    path.write_bytes(data.replace(tag, real))
    plain = read_picture(path)
    assert plain.pixels.shape == PIXELS.shape
    assert np.abs(plain.pixels - PIXELS.astype(int)).max() <= 2
    assert number(plain.metadata.exif, ORIENTATION) == 1


def test_what_is_said_of_the_size_is_that_of_the_turned_picture(tmp_path):
    exif = Image.Exif()
    exif.get_ifd(0x8769).update({0xA002: 48, 0xA003: 32})
    exif[ORIENTATION] = 6
    heif(tmp_path / "a.heic", exif=exif.tobytes(), xmp=PACKET)
    found = read_picture(tmp_path / "a.heic")
    assert found.pixels.shape == (48, 32, 3)
    inner = Image.Exif()
    inner.load(found.metadata.exif)
    assert inner.get_ifd(0x8769) == {0xA002: 32, 0xA003: 48}
    assert b'Orientation="1"' in found.metadata.xmp
    assert b'ImageWidth="32" tiff:ImageLength="48"' in found.metadata.xmp


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_clean_aperture_is_cut_out_before_the_turn(tmp_path, orientation):
    """20 x 10 of 48 x 32 pixels; its middle lies 3 left of and 2 below that of the picture."""
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    exif.get_ifd(0x8769).update({0xA002: 48, 0xA003: 32})
    avif(tmp_path / "a.avif", exif=exif.tobytes(), icc_profile=bytes(28))
    data = (tmp_path / "a.avif").read_bytes()
    profile, marks = b"colrprof" + bytes(28), b"\1\2\x83\4"  # the profile is property 4
    assert data.count(profile) == data.count(marks) == 1
    clap = b"clap" + struct.pack(">IIIIiIiI", 20, 1, 20, 2, -6, 2, 2, 1)
    essential = marks[:3] + b"\x84"
    (tmp_path / "a.avif").write_bytes(data.replace(profile, clap).replace(marks, essential))
    avif(tmp_path / "whole.avif", icc_profile=bytes(28))
    part = read_picture(tmp_path / "whole.avif").pixels[13:23, 11:31]
    found = read_picture(tmp_path / "a.avif")
    np.testing.assert_array_equal(found.pixels, turn_upright(part, orientation))
    inner = Image.Exif()
    inner.load(found.metadata.exif)
    height, width = found.pixels.shape[:2]
    assert inner.get_ifd(0x8769) == {0xA002: width, 0xA003: height}


# ---------------------------------------------------------------- what is said


@pytest.mark.parametrize("suffix", WRITERS)
def test_profile_exif_and_xmp_come_into_the_png(tmp_path, suffix):
    packet = PACKET.replace(b'"6"', b'"1"')
    options = {"exif": exif_block(), "xmp": packet, "icc_profile": RGB_PROFILE}
    WRITERS[suffix](tmp_path / f"a{suffix}", **options)
    found = read_picture(tmp_path / f"a{suffix}")
    assert lost("a.png", found) == ()
    write_picture(tmp_path / "a.png", found)
    again = read_picture(tmp_path / "a.png")
    np.testing.assert_array_equal(again.pixels, found.pixels)
    for metadata in (found.metadata, again.metadata):
        assert (metadata.icc, metadata.xmp, metadata.png_chunks) == (RGB_PROFILE, packet, ())
        assert b"A maker" in metadata.exif


@pytest.mark.parametrize("suffix", WRITERS)
@pytest.mark.parametrize(
    ("codes", "kept"),
    [((12, 13), True), ((9, 16), True), ((2, 16), True), ((1, 13), False), ((2, 13), False)],
)
def test_colours_by_number_become_the_chunk_of_png(tmp_path, suffix, codes, kept):
    """Display P3 and PQ, also of unspecified primaries; sRGB needs no chunk."""
    path = tmp_path / f"a{suffix}"
    if suffix == ".heic":
        heif(path, color_primaries=codes[0], transfer_characteristics=codes[1])
    else:
        options = dict(zip(("primaries", "transfer"), codes, strict=True))
        path.write_bytes(imagecodecs.avif_encode(PIXELS, level=100, **options))
    found = read_picture(path)
    assert found.metadata.png_chunks == (((b"cICP", bytes([*codes, 0, 1])),) if kept else ())
    assert bool(lost("a.jpg", found)) == kept


def test_colours_that_the_tiles_of_a_grid_have_are_those_of_the_grid(tmp_path, monkeypatch):
    """As cameras write them: property 3 is the colours, and in its place stands 5 again."""
    monkeypatch.setattr(pillow_heif.options, "GRID_TILE_SIZE", 64)
    codes = {"color_primaries": 9, "transfer_characteristics": 16}
    heif(tmp_path / "a.heic", smooth(64, 128), **codes)
    data = (tmp_path / "a.heic").read_bytes()
    of_grid = b"\0\x01\x03\x01\x85"
    assert data.count(of_grid + b"\x03") == 1
    (tmp_path / "a.heic").write_bytes(data.replace(of_grid + b"\x03", of_grid + b"\x05"))
    found = read_picture(tmp_path / "a.heic")
    assert found.metadata.png_chunks == ((b"cICP", bytes([9, 16, 0, 1])),)


def test_the_primary_picture_is_read_and_others_are_counted(tmp_path):
    file = pillow_heif.from_pillow(Image.fromarray(PIXELS[::-1]))
    file.add_from_pillow(Image.fromarray(PIXELS))
    file.save(tmp_path / "a.heic", quality=-1, chroma=444, matrix_coefficients=0, primary_index=1)
    found = read_picture(tmp_path / "a.heic")
    np.testing.assert_array_equal(found.pixels, PIXELS)
    assert [note.text for note in found.notes] == ["holds 1 more picture, which is left out"]


def test_a_picture_of_depths_beside_an_avif_is_counted(tmp_path):
    """Here what was its alpha."""
    avif(tmp_path / "a.avif", noise((32, 48, 4)))
    assert read_picture(tmp_path / "a.avif").notes == ()
    data = (tmp_path / "a.avif").read_bytes()
    assert data.count(b"auxiliary:alpha") == 1
    (tmp_path / "a.avif").write_bytes(data.replace(b"auxiliary:alpha", b"auxiliary:depth"))
    found = read_picture(tmp_path / "a.avif")
    assert found.alpha is None
    assert [note.text for note in found.notes] == ["holds 1 more picture, which is left out"]


# ---------------------------------------------------------------- names


@pytest.mark.parametrize("suffix", WRITERS)
def test_results_are_png_unless_another_kind_is_named(tmp_path, suffix):
    for name in (f"a{suffix}", "a.JPG", "a"):
        WRITERS[suffix](tmp_path / name)
        assert suffix_for_result(tmp_path / name) == ".png"
        assert suffix_for_result(tmp_path / name, "tiff") == ".tif"
        assert count_pages(tmp_path / name) == 1
    (tmp_path / "a.tiff").write_bytes((tmp_path / "a").read_bytes())
    assert suffix_for_result(tmp_path / "a.tiff") == ".tiff"
    with pytest.raises(InputError, match=rf"has the suffix '\{suffix}'; expected one of \.bmp"):
        check_target(tmp_path / f"b{suffix}", read_picture(tmp_path / "a"))
    with pytest.raises(InputError, match=rf"is '{suffix[1:]}'; expected one of png"):
        suffix_for_result(tmp_path / "a", suffix[1:])


def test_they_are_found_in_folders_and_heic_only_with_the_extra(tmp_path, monkeypatch):
    names = ["a.AVIF", "b.heic", "c.HEIF", "d.hif"]
    for name in names:
        (tmp_path / name).touch()
    assert [path.name for path in list_folder(tmp_path).pictures] == names
    heif(tmp_path / "b.heic")
    monkeypatch.setattr(heic, "find_spec", lambda _name: None)
    found = list_folder(tmp_path)
    assert [path.name for path in found.pictures] == names[:1]
    assert skipped_sentence(found.skipped) == (
        "3 files are of no kind that is read: 1 .heic, 1 .heif, 1 .hif (b.heic, c.HEIF, d.hif); "
        "HEIC pictures need pip install 'scorelet[heif]'"
    )
    assert sentence(tmp_path / "b.heic") == (
        " is a HEIC picture, and the extra that reads them is missing: pip install "
        "'scorelet[heif]', or export it as PNG or 16-bit TIFF."
    )


# ---------------------------------------------------------------- what is refused


def test_animations_are_refused(tmp_path):
    frames = [Image.fromarray(PIXELS), Image.fromarray(PIXELS[::-1])]
    frames[0].save(tmp_path / "a.avif", save_all=True, append_images=frames[1:])
    assert " is an animated AVIF, and animations are not supported" in sentence(tmp_path / "a.avif")
    heif(tmp_path / "a.heic")
    data = (tmp_path / "a.heic").read_bytes()
    (tmp_path / "b.heic").write_bytes(data[:8] + b"hevc" + data[12:])
    assert " is a sequence of HEIC pictures, and anim" in sentence(tmp_path / "b.heic")


def test_what_the_decoder_does_not_know_is_not_called_damaged(tmp_path):
    """A picture that is a part of two others, here of its alpha and of what describes it."""
    avif(tmp_path / "a.avif", noise((32, 48, 4)), exif=exif_block())
    data = (tmp_path / "a.avif").read_bytes()
    assert data.count(b"auxl") == data.count(b"cdsc") == 1
    data = data.replace(b"auxl", b"dimg").replace(b"cdsc", b"dimg")
    (tmp_path / "a.avif").write_bytes(data)
    assert sentence(tmp_path / "a.avif") == (
        " is an AVIF of a kind that the decoder does not know; expected a plainer one: export it "
        "as PNG or 16-bit TIFF."
    )


def test_without_avif_in_pillow_the_remedy_is_named(tmp_path, monkeypatch):
    avif(tmp_path / "a.avif")
    monkeypatch.setattr(features, "check", lambda _name: False)
    assert "pip install --upgrade pillow" in sentence(tmp_path / "a.avif")


@pytest.mark.parametrize("share", [0.6, 0.99])
def test_a_grid_without_all_its_tiles_is_truncated(tmp_path, monkeypatch, share):
    """Libheif draws green in the place of those that are missing."""
    monkeypatch.setattr(pillow_heif.options, "GRID_TILE_SIZE", 64)
    heif(tmp_path / "a.heic", smooth(128, 192), quality=90)
    data = (tmp_path / "a.heic").read_bytes()
    assert read_picture(tmp_path / "a.heic").pixels.shape == (128, 192, 3)
    size = int(len(data) * share)
    (tmp_path / "a.heic").write_bytes(data[:size])
    said = f" is damaged or truncated (it has {size} of {len(data)} bytes); expected a whole pict"
    assert sentence(tmp_path / "a.heic").startswith(said)


@pytest.mark.parametrize("suffix", WRITERS)
def test_huge_claims_are_refused_before_decoding(tmp_path, suffix):
    WRITERS[suffix](tmp_path / f"a{suffix}")
    text = sentence(tmp_path / f"a{suffix}", lambda path: read_picture(path, max_pixels=99))
    assert "claims 48 x 32 pixels; expected at most 99" in text
