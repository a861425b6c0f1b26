#!/usr/bin/env python3
"""What quantizing costs: mean KL divergence to the source's logits, for each way of rounding.

usage: quantizer_quality.py EMEND SOURCE.gguf TEXT CALIBRATION_TEXT [CALIBRATION_TEXT...]
                            [--work FOLDER] [--chunks 20] [--windows 128] [--types q4_0,q4_1,q8_0]

SOURCE is an unquantized model, or what make_offgrid_source.py makes of a quantized one. Every type is
made of it with the reference's rounding, the default and calibration, and measured on TEXT, which must
not be among the calibration's texts (plain text, or .jsonl with a "text" in each line), with f32
activations:

    emend convert SOURCE OUT --type TYPE [--rounding reference | --calibration TEXT]
    emend perplexity -m SOURCE -f TEXT -c 512 --activations f32 --kl-divergence-base BASE
    emend perplexity -m OUT --kl-divergence-base BASE --kl-divergence --activations f32

Where llama-cpp-python is installed, llama.cpp quantizes to the same types too (Q8_0 for the embedding
and output, as here), and the divergence of its files must be the reference's within 0.1 %.

Ends with exit code 1 where, with four bits, the default costs more than 0.9 of what the reference
does, or calibration more than 0.6.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

LIMITS = {"default": 0.9, "calibrated": 0.6}


def run(*arguments):
    started = time.monotonic()
    done = subprocess.run([str(a) for a in arguments], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, arguments))}\n{done.stderr}")
    return done.stdout, time.monotonic() - started


def plain_text(paths, out):
    parts = []
    for path in map(Path, paths):
        content = path.read_text()
        if path.suffix == ".jsonl":
            content = "\n\n".join(json.loads(line)["text"] for line in content.splitlines() if line)
        parts.append(content)
    out.write_text("\n\n".join(parts))
    return out


SILENT = None


def silence(llama_cpp):
    """llama.cpp calls it as long as the program runs."""
    global SILENT
    SILENT = llama_cpp.llama_log_callback(lambda level, text, data: None)
    return SILENT


def llamacpp_quantize(source, out, kind):
    """False where llama.cpp is not there."""
    try:
        import llama_cpp
    except ImportError:
        return False
    llama_cpp.llama_log_set(SILENT or silence(llama_cpp), None)
    parameters = llama_cpp.llama_model_quantize_default_params()
    parameters.ftype = {"q4_0": 2, "q4_1": 3, "q8_0": 7}[kind]
    parameters.token_embedding_type = parameters.output_tensor_type = 8  # GGML_TYPE_Q8_0
    return llama_cpp.llama_model_quantize(str(source).encode(), str(out).encode(), parameters) == 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("emend", type=Path)
    parser.add_argument("source", type=Path)
    parser.add_argument("text", type=Path)
    parser.add_argument("calibration", nargs="+")
    parser.add_argument("--work", type=Path)
    parser.add_argument("--chunks", type=int, default=20)
    parser.add_argument("--windows", type=int, default=128)
    parser.add_argument("--types", default="q4_0,q4_1,q8_0")
    options = parser.parse_args()
    emend = options.emend.resolve()

    with tempfile.TemporaryDirectory() as temporary:
        work = options.work or Path(temporary)
        work.mkdir(parents=True, exist_ok=True)
        base = work / f"base-{options.chunks}.kld"
        if not base.exists():
            run(emend, "perplexity", "-m", options.source, "-f", options.text, "-c", 512,
                "--chunks", options.chunks, "--activations", "f32", "--kl-divergence-base", base)
        calibration = plain_text(options.calibration, work / "calibration.txt")

        def divergence(path):
            out, _ = run(emend, "perplexity", "-m", path, "--kl-divergence-base", base,
                         "--kl-divergence", "--activations", "f32", "--json")
            return json.loads(out)

        failed = False
        print("| type | rounding | KL | +/- | of the reference's | same top token | seconds |")
        print("|---|---|---:|---:|---:|---:|---:|")
        for kind in options.types.split(","):
            reference = None
            for name, flags in [
                ("reference", ["--rounding", "reference"]), ("default", []),
                ("calibrated",
                 ["--calibration", calibration, "--calibration-windows", options.windows]),
                ("llama.cpp", None)]:
                path = work / f"{kind}-{name}.gguf"
                if flags is None:
                    if not llamacpp_quantize(options.source, path, kind):
                        continue
                    seconds = float("nan")
                else:
                    _, seconds = run(
                        emend, "convert", options.source, path, "--type", kind, *flags)
                result = divergence(path)
                mean = result["kl_mean"]
                reference = reference or mean
                ratio = mean / reference
                limit = LIMITS.get(name) if kind != "q8_0" else None
                off = limit is not None and ratio > limit
                off |= name == "llama.cpp" and abs(ratio - 1) > 1e-3
                failed |= off
                print(f"| {kind} | {name} | {mean:.6f} | {result['kl_stderr']:.6f} | {ratio:.3f} "
                      f"| {100 * result['same_top']:.2f} % | {seconds:.0f} |"
                      + (" FAIL" if off else ""), flush=True)
                path.unlink()
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
