#!/bin/sh
# Sets up all that Deskhand needs below this folder: Python packages in .venv, the front end, the sample extensions.
# May be run again at any time: a step whose inputs have not changed is skipped. Needs Python 3.11 or later, no root.
set -eu
cd "$(dirname "$0")/.."

LOGS=.cache/setup
STAMPS=.venv/deskhand-setup

say() { printf '%s\n' "$*" >&2; }

refuse() {
    say "setup: $*"
    exit 1
}

# A hash of the files and folders named, by name and content.
digest() {
    find "$@" -type d \( -name node_modules -o -name dist -o -name __pycache__ \) -prune -o -type f -print |
        LC_ALL=C sort | tr '\n' '\0' | xargs -0 sha256sum | sha256sum | cut -d ' ' -f 1
}

# step NAME DIGEST SENTENCE FUNCTION: run the function unless it succeeded for the same digest before.
step() {
    stamp="$STAMPS/$1"
    [ "$(cat "$stamp" 2>/dev/null)" = "$2" ] && return 0
    say "$3"
    if ! "$4" >"$LOGS/$1.log" 2>&1; then
        tail -n 25 "$LOGS/$1.log" >&2
        refuse "the step \"$3\" failed; the whole log is $PWD/$LOGS/$1.log"
    fi
    mkdir -p "$STAMPS"
    printf '%s\n' "$2" >"$stamp"
}

find_python() {
    for python in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11}; do
        if "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            "$python" -c 'import ensurepip, venv' 2>/dev/null && return 0
            refuse "$python has no venv module. Install it (on Debian and Ubuntu: apt-get install python3-venv)."
        fi
    done
    refuse "Python 3.11 or later is needed and was not found. Install it, or name it: make setup PYTHON=/path/to/python3"
}

make_environment() {
    rm -rf .venv
    "$python" -m venv .venv
}

install_uv() { .venv/bin/python -m pip install --quiet --require-hashes -r scripts/uv.txt; }

# The second try trusts the system's certificates, which a company's network may need; minimal systems have none.
install_packages() {
    .venv/bin/uv pip sync --quiet --require-hashes requirements.lock ||
        .venv/bin/uv pip sync --quiet --system-certs --require-hashes requirements.lock
}

install_deskhand() { .venv/bin/uv pip install --quiet --no-deps --no-build-isolation --editable .; }

build_frontend() { (cd kernel/web/frontend && npm ci --ignore-scripts --prefer-offline && npm run build); }

SAMPLES="samples/invoicing-demo samples/backup-charges samples/usage-metering samples/alert-to-ticket samples/scheduled-report samples/invoice-template"

# In two languages, so that both of the SDK's tool chains are there afterwards, for authors without a network.
build_samples() { .venv/bin/deskhand ext build $SAMPLES; }

# Homes that cannot be written to (service accounts, some containers) get their caches here.
if ! { mkdir -p "${XDG_CACHE_HOME:-${HOME:-/nonexistent}/.cache}" && [ -w "${XDG_CACHE_HOME:-$HOME/.cache}" ]; } 2>/dev/null; then
    export XDG_CACHE_HOME="$PWD/.cache" UV_CACHE_DIR="$PWD/.cache/uv" PIP_CACHE_DIR="$PWD/.cache/pip"
    export npm_config_cache="$PWD/.cache/npm" HOME="$PWD/.cache"
fi
mkdir -p "$LOGS"
if command -v flock >/dev/null 2>&1; then
    exec 9>"$LOGS/lock"
    flock 9
fi
export UV_NO_PROGRESS=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1 NODE_USE_SYSTEM_CA=1
export VIRTUAL_ENV="$PWD/.venv" PATH="$PWD/.venv/bin:$PATH"

if ! .venv/bin/python -c '' 2>/dev/null; then
    find_python
    step environment "$(date)" "Making the Python environment in .venv" make_environment
fi
step uv "$(digest scripts/uv.txt)" "Installing uv" install_uv
step packages "$(digest requirements.lock)" "Installing the Python packages" install_packages
step deskhand "$(digest pyproject.toml)" "Installing Deskhand itself" install_deskhand

[ -e kernel/web/static/dist/manifest.json ] || rm -f "$STAMPS/frontend"
for sample in $SAMPLES; do
    [ -e "$sample/dist/component.wasm" ] || rm -f "$STAMPS/samples"
done
step samples "$(digest sdk plugins/extensions/author $SAMPLES)" "Building the sample extensions" build_samples &
samples=$!
step frontend "$(digest kernel/web/frontend)" "Building the front end" build_frontend
wait "$samples"
