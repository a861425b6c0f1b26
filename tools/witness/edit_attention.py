"""How much tokens look at the first one, unedited and under edits of it, by block, in PyTorch.

usage: edit_attention.py EMEND MODEL.gguf ROWS.jsonl NAME=EDITOR.safetensors ... [--rows 24] [--split unseen]
           [--json FILE]

EMEND compiles the edit of each row's instruction (f32 throughout), whose keys and values stand in the place of the first
token's own in transformers' cache; then come the rest of the prompt, as ChatML, and the output. For each block: the mean
attention to token 0 over heads, later tokens and rows, and the largest difference from the unedited model's; and the
mean loss of the output's tokens, which is that of `emend evaluate` to rounding. Intervals of 95 % draw rows, 2000 times.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile

import torch
from safetensors import safe_open
from transformers import AutoModelForCausalLM, AutoTokenizer, DynamicCache


def compiled(options, editor, instruction, first, folder):
    """Keys in transformers' order and values of the first token, [layers, kv heads, head size], and which it is."""
    path = os.path.join(folder, "edit.safetensors")
    subprocess.run(
        [options.emend, "edit", "compile", "-m", options.model, "--editor", editor, "--instruction", instruction,
         "--activations", "f32", "--cache-type", "f32", "--first-token", first, "-o", path], check=True, capture_output=True)
    with safe_open(path, "pt") as file:
        token = int(file.metadata()["first_token"])
        keys, values = file.get_tensor("keys"), file.get_tensor("values")
    # In a GGUF the two numbers that are rotated together lie side by side.
    return token, torch.cat([keys[..., 0::2], keys[..., 1::2]], -1), values


def run(model, ids, start, first=None):
    """Attention to token 0 by block, a mean over heads and later tokens, and the mean loss of the tokens from `start` on."""
    cache = DynamicCache()
    fed = ids
    if first is not None:
        for layer, (k, v) in enumerate(zip(*first)):
            cache.update(k[None, :, None], v[None, :, None], layer)
        fed = ids[1:]
    with torch.no_grad():
        out = model(torch.tensor([fed]), past_key_values=cache, output_attentions=True)
    skipped = len(ids) - len(fed)
    attention = torch.stack([a[0, :, 1 - skipped:, 0].mean() for a in out.attentions])
    rows = torch.log_softmax(out.logits[0, start - 1 - skipped: -1], -1)
    return attention, -rows.gather(1, torch.tensor(ids[start:])[:, None]).mean().item()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("emend")
    parser.add_argument("model")
    parser.add_argument("data")
    parser.add_argument("editors", nargs="+")
    parser.add_argument("--rows", type=int, default=24)
    parser.add_argument("--split", default="unseen")
    parser.add_argument("--json")
    options = parser.parse_args()
    torch.manual_seed(0)
    torch.set_num_threads(1)
    folder, name = os.path.split(options.model)
    tokenizer = AutoTokenizer.from_pretrained(folder, gguf_file=name)
    model = AutoModelForCausalLM.from_pretrained(
        folder, gguf_file=name, dtype=torch.float32, attn_implementation="eager").eval()
    rows = [row for row in map(json.loads, open(options.data)) if row["split"] == options.split][: options.rows]
    editors = dict(e.split("=", 1) for e in options.editors)
    found = {name: [] for name in ["unedited", *editors]}
    losses = {name: [] for name in found}
    with tempfile.TemporaryDirectory() as temporary:
        for row in rows:
            prompt = f"<|im_start|>user\n{row['input']}<|im_end|>\n<|im_start|>assistant\n"
            start = len(tokenizer(prompt).input_ids)
            ids = tokenizer(prompt + row["output"] + "<|im_end|>").input_ids
            for name in found:
                first = None
                if name != "unedited":
                    token, *first = compiled(
                        options, editors[name], row["instruction"], str(ids[0]), temporary)
                    assert token == ids[0], "the edit is of another first token"
                attention, loss = run(model, ids, start, first)
                found[name].append(attention)
                losses[name].append(loss)
    result = {}
    draws = torch.randint(len(rows), (2000, len(rows)))
    base = torch.stack(found["unedited"])
    print("block     " + "".join(f"{name:>12}" for name in found))
    for layer in range(base.shape[1]):
        print(f"{layer:5}     " + "".join(f"{torch.stack(a)[:, layer].mean():12.3f}" for a in found.values()))
    for name in found:
        difference = torch.stack(found[name]) - base
        largest = difference.mean(0).abs().max().item()
        drawn = difference[draws].mean(1).abs().amax(1).quantile(torch.tensor([0.025, 0.975])).tolist()
        mean = difference.mean().item()
        result[name] = {"attention": torch.stack(found[name]).mean(0).tolist(), "loss": sum(losses[name]) / len(rows),
                        "largest_difference": largest, "interval": drawn, "mean_difference": mean}
        print(f"{name}: loss {result[name]['loss']:.3f}, largest difference of a block {largest:.3f} "
              f"[{drawn[0]:.3f}, {drawn[1]:.3f}], mean {mean:+.3f}")
    if options.json:
        json.dump(result, open(options.json, "w"))


if __name__ == "__main__":
    sys.exit(main())
