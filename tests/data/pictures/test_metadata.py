"""What pictures say about themselves: XMP, comments, captions and places on a map come back.

What is written is read by Pillow and tifffile, not by scorelet.
"""

import struct
import zlib
from dataclasses import replace

import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import ExifTags, Image, PngImagePlugin

from samples import RGB_PROFILE, exif, noisy, pillow
from scorelet.core.errors import ImageFileError
from scorelet.data import iter_pages, read_picture, write_pages, write_picture
from scorelet.data.pictures.formats import inflate
from scorelet.data.pictures.formats.png_chunks import insert_chunks, iter_chunks
from scorelet.data.pictures.formats.xmp import JPEG_LIMIT, PNG_KEYWORD, upright_packet
from scorelet.data.pictures.in_memory import in_memory

SUFFIXES = (".png", ".jpg", ".webp", ".tif")
XMP_TAG, IPTC_TAG = 700, 33723


def packet(orientation=1, filler=""):
    """An XMP packet (ISO 16684-1) with a creator and an orientation."""
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF '
        'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" '
        'xmlns:tiff="http://ns.adobe.com/tiff/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/" '
        f'tiff:Orientation="{orientation}" dc:creator="Zoë {filler}"/></rdf:RDF></x:xmpmeta>'
        '<?xpacket end="w"?>'
    ).encode()


def write(path, xmp, *, orientation=None, size=(8, 12)):
    """Write a picture with an XMP packet without scorelet."""
    image = Image.fromarray(noisy(*size))
    if path.suffix == ".tif":
        tags = [(XMP_TAG, 1, len(xmp), xmp, True)]
        tags += [(274, 3, 1, orientation, True)] if orientation else []
        tifffile.imwrite(path, np.array(image), photometric="rgb", extratags=tags, metadata=None)
        return
    options = {"lossless": True} if path.suffix == ".webp" else {}
    if orientation:
        options["exif"] = exif(orientation)
    if path.suffix == ".png":
        text = PngImagePlugin.PngInfo()
        text.add_itxt("XML:com.adobe.xmp", xmp.decode())
        image.save(path, pnginfo=text, **options)
    else:
        image.save(path, xmp=xmp, **options)


def stored_xmp(path):
    """The packet as Pillow or tifffile finds it."""
    if path.suffix == ".tif":
        with tifffile.TiffFile(path) as file:
            return file.pages[0].tags.valueof(XMP_TAG)
    return pillow(path).info.get("xmp")


def again(path, suffix=None):
    """The path of a copy that scorelet has made, of the same kind or another."""
    target = path.with_name(f"again{suffix or path.suffix}")
    write_pages(target, iter_pages(path))
    return target


# ---------------------------------------------------------------- XMP


@pytest.mark.parametrize("target", SUFFIXES)
@pytest.mark.parametrize("source", SUFFIXES)
def test_xmp_survives_in_every_kind_and_from_kind_to_kind(tmp_path, source, target):
    write(tmp_path / f"a{source}", packet())
    assert stored_xmp(again(tmp_path / f"a{source}", target)) == packet()


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_without_xmp_none_is_written(tmp_path, suffix):
    Image.fromarray(noisy(5, 7)).save(tmp_path / f"a{suffix}")
    assert read_picture(tmp_path / f"a{suffix}").metadata.xmp is None
    assert stored_xmp(again(tmp_path / f"a{suffix}")) is None


@pytest.mark.parametrize("orientation", range(2, 9))
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_picture_that_is_turned_says_so_in_its_xmp(tmp_path, suffix, orientation):
    path = tmp_path / f"a{suffix}"
    write(path, packet(orientation), orientation=orientation)
    target = again(path)
    assert stored_xmp(target) == packet(1)
    assert pillow(target).size == ((12, 8) if orientation < 5 else (8, 12))


@pytest.mark.parametrize("orientation", [None, 1])
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_picture_that_is_not_turned_keeps_its_xmp_to_the_byte(tmp_path, suffix, orientation):
    """Viewers go by EXIF: a packet that contradicts it is as wrong afterwards as it was before."""
    path = tmp_path / f"a{suffix}"
    write(path, packet(6), orientation=orientation)
    target = again(path)
    assert stored_xmp(target) == packet(6)
    assert pillow(target).size == (12, 8)


