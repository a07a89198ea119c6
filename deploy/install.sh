#!/bin/sh
# Installs Afterword into a new folder, which then needs nothing of this checkout:
#
#   sh deploy/install.sh /opt/afterword/0.1.0
#
# The container file takes the same steps. PYTHON names another Python than python3; 3.11 is the oldest.
set -eu
umask 022

[ $# -eq 1 ] || { echo "Usage: sh deploy/install.sh FOLDER" >&2; exit 2; }
target=$1
source=$(cd "$(dirname "$0")/.." && pwd)
if [ -e "$target" ]; then
  echo "$target is there already. Name a new folder: each version gets its own, so that you can go back." >&2
  exit 2
fi
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1 PIP_QUIET=1
trap 'rm -rf "$target"' EXIT

"${PYTHON:-python3}" -m venv "$target"
pip="$target/bin/python -m pip"
$pip install --require-hashes --only-binary :all: -r "$source/requirements/serve.txt"
$pip install --no-deps --no-build-isolation "$source"
# What only installing needs does not stay where the bot runs.
$pip uninstall --yes hatchling editables setuptools pip 2>/dev/null
"$target/bin/afterword" advise outcome=offer >/dev/null

trap - EXIT
echo "Installed: $target/bin/afterword"
