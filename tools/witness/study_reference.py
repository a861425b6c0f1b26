"""What PyTorch finds where `emend edit explain` says where an edit acts: losses, halves, the map of
blocks and integrated gradients.

usage: study_reference.py MODEL.gguf EDITOR.safetensors KNOWN.txt EXPLANATION.json [--error 2e-3] [--time THREADS]

EXPLANATION.json is what `emend edit explain -m MODEL.gguf --editor EDITOR.safetensors --known KNOWN.txt --activations f32
--json` printed; KNOWN.txt has an instruction a line. The editor is one of p0 at the first token or of p8, on the processor's
own blocks. Everything is computed again from the texts: the instruction is read through the adapters, the mean edit is
taken, and keys and values in front of the prompts are exchanged by hooks on k_proj and v_proj. Losses are compared in nat
a token, shares as they are. With --time the whole map of blocks (halves, windows, from and before each block, each alone,
gradients) is computed once more, up to 32 mixtures of a row in one pass, and its seconds stand beside `map_seconds`. Run it
with the versions of requirements.txt beside this file.
"""

import argparse
import json
import math
import os
import sys
import time

import torch
from safetensors import safe_open
from transformers import AutoModelForCausalLM, AutoTokenizer

from editor_reference import PARTS, rotated_apart


class Reader:
    """An editor on the processor's own blocks."""

    def __init__(self, model, tokenizer, path):
        self.model, self.tokenizer = model, tokenizer
        with safe_open(path, "pt") as file:
            self.configuration = json.loads(file.metadata()["configuration"])
            self.tensors = {name: file.get_tensor(name).float() for name in file.keys()}
        self.is_prefix = self.configuration["interface"] == "p8"
        adapters = self.configuration["backbone"]["adapters"]
        scale = adapters["alpha"] / adapters["rank"]
        self.on = False
        for block in range(adapters["depth"]):
            for name in adapters["modules"]:
                prefix = f"backbone.blocks.{block}.{name}."
                a, b = self.tensors[prefix + "lora_A"], self.tensors[prefix + "lora_B"]
                b = rotated_apart(name, b, model.config)
                model.model.layers[block].get_submodule(f"{PARTS[name]}.{name}").register_forward_hook(
                    lambda _, inputs, output, a=a, b=b:
                    output + scale * (inputs[0] @ a.T) @ b.T if self.on else output)

    def ids(self, text):
        return self.tokenizer(text, add_special_tokens=False).input_ids

    def opening(self, text):
        place = self.configuration["instruction_place"]
        return self.ids(
            f"<|im_start|>system\n{text}<|im_end|>\n<|im_start|>user\n" if place == "system" else
            f"<|im_start|>user\n{text}\n")

    @torch.no_grad()
    def write(self, text):
        """p8: the opening and the input of every block [L, n, d]; p0: the latents [L, d], gates in them."""
        words = self.opening(text) if self.is_prefix else self.ids(text)
        inputs = []
        hooks = [block.register_forward_pre_hook(lambda _, args: inputs.append(args[0][0].clone()))
                 for block in self.model.model.layers]
        self.on = True
        last = self.model.model(torch.tensor([words])).last_hidden_state[0]
        self.on = False
        for hook in hooks:
            hook.remove()
        if self.is_prefix:
            return words, torch.stack(inputs)
        states = torch.stack([*(state[-1] for state in inputs[1:]), last[-1]])
        states = torch.nn.functional.layer_norm(
            states, states.shape[-1:], self.tensors["norm.weight"], self.tensors["norm.bias"], 1e-5)
        latents = torch.stack([
            self.tensors[f"heads.{layer}.weight"] @ state + self.tensors[f"heads.{layer}.bias"]
            for layer, state in enumerate(states)])
        return words, latents * self.tensors["gates"].reshape(len(states), 1)

    def roles(self, words):
        a, b = self.opening("Make it"), self.opening("7")
        front = next(i for i, (x, y) in enumerate(zip(a, b)) if x != y)
        back = next(i for i, (x, y) in enumerate(zip(a[::-1], b[::-1])) if x != y)
        count = len(words)
        return [("front", i) if i < front else ("back", count - 1 - i) if i >= count - back else "words"
                for i in range(count)]


def mean_edit(reader, known, words, written):
    """The mean of what is written for `known`, in the place of `written`."""
    if not reader.is_prefix:
        return torch.stack([reader.write(text)[1].double() for text in known]).mean(0).float()
    sums, counts = {}, {}
    for text in known:
        others, states = reader.write(text)
        by_role = {}
        for i, role in enumerate(reader.roles(others)):
            by_role.setdefault(role, []).append(states[:, i].double())
        for role, found in by_role.items():
            sums[role] = sums.get(role, 0) + torch.stack(found).mean(0)
            counts[role] = counts.get(role, 0) + 1
    result = written.clone()
    for i, role in enumerate(reader.roles(words)):
        result[1:, i] = (sums[role] / counts[role]).float()[1:]
    return result


