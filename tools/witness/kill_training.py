"""Kills a training at random moments and resumes it; its end must be that of one that was left alone.

usage: kill_training.py EMEND MODEL.gguf [--kills 20] [--steps 60] [--seed 1] [--prefix] [OPTION OF emend train...]

The editor is a small GPT-2 with shared heads; with --prefix it is a reading prefix (P8).

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


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("emend")
    parser.add_argument("model")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--prefix", action="store_true")
    options, others = parser.parse_known_args()
    editor = (["--interface", "p8", "--lora-rank", "4"] if options.prefix
              else ["--backbone", "gpt2:2x64x2", "--heads", "shared"])
    random.seed(options.seed)

    with tempfile.TemporaryDirectory() as folder:
        def command(name, *more):
            return [options.emend, "train", "-m", options.model, "--random-rows", "24x24x8",
                    "--batch-size", "2", "--steps", str(options.steps), *editor,
                    "--save-every", "3", "--output", f"{folder}/{name}",
                    *others, *more]

        def digest(name):
            return hashlib.sha256(Path(f"{folder}/{name}/editor.safetensors").read_bytes()).hexdigest()

        start = time.time()
        subprocess.run(command("whole"), check=True, capture_output=True)
        whole = time.time() - start
        kills = 0
        while kills < options.kills:
            resumes = Path(f"{folder}/killed/training.state").exists()
            if not resumes and Path(f"{folder}/killed").exists():
                for path in Path(f"{folder}/killed").iterdir():
                    path.unlink()
            run = subprocess.Popen(
                command("killed", *(["--resume"] if resumes else [])),
                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
            try:
                # Long enough, on average, for the kills to be spread over the whole training.
                run.wait(timeout=random.uniform(0.05, max(2.0, 2 * whole / options.kills)))
                if run.returncode != 0:
                    sys.exit(f"a resumed training failed: {run.stderr.read().decode()}")
                break
            except subprocess.TimeoutExpired:
                run.send_signal(signal.SIGKILL)
                run.wait()
                kills += 1
        final = subprocess.run(command("killed", "--resume", "auto"), capture_output=True, text=True)
        if final.returncode != 0:
            sys.exit(f"the last resume failed: {final.stderr}")
        left = [path.name for path in Path(f"{folder}/killed").iterdir() if ".partial" in path.name]
        same = digest("whole") == digest("killed")
        print(f"{kills} kills, then the same bytes as without: {same}; files left over: {left or 'none'}")
        sys.exit(0 if same and kills >= options.kills and not left else 1)


if __name__ == "__main__":
    main()
