#!/usr/bin/env bash
# The paper, reproduced: alpha learns one photo by heart; beta, koala and Photochrom's own network
# learn from the same photos, the same number of samples each; all are scored on photos that none of
# them saw. On two CPU cores with bf16 instructions: about an hour and a half.
#
#   runs/paper.sh PHOTOS [OUT]      PHOTOS has train-*.tar and val.tar; OUT is out/ by default
#
# Everything resumes: run it again after an interruption.
set -euo pipefail
photos=$(realpath "${1:?a folder with train-*.tar and val.tar}") out=$(realpath -m "${2:-out}")
cd "$(dirname "$0")/.."
python=${PYTHON:-python3}                      # of the environment that photochrom is installed in
photochrom="$python -m photochrom"
shards=$(printf '"%s",' "$photos"/train-*.tar)
data=(--set "data.train=[${shards%,}]" --set "data.validation=[\"$photos/val.tar\"]")
kinds=()
[ -f "$photos/manifest.csv" ] && kinds=(--kinds "$photos/manifest.csv")

$photochrom train configs/alpha.toml -o "$out/alpha"
$photochrom data embed "$photos"/train-*.tar --model tf_efficientnet_lite2 --weights package \
  -o "$out/embeddings"
$photochrom train configs/beta.toml -o "$out/beta" "${data[@]}"
$photochrom train configs/koala.toml -o "$out/koala" "${data[@]}" \
  --set "embedder.cache=\"$out/embeddings\""
$photochrom train configs/lite0.toml -o "$out/unet" "${data[@]}" \
  --set 'schedule.stages=[{samples=40000,crop=128,batch=32}]'

$photochrom export "$out/alpha/latest" "$out/alpha.onnx" --name alpha
for name in beta koala unet; do
  $photochrom export "$out/$name/latest" "$out/$name.onnx" --name "$name"
done
# the dial of the 40,000-sample network, fitted on the even validation photos
$python benchmarks/fit_dial.py "$out/unet.onnx" "$photos/val.tar" --output "$out/unet-dial.json"
$photochrom export "$out/unet/latest" "$out/unet.onnx" --name unet --dial "$out/unet-dial.json"

for name in beta koala unet; do
  $photochrom evaluate "$photos/val.tar" --model "$out/$name.onnx" "${kinds[@]}" \
    --vividness 0 --vividness 0.5 --vividness 1 \
    --report "$out/report-$name" --sheet "$out/report-$name.jpg"
done
