"""Models by name, path and Hub id; unknown ones are one sentence."""

import json
import os
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
import torch
from huggingface_hub import constants

import scorelet as sl
from samples import small_network
from scorelet.core.errors import CheckpointError, InputError
from scorelet.models import ResidualDenoiser
from scorelet.zoo import card, load, locate_weights, names, registry, save

COMMIT, OTHER = "1" * 40, "2" * 40


@pytest.fixture
def built_in(tmp_path, monkeypatch):
    """A package with two small built-in models."""
    folder = tmp_path / "weights"
    folder.mkdir()
    for seed, name in enumerate(("photo", "faces")):
        save(ResidualDenoiser(small_network(seed=seed)), folder / f"{name}.safetensors")
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
        save(ResidualDenoiser(small_network(seed=seed)), blob)
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
    save(ResidualDenoiser(small_network(seed=7)), path)
    for form in (path, str(path), "~/my.model"):
        assert is_network(sl.load(form), 7)


def test_a_built_in_name_wins_over_a_folder_of_that_name(built_in, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("photo").mkdir()
    assert locate_weights("photo") == built_in / "photo.safetensors"


@pytest.mark.slow
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


@pytest.fixture
def no_hub(monkeypatch):
    """A Hub that must not be asked."""

    def refuse(name):
        raise AssertionError(f"the Hub was asked for {name}")

    monkeypatch.setattr(registry, "fetch", refuse)


@pytest.mark.parametrize(
    "name",
    [
        *("runs/photo", "runs/phtoo", "runs/photo@v1"),  # runs/photo is a folder here
        *("./photo", "../photo", "~/photo", "/photo", "a/b/c", "photo/", "owner /name"),
        *("none.pt", "runs/weights.safetensors", "nor/runs/x.SAFETENSORS", "owner/name.bin"),
        *(Path("owner/name"), Path("foto")),
    ],
)
def test_a_path_is_no_hub_id_even_if_it_is_mistyped(built_in, no_hub, tmp_path, monkeypatch, name):
    (tmp_path / "runs" / "photo").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CheckpointError) as caught:
        sl.load(name)
    message = str(caught.value)
    assert message.startswith((str(Path(name).expanduser()), "There is no "))
    assert message.endswith(".")
    assert "\n" not in message


def test_a_name_that_is_no_built_in_is_no_file_of_the_package_either(built_in, no_hub, tmp_path):
    """`weights/../weights/photo` and `/elsewhere/photo` are paths like any other."""
    save(ResidualDenoiser(small_network()), tmp_path / "mine.safetensors")
    for name in ("../weights/photo", str(tmp_path / "mine")):
        with pytest.raises(CheckpointError, match=r"^There is no checkpoint .*\.$"):
            sl.load(name)


@pytest.fixture
def served(monkeypatch):
    """A Hub on this machine, that answers every question in one way; its address if it does not."""
    servers = []

    def serve(status: int | None, code: str = "") -> None:
        class Answer(BaseHTTPRequestHandler):
            def do_HEAD(self):
                self.send_response(status)
                self.send_header("X-Error-Code", code)
                self.end_headers()

            def log_message(self, *_):
                pass

        server = HTTPServer(("127.0.0.1", 0), Answer)
        address = f"http://127.0.0.1:{server.server_port}"
        servers.append(server)
        if status is None:
            server.server_close()
        else:
            threading.Thread(target=server.serve_forever, daemon=True).start()
        template = constants.HUGGINGFACE_CO_URL_TEMPLATE.removeprefix(constants.ENDPOINT)
        monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", address + template)
        monkeypatch.setattr(constants, "ENDPOINT", address)
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)

    yield serve
    for server in servers:
        if server.socket.fileno() >= 0:
            server.shutdown()
            server.server_close()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("status", "code", "words"),
    [
        (None, "", "the Hub does not answer, and no copy is kept here"),
        (503, "", "the Hub does not answer, and no copy is kept here"),
        (404, "RepoNotFound", "it does not exist, or it is private"),
        (404, "RevisionNotFound", "it has no such revision"),
        (404, "EntryNotFound", "it has no such file"),
        (403, "GatedRepo", "its owner has to give you access first"),
    ],
)
def test_a_hub_that_does_not_give_it_is_asked_once_and_says_nothing(
    built_in, hub, served, monkeypatch, capfd, status, code, words
):
    served(status, code)
    waits = []
    monkeypatch.setattr("time.sleep", waits.append)
    with pytest.raises(CheckpointError) as caught:
        sl.load("owner/name@v2")
    assert str(caught.value) == (
        f"Cannot get model.safetensors of 'owner/name@v2' from the Hugging Face Hub ({words}): "
        "check the name and the connection."
    )
    assert waits == []
    assert capfd.readouterr() == ("", "")


