#!/usr/bin/env python3
"""Make what the experiment `cebab` of a study measures: a model that rates reviews, and an editor of it.

  tools/counterfactual_editor.py EMEND MODEL.gguf CEBaB-v1.1 FOLDER [--without ASPECT] [--pairs 6000] [-t THREADS]

The model is tuned on the reviews of train_exclusive.json that most people gave one number of stars (`emend train
--tune`), the adapters are merged into a file of its own, and that rates the reviews of train_inclusive.json. The editor
(a reading prefix) then learns from pairs of reviews between which people saw one aspect change: it reads "Make the food
bad.", the model reads the first review, and the target is a rating drawn from what the model makes of the second one, so
that the cross-entropy is KL(N(x') || N(x; edit)) but for a constant. With --without nothing is trained on that aspect.
Originals of the test set are in neither. Interrupted, it goes on where it was when it is called again. Quarter of an hour
on two cores. Needs no package.
"""

import argparse
import http.client
import json
import math
import random
import socket
import subprocess
import sys
import time
from pathlib import Path

ASPECTS = ["food", "ambiance", "service", "noise"]
# `cebab` asks in the first of these; the last is kept from training, to measure with.
WORDINGS = [
    "Make the {aspect} {value}.",
    "Answer as if the {aspect} were {value}.",
    "Let the {aspect} be {value}.",
    "Suppose the {aspect} had been {value}.",
]
VALUES = {"Negative": "bad", "Positive": "good", "unknown": "not mentioned"}
TUNING = ["--lora-rank", "8", "--steps", "550", "--unseen-part", "0.03", "--seen-part", "0.02"]
EDITOR = ["--backbone", "processor", "--lora-rank", "16", "--interface", "p8", "--instruction-place", "system"]
EDITOR += ["--steps", "600"]
SHARED = ["--batch-size", "8", "--learning-rate", "5e-4", "--backbone-learning-rate", "5e-4"]
SHARED += ["--backward", "int8", "--grad-checkpoint", "off", "--steps-per-eval", "100", "--save-every", "50"]


def asked(review):
    """What the model is asked about a review."""
    return review["description"] + "\n\nStars (1-5):"


def pairs(reviews):
    """(base, counterfactual, aspect, value) of reviews of one original between which people saw one aspect change."""
    groups = {}
    for review in reviews:
        groups.setdefault(review["original_id"], []).append(review)
    for group in groups.values():
        for a in group:
            for b in group:
                changed = {r["edit_type"] for r in (a, b) if not r["is_original"]}
                if a is b or len(changed) != 1:
                    continue
                aspect = changed.pop()
                label = f"{aspect}_aspect_majority"
                if a[label] != b[label] and b[label] in VALUES:
                    yield a, b, aspect, b[label]


def write(path, rows):
    """Rows as JSON lines; whole or not at all."""
    partial = Path(f"{path}.partial")
    partial.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    partial.rename(path)


def train(arguments, output, *options):
    """`emend train` into a folder, or on from where it was."""
    resume = ["--resume"] if (output / "training.state").exists() else []
    command = [arguments.emend, "train", "--output", output, "-t", arguments.threads, *options, *SHARED, *resume]
    subprocess.run(list(map(str, command)), check=True)


