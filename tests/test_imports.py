"""What an import costs: `--help` and `import scorelet` load no heavy library."""

import subprocess
import sys

import pytest

from samples import environment

HEAVY = (
    "torch",
    "torchvision",
    "torchmetrics",
    "matplotlib",
    "accelerate",
    "tensorboard",
    "PIL",
    "numba",
)


def run(program, **variables):
    """What a program prints, in a process of its own, with warnings as errors."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        capture_output=True,
        text=True,
        env=environment(**variables),
        check=True,
    )
    return done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("module", ["scorelet", "scorelet.cli.main"])
def test_importing_loads_no_heavy_library(module):
    program = f"import sys, {module}; print(*({{*{HEAVY}}} & {{*sys.modules}}))"
    printed = run(program)
    assert printed.split() == []


@pytest.mark.slow
def test_denoising_loads_no_plots_and_no_training():
    program = (
        "import sys, numpy as np, scorelet as sl\n"
        "sl.denoise(np.zeros((9, 9), np.uint8))\n"
        f"print(*({{*{HEAVY}}} - {{'torch', 'PIL'}} & {{*sys.modules}}))"
    )
    printed = run(program, SCORELET_DTYPE="float32")
    assert printed.split() == []


@pytest.mark.slow
def test_a_network_is_imported_when_it_is_asked_for():
    program = (
        "import sys, scorelet.zoo as zoo, scorelet.networks as networks\n"
        "assert 'ScatteringHead' in networks.ARCHITECTURES\n"
        "zoo.load('photo')\n"
        "print(*(name for name in sys.modules if name.startswith('scorelet.wavelets')))\n"
        "networks.ScatteringHead\n"
        "print('scorelet.wavelets.scattering' in sys.modules)"
    )
    printed = run(program)
    assert printed.split("\n") == ["", "True", ""]


def test_every_public_name_is_there():
    import scorelet as sl

    assert {name for name in sl.__all__ if getattr(sl, name, None) is None} == set()
    assert set(sl.__all__) <= set(dir(sl))
    with pytest.raises(AttributeError, match="nonsense"):
        _ = sl.nonsense


@pytest.mark.slow
def test_transforms_load_no_compiler():
    program = (
        "import sys, scorelet.networks, scorelet.wavelets; print('torch._dynamo' in sys.modules)"
    )
    printed = run(program)
    assert printed.split() == ["False"]
