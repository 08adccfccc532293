"""The scattering transform in plain loops of numba, with rocket-fft: a design that was measured."""

import numba
import numpy as np
import rocket_fft

_AXES = np.array([1, 2])


@numba.njit(nogil=True, error_model="numpy", fastmath={"contract", "nsz"})
def scatter(pictures, filters, averages, scales, angles, out):  # noqa: ANN001, ANN201
    """Write the coefficients of padded pictures (images, height, width) to `out`."""
    for image in range(len(pictures)):
        picture = pictures[image : image + 1]
        _average(picture[0], averages[0], out[image, 0])
        spectrum = np.empty(picture.shape, np.complex64)
        rocket_fft.c2c_sym(picture, spectrum, _AXES, True, np.float32(1), 1)
        second = 1 + scales * angles
        for j in range(scales):
            moduli = np.empty((angles, picture.shape[1] >> j, picture.shape[2] >> j), np.float32)
            _moduli(spectrum[0], filters[j], moduli)
            for a in range(angles):
                _average(moduli[a], averages[j], out[image, 1 + j * angles + a])
            if j < scales - 1:
                second += _deeper(
                    moduli, filters, averages, (j, scales, angles), out[image, second:]
                )


@numba.njit(nogil=True, error_model="numpy", fastmath={"contract", "nsz"})
def _deeper(moduli, filters, averages, numbers, out):  # noqa: ANN001, ANN202
    j, scales, angles = numbers
    height, width = moduli.shape[1:]
    spectra = np.empty(moduli.shape, np.complex64)
    rocket_fft.c2c_sym(moduli, spectra, _AXES, True, np.float32(1), 1)
    paths = (scales - 1 - j) * angles
    for k in range(j + 1, scales):
        maps = np.empty((angles, height >> (k - j), width >> (k - j)), np.float32)
        for a in range(angles):
            _moduli(spectra[a], filters[(j + 1) * scales + k], maps)
            for b in range(angles):
                _average(maps[b], averages[k], out[a * paths + (k - j - 1) * angles + b])
    return angles * paths


@numba.njit(nogil=True, error_model="numpy", fastmath={"contract", "nsz"})
def _moduli(spectrum, band, moduli):  # noqa: ANN001, ANN202
    """Filter by all angles, subsample, transform back; write moduli (angles, m, n)."""
    weights, ranges = band
    angles, step, m, _, n = weights.shape
    z = np.zeros((angles, m, n), np.complex64)
    for a in range(angles):
        for u in range(step):
            for y in range(m):
                for v in range(step):
                    w = weights[a, u, y, v]
                    source, target = spectrum[u * m + y, v * n :], z[a, y]
                    for x in range(ranges[a, u, y, v, 0], ranges[a, u, y, v, 1]):
                        target[x] += source[x] * w[x]
    rocket_fft.c2c(z, z, _AXES, False, np.float32(1), 1)
    parts, flat = z.ravel().view(np.float32), moduli.reshape(-1)
    for i in range(len(flat)):
        flat[i] = np.sqrt(parts[2 * i] ** 2 + parts[2 * i + 1] ** 2)


@numba.njit(nogil=True, error_model="numpy", fastmath={"contract", "nsz"})
def _average(u, matrices, out):  # noqa: ANN001, ANN202
    rows, columns = matrices
    line = np.empty(u.shape[1], np.float32)
    for p in range(rows.shape[0]):
        line[:] = 0
        for y in range(u.shape[0]):
            for x in range(u.shape[1]):
                line[x] += rows[p, y] * u[y, x]
        for q in range(columns.shape[0]):
            total = np.float32(0)
            for x in range(u.shape[1]):
                total += columns[q, x] * line[x]
            out[p, q] = total
