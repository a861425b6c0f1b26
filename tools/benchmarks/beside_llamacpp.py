#!/usr/bin/env python3
"""Speed of Emend and of llama.cpp on the same file, in turns.

  beside_llamacpp.py EMEND MODEL [-p 512] [-n 64] [-d DEPTH] [-t 2] [-r 5]

Each round runs both as processes of their own, each with a warm-up and two passes. A round in which
other processes took more than 3 % of the processors counts for nothing and is repeated, at most three
times as often as asked for. Prints each side's median, the median of the ratios round by round, and
their range.

Needs llama-cpp-python, built for this processor: CMAKE_ARGS=-DGGML_NATIVE=ON pip install
llama-cpp-python==0.3.36
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import time

PEER = "--as-the-peer"


def peer(options):
    """llama.cpp's prefill and decode, tokens a second, as one line of JSON."""
    import ctypes

    import llama_cpp as llama

    silent = llama.llama_log_callback(lambda level, text, data: None)
    llama.llama_log_set(silent, ctypes.c_void_p(0))
    llama.llama_backend_init()
    model = llama.llama_model_load_from_file(
        options.model.encode(), llama.llama_model_default_params())
    if not model:
        sys.exit(f"{options.model}: llama.cpp cannot open it")
    parameters = llama.llama_context_default_params()
    parameters.n_ctx = max(options.p, options.d + options.n) + 64
    parameters.n_batch = max(options.p, options.d, 1)
    parameters.n_ubatch = 512
    parameters.n_threads = parameters.n_threads_batch = options.t
    context = llama.llama_init_from_model(model, parameters)
    vocabulary = llama.llama_vocab_n_tokens(llama.llama_model_get_vocab(model))
    memory = llama.llama_get_memory(context)

    def decode(tokens):
        array = (llama.llama_token * len(tokens))(*tokens)
        if llama.llama_decode(context, llama.llama_batch_get_one(array, len(tokens))) != 0:
            sys.exit("llama.cpp did not decode")
        llama.llama_synchronize(context)

    figures = {"prefill": [], "decode": []}
    for repetition in range(3):
        llama.llama_memory_clear(memory, True)
        prompt = [(7919 * i + repetition) % vocabulary for i in range(options.p)]
        start = time.perf_counter()
        decode(prompt)
        prefill = options.p / (time.perf_counter() - start)
        llama.llama_memory_clear(memory, True)
        if options.d:
            decode([(31 * i + repetition) % vocabulary for i in range(options.d)])
        start = time.perf_counter()
        for i in range(options.n):
            decode([(104729 * i + repetition) % vocabulary])
        if repetition:
            figures["prefill"].append(prefill)
            figures["decode"].append(options.n / (time.perf_counter() - start))
    print(json.dumps({name: statistics.median(values) for name, values in figures.items()}))


def busy_seconds():
    """Seconds of processors that were not idle, since the machine started."""
    with open("/proc/stat") as file:
        fields = [int(field) for field in file.readline().split()[1:9]]
    return (sum(fields) - fields[3] - fields[4]) / os.sysconf("SC_CLK_TCK")


def own_seconds():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def run(command):
    """What the command prints, and the part of the processors that others took meanwhile."""
    busy, own, start = busy_seconds(), own_seconds(), time.perf_counter()
    result = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True)
    wall = time.perf_counter() - start
    others = (busy_seconds() - busy) - (own_seconds() - own)
    return json.loads(result.stdout), others / wall / os.cpu_count()


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("emend")
    parser.add_argument("model")
    parser.add_argument("-p", type=int, default=512, help="tokens of the prompt")
    parser.add_argument("-n", type=int, default=64, help="tokens to decode, or 0")
    parser.add_argument("-d", type=int, default=0, help="tokens in the cache before decoding")
    parser.add_argument("-t", type=int, default=2, help="threads")
    parser.add_argument("-r", type=int, default=5, help="rounds")
    parser.add_argument(PEER, action="store_true", dest="peer", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.peer:
        return peer(options)

    sizes = ["-p", str(options.p), "-n", str(options.n), "-t", str(options.t)]
    depth = ["-d", str(options.d)] if options.d else []
    ours = [options.emend, "bench", "-m", options.model, *sizes, *depth, "-r", "2", "-o", "json"]
    theirs = [
        sys.executable, os.path.abspath(__file__), options.emend, options.model, *sizes, *depth,
        PEER]
    rounds, disturbed = [], 0
    while len(rounds) < options.r and disturbed < 2 * options.r:
        tests, others = run(ours)
        a = {"prefill": tests[0]["tokens_per_second"], "decode": tests[-1]["tokens_per_second"]}
        b, more = run(theirs)
        if max(others, more) > 0.03:
            disturbed += 1
            continue
        rounds.append((a, b))
    if not rounds:
        sys.exit("every round was disturbed by other processes")
    print(f"{os.path.basename(options.model)}: {len(rounds)} rounds, {disturbed} disturbed")
    for name, tokens in (("prefill", options.p), ("decode", options.n)):
        if tokens == 0:
            continue
        ratios = [a[name] / b[name] for a, b in rounds]
        print(
            f"  {name:8} Emend {statistics.median(a[name] for a, _ in rounds):8.1f}"
            f"   llama.cpp {statistics.median(b[name] for _, b in rounds):8.1f}"
            f"   ratio {statistics.median(ratios):.2f} ({min(ratios):.2f}-{max(ratios):.2f})")


if __name__ == "__main__":
    main()