@pytest.mark.parametrize(
    "form",
    [
        'tiff:Orientation="{}"',
        "tiff:Orientation='{}'",
        'tiff:Orientation = "{}"',
        "<tiff:Orientation>{}</tiff:Orientation>",
        "<tiff:Orientation>\n  {}\n</tiff:Orientation>",
        '<exif:Flash>6</exif:Flash> tiff:Orientation="{}" stEvt:rotation="8"',
    ],
)
def test_every_form_of_the_orientation_is_reset_and_nothing_else(form):
    for value in range(2, 9):
        assert upright_packet(form.format(value).encode()) == form.format(1).encode()
    assert upright_packet(form.format(16).encode()) == form.format(16).encode()  # no orientation


def itxt(content, *, compressed=0, language=b"de", translated="Überschrift"):
    """The content of an iTXt chunk (PNG, third edition, 11.3.3.4)."""
    return PNG_KEYWORD + bytes([compressed, 0]) + language + b"\0" + translated.encode() + b"\0" + (
        zlib.compress(content) if compressed else content
    )  # fmt: skip


def png_with(path, *chunks):
    plain = bytes(imagecodecs.png_encode(noisy(4, 5)))
    path.write_bytes(insert_chunks(plain, chunks))
    return path


@pytest.mark.parametrize("compressed", [0, 1])
def test_a_png_text_may_be_compressed_and_have_a_language(tmp_path, compressed):
    path = png_with(tmp_path / "a.png", (b"iTXt", itxt(packet(), compressed=compressed)))
    assert read_picture(path).metadata.xmp == packet()
    assert stored_xmp(again(path)) == packet()


def test_other_texts_of_a_png_are_no_xmp(tmp_path):
    other = b"Comment\0\0\0\0\0" + packet()
    path = png_with(tmp_path / "a.png", (b"iTXt", other), (b"iTXt", itxt(packet(filler="1"))))
    assert read_picture(path).metadata.xmp == packet(filler="1")


@pytest.mark.parametrize("damage", ["cut", "junk", "short"])
def test_a_damaged_png_text_does_not_hide_the_picture(tmp_path, damage):
    whole = itxt(packet(), compressed=1)
    start = len(itxt(b""))
    content = {
        "cut": whole[:-9],
        "junk": whole[:start] + b"junk",
        "short": PNG_KEYWORD,
    }[damage]
    path = png_with(tmp_path / "a.png", (b"iTXt", content))
    got = read_picture(path)
    assert got.metadata.xmp is None
    np.testing.assert_array_equal(got.pixels, noisy(4, 5))


def test_a_png_text_that_unpacks_to_too_much_is_left_out(tmp_path, monkeypatch):
    path = png_with(tmp_path / "a.png", (b"iTXt", itxt(bytes(100_000), compressed=1)))
    assert len(read_picture(path).metadata.xmp) == 100_000
    monkeypatch.setattr(inflate, "LARGEST", 99_999)
    assert read_picture(path).metadata.xmp is None


@pytest.mark.parametrize("beyond", [0, 1, 100_000])
def test_a_packet_that_no_jpeg_segment_holds_is_left_out(tmp_path, beyond):
    """A segment has at most 65535 bytes, of which its length takes 2 and its name 29."""
    assert JPEG_LIMIT == 65535 - 2 - 29
    xmp = packet(filler="x" * (JPEG_LIMIT + beyond - len(packet())))
    assert len(xmp) == JPEG_LIMIT + beyond
    write(tmp_path / "a.png", xmp)
    target = again(tmp_path / "a.png", ".jpg")
    assert stored_xmp(target) == (None if beyond else xmp)
    for suffix in (".png", ".webp", ".tif"):  # other kinds have room
        assert stored_xmp(again(tmp_path / "a.png", suffix)) == xmp


@pytest.mark.parametrize(("size", "kept"), [(60_000, True), (70_000, False)])
def test_an_exif_block_that_no_jpeg_segment_holds_is_left_out(tmp_path, size, kept):
    block = exif()
    block[0x9286] = b"ASCII\0\0\0" + bytes(size)  # a user's comment
    Image.fromarray(noisy(8, 8)).save(tmp_path / "a.png", exif=block)
    found = pillow(again(tmp_path / "a.png", ".jpg")).getexif()
    assert (found.get(0x010F) == "A maker") == kept


# ---------------------------------------------------------------- comments, captions, places


def test_the_comment_of_a_jpeg_is_kept_in_jpeg_only(tmp_path):
    Image.fromarray(noisy(8, 8)).save(tmp_path / "a.jpg", comment="Müller, 3".encode())
    assert pillow(again(tmp_path / "a.jpg")).info["comment"] == "Müller, 3".encode()
    for suffix in (".png", ".webp", ".tif"):
        assert "comment" not in pillow(again(tmp_path / "a.jpg", suffix)).info
    Image.fromarray(noisy(8, 8)).save(tmp_path / "b.jpg")
    assert "comment" not in pillow(again(tmp_path / "b.jpg")).info


