#!/usr/bin/env bash
# bitsandbytes 0.50.2 on a CPU: dequantize_4bit of a matrix whose rows are no multiple of the block size gives other
# numbers than quantize_4bit stored. Blocks run over all elements, row after row; of 64 x 96 elements in blocks of 64 the
# result is not quant_map[code] * absmax[block], and as a matrix of 48 x 128 the same codes are. Seen with a matrix of 64 x 96:
# largest difference 0.0 as [48, 128], above 0.1 as [64, 96].
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q bitsandbytes==0.50.2 torch==2.13.0 numpy==2.4.6
"$folder/venv/bin/python" - <<'PYTHON'
import copy
import torch
from bitsandbytes.functional import dequantize_4bit, quantize_4bit

matrix = torch.randn(64, 96, generator=torch.Generator().manual_seed(1))
codes, state = quantize_4bit(matrix, blocksize=64, quant_type="nf4")
pairs = codes.flatten()
values = torch.stack([state.code[(pairs >> 4).long()], state.code[(pairs & 15).long()]], 1).reshape(-1, 64)
plain = (values * state.absmax[:, None]).flatten()
found = {}
for shape in [(48, 128), (64, 96)]:
    other = copy.copy(state)
    other.shape = torch.Size(shape)
    found[shape] = (dequantize_4bit(codes, other).flatten() - plain).abs().max().item()
print(found)
assert found[(48, 128)] < 1e-6 and found[(64, 96)] > 0.1, "it behaves otherwise now"
PYTHON
