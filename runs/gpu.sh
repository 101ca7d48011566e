#!/usr/bin/env bash
# Train with `photochrom train` on a machine with a GPU, in pieces that each end by their own clock.
#
#   runs/gpu.sh keep                      move .carry/*.tar to the scratch folder, for later pieces
#   runs/gpu.sh train CONFIG MINUTES [--set KEY=VALUE ...]
#
# SCRATCH (/tmp/photochrom) keeps shards and the run between pieces on one machine; a checkpoint in
# .carry/latest is continued from. Results go to $OUT: the checkpoint, halved, in five files of at
# most 16 MiB, metrics.jsonl and the newest contact sheet.
set -euo pipefail
cd "$(dirname "$0")/.."
scratch=${SCRATCH:-/tmp/photochrom}
mkdir -p "$scratch/shards"
if ls .whl/*.whl >/dev/null 2>&1 && [ ! -d "$scratch/site" ]; then
  python3 -m pip install -q --no-index --no-deps --no-compile --no-cache-dir \
    --target "$scratch/site" .whl/*.whl
fi
export PYTHONPATH="$PWD/src:$scratch/site${PYTHONPATH:+:$PYTHONPATH}" PYTHONUNBUFFERED=1

case ${1:?keep or train} in
  keep)
    mv .carry/*.tar "$scratch/shards/"
    ls -l "$scratch/shards"
    ;;
  train)
    config=${2:?a configuration} minutes=${3:?minutes}
    shift 3
    shards=$(printf '"%s",' "$scratch"/shards/train-*.tar)
    resume=()
    [ -d .carry/latest ] && [ ! -d "$scratch/run/latest" ] && resume=(--resume .carry/latest)
    status=0
    python3 -c 'from photochrom.cli.main import main; main()' train "$config" \
      --output "$scratch/run" --minutes "$minutes" --compact "${resume[@]}" \
      --set "data.train=[${shards%,}]" --set "data.validation=[\"$scratch/shards/val.tar\"]" "$@" \
      || status=$?
    mkdir -p "${OUT:?a folder for results}/latest"
    cp "$scratch"/run/latest/* "$OUT/latest/"
    cp "$scratch/run/metrics.jsonl" "$OUT/"
    cp "$(ls -t "$scratch"/run/sheet-*.jpg | head -1)" "$OUT/"
    exit "$status"
    ;;
esac
