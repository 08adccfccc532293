"""`scorelet denoise` with a small model, as a function."""

import pytest

import scorelet as sl
from scorelet.cli.main import run


@pytest.fixture
def shell(tmp_path, monkeypatch, capsys, model, float32):
    """Run `scorelet denoise` with the small model in an empty folder: status, stdout, stderr."""
    monkeypatch.chdir(tmp_path)

    def call(*words):
        words = [str(word) for word in words]
        status = run(["denoise", *words, *([] if "--model" in words else ["--model", model])])
        captured = capsys.readouterr()
        assert "Traceback" not in captured.err
        return status, captured.out, captured.err

    return call


@pytest.fixture
def denoised(model, float32):
    """What `sl.denoise` makes of samples with the small model."""
    return lambda samples, **options: sl.denoise(samples, model=model, **options).image
