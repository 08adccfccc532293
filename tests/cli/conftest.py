"""The command line, called as a function."""

import pytest

from scorelet.cli import main


@pytest.fixture
def shell(capsys):
    """Run `scorelet`: status, stdout, stderr."""

    def call(*words):
        status = main.run([str(word) for word in words])
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return call
