"""A control vector of `emend edit distill` in llama.cpp: greedy answers with it and without it, beside Emend's.

usage: distilled_vector.py EMEND MODEL.gguf VECTOR.gguf [PROMPT...]

The prompts, ChatML, are given to both as the same tokens. llama.cpp rounds otherwise, so
that an answer may part from Emend's after some tokens: what is asked is that most tokens of Emend's answer with the vector
are llama.cpp's first choice too where it is given what came before, and that fewer are without the vector. Needs
llama-cpp-python and gguf (requirements.txt); not part of CI.
"""

import argparse
import json
import subprocess
import sys

from llamacpp import Session, add_options

PROMPTS = ["Why is the sky blue?", "Tom found the old violin in the garden.", "How is paper made?", "What is rain?"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("emend")
    parser.add_argument("model")
    parser.add_argument("vector")
    parser.add_argument("prompts", nargs="*", default=PROMPTS)
    add_options(parser)
    options = parser.parse_args()

    def emend(*arguments):
        done = subprocess.run([options.emend, *arguments], capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(done.stderr)
        return done.stdout

    plain, edited = (Session(options.model, 1024, options) for _ in range(2))
    edited.add_control_vector(options.vector, 1)
    totals = [0, 0, 0]
    for prompt in options.prompts:
        text = f"<|im_start|>user\n{prompt}<|im_end|>\n<|im_start|>assistant\n"
        answer = json.loads(emend("generate", "-m", options.model, "-p", text, "--parse-special", "--temp", "0", "-n", "32",
                                  "--control-vector", options.vector, "--json"))
        ids = answer["prompt_ids"] + answer["ids"]
        first = len(answer["prompt_ids"]) - 1
        agree = [int((s.logits(ids[:-1], first).argmax(1) == ids[first + 1:]).sum()) for s in (edited, plain)]
        totals = [a + b for a, b in zip(totals, agree + [len(answer["ids"])])]
        print(f"> {prompt}\n  {answer['text']!r}: first choice of {agree[0]} of {len(answer['ids'])} tokens with the vector, "
              f"of {agree[1]} without")
    print(f"all: {totals[0]} of {totals[2]} with the vector, {totals[1]} without")
    return 0 if totals[0] >= 0.9 * totals[2] and totals[1] < totals[0] else 1


if __name__ == "__main__":
    sys.exit(main())