@torch.no_grad()
def keys_and_values(reader, written, first):
    """What k_proj and v_proj give for the tokens in front, [L][n, kv width] each."""
    model = reader.model
    if reader.is_prefix:
        pairs = []
        for block, states in zip(model.model.layers, written):
            x = block.input_layernorm(states)
            pairs.append((block.self_attn.k_proj(x), block.self_attn.v_proj(x)))
        return pairs
    pairs, hooks = [], []
    scale = math.sqrt(model.config.hidden_size)

    for block, latent in zip(model.model.layers, written):
        def add(_, args, latent=latent):
            h = args[0].clone()
            h[0, 0] += h[0, 0].norm() / scale * latent
            return (h,) + args[1:]

        hooks.append(block.register_forward_pre_hook(add))
        found = [None, None]
        pairs.append(found)
        for i, name in enumerate(("k_proj", "v_proj")):
            hooks.append(block.self_attn.get_submodule(name).register_forward_hook(
                lambda _, inputs, output, found=found, i=i: found.__setitem__(i, output[0].clone())))
    model.model(torch.tensor([[first]]))
    for hook in hooks:
        hook.remove()
    return pairs


@torch.no_grad()
def states_in_front(reader, written, first):
    """The input of every block at the tokens in front, [L, n, d]."""
    if reader.is_prefix:
        return written
    model, found, hooks = reader.model, [], []
    scale = math.sqrt(model.config.hidden_size)
    for block, latent in zip(model.model.layers, written):
        def add(_, args, latent=latent):
            h = args[0].clone()
            h[0, 0] += h[0, 0].norm() / scale * latent
            found.append(h[0].clone())
            return (h,) + args[1:]

        hooks.append(block.register_forward_pre_hook(add))
    model.model(torch.tensor([[first]]))
    for hook in hooks:
        hook.remove()
    return torch.stack(found)


def loss_of_states(reader, states, words, prompt, answer):
    """Sum of -log p of the answer where the tokens in front have `states` at the input of every block."""
    model, count = reader.model, states.shape[1]
    ids = words + prompt[len(reader.ids("<|im_start|>user\n")):] if reader.is_prefix else prompt
    hooks = [block.register_forward_pre_hook(
        lambda _, args, state=state: (torch.cat([state, args[0][0][count:]])[None],) + args[1:])
        for block, state in zip(model.model.layers, states)]
    logits = model(torch.tensor([ids + answer])).logits[0, len(ids) - 1: -1].double()
    for hook in hooks:
        hook.remove()
    return torch.nn.functional.cross_entropy(logits, torch.tensor(answer), reduction="sum")


def path(reader, mean, edit, words, inputs, points=8):
    """Integrated gradients from the mean edit to the edit, as parts of the gain by block, and how far their sum is off."""
    total, gain = torch.zeros(len(edit), dtype=torch.float64), 0.0
    for row in inputs:
        first = row["prompt_ids"][0]
        a, b = (states_in_front(reader, written, first) for written in (mean, edit))
        given = (words, row["prompt_ids"], row["answer_ids"])
        with torch.no_grad():
            gain += (loss_of_states(reader, a, *given) - loss_of_states(reader, b, *given)).item()
        for k in range(points):
            states = (a + (k + 0.5) / points * (b - a)).requires_grad_()
            loss_of_states(reader, states, *given).backward()
            total -= (states.grad.double() * (b - a).double()).sum((1, 2)) / points
    return (total / gain).tolist(), abs(total.sum().item() - gain) / gain


@torch.no_grad()
def loss(reader, pairs, words, prompt, answer):
    """Sum of -log p of the answer behind the prompt, with `pairs` in front; without an edit where that is None."""
    model, hooks = reader.model, []
    ids = prompt
    if pairs is not None:
        if reader.is_prefix:
            ids = words + prompt[len(reader.ids("<|im_start|>user\n")):]
        for block, pair in zip(model.model.layers, pairs):
            for name, rows in zip(("k_proj", "v_proj"), pair):
                def exchange(_, inputs, output, rows=rows):
                    output = output.clone()
                    output[0, : len(rows)] = rows
                    return output

                hooks.append(block.self_attn.get_submodule(name).register_forward_hook(exchange))
    logits = model(torch.tensor([ids + answer])).logits[0, len(ids) - 1: -1].double()
    for hook in hooks:
        hook.remove()
    return torch.nn.functional.cross_entropy(logits, torch.tensor(answer), reduction="sum").item()


@torch.no_grad()
def losses_together(reader, mixtures, words, prompt, answer):
    """`loss` of several mixtures of keys and values, one pass for all of them."""
    model, hooks = reader.model, []
    ids = words + prompt[len(reader.ids("<|im_start|>user\n")):] if reader.is_prefix else prompt
    for layer, block in enumerate(model.model.layers):
        for half, name in enumerate(("k_proj", "v_proj")):
            rows = torch.stack([pairs[layer][half] for pairs in mixtures])

            def exchange(_, inputs, output, rows=rows):
                output[:, : rows.shape[1]] = rows
                return output

            hooks.append(block.self_attn.get_submodule(name).register_forward_hook(exchange))
    batch = torch.tensor([ids + answer]).expand(len(mixtures), -1)
    states = model.model(batch).last_hidden_state[:, len(ids) - 1: -1]
    logits = model.lm_head(states).double()
    for hook in hooks:
        hook.remove()
    targets = torch.tensor(answer).expand(len(mixtures), -1)
    return torch.nn.functional.cross_entropy(logits.transpose(1, 2), targets, reduction="none").sum(1).tolist()


