"""Compiled kernels: the same numbers as the interpreter's, also where nothing can be kept."""

import ctypes
import inspect
import os
import subprocess
import sys
from functools import wraps
from pathlib import Path
from textwrap import dedent

import numpy as np
import pytest
from numba import carray

from samples import environment
from scorelet.core.compiled import _Files, c_function, compiled, inlined, part
from scorelet.core.editions import edition
from scorelet.core.parallel import run_in_threads


def collatz(n):
    steps = 0
    while n != 1:
        n = n // 2 if n % 2 == 0 else 3 * n + 1
        steps += 1
    return steps


def test_a_kernel_computes_what_python_does():
    assert compiled(collatz)(27) == collatz(27) == 111


@pytest.mark.slow
@pytest.mark.parametrize("kind", [inlined, part])
def test_a_part_can_be_called_from_a_kernel_and_from_python(kind):
    half = kind(lambda x: x / 2)
    assert compiled(lambda x: half(x) + 1)(3.0) == 2.5
    assert half(3.0) == 1.5


def add_one(block):
    carray(block, 1, np.int64)[0] += 1


def test_a_c_function_changes_memory_at_an_address():
    block = ctypes.c_int64(41)
    run_in_threads(c_function(add_one).address, ctypes.addressof(block), threads=1)
    assert block.value == 42


@pytest.mark.slow
def test_without_a_folder_for_its_code_a_kernel_still_works(monkeypatch):
    caching = pytest.importorskip("numba.core.caching")
    monkeypatch.setattr(caching.CompileResultCacheImpl, "_locator_classes", [])
    with pytest.raises(RuntimeError, match="no locator available"):
        __import__("numba").njit(cache=True)(collatz)
    assert compiled(collatz)(27) == 111
    assert c_function(add_one).address != 0


PACKAGE = {
    "constants.py": "STEP = 1",
    "pieces.py": """
        from scorelet.core.compiled import part
        from madeof.constants import STEP

        @part
        def piece(x):
            return x + STEP
        """,
    "kernels.py": """
        import ctypes
        import numpy as np
        from numba import carray
        from scorelet.core.compiled import c_function, compiled
        from madeof.pieces import piece

        @compiled
        def kernel(x):
            return piece(x)

        def change(block):
            memory = carray(block, 1, np.int64)
            memory[0] = piece(memory[0])

        function, block = c_function(change), ctypes.c_int64(10)
        ctypes.CFUNCTYPE(None, ctypes.c_void_p)(function.address)(ctypes.addressof(block))
        print(kernel(10), block.value, sum(kernel.stats.cache_hits.values()) + function.cache_hits)
        """,
}


@pytest.mark.slow
def test_what_is_kept_is_of_the_sources_that_there_are(tmp_path):
    """A kernel and a C function, whose part stands in another file and takes a number from a third.

    Printed are both results, in a fresh process each time, and how many were found on disk.
    """
    for name, text in PACKAGE.items():
        write(tmp_path, name, text)
    assert run(tmp_path) == [11, 11, 0]
    assert run(tmp_path) == [11, 11, 2]
    write(tmp_path, "pieces.py", PACKAGE["pieces.py"].replace("x + STEP", "x * 2 + STEP"))
    assert run(tmp_path) == [21, 21, 0]
    write(tmp_path, "constants.py", "STEP = 3")
    assert run(tmp_path) == [23, 23, 0]


def test_a_kernel_is_made_of_its_own_file_and_not_of_what_is_around_it():
    """As what checks annotations in tests, whose text has no file."""
    names = {}
    exec("def around(n): return n", names)
    around = wraps(collatz)(names["around"])
    assert compiled(around)._cache._edition == compiled(collatz)._cache._edition


def test_two_processes_that_keep_code_at_the_same_time_do_not_mix_it_up(tmp_path):
    """One has read the index before the other writes it, and writes its code after the other."""
    one, two = (_Files(str(tmp_path), "kernel", "stamp") for _ in range(2))
    write_code = one._save_data

    def after_the_other(name, data):
        two._load_index = dict
        two.save("b", "code of b")
        write_code(name, data)

    one._save_data = after_the_other
    one.save("a", "code of a")
    fresh = _Files(str(tmp_path), "kernel", "stamp")
    assert [fresh.load(key) for key in "ab"] == ["code of a", "code of b"]


