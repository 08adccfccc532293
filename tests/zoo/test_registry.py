"""Models by name, path and Hub id; unknown ones are one sentence."""

import json
import os
from pathlib import Path

import pytest
import torch
from huggingface_hub import constants

import scorelet as sl
from samples import small_network
from scorelet.core.errors import CheckpointError, InputError
from scorelet.zoo import card, load, locate_weights, names, registry, save_denoiser

COMMIT, OTHER = "1" * 40, "2" * 40


@pytest.fixture
def built_in(tmp_path, monkeypatch):
    """A package with two small built-in models."""
    folder = tmp_path / "weights"
    folder.mkdir()
    for seed, name in enumerate(("photo", "faces")):
        save_denoiser(folder / f"{name}.safetensors", small_network(seed=seed))
        (folder / f"{name}.json").write_text(json.dumps({"name": name, "summary": "ü"}))
    monkeypatch.setattr(registry, "WEIGHTS", folder)
    return folder


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """Put models into a cache of the Hub's layout; nothing is reached over a network."""
    cache = tmp_path / "hub"
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(cache))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)

    def add(name: str, *, seed: int, commit: str = COMMIT, revision: str = "main") -> None:
        folder = cache / f"models--{name.replace('/', '--')}"
        (folder / "blobs").mkdir(parents=True, exist_ok=True)
        (folder / "refs").mkdir(exist_ok=True)
        (folder / "snapshots" / commit).mkdir(parents=True)
        (folder / "refs" / revision).write_text(commit)
        blob = folder / "blobs" / commit[::-1].replace("1", "a").replace("2", "b")
        save_denoiser(blob, small_network(seed=seed))
        link = folder / "snapshots" / commit / "model.safetensors"
        link.symlink_to(os.path.relpath(blob, link.parent))

    return add


def is_network(denoiser, seed):
    expected = small_network(seed=seed).state_dict()
    got = denoiser.network.state_dict()
    return all(torch.equal(got[name], tensor) for name, tensor in expected.items())


def test_names_are_those_of_the_files_and_load_takes_them(built_in):
    assert names() == ["faces", "photo"]
    assert is_network(load("faces"), 1)
    assert is_network(load(), 0)  # "photo" is the default
    assert card("faces") == {"name": "faces", "summary": "ü"}


def test_a_path_is_taken_with_or_without_a_known_suffix(built_in, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    path = tmp_path / "my.model"
    save_denoiser(path, small_network(seed=7))
    for form in (path, str(path), "~/my.model"):
        assert is_network(sl.load(form), 7)


def test_a_built_in_name_wins_over_a_folder_of_that_name(built_in, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("photo").mkdir()
    assert locate_weights("photo") == built_in / "photo.safetensors"


@pytest.mark.parametrize("name", ["owner/name", "owner/name-v1.5", "owner.x/a.b_c"])
def test_a_hub_id_is_found_in_the_cache(built_in, hub, name):
    hub(name, seed=3)
    assert is_network(sl.load(name), 3)


def test_a_hub_id_may_name_a_revision(built_in, hub):
    hub("owner/name", seed=3)
    hub("owner/name", seed=4, commit=OTHER, revision="v1.0")
    assert is_network(sl.load("owner/name"), 3)
    for revision in ("v1.0", OTHER):
        assert is_network(sl.load(f"owner/name@{revision}"), 4)


def test_a_folder_does_not_hide_the_hub(built_in, hub, tmp_path, monkeypatch):
    hub("owner/name", seed=3)
    (tmp_path / "owner" / "name").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    assert is_network(sl.load("owner/name"), 3)


@pytest.mark.parametrize("name", ["owner/other", "owner/name@v2", "own er/name", "a--b/c"])
def test_what_the_hub_does_not_give_is_one_sentence(built_in, hub, name):
    hub("owner/name", seed=3)
    with pytest.raises(CheckpointError) as caught:
        sl.load(name)
    message = str(caught.value)
    assert message.startswith("Cannot get model.safetensors of 'own") or name == "a--b/c"
    assert message.endswith(": check the name and the connection.")
    assert "\n" not in message


@pytest.mark.parametrize("name", ["foto", "photo ", "PHOTO", "a/b/c", "", "photo.v2"])
def test_an_unknown_name_is_one_sentence_with_the_known_ones(built_in, tmp_path, monkeypatch, name):
    monkeypatch.chdir(built_in)  # no model has the name of a file here
    with pytest.raises(InputError) as caught:
        sl.load(name)
    assert str(caught.value) == (
        f"Unknown model {name!r}: use one of faces, photo, a .safetensors path or a Hub id "
        "owner/name."
    )
    with pytest.raises(InputError, match=r"^Unknown model '.*': use one of faces, photo, "):
        card(name)


@pytest.mark.parametrize("name", ["runs/weights.safetensors", "none.pt", "a/b/c.SAFETENSORS"])
def test_a_path_that_is_missing_is_one_sentence(built_in, name):
    with pytest.raises(CheckpointError, match=rf"^There is no checkpoint {name}\.$"):
        sl.load(name)
