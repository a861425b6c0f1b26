"""Round trips of `emend convert` through software others wrote: transformers and llama.cpp.

usage: convert_roundtrip.py EMEND SMOLLM2.gguf TEXT_FILE [--work FOLDER] [--chunks 20] [-c 512]

1. Folders saved by transformers, random small LLaMAs with and without GQA and tying, sharded and
   not, safetensors and .bin, in F32 and F16: converted to f32, the log-probability of every token of
   random texts (`emend score --activations f32`) must be transformers' within 2e-3.
2. SmolLM2: read from its GGUF by transformers, saved as a Hugging Face folder, converted to f32: the
   same, on TEXT_FILE.
3. That folder converted to every type: llama.cpp opens the file, and its perplexity on TEXT_FILE is
   that of emend within 0.3 %, with f32 activations and, where weights are quantized, with those of 8
   bits too. llama.cpp rounds activations wherever weights are quantized; for the exact figure it
   dequantizes the file itself to F32 and runs that. Rounding activations moves the perplexity of
   SmolLM2 on 4 windows by 0.4 % here and 0.9 % in llama.cpp, so fewer than 20 windows say little of
   two programs that round in ways of their own (scales in f32 here, in f16 there).

Prints one line for each; ends with exit code 1 where one is off. Versions: requirements.txt.
"""

import argparse
import itertools
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import llama_cpp
import numpy as np
import torch
import transformers

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
SILENT = llama_cpp.llama_log_callback(lambda level, text, data: None)  # called as long as this runs
failures = 0


def report(name, value, limit):
    global failures
    passed = value <= limit
    failures += not passed
    print(f"{'ok  ' if passed else 'FAIL'} {name}: {value:.3g} (at most {limit:g})", flush=True)


def run(*arguments):
    return subprocess.run([str(a) for a in arguments], check=True, capture_output=True, text=True).stdout


def convert(emend, source, out, kind):
    run(emend, "convert", source, out, "--type", kind)
    return out


def score(emend, model, text, work):
    """(ids, log-probabilities) of a text, the first of them without a probability."""
    path = work / "text.txt"
    path.write_text(text)
    result = json.loads(run(
        emend, "score", "-m", model, "-f", path, "--activations", "f32", "--json"))
    return result["ids"], np.array(result["logprobs"][1:], np.float64)


def witness_score(folder, ids):
    model = transformers.AutoModelForCausalLM.from_pretrained(
        folder, dtype=torch.float32, attn_implementation="eager").eval()
    with torch.inference_mode():
        logits = model(torch.tensor([ids])).logits[0].double()
    return torch.log_softmax(logits, -1)[torch.arange(len(ids) - 1), ids[1:]].numpy()


def save_bin(model, folder, sharded):
    """What transformers wrote before it had safetensors."""
    model.config.save_pretrained(folder)
    config = json.loads((folder / "config.json").read_text())
    config["architectures"] = ["LlamaForCausalLM"]
    (folder / "config.json").write_text(json.dumps(config))
    state = {k: v.clone() for k, v in model.state_dict().items()}
    if not sharded:
        torch.save(state, folder / "pytorch_model.bin")
        return
    places = {}
    for shard in range(3):
        file = f"pytorch_model-{shard + 1:05}-of-00003.bin"
        names = sorted(state)[shard::3]
        torch.save({n: state[n] for n in names}, folder / file)
        places |= {n: file for n in names}
    (folder / "pytorch_model.bin.index.json").write_text(json.dumps({"metadata": {}, "weight_map": places}))


def random_folders(emend, work):
    text = " ".join(Path(__file__).read_text().split()[:60])
    cases = itertools.product((4, 2), (False, True), (False, True), ("safetensors", "bin"),
                              (torch.float32, torch.float16))
    for index, (kv_heads, tied, sharded, kind, dtype) in enumerate(cases):
        config = transformers.LlamaConfig(
            hidden_size=64, intermediate_size=96 + 32 * (index % 3), num_hidden_layers=2 + index % 2,
            num_attention_heads=4, num_key_value_heads=kv_heads, vocab_size=500,
            max_position_embeddings=512, tie_word_embeddings=tied)
        torch.manual_seed(index)
        model = transformers.LlamaForCausalLM(config)
        with torch.no_grad():
            for parameter in model.parameters():
                if parameter.dim() == 1:
                    parameter.uniform_(0.5, 1.5)
                else:
                    parameter.normal_(0, 1.5 / parameter.shape[1] ** 0.5)
        model = model.to(dtype)
        folder = work / "random"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        if kind == "bin":
            save_bin(model, folder, sharded)
        else:
            model.save_pretrained(folder, max_shard_size="100KB" if sharded else "1GB")
        shutil.copy(ROOT / "Tests/Fixtures/tokenizers/plain.model", folder / "tokenizer.model")
        file = convert(emend, folder, work / "random.gguf", "f32" if index % 4 else "f16")
        ids, ours = score(emend, file, text, work)
        name = (f"{kind}, {kv_heads} kv heads, {'tied' if tied else 'untied'}, "
                f"{'sharded' if sharded else 'whole'}, {str(dtype)[6:]}")
        # F32 weights in an F16 file are rounded: that is not what is compared here.
        if not index % 4 and dtype == torch.float32:
            ids, ours = score(emend, convert(emend, folder, file, "f32"), text, work)
        report(name, float(np.abs(ours - witness_score(folder, ids)).max()), 2e-3)


