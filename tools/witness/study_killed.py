"""A study that is killed at random moments, and one that several processes work on, beside one that is left alone.

usage: study_killed.py EMEND MODEL.gguf EDITOR.safetensors ROWS.jsonl [--kills 20] [--processes 2] [--train]

EMEND is the program; of ROWS.jsonl, rows of `emend train` with families, 8 families are taken. A small study is run to its end; then
again in another folder, ended by SIGKILL after a random part of the first one's time, as often as said, and run to its
end; then again by several processes at once, one of which is killed. All have to leave the same results.jsonl, byte by
byte. With --train the study is of a few trainings of twelve steps, which are ended in the middle of a step too.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time


MEASURED = {"contribution": {"steps": 2}, "words": {}, "stress": {}, "reading": {}, "dose": {}}
TRAINED = {"frontier": {"l0": [0.05], "best": [2]}, "permuted": {"steps": 6, "interval": 3},
           "reader": {"steps": 12, "batch_size": 2, "rank": 4}}


def study(folder, name, options, rows):
    path = os.path.join(folder, f"{name}.yaml")
    with open(path, "w") as file:
        json.dump({
            "study": "killed", "output": os.path.join(folder, name), "model": os.path.abspath(options.model),
            "data": [rows], "editors": {"e": os.path.abspath(options.editor)},
            "rows": {"unseen": 4, "per_family": 1, "known": 1}, "execution": {"threads": 1},
            "bootstrap": {"resamples": 50},
            "train": {"steps": 12, "batch_size": 2},
            "experiments": TRAINED if options.train else MEASURED}, file)
    return path


def start(options, path):
    return subprocess.Popen(
        [options.emend, "study", "run", path], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


def finish(process):
    _, errors = process.communicate()
    assert process.returncode == 0, errors


def main():
    parser = argparse.ArgumentParser()
    for name in ("emend", "model", "editor", "rows"):
        parser.add_argument(name)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--train", action="store_true")
    options = parser.parse_args()
    random.seed(22)
    with tempfile.TemporaryDirectory() as folder:
        rows = os.path.join(folder, "rows.jsonl")
        found = [json.loads(line) for line in open(options.rows)]
        single = [row for row in found if not row["parts"]]
        families = sorted({row["family"] for row in single if row["split"] == "unseen"})[:8]
        with open(rows, "w") as file:
            for row in single:
                if row["family"] in families and row["split"] in ("train", "unseen"):
                    file.write(json.dumps(row) + "\n")

        begin = time.monotonic()
        finish(start(options, study(folder, "whole", options, rows)))
        seconds = time.monotonic() - begin
        wanted = open(os.path.join(folder, "whole", "results.jsonl"), "rb").read()
        print(f"alone: {seconds:.1f} s, {len(wanted.splitlines())} lines")

        killed = study(folder, "killed", options, rows)
        kills = 0
        while kills < options.kills:
            process = start(options, killed)
            try:
                process.wait(random.uniform(0.05, 1.2) * seconds / max(4, options.kills / 3))
                break  # It was done before.
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
                process.communicate()
                kills += 1
        finish(start(options, killed))
        same = open(os.path.join(folder, "killed", "results.jsonl"), "rb").read() == wanted
        print(f"killed {kills} times: {'the same' if same else 'other'} bytes")

        shared = study(folder, "shared", options, rows)
        processes = [start(options, shared) for _ in range(options.processes)]
        victim = start(options, shared)
        time.sleep(seconds / 4)
        victim.send_signal(signal.SIGKILL)
        victim.communicate()
        for process in processes:
            finish(process)
        alike = open(os.path.join(folder, "shared", "results.jsonl"), "rb").read() == wanted
        print(f"{options.processes} processes, and one that was killed: {'the same' if alike else 'other'} bytes")
    sys.exit(not (same and alike))


if __name__ == "__main__":
    main()
