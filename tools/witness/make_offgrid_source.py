#!/usr/bin/env python3
"""Moves a quantized LLaMA-family GGUF off every block format's grid, without changing its function.

usage: make_offgrid_source.py MODEL.gguf OUT.gguf [--seed 1] [--spread 0.25] [--untie-output]

Where only a quantized file of a model is to be had, its weights lie on that file's grid, and
quantizing them again would measure nothing. OUT.gguf has all tensors in F32, and

- each RMSNorm gain is folded into the linears that read it (columns of attn_q, attn_k, attn_v and
  of ffn_gate, ffn_up are multiplied, the gain becomes ones);
- each dimension of a value head is scaled by exp(spread * normal), and the columns of attn_output
  that read it, in every query head of the kv head's group, by the inverse;
- each row of ffn_up is scaled so, and the column of ffn_down that reads it by the inverse.

The output norm stays by default, because a tied embedding would have to be split for it: embedding
and output keep their values. --untie-output writes output.weight with the gain folded in.

The function is the same but for rounding to F32: compare with llamacpp_logits.py on both files and
compare_logits.py. The file depends on its source, the seed and the spread alone.
"""
import argparse

import numpy as np
from gguf import GGUFReader, GGUFValueType, GGUFWriter, dequantize


def scales(generator, count, spread):
    return np.exp(spread * generator.standard_normal(count))


def move(tensors, count, spread, seed, kv_heads):
    """Changes the blocks' tensors in place; all are F64, matrices [rows, columns]."""
    generator = np.random.default_rng(seed)
    for layer in range(count):
        block = {
            name: f"blk.{layer}.{name}.weight"
            for name in [
                "attn_norm", "attn_q", "attn_k", "attn_v", "attn_output",
                "ffn_norm", "ffn_gate", "ffn_up", "ffn_down"]
        }
        for norm, readers in [
            ("attn_norm", ["attn_q", "attn_k", "attn_v"]), ("ffn_norm", ["ffn_gate", "ffn_up"])]:
            gain = tensors[block[norm]]
            for name in readers:
                tensors[block[name]] *= gain[None, :]
            tensors[block[norm]] = np.ones_like(gain)

        value, output = tensors[block["attn_v"]], tensors[block["attn_output"]]
        size = len(value) // kv_heads
        moved = scales(generator, len(value), spread)
        value *= moved[:, None]
        queries_per_head = output.shape[1] // len(value)
        shared = np.repeat(moved.reshape(kv_heads, 1, size), queries_per_head, axis=1)
        output /= shared.reshape(1, -1)

        up, down = tensors[block["ffn_up"]], tensors[block["ffn_down"]]
        moved = scales(generator, len(up), spread)
        up *= moved[:, None]
        down /= moved[None, :]


def copy_metadata(reader, writer):
    for key, field in reader.fields.items():
        if key.startswith("GGUF.") or key in ("general.architecture", "general.file_type"):
            continue
        kind = field.types[0]
        element = field.types[-1] if kind == GGUFValueType.ARRAY else None
        writer.add_key_value(key, field.contents(), kind, sub_type=element)
    writer.add_file_type(0)  # all F32


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model")
    parser.add_argument("out")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--spread", type=float, default=0.25)
    parser.add_argument("--untie-output", action="store_true")
    options = parser.parse_args()

    reader = GGUFReader(options.model)
    number = lambda key: int(reader.fields[key].contents())
    kv_heads = number("llama.attention.head_count_kv")
    tensors = {
        tensor.name: dequantize(tensor.data, tensor.tensor_type).astype(np.float64)
        for tensor in reader.tensors
    }
    move(tensors, number("llama.block_count"), options.spread, options.seed, kv_heads)
    if options.untie_output:
        source = tensors.get("output.weight", tensors["token_embd.weight"])
        tensors["output.weight"] = source * tensors["output_norm.weight"][None, :]
        tensors["output_norm.weight"] = np.ones_like(tensors["output_norm.weight"])

    writer = GGUFWriter(options.out, "llama")
    copy_metadata(reader, writer)
    for name, values in tensors.items():
        writer.add_tensor(name, np.ascontiguousarray(values, np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    print(f"{options.out}: {len(tensors)} tensors in F32, seed {options.seed}")


if __name__ == "__main__":
    main()
