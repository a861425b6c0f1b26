"""`emend convert --rounding reference` beside llama.cpp's quantizer: the same types and the same bytes.

usage: convert_like_llamacpp.py EMEND [--work FOLDER]

The random models of quantized_files.py, whose rows 256 divides or not, in every type and mixture that both
write. Emend keeps more bits for the output of q4_0 to q5_1 (Q8_0, where llama.cpp takes Q6_K); that one tensor
is asked for by --output-type. Ends with an error where a tensor differs. Needs requirements.txt.
"""

import argparse
import subprocess
import tempfile
from pathlib import Path

import gguf
import llama_cpp as c
from quantized_files import SHAPES, quantize, write_random

TYPES = ["Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0", "Q3_K_S", "Q3_K_M", "Q3_K_L", "Q4_K_S", "Q4_K_M", "Q5_K_S",
         "Q5_K_M", "Q6_K"]


def tensors(path):
    return {t.name: (t.tensor_type.name, t.data.tobytes()) for t in gguf.GGUFReader(path).tensors}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("emend")
    parser.add_argument("--work")
    options = parser.parse_args()
    log = c.llama_log_callback(lambda level, text, data: None)
    c.llama_log_set(log, None)
    work = Path(options.work or tempfile.mkdtemp())
    work.mkdir(parents=True, exist_ok=True)
    bad = []
    for seed, (name, shape) in enumerate(SHAPES.items()):
        source = work / f"{name}.gguf"
        write_random(source, *shape, seed)
        for kind in TYPES:
            theirs, ours = work / "theirs.gguf", work / "ours.gguf"
            quantize(source, theirs, kind)
            ours.unlink(missing_ok=True)
            more = []
            if kind[-2:] in ("_0", "_1") and kind != "Q8_0":
                more = ["--output-type", "q6_k" if shape[1] % 256 == 0 else "q8_0"]
            run = subprocess.run(
                [options.emend, "convert", source, ours, "--type", kind.lower(), "--rounding", "reference", *more],
                capture_output=True, text=True)
            if run.returncode:
                raise SystemExit(run.stderr)
            wanted, found = tensors(theirs), tensors(ours)
            assert wanted.keys() == found.keys()
            differ = [n for n in wanted if wanted[n] != found[n]]
            print(f"{name} {kind}: {len(wanted) - len(differ)} of {len(wanted)} tensors the same", flush=True)
            bad += [f"{name} {kind} {n}: {found[n][0]}, not {wanted[n][0]}" for n in differ]
    if bad:
        raise SystemExit("\n".join(bad[:20]))


if __name__ == "__main__":
    main()