TRANSFORM = """
import sys
import torch
from scorelet.wavelets import OrthogonalWavelet

for word in sys.argv[1:]:
    ndim = int(word)
    x = torch.ones(1, *(4,) * ndim, dtype=torch.float64)
    low, _ = OrthogonalWavelet("haar", 1, ndim=ndim).analyze(x)
    print(round(float(low.square().sum())))
"""


@pytest.mark.slow
def test_kernels_that_two_processes_keep_are_two_kernels_in_a_third(tmp_path):
    """Each is the first that its process compiles, and numba would give both one name."""
    variables = environment() | {"NUMBA_CACHE_DIR": str(tmp_path)}

    def energies(*words):
        done = subprocess.run(
            [sys.executable, "-c", TRANSFORM, *words], capture_output=True, text=True, env=variables
        )
        assert done.returncode == 0, done.stderr
        return [int(line) for line in done.stdout.split()]

    assert energies("1") == [4]
    assert energies("2") == [16]
    kept = sorted(path.name for path in tmp_path.rglob("*.nbc"))
    assert energies("2", "1") == [16, 4]
    assert sorted(path.name for path in tmp_path.rglob("*.nbc")) == kept


def test_a_process_that_is_older_than_a_file_keeps_nothing_of_it(tmp_path):
    """It may have the former text in memory, and would keep its code as that of the new one."""
    path = tmp_path / "kernels.py"
    path.write_text("STEP = 1", encoding="utf-8")
    os.utime(path, (0, 0))  # as copies that keep the time of the text
    assert edition(path, "scorelet") == ""
    assert edition(Path(inspect.getfile(inspect.unwrap(part))), "scorelet") != ""


@pytest.mark.parametrize("suffix", ["nbi", "nbc"])
@pytest.mark.parametrize("damage", [b"", b"\0" * 40, None])
def test_damaged_files_are_made_anew(tmp_path, suffix, damage):
    files = _Files(str(tmp_path), "kernel", "stamp")
    files.save("a", {"code": "of a" * 100})
    (path,) = tmp_path.glob(f"*.{suffix}")
    path.write_bytes(path.read_bytes()[:-20] if damage is None else damage)
    assert files.load("a") is None
    files.save("a", {"code": "anew"})
    assert _Files(str(tmp_path), "kernel", "stamp").load("a") == {"code": "anew"}


def test_code_with_a_hole_is_made_anew(tmp_path):
    """`pickle` would read it, and LLVM end the process."""
    files = _Files(str(tmp_path), "kernel", "stamp")
    files.save("a", b"code" * 100)
    (path,) = tmp_path.glob("*.nbc")
    kept = bytearray(path.read_bytes())
    kept[200:240] = bytes(40)
    path.write_bytes(kept)
    assert files.load("a") is None


def test_code_stays_in_memory_where_there_is_no_room_for_it(tmp_path, monkeypatch):
    def full(*_):
        raise OSError("no space left on device")

    files = _Files(str(tmp_path), "kernel", "stamp")
    monkeypatch.setattr(files, "_save_data", full)
    files.save("a", "code of a")
    assert files.load("a") is None


def test_numba_that_compiles_nothing_is_named():
    variables = environment() | {"NUMBA_DISABLE_JIT": "1"}
    done = subprocess.run(
        [sys.executable, "-c", TRANSFORM, "1"], capture_output=True, text=True, env=variables
    )
    assert done.returncode != 0
    assert "NUMBA_DISABLE_JIT is set" in done.stderr


def test_two_versions_of_numba_keep_code_in_files_of_their_own(tmp_path):
    """One has read its index before the other replaces it, and looks for its code after that."""
    one, two = (_Files(str(tmp_path), "kernel", "stamp") for _ in range(2))
    two._version = "of another numba"
    one.save("a", "code of one")
    index = one._load_index()
    two.save("a", "code of two")
    assert one._load_data(index["a"]) == "code of one"


def write(folder, name, text):
    path = folder / "madeof" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(dedent(text), encoding="utf-8")


def run(folder):
    variables = environment()
    variables["PYTHONPATH"] = f"{folder}:{variables.get('PYTHONPATH', '')}"
    done = subprocess.run(
        [sys.executable, "-c", "import madeof.kernels"],
        capture_output=True,
        text=True,
        env=variables,
    )
    assert done.returncode == 0, done.stderr
    return [int(word) for word in done.stdout.split()]
