"""llama.cpp's logits on the first tokens of a text.

usage: llamacpp_logits.py MODEL.gguf TEXT_FILE --tokens 200 --out OUT.safetensors
           [--ids IDS.json] [--save-ids IDS.json] [--cache-type f16] [--flash-attn auto]
           [--control-vector FILE[:SCALE]]

Writes the file logits_file.py describes. The ids are llama.cpp's own, or those of --ids.
"""

import argparse

import llamacpp
import logits_file


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model")
    parser.add_argument("text")
    parser.add_argument("--tokens", type=int, default=200)
    parser.add_argument("--out", required=True)
    parser.add_argument("--ids", help="take the ids from this JSON file instead")
    parser.add_argument("--save-ids", help="write the ids to this JSON file")
    parser.add_argument("--control-vector", help="FILE[:SCALE], added after every block it has")
    llamacpp.add_options(parser)
    options = parser.parse_args()

    session = llamacpp.Session(options.model, options.tokens, options)
    if options.control_vector:
        path, _, scale = options.control_vector.partition(":")
        session.add_control_vector(path, float(scale or 1))
    if options.ids:
        tokens = logits_file.load_ids(options.ids)
    else:
        tokens = session.tokenize(llamacpp.read_text(options.text))
    tokens = tokens[: options.tokens]
    if options.save_ids:
        logits_file.save_ids(options.save_ids, tokens)
    logits = session.logits(tokens)
    logits_file.save(
        options.out, tokens, logits, made_by="llama.cpp", cache_type=options.cache_type,
        flash_attn=options.flash_attn, batch_size=options.batch_size)
    print(f"{options.out}: {logits.shape[0]} positions, {logits.shape[1]} ids")


if __name__ == "__main__":
    main()
