#!/usr/bin/env bash
# Build the wheel, look into it, and use it where nothing else of this repository is:
#
#     bash scripts/release_check.sh             # installs into a fresh environment
#     bash scripts/release_check.sh --contents  # builds and looks only
#
#   PYTHON   the interpreter to start from (python3)
#
# The exit status is 0 if all is well. The wheel stays in dist/.

set -euo pipefail
exec </dev/null
cd "$(dirname "${BASH_SOURCE[0]}")/.."

unset PYTHONPATH VIRTUAL_ENV SCORELET_DATA
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1 PIP_ROOT_USER_ACTION=ignore

work=$(mktemp -d "${TMPDIR:-/tmp}/scorelet-release.XXXXXX")
trap 'rm -rf "$work"' EXIT
python=${PYTHON:-python3}

say() { echo "::: $*"; }

build() { # prints the path of the wheel
    "$python" -m venv "$work/build"
    "$work/build/bin/python" -m pip install --quiet build
    "$work/build/bin/python" -m build --outdir "$work/dist" . >"$work/build.log" 2>&1 ||
        { cat "$work/build.log" >&2; return 1; }
    mkdir -p dist
    cp "$work"/dist/* dist/
    ls "$work"/dist/*.whl
}

contents() { # WHEEL: every file that is no code is in it, and nothing that does not belong there
    local wheel=$1 missing=0 path
    "$python" -m zipfile --list "$wheel" | awk 'NR > 1 {print $1}' >"$work/names"
    for path in $(git ls-files src/scorelet); do
        if ! grep -qx "${path#src/}" "$work/names"; then
            echo "not in the wheel: $path" >&2
            missing=1
        fi
    done
    for path in configs/photo.yaml zoo/weights/photo.safetensors zoo/weights/photo.json py.typed; do
        grep -qx "scorelet/$path" "$work/names" || { echo "not in the wheel: $path" >&2; missing=1; }
    done
    grep -q '^scorelet/plots/templates/' "$work/names" || { echo "no template in the wheel" >&2; missing=1; }
    grep -q 'licenses/LICENSE-models$' "$work/names" || { echo "no licence of the models" >&2; missing=1; }
    if grep -Ev '^(scorelet/|scorelet-[^/]*\.dist-info/)' "$work/names" >&2; then
        echo "these do not belong into the wheel" >&2
        missing=1
    fi
    return "$missing"
}

use() { # WHEEL: in a fresh environment and an empty folder
    local wheel=$1 bin=$work/clean/bin here=$PWD
    "$python" -m venv "$work/clean"
    "$bin/python" -m pip install --quiet "$wheel"
    mkdir "$work/empty"
    cd "$work/empty"
    "$bin/scorelet" --help >/dev/null
    "$bin/scorelet" --version
    "$bin/scorelet" models
    "$bin/scorelet" info >/dev/null
    "$bin/scorelet" denoise "$here/examples/noisy.png" -o clean.png
    test -s clean.png
    "$bin/scorelet" field simulate power_law -n 2 --size 16 -o fields.npy --quiet
    test -s fields.npy
    cd "$here"
}

say "build"
wheel=$(build)
say "contents of $(basename "$wheel")"
contents "$wheel"
if [[ ${1:-} == --contents ]]; then
    say "the wheel is whole; it was not installed"
    exit 0
fi
say "a fresh environment"
use "$wheel"
say "the wheel is whole and works"
