"""Compare two files of logits on the same tokens.

usage: compare_logits.py A.safetensors B.safetensors [--tokens N] [--json]

Prints the largest absolute difference of two logits, at how many positions both have the same
largest logit, and KL(A || B) = sum(p_A * (log p_A - log p_B)), in nats, over the positions: mean
and 99th percentile. A is the witness. Files as logits_file.py describes.
"""

import argparse
import json

import logits_file
import numpy as np


def log_softmax(logits):
    """By rows, in f64."""
    logits = logits.astype(np.float64)
    logits -= logits.max(axis=1, keepdims=True)
    return logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("a")
    parser.add_argument("b")
    parser.add_argument("--tokens", type=int, help="compare the first positions only")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()

    (ids_a, a), (ids_b, b) = logits_file.load(options.a), logits_file.load(options.b)
    count = options.tokens or len(ids_a)
    if min(len(ids_a), len(ids_b)) < count or not np.array_equal(ids_a[:count], ids_b[:count]):
        raise SystemExit("the files are not about the same tokens")
    if a.shape[1] != b.shape[1]:
        raise SystemExit(f"vocabularies of {a.shape[1]} and {b.shape[1]} ids")
    a, b = a[:count], b[:count]
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        raise SystemExit("a logit is not finite")

    log_a, log_b = log_softmax(a), log_softmax(b)
    divergence = (np.exp(log_a) * (log_a - log_b)).sum(axis=1)
    result = {
        "positions": count,
        "max_abs_difference": float(np.abs(a.astype(np.float64) - b).max()),
        "same_argmax": int((a.argmax(axis=1) == b.argmax(axis=1)).sum()),
        "mean_kl": float(divergence.mean()),
        "p99_kl": float(np.percentile(divergence, 99)),
    }
    if options.json:
        print(json.dumps(result))
    else:
        print(f"largest difference of a logit {result['max_abs_difference']:.6g}")
        print(f"same argmax                   {result['same_argmax']} of {count}")
        print(f"mean KL(A || B)               {result['mean_kl']:.6g}")
        print(f"99th percentile of KL         {result['p99_kl']:.6g}")


if __name__ == "__main__":
    main()
