#!/usr/bin/env python3
"""Write a LLaMA of random weights as llama.cpp's quantizer would make it, in seconds: for measuring speed and memory.

  random_model.py EMEND SHAPE TYPE OUT.gguf        SHAPE: one of those below; TYPE: as of `emend convert --type`

Which tensor gets which type is what `emend convert --dry-run` says, which is what llama.cpp does
(tools/witness/convert_like_llamacpp.py). Blocks are drawn from some that ggml quantized from normal numbers: no
two rows need differ for that. Needs gguf, llama-cpp-python and numpy.
"""

import argparse
import ctypes
import json
import subprocess
import tempfile
from pathlib import Path

import gguf
import llama_cpp
import numpy as np

SHAPES = {  # blocks, width, inner width, heads, heads of keys and values, vocabulary
    "1.1b": (22, 2048, 5632, 32, 4, 32000),
    # Rows that 256 does not divide: superblocks give way to Q5_0 and Q4_0.
    "1.1b-odd": (22, 2080, 5600, 26, 2, 32000),
    "7b": (32, 4096, 11008, 32, 32, 32000),
    # For a step of training.
    "7b-4": (4, 4096, 11008, 32, 32, 32000),
}


def header(path, shape):
    layers, width, inner, heads, kv_heads, vocabulary = shape
    w = gguf.GGUFWriter(path, "llama")
    w.add_context_length(4096)
    w.add_embedding_length(width)
    w.add_block_count(layers)
    w.add_feed_forward_length(inner)
    w.add_head_count(heads)
    w.add_head_count_kv(kv_heads)
    w.add_layer_norm_rms_eps(1e-5)
    w.add_rope_dimension_count(width // heads)
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    letters = [chr(b) for b in plain] + [chr(256 + i) for i in range(256 - len(plain))]
    tokens = ["<|end|>", *letters, *(f"word{i}" for i in range(vocabulary - 257))]
    w.add_tokenizer_model("gpt2")
    w.add_tokenizer_pre("gpt-2")
    w.add_token_list(tokens)
    w.add_token_types([3] + [1] * (vocabulary - 1))
    w.add_token_merges(["t h"])
    w.add_eos_token_id(0)
    w.add_bos_token_id(0)
    w.add_add_bos_token(False)
    return w


def tensors(shape):
    layers, width, inner, heads, kv_heads, vocabulary = shape
    keys = width // heads * kv_heads
    yield "token_embd.weight", (vocabulary, width)
    yield "output.weight", (vocabulary, width)
    for layer in range(layers):
        for name, size in [
            ("attn_norm", (width,)), ("attn_q", (width, width)), ("attn_k", (keys, width)), ("attn_v", (keys, width)),
            ("attn_output", (width, width)), ("ffn_norm", (width,)), ("ffn_gate", (inner, width)),
            ("ffn_up", (inner, width)), ("ffn_down", (width, inner)),
        ]:
            yield f"blk.{layer}.{name}.weight", size
    yield "output_norm.weight", (width,)


def types(emend, shape, kind):
    """What becomes of each tensor of an F16 file, whose matrices are holes."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "f16.gguf"
        w = header(path, shape)
        for name, size in tensors(shape):
            dtype = np.dtype(np.float32 if len(size) == 1 else np.float16)
            w.add_tensor_info(name, size, dtype, int(np.prod(size)) * dtype.itemsize)
        w.write_header_to_file()
        w.write_kv_data_to_file()
        w.write_ti_data_to_file()
        with open(path, "r+b") as file:
            start = -(-file.seek(0, 2) // 32) * 32
            for _, size in tensors(shape):
                length = int(np.prod(size)) * (4 if len(size) == 1 else 2)
                if len(size) == 1:
                    file.seek(start)
                    file.write(np.ones(size, np.float32).tobytes())
                start += -(-length // 32) * 32
            file.truncate(start)
        run = subprocess.run(
            [emend, "convert", path, Path(folder) / "out.gguf", "--type", kind, "--dry-run", "--json"], check=True,
            capture_output=True)
        return {t["name"]: t["to"] for t in json.loads(run.stdout)["tensors"]}


class Blocks:
    """Rows of a type, drawn from a few thousand blocks."""

    def __init__(self):
        library = next((Path(llama_cpp.__file__).parent / "lib").glob("libggml-base.so*"))
        self.ggml = ctypes.CDLL(str(library))
        self.ggml.ggml_quantize_chunk.restype = ctypes.c_size_t
        self.made = {}
        self.rng = np.random.default_rng(1)

    def rows(self, name, size):
        kind = gguf.GGMLQuantizationType[name.upper()]
        block, length = gguf.GGML_QUANT_SIZES[kind]
        if kind not in self.made:
            values = (self.rng.standard_normal((4096, 256)) / 45).astype(np.float32)
            out = np.zeros(values.size // block * length, np.uint8)
            written = self.ggml.ggml_quantize_chunk(
                int(kind), values.ctypes.data_as(ctypes.c_void_p), out.ctypes.data_as(ctypes.c_void_p), ctypes.c_int64(0),
                ctypes.c_int64(values.shape[0]), ctypes.c_int64(values.shape[1]), None)
            assert written == out.size
            self.made[kind] = out.reshape(-1, length)
        pool = self.made[kind]
        count = size[0] * size[1] // block
        starts = self.rng.integers(0, len(pool), -(-count // 64))
        picks = (starts[:, None] + np.arange(64)).reshape(-1)[:count] % len(pool)
        return pool[picks].reshape(size[0], -1), kind


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("emend")
    parser.add_argument("shape", choices=SHAPES)
    parser.add_argument("type")
    parser.add_argument("out")
    options = parser.parse_args()
    shape = SHAPES[options.shape]
    plan = types(options.emend, shape, options.type)
    blocks = Blocks()
    w = header(options.out, shape)
    for name, size in tensors(shape):
        if len(size) == 1:
            w.add_tensor(name, np.ones(size, np.float32))
        else:
            data, kind = blocks.rows(plan[name], size)
            w.add_tensor(name, data, raw_dtype=kind)
    w.write_header_to_file()
    w.write_kv_data_to_file()
    w.write_tensors_to_file()
    w.close()
    print({k: list(plan.values()).count(k) for k in sorted(set(plan.values()))})


if __name__ == "__main__":
    main()
