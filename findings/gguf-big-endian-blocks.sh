#!/bin/sh
# gguf (gguf-py) 0.19.0: a big-endian file of GGUFWriter holds BF16 and quantized tensors little-endian.
#
# By the format all values of a big-endian file are big-endian, tensors as well. The writer swaps what numpy knows as
# numbers of two bytes and more; BF16 and quantized tensors come to it as bytes and are left. gguf-convert-endian of the
# same package swaps both, so that one little-endian file and the same tensors written big-endian differ, and only one
# can be right. `gguf.dequantize` takes all blocks for little-endian, and gives other numbers for the converted file, in
# silence. Seen output (first bytes of a tensor, first number that dequantize gives):
#
#   F32 little-endian 0000403f, written big-endian 3f400000, converted to big-endian 3f400000
#   BF16 little-endian 403f0000, written big-endian 403f0000, converted to big-endian 3f400000
#   Q8_0 little-endian 0c1e7f00, written big-endian 0c1e7f00, converted to big-endian 1e0c7f00
#   Q8_0 little-endian 0.75, written big-endian 0.75, converted to big-endian 0.0319
#
# Installs gguf in a temporary folder; fails where this changes.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet gguf==0.19.0 numpy==2.4.6
cat > "$folder/show.py" <<'PYTHON'
import subprocess, sys
import gguf
import numpy as np

folder = sys.argv[1]
numbers = np.zeros((1, 32), np.float32)
numbers[0, 0] = 0.75


def write(name, kind, order):
    path = f"{folder}/{name}.gguf"
    writer = gguf.GGUFWriter(path, "llama", endianess=order)
    writer.add_tensor("t", gguf.quantize(numbers, kind), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def read(path):
    tensor = gguf.GGUFReader(path).tensors[0]
    return tensor.data.tobytes()[:4].hex(), float(gguf.dequantize(tensor.data, tensor.tensor_type).flatten()[0])


seen = {}
for kind in (gguf.GGMLQuantizationType.F32, gguf.GGMLQuantizationType.BF16, gguf.GGMLQuantizationType.Q8_0):
    little = write("little", kind, gguf.GGUFEndian.LITTLE)
    three = [read(little), read(write("big", kind, gguf.GGUFEndian.BIG))]
    subprocess.run([f"{folder}/venv/bin/gguf-convert-endian", little, "big"], input=b"YES\n", check=True, capture_output=True)
    three.append(read(little))
    seen[kind.name] = three
for kind, three in seen.items():
    print(f"{kind} little-endian {three[0][0]}, written big-endian {three[1][0]}, converted to big-endian {three[2][0]}")
values = [f"{value:.3g}" for _, value in seen["Q8_0"]]
print(f"Q8_0 little-endian {values[0]}, written big-endian {values[1]}, converted to big-endian {values[2]}")
same = {kind: (three[0][0] == three[1][0], three[1][0] == three[2][0]) for kind, three in seen.items()}
changed = same != {"F32": (False, True), "BF16": (True, False), "Q8_0": (True, False)}
sys.exit(changed or values[0] != values[1] or values[0] == values[2])
PYTHON
"$folder/venv/bin/python" "$folder/show.py" "$folder"