def time_map(reader, mixed, gradients, size, depth, words, inputs):
    """Seconds for every figure of the map of blocks."""
    blocks = range(depth)
    mixtures = [mixed(blocks, (0,)), mixed(blocks, (1,))]
    mixtures += [mixed(range(k, k + size)) for k in range(depth - size + 1)]
    mixtures += [mixed(range(k, depth)) for k in blocks] + [mixed(range(k)) for k in blocks] + [mixed([k]) for k in blocks]
    start = time.perf_counter()
    for row in inputs:
        for k in range(0, len(mixtures), 32):
            losses_together(reader, mixtures[k: k + 32], words, row["prompt_ids"], row["answer_ids"])
    gradients()
    return time.perf_counter() - start


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("model")
    parser.add_argument("editor")
    parser.add_argument("known")
    parser.add_argument("explanation")
    parser.add_argument("--error", type=float, default=2e-3)
    parser.add_argument("--time", type=int, metavar="THREADS")
    options = parser.parse_args()
    if options.time:
        torch.set_num_threads(options.time)
    found = json.load(open(options.explanation))
    assert found["activations"] == "f32", "compare exact activations"
    folder, name = os.path.split(options.model)
    tokenizer = AutoTokenizer.from_pretrained(folder, gguf_file=name)
    model = AutoModelForCausalLM.from_pretrained(folder, gguf_file=name, dtype=torch.float32).eval()
    model.requires_grad_(False)
    reader = Reader(model, tokenizer, options.editor)
    known = [line for line in open(options.known).read().splitlines() if line.strip()]
    words, written = reader.write(found["instruction"])
    inputs = found["inputs"]
    first = inputs[0]["prompt_ids"][0]
    edit = keys_and_values(reader, written, first)
    mean_written = mean_edit(reader, known, words, written)
    mean = keys_and_values(reader, mean_written, first)
    depth = len(edit)

    def total(pairs):
        return sum(loss(reader, pairs, words, row["prompt_ids"], row["answer_ids"]) for row in inputs)

    def mixed(layers, halves=(0, 1)):
        return [tuple((edit if layer in layers and i in halves else mean)[layer][i] for i in (0, 1))
                for layer in range(depth)]

    tokens = sum(len(row["answer_ids"]) for row in inputs)
    losses = {"unedited": total(None), "mean": total(mean), "edited": total(edit)}
    gain = losses["mean"] - losses["edited"]

    def share(layers, halves=(0, 1)):
        return (losses["mean"] - total(mixed(layers, halves))) / gain

    worst = 0.0

    def compare(what, mine, wanted):
        nonlocal worst
        worst = max(worst, abs(mine - wanted))
        print(f"{what:24} {mine:9.5f} {wanted:9.5f}  {abs(mine - wanted):.1e}")

    print("figure                       emend   PyTorch  difference")
    for condition, value in losses.items():
        compare(f"loss {condition}", found["losses"][condition], value / tokens)
    everywhere = range(depth)
    compare("share of keys", found["halves"]["keys"]["share"], share(everywhere, (0,)))
    compare("share of values", found["halves"]["values"]["share"], share(everywhere, (1,)))
    size = found["map"]["window_size"]
    for k in range(0, depth - size + 1, 4):
        compare(f"blocks {k}-{k + size - 1}", found["map"]["windows"][k], share(range(k, k + size)))
    for k in range(3, depth, 6):
        compare(f"from block {k}", found["map"]["from"][k], share(range(k, depth)))
        compare(f"before block {k}", found["map"]["below"][k], share(range(k)))
        compare(f"block {k}", found["map"]["single"][k], share([k]))
    gradients, error = path(reader, mean_written, written, words, inputs)
    for layer in range(depth):
        compare(f"gradients of block {layer}", found["map"]["gradients"][layer], gradients[layer])
    compare("gradients' error", found["map"]["gradients_error"], error)
    if options.time:
        one = losses_together(reader, [edit, mean], words, inputs[0]["prompt_ids"], inputs[0]["answer_ids"])
        compare("several in one pass", one[0], loss(reader, edit, words, inputs[0]["prompt_ids"], inputs[0]["answer_ids"]))
        seconds = time_map(
            reader, mixed, lambda: path(reader, mean_written, written, words, inputs), size, depth, words, inputs)
        print(f"the map in {seconds:.1f} s, emend {found['map_seconds']:.1f} s: {seconds / found['map_seconds']:.1f} times")
    print(f"largest difference {worst:.2e}")
    sys.exit(worst > options.error)


if __name__ == "__main__":
    main()
