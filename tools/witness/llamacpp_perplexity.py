"""Perplexity of a text by llama.cpp, by the protocol of its llama-perplexity.

usage: llamacpp_perplexity.py MODEL.gguf TEXT_FILE [-c 512] [--chunks 20] [--json]

The whole text is tokenized at once, with BOS where the model asks for it, and cut into windows of c
tokens. Each window starts from an empty cache; where the model asks for BOS, it replaces the
window's first token. Positions c/2 to c - 2 of a window are scored on the token that follows them:
perplexity = exp(mean(-log p)). The standard error is that of the mean, times the perplexity.
"""

import argparse
import json
import math
import sys
import time

import llamacpp
import numpy as np


def negative_log_likelihoods(logits, following):
    """-log softmax(logits)[following], a value a row, in f64."""
    logits = logits.astype(np.float64)
    largest = logits.max(axis=1, keepdims=True)
    log_sum = np.log(np.exp(logits - largest).sum(axis=1)) + largest[:, 0]
    return log_sum - logits[np.arange(len(following)), following]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model")
    parser.add_argument("text")
    parser.add_argument("-c", "--ctx-size", type=int, default=512)
    parser.add_argument("--chunks", type=int, default=0, help="0: as many as the text has")
    parser.add_argument("--json", action="store_true")
    llamacpp.add_options(parser)
    options = parser.parse_args()

    size = options.ctx_size
    session = llamacpp.Session(options.model, size, options)
    tokens = session.tokenize(llamacpp.read_text(options.text)).copy()
    chunks = len(tokens) // size
    if chunks < 2:
        raise SystemExit(f"{len(tokens)} tokens; two windows of {size} are needed")
    chunks = min(chunks, options.chunks or chunks)

    began = time.monotonic()
    first = size // 2
    scores = []
    for chunk in range(chunks):
        window = tokens[chunk * size : (chunk + 1) * size]
        if session.adds_bos:
            window[0] = session.bos
        logits = session.logits(window, first)
        scores.append(negative_log_likelihoods(logits[:-1], window[first + 1 :]))
        running = math.exp(np.concatenate(scores).mean())
        print(f"[{chunk + 1}/{chunks}] {running:.4f}", file=sys.stderr)
    seconds = time.monotonic() - began

    scores = np.concatenate(scores)
    perplexity = math.exp(scores.mean())
    error = perplexity * math.sqrt(scores.var() / (len(scores) - 1))
    result = {
        "perplexity": perplexity, "stderr": error, "tokens": len(scores), "chunks": chunks,
        "ctx_size": size, "cache_type": options.cache_type, "seconds": round(seconds, 2)}
    if options.json:
        print(json.dumps(result))
    else:
        print(f"perplexity {perplexity:.4f} +/- {error:.4f}: {len(scores)} tokens of {chunks} "
              f"windows, {seconds:.1f} s")


if __name__ == "__main__":
    main()
