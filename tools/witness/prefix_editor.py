"""A prefix editor (P8) in PyTorch: writes one with random adapters as docs/editor-format.md has it, and says what a
model edited by it answers; or what autograd says of its adapters.

usage: prefix_editor.py reference MODEL.gguf IDENTITY.json IDS.json --out FOLDER [--lora 3] [--place user]
           [--strength 1] [--layers 0,2] [--prefix-tokens K]
       prefix_editor.py gradients MODEL.gguf EDITOR.safetensors BATCH [--out FILE] [--steps 10]
           [--learning-rate 1e-3] [--weight-decay 0.01] [--cosine 0.99999] [--error 1e-3]
           [--activations f32|int8]

IDENTITY.json is what `emend inspect MODEL.gguf --json` prints; IDS.json is {"ids": [...], "instruction": [...]}, the
second what the editor reads, in front of the first. FOLDER gets editor.safetensors and logits.safetensors, the logits
of the ids after the instruction.

BATCH is {"rows": [{"instruction": [ids], "prompt": [ids], "response": [ids]}, ...]} as JSON, or what
`emend train --save-gradients` wrote, with which the gradients are then compared. A sequence is instruction, prompt
(without the tokens that the instruction's beginning takes the place of) and response; the adapters act on the
instruction's rows alone; the loss is the mean cross-entropy of all response tokens.

With --prefix-tokens K, or an editor that says so, only the first token of the instruction and the last K are written:
they stand in front of the prompt without the others, at the positions from 0 on.

The states of the instruction are read by the model with adapters, y = W x + alpha / r B (A x), and x_i[l] =
mean[l] + s m[l] (e_i[l] - mean[l]) stands at the input of every block but the first where strength or layers are given.
"""

import argparse
import json
import math
import os
import sys
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from transformers import AutoConfig, AutoModelForCausalLM

import logits_file
from editor_gradients import agree
from editor_reference import PARTS, rotated_apart
from rounded_activations import round_inputs

MODULES = ("q_proj", "o_proj", "gate_proj", "up_proj", "down_proj")


def load(path, vocabulary):
    folder, name = os.path.split(path)
    config = AutoConfig.from_pretrained(folder, gguf_file=name)
    config.vocab_size = vocabulary  # which a file without a tokenizer does not say
    model = AutoModelForCausalLM.from_pretrained(
        folder, gguf_file=name, config=config, dtype=torch.float32).eval()
    return model.requires_grad_(False)


class Reading:
    """The adapters' part, on the rows that `mask` ([batch, length, 1]) is 1 for."""

    def __init__(self, model, adapters, tensors):
        self.mask = None
        scale = adapters["alpha"] / adapters["rank"]
        for block in range(adapters["depth"]):
            for name in adapters["modules"]:
                prefix = f"backbone.blocks.{block}.{name}."
                a, b = tensors[prefix + "lora_A"], tensors[prefix + "lora_B"]
                module = model.model.layers[block].get_submodule(f"{PARTS[name]}.{name}")
                module.register_forward_hook(
                    lambda _, inputs, output, name=name, a=a, b=b: output if self.mask is None else
                    output + self.mask * (
                        scale * (inputs[0] @ a.T) @ rotated_apart(name, b, model.config).T))


def block_inputs(model, words, reading):
    """e_i[l] of the words, [layers][words][width]."""
    states = []
    hooks = [block.register_forward_pre_hook(lambda _, args: states.append(args[0][0].clone()))
             for block in model.model.layers]
    reading.mask = torch.ones(1, len(words), 1)
    model.model(torch.tensor([words]))
    for hook in hooks:
        hook.remove()
    return states


def written(count, tokens):
    """The numbers of the tokens that are written, of `count` that are read."""
    return list(range(count)) if tokens is None or count <= tokens + 1 else [0, *range(count - tokens, count)]