def test_texts_of_a_png_are_kept_in_png_but_not_what_old_programs_call_exif(tmp_path):
    texts = [
        (b"tEXt", "Author\0Zoë".encode("latin-1")),
        (b"zTXt", b"Comment\0\0" + zlib.compress(b"long")),
        (b"iTXt", "Title\0\0\0de\0Titel\0grüße".encode()),
        (b"tEXt", b"Author\0another"),
    ]
    old = [(b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(b"\nexif\n 4\n45786966\n"))]
    path = png_with(tmp_path / "a.png", *texts, *old, (b"iTXt", itxt(packet())))
    target = again(path)
    found = [chunk for chunk in iter_chunks(target.read_bytes()) if chunk[0].endswith(b"Xt")]
    assert [chunk for chunk in found if not chunk[1].startswith(PNG_KEYWORD)] == texts
    assert stored_xmp(target) == packet()


def with_caption(path, caption):
    """A JPEG whose Photoshop segment has a small picture, and IPTC of a name behind it."""
    parts = b"8BIM\x04\x0c\x00\x00" + struct.pack(">I", 3) + b"abc\0"
    parts += b"8BIM\x04\x04\x05named" + struct.pack(">I", len(caption)) + caption
    content = b"Photoshop 3.0\0" + parts
    Image.fromarray(noisy(8, 8)).save(
        path, extra=b"\xff\xed" + struct.pack(">H", 2 + len(content)) + content
    )
    return path


@pytest.mark.parametrize("odd", [0, 1])
def test_iptc_is_kept_in_jpeg_and_tiff(tmp_path, odd):
    caption = CAPTION + bytes(odd)
    path = with_caption(tmp_path / "a.jpg", caption)
    jpeg, tiff = again(path), again(path, ".tif")
    assert pillow(jpeg).info["photoshop"] == {0x0404: caption}
    assert raw_tag(tiff, IPTC_TAG) == caption
    assert pillow(again(tiff, ".jpg")).info["photoshop"] == {0x0404: caption}


def with_small_picture(block):
    """An EXIF block with a second directory, of one tag, which may hold a small picture."""
    bare = block.removeprefix(b"Exif\0\0")
    order = "<" if bare[:2] == b"II" else ">"
    place = 8 + 2 + 12 * struct.unpack_from(order + "H", bare, 8)[0]
    directory = struct.pack(order + "HHHIHHI", 1, 0x0103, 3, 1, 6, 0, 0)
    linked = bare[:place] + struct.pack(order + "I", len(bare)) + bare[place + 4 :]
    return b"Exif\0\0" + linked + directory


def test_the_small_picture_of_exif_goes_and_the_rest_stays(tmp_path):
    block = exif(6)
    block.get_ifd(0x8769)[0x9286] = b"ASCII\0\0\0hello"
    block = with_small_picture(block.tobytes())
    for suffix in (".jpg", ".png", ".webp"):
        Image.fromarray(noisy(8, 12)).save(tmp_path / f"a{suffix}", exif=block)
        assert pillow(tmp_path / f"a{suffix}").getexif().get_ifd(ExifTags.IFD.IFD1)
        found = pillow(again(tmp_path / f"a{suffix}")).getexif()
        assert not found.get_ifd(ExifTags.IFD.IFD1)
        assert found.get_ifd(0x8769)[0x9286] == b"ASCII\0\0\0hello"
        assert found[0x010F] == "A maker"


