#!/usr/bin/env python3
"""What a step takes on several ranks, from parameters, ranks, network and what a rank computes (docs/cluster.md).

Each way - gradients to the rank that has their share, updated parameters back - a rank sends and receives
v = 4 P (N - 1) / N bytes, in K buckets of at most 2 MB, each of N - 1 messages:

    e = max(v / bandwidth, K (N - 1) message)

Gradients of the last of S blocks are final after 1 / S of the backward pass, and those of the first at its end;
parameters of the first block are needed at once, and those of the last after (S - 1) / S of the forward pass. What
is not hidden behind the passes is

    max(e / S, e - backward (S - 1) / S) + max(e / S, e - forward (S - 1) / S)

An editor of latents reads an instruction first, and has heads that are computed with the blocks of the processor
(`latents`): in the order of reading its parameters are those of the reading blocks and then the heads, block by block, and
gradients are final in the opposite order. The whole order is simulated: what has come or gone by when.

With checkpoints at every block a step is one forward pass, the same again, and a backward pass, all about as long:
forward is 1 / 3 and backward 2 / 3 of a step.

usage: cluster_model.py                                        the tables of docs/cluster.md
       cluster_model.py P RANKS BITS_PER_SECOND SECONDS STAGES  one step, whose passes take so long on one rank
       cluster_model.py READING HEADS RANKS BITS_PER_SECOND SECONDS TOKENS INSTRUCTION BLOCKS   the same, with heads
"""
import math
import sys

BUCKET = 2048 * 256
# Sending or receiving a message costs a rank's core as much, in seconds; two small gathers take two trips of log2 N.
MESSAGE = 10e-6
TRIP = 100e-6


def exchange(parameters, ranks, bandwidth, stages):
    """Seconds that messages of one way are under way."""
    if ranks == 1:
        return 0.0
    volume = 4 * parameters * (ranks - 1) / ranks
    buckets = stages * math.ceil(parameters / stages / BUCKET)
    return max(volume / (bandwidth / 8), buckets * (ranks - 1) * MESSAGE)


def step(parameters, ranks, bandwidth, seconds, stages):
    """Seconds under way both ways, not hidden, and of the whole step."""
    one = exchange(parameters, ranks, bandwidth, stages)
    forward, backward = seconds / 3, 2 * seconds / 3
    shown = sum(max(one / stages, one - time * (stages - 1) / stages) for time in (backward, forward))
    shown += 2 * math.ceil(math.log2(ranks)) * TRIP if ranks > 1 else 0
    return 2 * one, shown, seconds + shown


def latents(reading, heads, ranks, bandwidth, seconds, tokens, instruction, blocks):
    """Seconds under way both ways, not hidden, and of the whole step, of `reading` parameters that read and `heads`.

    A processor's block takes a row of so many tokens and an instruction's tokens equally long; the processor's are run
    three times (forward, again, backward), those of the reading pass, whose activations are kept, twice."""
    whole = 3 * tokens + 2 * instruction
    read, forward = seconds * instruction / whole / blocks, seconds * tokens / whole / blocks
    parts = [exchange(count / blocks, ranks, bandwidth, 1) for count in (reading, heads)]
    order = [(parts[0], read, read)] * blocks + [(parts[1], forward, 2 * forward)] * blocks
    arrived = clock = computed = 0.0
    for part, ahead, _ in order:
        arrived += part
        clock = max(clock, arrived) + ahead
        computed += ahead
    shown = clock - computed
    sent = clock = 0.0
    for part, _, back in reversed(order):
        clock += back
        sent = max(sent, clock) + part
    shown += sent - clock
    shown += 2 * math.ceil(math.log2(ranks)) * TRIP if ranks > 1 else 0
    return 2 * blocks * sum(parts), shown, seconds + shown


def main():
    if len(sys.argv) == 6:
        parameters, ranks, bandwidth, seconds, stages = map(float, sys.argv[1:])
        way, shown, whole = step(parameters, int(ranks), bandwidth, seconds, int(stages))
        print(f"{way:.2f} s under way, {shown:.2f} s waited for, {whole:.2f} s a step")
        return
    if len(sys.argv) == 9:
        numbers = [float(word) for word in sys.argv[1:]]
        way, shown, whole = latents(*numbers[:2], int(numbers[2]), *numbers[3:7], int(numbers[7]))
        print(f"{way:.2f} s under way, {shown:.2f} s waited for ({100 * (1 - shown / way):.0f} % hidden), {whole:.2f} s a step")
        return
    # Reading prefixes of rank 16; tokens of a rank's part of a step, and tokens a second of a rank.
    shapes = [("7 B", 31.6e6, 32, 2048, 96), ("70 B", 183.5e6, 80, 2048, 9.6)]
    for name, parameters, stages, tokens, rate in shapes:
        seconds = tokens / rate
        print(f"\n{name}: {parameters / 1e6:.1f} M trained parameters, {tokens} tokens a rank and step, {seconds:.0f} s of computing\n")
        print("| ranks | 1 Gbit/s: under way | step | 10 Gbit/s: under way | step | tokens/s at 1 Gbit/s | moments a rank |")
        print("|---:|---:|---:|---:|---:|---:|---:|")
        for ranks in [2**n for n in range(1, 11)]:
            cells = [str(ranks)]
            for bandwidth in (1e9, 1e10):
                way, _, whole = step(parameters, ranks, bandwidth, seconds, stages)
                cells += [f"{way:.2f} s", f"{whole:.2f} s"]
            whole = step(parameters, ranks, 1e9, seconds, stages)[2]
            cells += [f"{tokens * ranks / whole:,.0f}", f"{8 * parameters / ranks / 1e6:.2f} MB"]
            print("| " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
