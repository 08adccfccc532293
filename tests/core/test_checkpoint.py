"""Tensors as files: they come back bit for bit, and nothing that is opened can run code."""

import errno
import io
import json
import os
import pickle
import re
import struct
from pathlib import Path

import pytest
import torch

from scorelet.core.checkpoint import CHECKSUM, load_tensors, save_tensors
from scorelet.core.errors import CheckpointError
from scorelet.core.random import generator, randn

TENSORS = {
    "matrix": randn((3, 5), rng=generator(0)).T,  # not contiguous
    "half": randn((4,), rng=generator(1)).half(),
    "brain": randn((4,), rng=generator(2)).bfloat16(),
    "count": torch.tensor(7),
    "none": torch.zeros(0, 2),
    "waves": torch.complex(*randn((2, 4), rng=generator(3))),
    "conjugate": torch.complex(*randn((2, 4), rng=generator(3))).conj(),
    "negative": torch.complex(*randn((2, 4), rng=generator(3))).conj().imag,
    "mask": torch.tensor([True, False]),
}
HEADER = {"kind": "test", "options": {"widths": [1, 2], "name": "ü"}, "rate": 0.1}


class Armed:
    """An object whose pickle touches a file when it is opened."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self):
        return Path.touch, (self.marker,)


def test_tensors_and_header_come_back_bit_for_bit(tmp_path):
    save_tensors(tmp_path / "a.safetensors", TENSORS, HEADER)
    tensors, header = load_tensors(tmp_path / "a.safetensors")
    assert header == HEADER
    assert tensors.keys() == TENSORS.keys()
    for name, tensor in tensors.items():
        assert tensor.dtype == TENSORS[name].dtype
        assert torch.equal(tensor, TENSORS[name])


def test_what_cannot_be_written_leaves_the_old_file(tmp_path):
    path = tmp_path / "a.safetensors"
    save_tensors(path, TENSORS, HEADER)
    before = path.read_bytes()
    with pytest.raises(TypeError):
        save_tensors(path, TENSORS, {"a": object()})
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["a.safetensors"]


def test_a_missing_folder_is_one_sentence(tmp_path):
    with pytest.raises(CheckpointError, match=r"^Cannot write the checkpoint .*\.$"):
        save_tensors(tmp_path / "none" / "a.safetensors", TENSORS, HEADER)


@pytest.mark.parametrize("seed", range(20))
def test_a_flipped_bit_is_one_sentence(tmp_path, seed):
    """In tensors or in the header, but for the entry of the checksum's own name."""
    path = tmp_path / "a.safetensors"
    save_tensors(path, TENSORS, HEADER)
    content = bytearray(path.read_bytes())
    place = int(torch.randint(8, len(content), (), generator=generator(seed)))
    own = content.find(CHECKSUM.encode())
    place = -1 if own <= place < own + len(CHECKSUM) else place
    content[place] ^= 0x40
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match=r"a\.safetensors is damaged [^\n]* again\.$"):
        load_tensors(path)


def test_a_file_from_before_checksums_is_read(tmp_path):
    from safetensors.torch import save_file

    path = tmp_path / "a.safetensors"
    save_file({"a": torch.ones(2)}, path, metadata={"scorelet": json.dumps(HEADER)})
    assert load_tensors(path)[1] == HEADER


@pytest.mark.parametrize("kept", [0, 1, 7, 8, 9, 100, -1])
def test_a_truncated_file_is_one_sentence(tmp_path, kept):
    path = tmp_path / "a.safetensors"
    save_tensors(path, TENSORS, HEADER)
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(CheckpointError, match=r"a\.safetensors is damaged .* again\.$"):
        load_tensors(path)


@pytest.mark.parametrize("seed", range(5))
def test_random_bytes_are_one_sentence(tmp_path, seed):
    path = tmp_path / "a.safetensors"
    path.write_bytes(bytes(torch.randint(256, (5000,), generator=generator(seed)).tolist()))
    with pytest.raises(CheckpointError, match=r"a\.safetensors is damaged [^\n]* again\.$"):
        load_tensors(path)


@pytest.mark.parametrize("text", [b"[]", b"3", b"{", b"\xff"])
def test_a_header_that_is_no_mapping_is_one_sentence(tmp_path, text):
    content = b'{"__metadata__":{"scorelet":"%s"}}' % text
    path = tmp_path / "a.safetensors"
    path.write_bytes(struct.pack("<Q", len(content)) + content)
    with pytest.raises(CheckpointError, match=r"a\.safetensors is damaged [^\n]* again\.$"):
        load_tensors(path)


def test_a_file_without_our_header_has_an_empty_one(tmp_path):
    from safetensors.torch import save_file

    save_file({"a": torch.ones(2)}, tmp_path / "a.safetensors")
    tensors, header = load_tensors(tmp_path / "a.safetensors")
    assert header == {}
    assert torch.equal(tensors["a"], torch.ones(2))


@pytest.mark.parametrize("path", ["none.safetensors", "none/a.safetensors", "file/a.safetensors"])
def test_a_missing_file_is_one_sentence(tmp_path, path):
    (tmp_path / "file").touch()
    with pytest.raises(CheckpointError) as caught:
        load_tensors(tmp_path / path)
    assert str(caught.value) == f"There is no checkpoint {tmp_path / path}: check the path."