@pytest.mark.parametrize("byteorder", ["<", ">"])
def test_a_stack_of_imagej_keeps_tables_ranges_and_labels(tmp_path, byteorder):
    said = {
        "LUTs": [np.tile(np.arange(256, dtype=np.uint8), (3, 1)) // k for k in (1, 2, 3)],
        "Ranges": (0.0, 100.0, 1.0, 200.0, 2.0, 300.0),
        "Labels": [f"µ{k}" for k in range(3)],
        "Info": "from a microscope",
        "mode": "composite",
    }
    pages = noisy(5, 6, 3, dtype="uint16").transpose(2, 0, 1)
    options = {"imagej": True, "byteorder": byteorder, "metadata": {"axes": "CYX", **said}}
    tifffile.imwrite(tmp_path / "a.tif", pages, **options)
    with tifffile.TiffFile(again(tmp_path / "a.tif")) as file:
        found = file.imagej_metadata
    np.testing.assert_array_equal(found["LUTs"], said["LUTs"])
    assert {key: found[key] for key in said if key != "LUTs"} == {
        key: value for key, value in said.items() if key != "LUTs"
    }


@pytest.mark.parametrize(("dtype", "name"), [("u2", "uint16"), ("f4", "float"), ("f8", "double")])
def test_a_description_by_ome_names_the_type_that_is_written(tmp_path, dtype, name):
    pages = noisy(5, 6, 3, dtype="uint16").transpose(2, 0, 1)
    tifffile.imwrite(tmp_path / "a.ome.tif", pages, metadata={"axes": "CYX"})
    written = [
        replace(page, pixels=page.pixels.astype(dtype))
        for page in iter_pages(tmp_path / "a.ome.tif")
    ]
    write_pages(tmp_path / "b.ome.tif", written)
    with tifffile.TiffFile(tmp_path / "b.ome.tif") as file:
        assert f'Type="{name}"' in file.ome_metadata
        assert file.series[0].dtype == dtype
        assert file.series[0].axes == "CYX"


PLACE = {
    33550: ("d", 3, (0.5, 0.25, 0.0)),  # size of a pixel
    33922: ("d", 6, (0.0, 0.0, 0.0, 440720.0, 100000.5, 0.0)),  # a pixel and its place
    34735: ("H", 8, (1, 1, 0, 1, 1024, 0, 1, 1)),  # keys
    34736: ("d", 2, (6378137.0, 298.257223563)),
    34737: (2, None, "WGS 84|"),
}
GDAL = {42112: (2, None, "<GDALMetadata/>"), 42113: (2, None, "-9999")}
CAPTION = b"\x1c\x02\x78\x00\x0bA caption, " + bytes(range(240, 250)) + b"\0"  # IPTC 2:120


def with_tags(path, byteorder, *, orientation=1, caption_type=7):
    """A TIFF with a place, a caption and GDAL's notes, in either byte order.

    IPTC is a stream of bytes; some programs call it longer integers (type 4).
    """
    tags = [(code, kind, count, value, True) for code, (kind, count, value) in PLACE.items()]
    tags += [(code, kind, count, value, True) for code, (kind, count, value) in GDAL.items()]
    caption = CAPTION + bytes(-len(CAPTION) % 4)
    count = len(caption) // (4 if caption_type == 4 else 1)
    tags += [(IPTC_TAG, caption_type, count, caption, True), (274, 3, 1, orientation, True)]
    pixels = noisy(6, 9, dtype="uint16")
    tifffile.imwrite(
        path, pixels, photometric="rgb", byteorder=byteorder, extratags=tags, metadata=None
    )
    return caption


def raw_tag(path, code):
    """The bytes of a tag as they lie in the file."""
    with tifffile.TiffFile(path) as file:
        tag = file.pages[0].tags[code]
        return path.read_bytes()[tag.valueoffset : tag.valueoffset + tag.valuebytecount]


def assert_tags(path, expected):
    with tifffile.TiffFile(path) as file:
        tags = file.pages[0].tags
        for code, (_, _, value) in expected.items():
            assert tags.valueof(code) == value


@pytest.mark.parametrize("byteorder", ["<", ">"])
@pytest.mark.parametrize("caption_type", [1, 4, 7])
def test_a_tiff_keeps_place_caption_and_notes(tmp_path, byteorder, caption_type):
    path = tmp_path / "a.tif"
    caption = with_tags(path, byteorder, caption_type=caption_type)
    for target in (again(path), again(again(path))):
        assert_tags(target, PLACE | GDAL)
        assert raw_tag(target, IPTC_TAG) == caption
    with tifffile.TiffFile(path) as before, tifffile.TiffFile(target) as after:
        assert after.pages[0].geotiff_tags == before.pages[0].geotiff_tags
        assert after.pages[0].geotiff_tags["ModelPixelScale"] == [0.5, 0.25, 0.0]


@pytest.mark.parametrize("byteorder", ["<", ">"])
def test_a_map_that_is_turned_loses_its_place_and_keeps_the_rest(tmp_path, byteorder):
    caption = with_tags(tmp_path / "a.tif", byteorder, orientation=6)
    target = again(tmp_path / "a.tif")
    assert_tags(target, GDAL)
    assert raw_tag(target, IPTC_TAG) == caption
    with tifffile.TiffFile(target) as file:
        assert file.pages[0].shape[:2] == (9, 6)
        assert not set(PLACE) & {tag.code for tag in file.pages[0].tags}


def test_every_page_keeps_its_own(tmp_path):
    with tifffile.TiffWriter(tmp_path / "a.tif") as writer:
        for k in range(3):
            tags = [(XMP_TAG, 1, len(packet(filler=str(k))), packet(filler=str(k)), True)]
            tags += [(33550, "d", 3, (k, 1.0, 0.0), True)] if k else []
            writer.write(noisy(5, 6, seed=k), photometric="rgb", extratags=tags, metadata=None)
    with tifffile.TiffFile(again(tmp_path / "a.tif")) as file:
        found = [(p.tags.valueof(XMP_TAG), p.tags.valueof(33550)) for p in file.pages]
    assert found == [
        (packet(filler="0"), None),
        (packet(filler="1"), (1.0, 1.0, 0.0)),
        (packet(filler="2"), (2.0, 1.0, 0.0)),
    ]


def test_a_tag_that_points_beyond_the_file_is_damage(tmp_path):
    with_tags(tmp_path / "a.tif", "<")
    with tifffile.TiffFile(tmp_path / "a.tif") as file:
        place = file.pages[0].tags[34736].offset + 8  # of the pointer to the values
    data = bytearray((tmp_path / "a.tif").read_bytes())
    data[place : place + 4] = struct.pack("<I", len(data) - 3)
    (tmp_path / "a.tif").write_bytes(data)
    with pytest.raises(ImageFileError, match=r"a\.tif is damaged or truncated \(.*34736"):
        read_picture(tmp_path / "a.tif")


def test_everything_at_once_in_an_order_that_pillow_reads(tmp_path):
    Image.fromarray(noisy(8, 12)).save(
        tmp_path / "a.jpg",
        exif=exif(6),
        xmp=packet(6),
        comment=b"note",
        icc_profile=RGB_PROFILE,
        dpi=(300, 200),
    )
    for suffix in (".jpg", ".png", ".webp"):
        got = pillow(again(tmp_path / "a.jpg", suffix))
        assert got.getexif()[0x010F] == "A maker"
        assert got.getexif()[0x0112] == 1
        assert got.info["xmp"] == packet(1)
        assert got.info["icc_profile"] == RGB_PROFILE
        assert got.size == (8, 12)


def test_metadata_that_is_taken_away_is_not_written(tmp_path):
    write(tmp_path / "a.jpg", packet(), orientation=1)
    got = read_picture(tmp_path / "a.jpg")
    bare = replace(got, metadata=replace(got.metadata, xmp=None, exif=None))
    write_picture(tmp_path / "b.jpg", bare)
    assert stored_xmp(tmp_path / "b.jpg") is None
    assert not pillow(tmp_path / "b.jpg").getexif()
    assert b"Zo" not in b"".join(content for _, content in png_chunks(tmp_path, bare))


def png_chunks(folder, picture):
    write_picture(folder / "c.png", picture)
    return iter_chunks((folder / "c.png").read_bytes())


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("orientation", [1, 6])
def test_a_pillow_picture_opened_from_a_jpeg_has_the_metadata_of_the_file(
    tmp_path, channels, orientation
):
    path = tmp_path / "a.jpg"
    said = {"comment": b"a comment", "dpi": (72, 72), "xmp": packet(orientation)}
    image = Image.fromarray(noisy(48, 40, channels).squeeze())
    image.save(path, quality=80, exif=exif(orientation), icc_profile=RGB_PROFILE, **said)
    of_file, (picture,) = read_picture(path), in_memory(pillow(path)).pictures
    assert picture.metadata.jpeg == of_file.metadata.jpeg
    for name in ("kind", "comment", "dpi", "icc", "iptc"):
        assert getattr(picture.metadata, name) == getattr(of_file.metadata, name)
    np.testing.assert_array_equal(picture.pixels, of_file.pixels)


def test_a_pillow_picture_that_is_smaller_since_is_no_jpeg(tmp_path):
    Image.fromarray(noisy(96, 80)).save(tmp_path / "a.jpg", quality=80)
    image = Image.open(tmp_path / "a.jpg")
    image.thumbnail((60, 60))  # in place: it still has the quantisation
    assert image.quantization
    assert in_memory(image).pictures[0].metadata.jpeg is None
    assert in_memory(pillow(tmp_path / "a.jpg").convert("L")).pictures[0].metadata.jpeg is None
