"""Files of llama.cpp's quantizer, opened and run beside llama.cpp.

usage: quantized_files.py EMEND MODEL.gguf [--work FOLDER] [--only TEXT]

Four models in ten types each: MODEL (SmolLM2-135M-Instruct, whose rows 256 does not divide) and random ones
of widths 256, 288 and 512. Each is made by `llama_model_quantize`, mixtures and fallbacks included, and
dequantized again by it to a file of F32. With logits L of the F32 file in llama.cpp, Q of the quantized
file in llama.cpp and E of the quantized file in Emend, all over the same tokens:

    exact   RMS(E - L) with --activations f32, over the RMS of L
    int8    RMS(E - L) as Emend runs it, over RMS(Q - L), what rounding activations costs llama.cpp

Ends with an error where int8 is above 2, exact above 1e-4, or a file does not open. Needs requirements.txt.
"""

import argparse
import ctypes
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

import gguf
import llama_cpp as c
import llamacpp
import logits_file
import numpy as np

TYPES = ["Q5_0", "Q5_1", "IQ4_NL", "IQ4_XS", "Q2_K", "Q3_K_S", "Q3_K_M", "Q4_K_M", "Q5_K_M", "Q6_K"]
SHAPES = {  # layers, width, inner width, heads, heads of keys and values
    "random-256": (2, 256, 512, 4, 1), "random-288": (3, 288, 416, 6, 2),
    "random-512": (8, 512, 768, 8, 8),
}
KEPT = []
TEXT = ("The old lighthouse keeper counted eleven ships before breakfast. Seven of them carried salt, three carried "
        "wool, and the last one, painted green, carried nothing at all. Nobody in the harbour knew why. ") * 2


def write_random(path, layers, width, inner, heads, kv_heads, seed):
    """A random model in F32 whose tokens are bytes."""
    rng = np.random.default_rng(seed)
    w = gguf.GGUFWriter(path, "llama")
    w.add_context_length(512)
    w.add_embedding_length(width)
    w.add_block_count(layers)
    w.add_feed_forward_length(inner)
    w.add_head_count(heads)
    w.add_head_count_kv(kv_heads)
    w.add_layer_norm_rms_eps(1e-5)
    w.add_rope_dimension_count(width // heads)
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [b for b in range(256) if b not in plain]
    letters = {b: chr(b) for b in plain} | {b: chr(256 + i) for i, b in enumerate(others)}
    tokens = ["<|end|>", *(letters[b] for b in range(256)), "th"]
    w.add_tokenizer_model("gpt2")
    w.add_tokenizer_pre("gpt-2")
    w.add_token_list(tokens)
    w.add_token_types([3] + [1] * (len(tokens) - 1))
    w.add_token_merges(["t h"])
    w.add_eos_token_id(0)
    w.add_bos_token_id(0)
    w.add_add_bos_token(False)

    def matrix(name, rows, columns, gain=1.0):
        # A few large weights, as trained models have them.
        values = rng.standard_t(5, (rows, columns)) * (gain / np.sqrt(1.67 * columns))
        w.add_tensor(name + ".weight", values.astype(np.float32))

    def vector(name):
        w.add_tensor(name + ".weight", rng.uniform(0.5, 1.5, width).astype(np.float32))

    head = width // heads
    matrix("token_embd", len(tokens), width, np.sqrt(width))
    for layer in range(layers):
        b = f"blk.{layer}."
        vector(b + "attn_norm")
        matrix(b + "attn_q", heads * head, width, 1.5)
        matrix(b + "attn_k", kv_heads * head, width, 1.5)
        matrix(b + "attn_v", kv_heads * head, width)
        matrix(b + "attn_output", width, heads * head)
        vector(b + "ffn_norm")
        matrix(b + "ffn_gate", inner, width)
        matrix(b + "ffn_up", inner, width)
        matrix(b + "ffn_down", width, inner)
    vector("output_norm")
    matrix("output", len(tokens), width, 2.0)
    w.write_header_to_file()
    w.write_kv_data_to_file()
    w.write_tensors_to_file()
    w.close()


def quantize(source, target, kind):
    parameters = c.llama_model_quantize_default_params()
    parameters.allow_requantize = True
    parameters.nthread = 2
    name = "LLAMA_FTYPE_ALL_F32" if kind == "F32" else "LLAMA_FTYPE_MOSTLY_" + kind
    parameters.ftype = getattr(c, name)
    result = c.llama_model_quantize(str(source).encode(), str(target).encode(), ctypes.byref(parameters))
    if result:
        raise SystemExit(f"llama_model_quantize {source} {kind}: {result}")


def llama_logits(path, ids):
    options = argparse.Namespace(batch_size=len(ids), threads=2, cache_type="f32", flash_attn="off")
    session = llamacpp.Session(path, len(ids), options)
    KEPT.append(session._log)  # the library calls it as long as the process lives
    logits = session.logits(ids)
    c.llama_free(session.context)
    c.llama_model_free(session.model)
    return logits.astype(np.float64)


def emend_logits(emend, model, text, out, activations):
    """Emend's logits and the ids they follow."""
    run = subprocess.run(
        [emend, "score", "-m", model, "-f", text, "--logits", out, "--activations", activations,
         "--cache-type", "f32", "-t", "2"], capture_output=True, text=True)
    if run.returncode:
        raise SystemExit(f"{model}: {run.stderr.strip()}")
    ids, logits = logits_file.load(out)
    return ids, logits.astype(np.float64)


def rms(x):
    return float(np.sqrt((x**2).mean()))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("emend")
    parser.add_argument("model")
    parser.add_argument("--work")
    parser.add_argument("--only", default="", help="models whose name has this in it")
    options = parser.parse_args()
    log = c.llama_log_callback(lambda level, text, data: None)
    c.llama_log_set(log, None)
    work = Path(options.work or tempfile.mkdtemp())
    work.mkdir(parents=True, exist_ok=True)
    text = work / "text.txt"
    text.write_text(TEXT)

    sources = {"smollm2": Path(options.model)}
    for seed, (name, shape) in enumerate(SHAPES.items()):
        sources[name] = work / f"{name}.gguf"
        write_random(sources[name], *shape, seed)
    print("| model | type | tensors | exact | int8 |\n|---|---|---|---:|---:|")
    bad, worst = [], 0.0
    for name, source in sources.items():
        if options.only not in name:
            continue
        for kind in TYPES:
            quantized, plain = work / "quantized.gguf", work / "plain.gguf"
            quantize(source, quantized, kind)
            quantize(quantized, plain, "F32")
            types = Counter(t.tensor_type.name for t in gguf.GGUFReader(quantized).tensors)
            del types["F32"]
            ids, exact = emend_logits(options.emend, quantized, text, work / "exact.safetensors", "f32")
            _, found = emend_logits(options.emend, quantized, text, work / "int8.safetensors", "int8")
            ids = [int(i) for i in ids]
            witness = llama_logits(plain, ids)
            rounded = llama_logits(quantized, ids)
            exact_error = rms(exact - witness) / rms(witness)
            ratio = rms(found - witness) / rms(rounded - witness)
            worst = max(worst, ratio)
            listed = " ".join(f"{n} {t}" for t, n in types.most_common())
            print(f"| {name} | {kind} | {listed} | {exact_error:.1e} | {ratio:.2f} |", flush=True)
            if not exact_error <= 1e-4 or not ratio <= 2:
                bad.append(f"{name} {kind}")
    print(f"largest int8 ratio {worst:.2f}", file=sys.stderr)
    if bad:
        raise SystemExit("beyond the bounds: " + ", ".join(bad))


if __name__ == "__main__":
    main()