def ratings(arguments, model, reviews):
    """The model's distribution over one to five stars of each review, by its number."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [arguments.emend, "serve", "-m", model, "--port", port, "-np", 1, "-c", 1024, "-t", arguments.threads]
    server = subprocess.Popen(list(map(str, command)), stdout=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 120
        while True:
            try:
                connection = http.client.HTTPConnection("127.0.0.1", port)
                connection.request("GET", "/health")
                answer = connection.getresponse()
                answer.read()
                if answer.status == 200:
                    break
            except OSError:
                pass
            if server.poll() is not None or time.monotonic() > deadline:
                sys.exit("error: emend serve did not start; its message stands above")
            time.sleep(0.1)
        for number, review in reviews.items():
            body = {
                "prompt": f"<|im_start|>user\n{asked(review)}<|im_end|>\n<|im_start|>assistant\n",
                "n_predict": 1,
                "n_probs": 40,
                "temperature": -1,
            }
            connection.request("POST", "/completion", json.dumps(body), {"Content-Type": "application/json"})
            answer = json.loads(connection.getresponse().read())
            if "error" in answer:
                sys.exit(f"error: review {review['id']}: {answer['error']}")
            first = answer["completion_probabilities"][0]
            found = {entry["token"].strip(): entry["logprob"] for entry in first["top_logprobs"]}
            weights = [math.exp(found[star]) if star in found else 0.0 for star in "12345"]
            if not any(weights):
                sys.exit(f"error: {model}: it says none of 1 to 5 of review {review['id']}; remove it, to tune it anew")
            yield number, [weight / sum(weights) for weight in weights]
    finally:
        server.terminate()
        server.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("emend", type=Path)
    parser.add_argument("model", type=Path)
    parser.add_argument("cebab", type=Path, help="the folder of CEBaB v1.1")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--without", choices=ASPECTS, help="an aspect on which the editor is not trained")
    parser.add_argument("--pairs", type=int, default=6000, help="pairs to learn from (default: 6000)")
    parser.add_argument("-t", "--threads", type=int, default=1)
    arguments = parser.parse_args()
    folder = arguments.folder
    parts = [arguments.cebab / f"{part}.json" for part in ("train_exclusive", "train_inclusive", "dev", "test")]
    for path in [arguments.emend, arguments.model, *parts]:
        if not path.is_file():
            why = "; the third argument is the folder of CEBaB v1.1" if path in parts else ""
            sys.exit(f"error: {path}: there is no such file{why}")
    folder.mkdir(parents=True, exist_ok=True)

    rater = folder / "rater.q8_0.gguf"
    if not rater.exists():
        reviews = json.loads((arguments.cebab / "train_exclusive.json").read_text(encoding="utf-8"))
        write(
            folder / "rated.jsonl",
            (
                {"instruction": asked(r), "input": "", "output": r["review_majority"]}
                for r in reviews
                if r["review_majority"] in list("12345")
            ),
        )
        train(arguments, folder / "tuned", "-m", arguments.model, "--data", folder / "rated.jsonl", "--tune", *TUNING)
        subprocess.run(
            [arguments.emend, "convert", arguments.model, rater, "--type", "q8_0", "--allow-requantize", "--lora",
             folder / "tuned" / "peft"],
            check=True,
        )

    name = f"without-{arguments.without}" if arguments.without else "all"
    data = folder / f"{name}.jsonl"
    if not data.exists():
        reviews = json.loads((arguments.cebab / "train_inclusive.json").read_text(encoding="utf-8"))
        originals = {
            review["original_id"]
            for part in ("dev", "test")
            for review in json.loads((arguments.cebab / f"{part}.json").read_text(encoding="utf-8"))
        }
        found = [pair for pair in pairs(reviews) if pair[0]["original_id"] not in originals]
        found = [pair for pair in found if pair[2] != arguments.without]
        random.seed(0)
        found = random.sample(found, min(arguments.pairs, len(found)))
        print(f"== {len(found)} pairs", file=sys.stderr)
        rated = folder / "ratings.json"
        known = json.loads(rated.read_text(encoding="utf-8")) if rated.exists() else {}
        missing = {b["id"]: b for _, b, _, _ in found if b["id"] not in known}
        for count, (number, rating) in enumerate(ratings(arguments, rater, missing), 1):
            known[number] = rating
            if count % 500 == 0 or count == len(missing):
                print(f"== {count} of {len(missing)} reviews rated", file=sys.stderr)
                rated.write_text(json.dumps(known), encoding="utf-8")
        rows = []
        for a, b, aspect, value in found:
            wording = random.choice(WORDINGS)
            rows.append({
                "instruction": wording.format(aspect=aspect, value=VALUES[value]),
                "input": asked(a),
                "output": random.choices("12345", known[b["id"]])[0],
                "family": f"{aspect} {VALUES[value]}",
                "split": "unseen" if wording == WORDINGS[-1] else "train",
            })
        write(data, rows)
    train(arguments, folder / name, "-m", rater, "--data", data, *EDITOR)
    print(f"model: {rater}\ncounterfactuals: {arguments.cebab}")
    print(f"editors: {{{name}: {folder / name / 'editor.safetensors'}}}")


if __name__ == "__main__":
    try:
        main()
    except subprocess.CalledProcessError as failure:
        # Its message stands above; 75 is a training that was stopped and goes on.
        sys.exit(failure.returncode)
    except KeyboardInterrupt:
        sys.exit(75)