@pytest.mark.slow
@pytest.mark.parametrize("status", [None, 503])
def test_a_kept_copy_does_without_the_hub(built_in, hub, served, capfd, status):
    hub("owner/name", seed=3)
    served(status)
    assert is_network(sl.load("owner/name"), 3)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("name", ["owner/other", "owner/name@v2", "a--b/c"])
def test_what_the_hub_does_not_give_is_one_sentence(built_in, hub, name):
    hub("owner/name", seed=3)
    with pytest.raises(CheckpointError) as caught:
        sl.load(name)
    message = str(caught.value)
    assert message.startswith("Cannot get model.safetensors of 'own") or name == "a--b/c"
    assert message.endswith(": check the name and the connection.")
    assert "\n" not in message


@pytest.mark.parametrize("name", ["foto", "photo ", "PHOTO", "", "photo.v2"])
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


@pytest.mark.parametrize(
    ("name", "words"),
    [("~nobody-of-this-name/m.safetensors", "no such home"), ("m\0.safetensors", "NUL byte")],
)
def test_what_is_no_path_is_one_sentence(name, words):
    with pytest.raises(InputError, match=words):
        load(name)
    with pytest.raises(InputError, match=words):
        save(ResidualDenoiser(small_network()), name)


def test_home_is_expanded_where_models_are_written(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    save(ResidualDenoiser(small_network(seed=3)), "~/m.safetensors")
    assert is_network(load(tmp_path / "m.safetensors"), 3)


@pytest.mark.parametrize(
    ("address", "give"),
    [
        ("https://huggingface.co/a/b.c", r"give a/b\.c\.$"),
        ("hf://a/b@main", r"give a/b\.$"),
        ("https://huggingface.co/a/b/resolve/main/model.safetensors", r"give a/b\.$"),
        ("https://example.org/weights.safetensors", "that you have fetched"),
    ],
)
def test_an_address_is_refused_as_it_was_given(no_hub, address, give):
    with pytest.raises(InputError, match=rf"^{address} is an address, .* {give}"):
        sl.load(address)


@pytest.mark.parametrize("name", ["runs/weights.safetensors", "none.pt", "a/b/c.SAFETENSORS"])
def test_a_path_that_is_missing_is_one_sentence(built_in, name):
    with pytest.raises(
        CheckpointError, match=rf"^There is no checkpoint {name}: check the path\.$"
    ):
        sl.load(name)


def test_a_file_says_what_its_denoiser_has_learnt(tmp_path):
    """Size, largest level, and between which levels samples are drawn; nothing that it lacks."""
    denoiser = ResidualDenoiser(small_network())
    named = {"learnt", "most", "drawn_between"}
    save(denoiser, tmp_path / "m.safetensors")
    assert not named & registry.contents(tmp_path / "m.safetensors").keys()
    denoiser.learnt, denoiser.most, denoiser.drawn_between = (16, 24), 0.4, (0.02, 0.4)
    save(denoiser, tmp_path / "m.safetensors")
    said = registry.contents(tmp_path / "m.safetensors")
    found = {name: said[name] for name in named}
    assert found == {"learnt": [16, 24], "most": 0.4, "drawn_between": [0.02, 0.4]}
