"""transformers' logits, in f32, on the first tokens of a text.

usage: transformers_logits.py MODEL.gguf TEXT_FILE --tokens 200 --out OUT.safetensors
           [--ids IDS.json]

Every weight of the GGUF is decoded to f32 and everything is computed in f32, all positions in one
pass. Writes the file logits_file.py describes. The ids are those of --ids, which another program
wrote, or llama.cpp's.
"""

import argparse
import os

import logits_file
import numpy as np
import torch
import transformers


def llamacpp_ids(options):
    import llamacpp

    parser = argparse.ArgumentParser()
    llamacpp.add_options(parser)
    session = llamacpp.Session(options.model, options.tokens, parser.parse_args([]))
    return session.tokenize(llamacpp.read_text(options.text))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model")
    parser.add_argument("text")
    parser.add_argument("--tokens", type=int, default=200)
    parser.add_argument("--out", required=True)
    parser.add_argument("--ids", help="take the ids from this JSON file instead of the text")
    parser.add_argument("-t", "--threads", type=int, default=os.cpu_count())
    options = parser.parse_args()
    torch.set_num_threads(options.threads)

    tokens = logits_file.load_ids(options.ids) if options.ids else llamacpp_ids(options)
    tokens = np.asarray(tokens[: options.tokens], np.int32)
    folder, name = os.path.split(os.path.abspath(options.model))
    model = transformers.AutoModelForCausalLM.from_pretrained(
        folder, gguf_file=name, dtype=torch.float32, attn_implementation="eager").eval()
    assert all(p.dtype == torch.float32 for p in model.parameters())
    with torch.inference_mode():
        logits = model(torch.from_numpy(tokens.astype(np.int64))[None]).logits[0].numpy()
    logits_file.save(
        options.out, tokens, logits, made_by=f"transformers {transformers.__version__}",
        torch=torch.__version__, dtype="float32")
    print(f"{options.out}: {logits.shape[0]} positions, {logits.shape[1]} ids")


if __name__ == "__main__":
    main()