def smollm2(emend, gguf, text_file, work, options):
    folder = work / "smollm2"
    if not (folder / "model.safetensors").exists():
        where, name = os.path.split(os.path.abspath(gguf))
        read = transformers.AutoModelForCausalLM.from_pretrained(
            where, gguf_file=name, dtype=torch.float32)
        # transformers does not save what came from a GGUF, only a model of the same weights.
        config = transformers.LlamaConfig(**{
            key: value for key, value in read.config.to_dict().items()
            if key not in ("quantization_config", "architectures", "transformers_version", "dtype")})
        model = transformers.LlamaForCausalLM(config)
        model.load_state_dict(read.state_dict())
        # Off the 4-bit grid, or every type but the smallest would be exact.
        torch.manual_seed(1)
        with torch.no_grad():
            for parameter in model.parameters():
                if parameter.dim() > 1:
                    parameter.mul_(1 + 0.01 * torch.randn_like(parameter))
        model.save_pretrained(folder)
        tokenizer = transformers.AutoTokenizer.from_pretrained(where, gguf_file=os.path.basename(gguf))
        tokenizer.save_pretrained(folder)
    text = Path(text_file).read_text()
    ids, ours = score(emend, convert(emend, folder, work / "smollm2.f32.gguf", "f32"), text[:1200], work)
    report(f"SmolLM2, {len(ids)} tokens", float(np.abs(ours - witness_score(folder, ids)).max()), 2e-3)

    same = ["-c", options.ctx_size, "--chunks", options.chunks, "--json"]

    def ours(file, activations):
        return json.loads(run(emend, "perplexity", "-m", file, "-f", text_file,
                              "--activations", activations, *same))["perplexity"]

    def theirs(file):
        return json.loads(run(sys.executable, HERE / "llamacpp_perplexity.py", file, text_file,
                              *same))["perplexity"]

    for kind in ("f32", "f16", "q8_0", "q4_1", "q4_0"):
        file = convert(emend, folder, work / f"smollm2.{kind}.gguf", kind)
        is_quantized = kind not in ("f32", "f16")
        exact_file = llamacpp_dequantized(file) if is_quantized else file
        a, b = ours(file, "f32"), theirs(exact_file)
        report(f"SmolLM2 {kind}, {options.chunks} windows: perplexity {a:.4f}, llama.cpp's {b:.4f}, "
               "relative difference", abs(a / b - 1), 3e-3)
        if is_quantized:
            exact_file.unlink()
            c, d = ours(file, "int8"), theirs(file)
            report(f"SmolLM2 {kind}, activations of 8 bits: perplexity {c:.4f} ({c / a - 1:+.3%} from the "
                   f"exact), llama.cpp's {d:.4f} ({d / b - 1:+.3%}), relative difference",
                   abs(c / d - 1), 3e-3)


def llamacpp_dequantized(file):
    """The file as llama.cpp reads it, in F32."""
    out = file.with_suffix(".dequantized.gguf")
    llama_cpp.llama_log_set(SILENT, None)
    parameters = llama_cpp.llama_model_quantize_default_params()
    parameters.ftype = llama_cpp.LLAMA_FTYPE_ALL_F32
    parameters.allow_requantize = True
    if llama_cpp.llama_model_quantize(os.fsencode(file), os.fsencode(out), parameters) != 0:
        sys.exit(f"llama.cpp cannot dequantize {file}")
    return out


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("emend")
    parser.add_argument("smollm2")
    parser.add_argument("text")
    parser.add_argument("--work")
    parser.add_argument("--chunks", type=int, default=20)
    parser.add_argument("-c", "--ctx-size", type=int, default=512)
    parser.add_argument("--only-smollm2", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        work = Path(options.work or temporary)
        work.mkdir(parents=True, exist_ok=True)
        if not options.only_smollm2:
            random_folders(options.emend, work)
        smollm2(options.emend, options.smollm2, options.text, work, options)
    sys.exit(failures > 0)


if __name__ == "__main__":
    main()