def reference(options):
    torch.manual_seed(1)
    given = json.loads(Path(options.ids).read_text())
    ids, words = given["ids"], given["instruction"]
    processor = json.loads(Path(options.identity).read_text())["processor"]
    model = load(options.model, processor["vocabulary"])
    depth, width, rank = processor["layers"], processor["width"], options.lora
    tensors = {}
    for block in range(depth):
        for name in MODULES:
            weight = model.model.layers[block].get_submodule(f"{PARTS[name]}.{name}").weight
            prefix = f"backbone.blocks.{block}.{name}."
            tensors[prefix + "lora_A"] = torch.randn(rank, weight.shape[1]) / math.sqrt(weight.shape[1])
            tensors[prefix + "lora_B"] = 0.3 * torch.randn(weight.shape[0], rank) / math.sqrt(rank)
    tensors["mean"] = torch.randn(depth, width)
    adapters = {"rank": rank, "alpha": 2.0 * rank, "modules": sorted(MODULES), "depth": depth}
    reading = Reading(model, adapters, tensors)
    with torch.no_grad():
        states = block_inputs(model, words, reading)
        places = written(len(words), options.prefix_tokens)
        states = [state[places] for state in states]
        words = [words[place] for place in places]
        chosen = set(map(int, options.layers.split(","))) if options.layers else set(range(depth))
        for layer, block in enumerate(model.model.layers):
            # The input of block 0 are the tokens' embeddings, which are no part of the edit.
            factor = 1.0 if layer == 0 else options.strength if layer in chosen else 0.0
            mean = tensors["mean"][layer]
            x = states[layer] if factor == 1 and (layer == 0 or len(chosen) == depth) else (
                mean + factor * (states[layer] - mean))

            def stand(_, args, x=x):
                h = args[0].clone()
                h[0, : len(words)] = x
                return (h,) + args[1:]

            block.register_forward_pre_hook(stand)
        reading.mask = None
        logits = model(torch.tensor([words + ids])).logits[0, len(words):]
    configuration = {
        "interface": "p8", "layers": list(range(depth)), "positions": "ghost", "placement": "before",
        "scale": "plain", "heads": "per-layer", "instruction_place": options.place,
        "backbone": {"kind": "processor", "depth": depth, "width": width, "adapters": adapters},
        "processor": {key: processor[key] for key in ("width", "layers", "vocabulary", "digest")},
    }
    if options.prefix_tokens:
        configuration["prefix_tokens"] = options.prefix_tokens
    out = Path(options.out)
    out.mkdir(parents=True, exist_ok=True)
    save_file({name: value.contiguous() for name, value in tensors.items()},
              out / "editor.safetensors",
              {"format": "emend.editor", "version": "1", "configuration": json.dumps(configuration)})
    logits_file.save(out / "logits.safetensors", ids, logits.numpy(), made_by="PyTorch")
    print(f"{out}: {len(ids)} tokens after {len(words)}")


def read_batch(path):
    """Rows, where their content begins, and the gradients that were found of them, None where the file has none."""
    if path.endswith(".json"):
        return json.load(open(path))["rows"], 0, None
    with safe_open(path, "pt") as file:
        return (json.loads(file.metadata()["rows"]), int(file.metadata()["first_content"]),
                {name: file.get_tensor(name) for name in file.keys()})


def descend(options, tensors, optimizer, loss_of_rows, found):
    """Gradients of the first step and the losses of all, written and held to those that were found."""
    losses, first = [], None
    for _ in range(max(1, options.steps)):
        loss = loss_of_rows()
        optimizer.zero_grad()
        loss.backward()
        losses.append(loss.item())
        # Of the last block nothing but keys and values is seen where two passes are run.
        first = first or {name: torch.zeros_like(t) if t.grad is None else t.grad.clone()
                          for name, t in tensors.items()}
        if options.steps:
            optimizer.step()
    result = {name: value.contiguous() for name, value in first.items()}
    result["loss"] = torch.tensor([losses[0]])
    if options.steps:
        result["losses"] = torch.tensor(losses)
    print(f"loss {losses[0]:.6f}")
    if options.out:
        save_file(result, options.out)
    if found is not None and not agree(found, result, options):
        sys.exit(1)


