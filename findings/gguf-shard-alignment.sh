#!/bin/sh
# gguf (gguf-py) 0.19.0: a custom alignment is said in the first shard only, so that the others are read displaced.
#
# `add_custom_alignment` of a GGUFWriter that splits writes general.alignment into the first file and lays the tensors of
# all of them by it. By the format a file without the key is aligned to 32: where the header of a later shard ends in the
# lower half of 64 bytes, its reader begins 32 bytes early. The GGUFReader of the same package then gives padding and
# the values before, without an error; where the header is longer by a name of 25 letters, it gives the right ones.
# Seen output (three tensors of 64 numbers each, from 0, 100 and 200, one to a shard):
#
#   name of 2 letters, shard 1: alignment 64, numbers 0.0 to 63.0
#   name of 2 letters, shard 2: alignment 32, numbers 0.0 to 155.0
#   name of 2 letters, shard 3: alignment 32, numbers 0.0 to 255.0
#   name of 26 letters, shard 1: alignment 64, numbers 0.0 to 63.0
#   name of 26 letters, shard 2: alignment 32, numbers 100.0 to 163.0
#   name of 26 letters, shard 3: alignment 32, numbers 200.0 to 263.0
#
# Installs gguf in a temporary folder; fails where this changes.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet gguf==0.19.0 numpy==2.4.6
cat > "$folder/show.py" <<'PYTHON'
import pathlib, sys
import gguf
import numpy as np

folder = pathlib.Path(sys.argv[1])
seen = []
for name in ("t", "t" * 25):
    path = folder / f"model{len(name)}.gguf"
    writer = gguf.GGUFWriter(path, "llama", split_max_tensors=1)
    writer.add_custom_alignment(64)
    for i in range(3):
        writer.add_tensor(f"{name}{i}", np.arange(64, dtype=np.float32) + 100 * i)
    writer.write_header_to_file(path=path)
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    for i, shard in enumerate(sorted(folder.glob(f"model{len(name)}-*.gguf"))):
        reader = gguf.GGUFReader(shard)
        data = reader.tensors[0].data
        print(f"name of {len(name) + 1} letters, shard {i + 1}: alignment {reader.alignment}, numbers {data[0]} to {data[-1]}")
        seen.append((reader.alignment, float(data[0]), float(data[-1])))
sys.exit(seen != [(64, 0, 63), (32, 0, 155), (32, 0, 255), (64, 0, 63), (32, 100, 163), (32, 200, 263)])
PYTHON
"$folder/venv/bin/python" "$folder/show.py" "$folder"
