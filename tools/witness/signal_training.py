"""Stops a training by double signals at random moments and goes on; its end must be that of one that was left
alone.

usage: signal_training.py EMEND MODEL.gguf [--stops 20] [--steps 200] [--seed 1] [OPTION OF emend train...]

In turns what Slurm sends, SIGTERM, SIGCONT and SIGTERM 10 to 20 ms apart, and two of SIGTERM, SIGINT, SIGUSR1,
SIGUSR2 and SIGXCPU up to 40 ms apart. Each stop must exit with 75 and print the line that goes on. Then mpirun's way,
SIGTERM and SIGKILL a second later (mpirun itself: mpirun_training.sh).
Exits 1 unless the final editors' bytes are the same. Needs nothing but Python.
"""

import argparse
import hashlib
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SIGNALS = [signal.SIGTERM, signal.SIGINT, signal.SIGUSR1, signal.SIGUSR2, signal.SIGXCPU]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("emend")
    parser.add_argument("model")
    parser.add_argument("--stops", type=int, default=20)
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    options, others = parser.parse_known_args()
    random.seed(options.seed)

    with tempfile.TemporaryDirectory() as folder:
        def command(name):
            return [options.emend, "train", "-m", options.model, "--random-rows", "24x24x8",
                    "--batch-size", "2", "--steps", str(options.steps), "--backbone", "gpt2:2x64x2",
                    "--heads", "shared", "--save-every", "0", "--save-every-seconds", "0.2",
                    "--steps-per-eval", "0", "--output", f"{folder}/{name}", *others, "--resume", "auto"]

        def digest(name):
            return hashlib.sha256(Path(f"{folder}/{name}/editor.safetensors").read_bytes()).hexdigest()

        def lines(name):
            path = Path(f"{folder}/{name}/metrics.jsonl")
            return len(path.read_text().splitlines()) if path.exists() else 0

        start = time.time()
        subprocess.run(command("whole"), check=True, capture_output=True)
        whole = time.time() - start
        stops = 0
        while True:
            begun = lines("stopped")
            run = subprocess.Popen(command("stopped"), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
            if stops <= options.stops:
                # Once it is under way.
                while run.poll() is None and lines("stopped") <= begun:
                    time.sleep(0.002)
                time.sleep(random.uniform(0, whole / (options.stops + 2)))
            if stops < options.stops:
                if stops % 2 == 0:
                    sent, least, most = [signal.SIGTERM, signal.SIGCONT, signal.SIGTERM], 0.01, 0.02
                else:
                    sent, least, most = random.choices(SIGNALS, k=2), 0, 0.04
                for number in sent:
                    run.send_signal(number)
                    time.sleep(random.uniform(least, most))
            elif stops == options.stops:
                sent = [signal.SIGTERM, signal.SIGKILL]
                run.send_signal(sent[0])
                try:
                    run.wait(timeout=1)
                except subprocess.TimeoutExpired:
                    run.kill()
            errors = run.stderr.read().decode()
            run.wait()
            stops += 1
            if run.returncode == 0:
                break
            killed = stops == options.stops + 1 and run.returncode == -signal.SIGKILL
            if not killed and (run.returncode != 75 or not errors.rstrip().endswith("--resume auto")):
                sys.exit(f"after {[s.name for s in sent]}: exit code {run.returncode}: {errors}")
        same = digest("whole") == digest("stopped")
        print(f"{options.steps} steps, stopped {stops - 1} times: {'the same' if same else 'OTHER'} bytes")
        sys.exit(0 if same else 1)


main()