def gradients(options):
    rows, first_content, found = read_batch(options.batch)
    with safe_open(options.editor, "pt") as file:
        configuration = json.loads(file.metadata()["configuration"])
        tensors = {name: file.get_tensor(name).float().requires_grad_() for name in file.keys()
                   if name != "mean"}
    model = load(options.model, configuration["processor"]["vocabulary"])
    reading = Reading(model, configuration["backbone"]["adapters"], tensors)
    if options.activations == "int8":
        round_inputs(model)
    optimizer = torch.optim.AdamW(
        tensors.values(), lr=options.learning_rate, weight_decay=options.weight_decay)

    def loss():
        tokens = configuration.get("prefix_tokens")
        return (loss_of(model, reading, rows, first_content) if tokens is None else
                short_loss_of(model, reading, rows, first_content, tokens))

    descend(options, tensors, optimizer, loss, found)


def loss_of(model, reading, rows, first_content):
    """Mean cross-entropy of the response tokens."""
    sequences = [row["instruction"] + row["prompt"][first_content:] + row["response"] for row in rows]
    longest = max(map(len, sequences))
    ids = torch.zeros(len(rows), longest, dtype=torch.long)
    there = torch.zeros(len(rows), longest, dtype=torch.long)
    reading.mask = torch.zeros(len(rows), longest, 1)
    targets = torch.full((len(rows), longest), -100)
    for number, (row, sequence) in enumerate(zip(rows, sequences)):
        ids[number, : len(sequence)] = torch.tensor(sequence)
        there[number, : len(sequence)] = 1
        reading.mask[number, : len(row["instruction"])] = 1
        start = len(sequence) - len(row["response"])
        targets[number, start - 1: len(sequence) - 1] = torch.tensor(row["response"])
    logits = model(input_ids=ids, attention_mask=there).logits
    return torch.nn.functional.cross_entropy(
        logits.reshape(-1, logits.shape[-1]), targets.reshape(-1), ignore_index=-100)


def short_loss_of(model, reading, rows, first_content, tokens):
    """The same of an editor that writes some tokens: one pass reads, another one answers, a row at a time."""
    blocks = model.model.layers
    total, count = 0.0, 0
    for row in rows:
        words = row["instruction"]
        places = written(len(words), tokens)
        states = []
        hooks = [block.register_forward_pre_hook(lambda _, args: states.append(args[0]))
                 for block in blocks]
        reading.mask = torch.ones(1, len(words), 1)
        model.model(torch.tensor([words]))
        for hook in hooks:
            hook.remove()
        reading.mask = None

        def stand(number):
            x = states[number][:, places]
            return lambda _, args: (torch.cat([x, args[0][:, len(places):]], dim=1),) + args[1:]

        hooks = [block.register_forward_pre_hook(stand(number)) for number, block in enumerate(blocks)]
        sequence = [words[place] for place in places] + row["prompt"][first_content:] + row["response"]
        logits = model(torch.tensor([sequence])).logits[0]
        for hook in hooks:
            hook.remove()
        start = len(sequence) - len(row["response"])
        total = total + torch.nn.functional.cross_entropy(
            logits[start - 1: len(sequence) - 1], torch.tensor(row["response"]), reduction="sum")
        count += len(row["response"])
    return total / count


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    verbs = parser.add_subparsers(required=True)
    verb = verbs.add_parser("reference")
    for name in ("model", "identity", "ids"):
        verb.add_argument(name)
    verb.add_argument("--out", required=True)
    verb.add_argument("--lora", type=int, default=3)
    verb.add_argument("--place", choices=["user", "system"], default="user")
    verb.add_argument("--strength", type=float, default=1)
    verb.add_argument("--layers")
    verb.add_argument("--prefix-tokens", type=int)
    verb.set_defaults(run=reference)
    verb = verbs.add_parser("gradients")
    for name in ("model", "editor", "batch"):
        verb.add_argument(name)
    verb.add_argument("--out")
    verb.add_argument("--steps", type=int, default=0)
    verb.add_argument("--learning-rate", type=float, default=1e-3)
    verb.add_argument("--weight-decay", type=float, default=0.01)
    verb.add_argument("--cosine", type=float, default=0.99999, help="least, for any parameter")
    verb.add_argument("--error", type=float, default=1e-3, help="largest relative one")
    verb.add_argument("--activations", choices=["f32", "int8"], default="f32")
    verb.set_defaults(run=gradients)
    options = parser.parse_args()
    options.run(options)


if __name__ == "__main__":
    main()