@pytest.mark.parametrize(
    ("files", "named"),
    [
        ([], "a file in it"),
        (["state.safetensors", "weights.safetensors"], "{}/weights.safetensors"),
        (["state.safetensors"], "{}/state.safetensors"),
        (["best.safetensors", "weights.safetensors"], "{}/weights.safetensors"),
    ],
)
def test_a_folder_in_the_place_of_weights_names_those_in_it(tmp_path, files, named):
    for name in files:
        (tmp_path / name).touch()
    with pytest.raises(CheckpointError) as caught:
        load_tensors(tmp_path)
    assert str(caught.value) == (
        f"{tmp_path} is a folder; expected a .safetensors file: name {named.format(tmp_path)}."
    )


def test_weights_that_may_not_be_read_are_one_sentence(tmp_path, monkeypatch):
    path = tmp_path / "a.safetensors"
    save_tensors(path, TENSORS, HEADER)

    def refuse(*_, **__):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(Path, "open", refuse)  # modes do not stop root
    with pytest.raises(CheckpointError) as caught:
        load_tensors(path)
    assert str(caught.value) == (
        f"{path} may not be read (permission denied): change its permissions."
    )


def test_a_disk_that_is_full_is_one_sentence_without_the_temporary_name(tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "hidden")

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(CheckpointError) as caught:
        save_tensors(tmp_path / "a.safetensors", TENSORS, HEADER)
    assert str(caught.value) == (
        f"Cannot write the checkpoint {tmp_path / 'a.safetensors'}: No space left on device."
    )
    assert os.listdir(tmp_path) == []


LFS = """version https://git-lfs.github.com/spec/v1
oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393
size 12345
"""


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        (b"", "is damaged (it has 0 bytes)"),
        (LFS.encode(), "is a pointer of Git LFS and not the weights themselves: run git lfs pull."),
        (b"<!DOCTYPE html><html>Sign in</html>", "is not a safetensors file ("),
        (struct.pack("<Q", 1 << 60) + b"{}", "is not a safetensors file ("),
    ],
)
def test_the_sentence_names_the_cause(tmp_path, content, cause):
    path = tmp_path / "a.safetensors"
    path.write_bytes(content)
    with pytest.raises(CheckpointError) as caught:
        load_tensors(path)
    assert cause in str(caught.value)
    assert str(caught.value).startswith(f"{path} is ")


def test_a_file_that_was_cut_is_said_to_be_incomplete(tmp_path):
    path = tmp_path / "a.safetensors"
    save_tensors(path, TENSORS, HEADER)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(CheckpointError, match=r"\(.*(incomplete|covered|buffer).*\)"):
        load_tensors(path)


FORMS = {
    "zip": lambda thing, path: torch.save(thing, path),
    "legacy": lambda thing, path: torch.save(thing, path, _use_new_zipfile_serialization=False),
    **{
        f"protocol {n}": lambda thing, path, n=n: path.write_bytes(pickle.dumps(thing, n))
        for n in range(pickle.HIGHEST_PROTOCOL + 1)
    },
}


@pytest.mark.parametrize("form", FORMS)
def test_a_pickle_is_refused_without_being_opened(tmp_path, form):
    marker, path = tmp_path / "it ran", tmp_path / "weights.safetensors"
    FORMS[form]({"weight": torch.ones(2), "bomb": Armed(marker)}, path)
    with pytest.raises(CheckpointError) as caught:
        load_tensors(path)
    assert not marker.exists()
    assert "\n" not in str(caught.value)
    if form not in ("protocol 0", "protocol 1"):  # these are plain text without a mark
        assert "is a pickle" in str(caught.value)
    if form in ("zip", "legacy"):
        torch.load(io.BytesIO(path.read_bytes()), weights_only=False)
    else:
        pickle.loads(path.read_bytes())
    assert marker.exists()  # the bomb was live


@pytest.mark.parametrize("length", [640, 896, 1152, 1408, 0x4B50])
def test_a_header_whose_length_looks_like_a_pickle_is_none(tmp_path, length):
    """The first bytes of these files are 80 02, ..., 80 05 and PK."""
    path = tmp_path / "a.safetensors"
    save_tensors(path, {"a": torch.ones(2)}, {"note": ""})
    (short,) = struct.unpack("<Q", path.read_bytes()[:8])
    missing = length - short
    for filler in range(missing - 8, missing + 1):
        save_tensors(path, {"a": torch.ones(2)}, {"note": "x" * filler})
        if struct.unpack("<Q", path.read_bytes()[:8])[0] == length:
            break
    assert re.match(rb"\x80[\x02-\x05]|PK", path.read_bytes())
    assert torch.equal(load_tensors(path)[0]["a"], torch.ones(2))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes are POSIX")
def test_a_pipe_is_refused_instead_of_waited_for(tmp_path):
    os.mkfifo(tmp_path / "a.safetensors")
    with pytest.raises(CheckpointError, match="is a device or pipe; expected a checkpoint: save"):
        load_tensors(tmp_path / "a.safetensors")
