"""restore: kernels of blurs, given and by name."""

import numpy as np
import pytest
import torch
from PIL import Image
from scipy.ndimage import convolve

import scorelet as sl
from samples import Pointwise, noisy, waves, write_png
from scorelet.core.errors import InputError
from scorelet.data.pictures.in_memory import in_memory
from scorelet.models.measurements import named_blur
from scorelet.tasks.restore import RestoreSettings

TOWARD_GRAY = Pointwise(lambda y: 0.5 + 0.9 * (y - 0.5))
PICTURE = in_memory(noisy(16, 12, 1)).pictures[0]
PSF = np.array([[0, 3, 1], [2, 8, 0], [0, 0, 4], [1, 0, 0]], np.float64)
"""With an even side, and not symmetric."""


def taken(**words):
    """Return the kernel, and what is said of it."""
    found = RestoreSettings("deblur", model=TOWARD_GRAY, **words).prepare(PICTURE)
    return found.observation.measurement.kernel, found.remarks


def off(image, x):
    return float(np.sqrt(np.mean((image - x) ** 2)))


@pytest.mark.parametrize(("scale", "said"), [(1, 0), (19, 1), (0.5, 1)])
def test_a_kernel_is_divided_by_its_sum(scale, said):
    kernel, remarks = taken(kernel=scale * PSF / PSF.sum())
    np.testing.assert_allclose(kernel.numpy(), PSF / PSF.sum(), rtol=0, atol=1e-12)
    assert len(remarks) == said
    assert all(f"has the sum {scale}, and was divided by it" in word for word in remarks)


def test_a_kernel_may_be_a_file_or_a_picture(tmp_path):
    """Black is 0, and nothing is to be said of its sum."""
    np.save(tmp_path / "k.npy", PSF / PSF.sum())
    gray = (30 * PSF).astype(np.uint8)
    write_png(tmp_path / "gray.png", gray[..., None])
    write_png(tmp_path / "rgb.png", np.dstack([gray] * 3))
    Image.fromarray((30 * PSF).astype(np.float32)).save(tmp_path / "k.tif")
    for name, said in (("k.npy", 0), ("gray.png", 0), ("rgb.png", 0), ("k.tif", 1)):
        kernel, remarks = taken(kernel=tmp_path / name)
        np.testing.assert_allclose(kernel.numpy(), PSF / PSF.sum(), rtol=0, atol=1e-6)
        assert len(remarks) == said


def test_kernels_that_cannot_be_read(tmp_path):
    np.savez(tmp_path / "k.npz", a=np.ones((3, 3)), b=np.ones((3, 3)))
    (tmp_path / "k.npy").write_bytes(b"no array")
    (tmp_path / "k.png").write_bytes(b"no picture")
    write_png(tmp_path / "red.png", noisy(5, 5, 3))
    for name, said in (
        ("gaussian", "no file .*gaussian: .* as blur"),
        (tmp_path / "k.npz", "may hold several arrays"),
        (tmp_path / "k.npy", "cannot be read as an .npy file"),
        (tmp_path / "k.png", "k.png"),
        (tmp_path / "red.png", "red.png has colours"),
    ):
        with pytest.raises(sl.core.errors.ScoreletError, match=said):
            taken(kernel=name)


@pytest.mark.parametrize(
    ("kernel", "said"),
    [
        (np.full((3, 3), np.nan), "NaN"),
        (-PSF, r"sum is not above 0 \(-19\)"),
        (PSF - PSF.mean(), "sum is not above 0"),
        (np.zeros((3, 3)), r"sum is not above 0 \(0\)"),
        (np.ones(3), r"shape \(3,\): expected \(rows, columns\)"),
        (np.ones((17, 3)), "17x3 is larger than the picture of 16x12"),
        (PSF * 1j, "no array of real numbers"),
    ],
)
def test_what_is_no_blur_is_refused(kernel, said):
    with pytest.raises(InputError, match=said):
        taken(kernel=kernel)


@pytest.mark.slow
def test_a_kernel_may_be_a_tensor():
    x = (255 * waves(16, 16, 1)[..., 0]).astype(np.uint8)
    for kernel in (np.outer((1, 2, 1), (1, 2, 1)) / 16, PSF / PSF.sum()):
        found = [
            sl.restore(x, task="deblur", kernel=k, quality="fast", model=TOWARD_GRAY).image
            for k in (kernel, torch.from_numpy(kernel), torch.from_numpy(kernel).float())
        ]
        assert np.array_equal(found[0], found[1])
        assert np.abs(found[0].astype(int) - found[2]).max() <= 1


def test_a_name_is_the_kernel_of_it():
    kernel, remarks = taken(blur="motion:5:30")
    assert torch.equal(kernel, named_blur("motion:5:30"))
    assert remarks == ()


@pytest.mark.slow
@pytest.mark.parametrize("blur", ["motion:9:30", None])
def test_a_part_of_a_scene_that_moved_is_restored(blur):
    """Blurred by scipy, by a slanting line and by a kernel that is not symmetric at all."""
    cells = np.random.default_rng(0).uniform(0.1, 0.9, (12, 12))
    scene, part = np.kron(cells, np.ones((8, 8))), np.s_[20:68, 22:70]
    kernel = named_blur(blur).numpy() if blur else PSF / PSF.sum()
    soft = convolve(scene, kernel)[part].astype(np.float32)
    words = {"blur": blur} if blur else {"kernel": kernel}
    found = sl.restore(soft, task="deblur", quality="fast", **words)
    assert off(found.image, scene[part]) < 0.25 * off(soft, scene[part])
    assert found.warnings == ()
    if not blur:  # a correlation would be another blur
        turned = sl.restore(soft, task="deblur", quality="fast", kernel=kernel[::-1, ::-1])
        assert off(turned.image, scene[part]) > 3 * off(found.image, scene[part])
