"""The gradients of an editor's parameters by PyTorch's autograd, and the losses of its AdamW.

usage: editor_gradients.py MODEL.gguf EDITOR.safetensors BATCH [--out FILE] [--steps 10]
           [--learning-rate 1e-3] [--weight-decay 0.01] [--cosine 0.99999] [--error 1e-3]
           [--activations f32|int8] [--adapters FILE]

BATCH is {"rows": [{"instruction": [ids], "prompt": [ids], "response": [ids]}, ...]} as JSON, or what
`emend train --save-gradients` wrote, with which the gradients are then compared. The editor
reads the instruction, the processor prompt + response, padded to the longest, and the loss is the mean
cross-entropy of all response tokens of the batch. FILE gets `loss`, the gradients under the names of
the editor's tensors and, with --steps, `losses`, one before each step on the same batch; weights of
linear layers decay. In f32 throughout; with --activations int8 the processor's linear layers read activations
rounded as in Emend's forward pass.

With --adapters the editor's GPT-2 is frozen, and what is trained of it are the A [r, inputs] and B
[outputs, r] in FILE, `backbone.h.<n>.<module>.lora_A` and `.lora_B`, y = W x + b + alpha / r B (A x); `rank`
and `alpha` are in its metadata.
"""

import argparse
import json
import math
import os
import sys

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from transformers import AutoConfig, AutoModelForCausalLM, GPT2Config, GPT2Model

from editor_reference import (
    PARTS, backbone_states, cross_attention, edit_values, first_blocks, latent, rotated_apart, slots)
from rounded_activations import round_inputs


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model")
    parser.add_argument("editor")
    parser.add_argument("batch")
    parser.add_argument("--out")
    parser.add_argument("--cosine", type=float, default=0.99999, help="least, for any parameter")
    parser.add_argument("--error", type=float, default=1e-3, help="largest relative one")
    parser.add_argument("--steps", type=int, default=0)
    parser.add_argument("--learning-rate", type=float, default=1e-3)
    parser.add_argument("--weight-decay", type=float, default=0.01)
    parser.add_argument("--activations", choices=["f32", "int8"], default="f32")
    parser.add_argument("--adapters", help="A and B for the GPT-2's linear layers")
    options = parser.parse_args()

    found = None
    if options.batch.endswith(".json"):
        rows = json.load(open(options.batch))["rows"]
    else:
        with safe_open(options.batch, "pt") as file:
            rows = json.loads(file.metadata()["rows"])
            found = {name: file.get_tensor(name) for name in file.keys()}
    with safe_open(options.editor, "pt") as file:
        configuration = json.loads(file.metadata()["configuration"])
        tensors = {name: file.get_tensor(name).float().requires_grad_() for name in file.keys()
                   if name != "tokenizer.json"}
    folder, name = os.path.split(options.model)
    config = AutoConfig.from_pretrained(folder, gguf_file=name)
    config.vocab_size = configuration["processor"]["vocabulary"]
    model = AutoModelForCausalLM.from_pretrained(
        folder, gguf_file=name, config=config, dtype=torch.float32).eval()
    model.requires_grad_(False)
    if configuration["backbone"]["kind"] == "processor":
        editor = adapted_processor(model, configuration["backbone"], tensors)
    else:
        editor = gpt2(configuration["backbone"], tensors)
    if options.activations == "int8":
        round_inputs(model)

    if options.adapters:
        tensors = {name: t for name, t in tensors.items() if not name.startswith("backbone.")}
        editor.requires_grad_(False)
        tensors |= adapt(editor, options.adapters)
    losses = []
    decaying = [t for n, t in tensors.items() if t.ndim == 2 and not n.endswith(
        ("wte.weight", "wpe.weight", "gates", "heads.layers"))]
    others = [t for t in tensors.values() if not any(t is d for d in decaying)]
    optimizer = torch.optim.AdamW(
        [{"params": decaying, "weight_decay": options.weight_decay},
         {"params": others, "weight_decay": 0}], lr=options.learning_rate)
    first = None
    for step in range(max(1, options.steps)):
        loss = loss_of(model, editor, tensors, configuration, rows)
        optimizer.zero_grad()
        loss.backward()
        losses.append(loss.item())
        if first is None:
            first = {name: (t.grad if t.grad is not None else torch.zeros_like(t)).clone()
                     for name, t in tensors.items()}
        if options.steps:
            optimizer.step()
    result = {name: value.contiguous() for name, value in first.items()}
    result["loss"] = torch.tensor([losses[0]])
    if options.steps:
        result["losses"] = torch.tensor(losses)
    print(f"loss {losses[0]:.6f}" + (
        f", after {options.steps} steps {losses[-1]:.6f}" if options.steps else ""))
    if options.out:
        save_file(result, options.out)
    if found is not None and not agree(found, result, options):
        sys.exit(1)


def gpt2(shape, tensors):
    """The editor's GPT-2, its parameters those of the file."""
    editor = GPT2Model(GPT2Config(
        n_layer=shape["n_layer"], n_embd=shape["width"], n_head=shape["n_head"],
        n_inner=shape["n_inner"], n_positions=shape["n_positions"],
        vocab_size=shape["vocab_size"])).eval()
    for key, parameter in list(editor.named_parameters()):
        owner, _, last = key.rpartition(".")
        module = editor.get_submodule(owner)
        del module._parameters[last]
        setattr(module, last, tensors["backbone." + key])
    return editor


def adapted_processor(model, shape, tensors):
    """The processor's first blocks in f32, with the file's adapters beside their linear layers."""
    editor = first_blocks(model, shape["depth"])
    adapters = shape.get("adapters", {"modules": [], "depth": 0})
    for block in range(adapters["depth"]):
        for name in adapters["modules"]:
            prefix = f"backbone.blocks.{block}.{name}."
            a, b = tensors[prefix + "lora_A"], tensors[prefix + "lora_B"]
            module = editor.get_submodule(f"layers.{block}.{PARTS[name]}.{name}")
            module.register_forward_hook(
                lambda _, inputs, output, name=name, a=a, b=b: output
                + adapters["alpha"] / adapters["rank"]
                * (inputs[0] @ a.T) @ rotated_apart(name, b, model.config).T)
    return editor


def adapt(editor, path):
    """Adds what the adapters in that file give to the outputs of the GPT-2's linear layers; A and B by name."""
    with safe_open(path, "pt") as file:
        scale = float(file.metadata()["alpha"]) / int(file.metadata()["rank"])
        adapters = {name: file.get_tensor(name).requires_grad_() for name in file.keys()}
    for name, a in adapters.items():
        if name.endswith(".lora_B"):
            continue
        layer = name.removesuffix(".lora_A")
        b = adapters[layer + ".lora_B"]
        editor.get_submodule(layer.removeprefix("backbone.")).register_forward_hook(
            lambda module, args, output, a=a, b=b: output + scale * ((args[0] @ a.T) @ b.T))
    return adapters


def agree(found, wanted, options):
    """Prints the worst parameters of the program's gradients; whether all are within the bounds."""
    difference = abs(found.pop("loss").item() - wanted["loss"].item()) / wanted["loss"].item()
    lines = []
    for name, theirs in found.items():
        ours = wanted[name]
        if ours.norm() == 0 and theirs.norm() == 0:
            lines.append((0, 1, name))
            continue
        cosine = torch.nn.functional.cosine_similarity(
            theirs.flatten().double(), ours.flatten().double(), dim=0).item()
        lines.append((((theirs - ours).norm() / ours.norm()).item(), cosine, name))
    missing = set(wanted) - set(found) - {"loss", "losses"}
    bad = [line for line in lines if line[1] < options.cosine or line[0] > options.error]
    print(f"{len(lines)} parameters, relative difference of the loss {difference:.1e}, "
          f"least cosine {min(l[1] for l in lines):.7f}, largest relative error {max(lines)[0]:.1e} "
          f"({max(lines)[2]})" + (f"; MISSING {missing}" if missing else "")
          + (f"; {len(bad)} OUT OF BOUNDS" if bad else ""))
    return not bad and not missing and difference <= 1e-3


def loss_of(model, editor, tensors, configuration, rows):
    """Mean cross-entropy of the response tokens."""
    layers = configuration["layers"]
    depth, width = configuration["processor"]["layers"], configuration["processor"]["width"]
    backbone = configuration["backbone"]
    blocks = backbone["n_layer"] if backbone["kind"] == "gpt2" else backbone["depth"]
    matched = configuration["interface"] in ("p0", "p4", "p5", "p7")
    size = configuration.get("value_width", width)
    latents, places = [], []
    for row in rows:
        additions = []
        if configuration["interface"] == "p4":
            cross = configuration["cross_attention"]
            with torch.no_grad():
                stream = model(
                    torch.tensor([row["prompt"]]), output_hidden_states=True).hidden_states
            for block in cross["blocks"]:
                additions.append((block, cross_attention(
                    tensors, block, cross["heads"], stream[block * depth // blocks][0])))
        states = backbone_states(editor, row["instruction"], additions)
        length = len(row["prompt"])
        if configuration["positions"] == "all":
            length += len(row["response"])
        places.append(slots(configuration["positions"], length))
        latents.append([
            latent(tensors, configuration["heads"], site, layer,
                   states[1 + layer * blocks // depth if matched else blocks])
            .reshape(len(places[-1]) if configuration["positions"] != "all" else 1, size)
            for site, layer in enumerate(layers)])
        if configuration["positions"] in ("all", "prompt"):
            places[-1] = [sum(places[-1], [])]

    def edit(layer):
        site = layers.index(layer)

        def add(h):
            out = h.clone()
            for number in range(len(rows)):
                for slot, positions in enumerate(places[number]):
                    v = tensors["gates"][site, slot] * latents[number][site][slot]
                    for t in positions:
                        n = (h[number, t].norm() / math.sqrt(width)
                             if configuration["scale"] == "norm" else 1)
                        out[number, t] = out[number, t] + n * v
            return out
        if configuration["placement"] == "before":
            return lambda module, args: (add(args[0]),) + args[1:]
        return lambda module, args, output: (
            (add(output[0]),) + output[1:] if isinstance(output, tuple) else add(output))

    def value_edit(layer):
        site = layers.index(layer)

        def add(v):
            n = v.norm(dim=-1, keepdim=True) / math.sqrt(size)
            n = n if configuration["scale"] == "norm" else torch.ones_like(n)
            return v + n * tensors["gates"][site, 0] * torch.stack([l[site][0] for l in latents])
        return add

    hooks = []
    for layer in layers:
        block = model.model.layers[layer]
        if configuration["interface"] == "p7":
            hooks += edit_values(block, value_edit(layer))
            continue
        hooks.append(
            block.register_forward_pre_hook(edit(layer))
            if configuration["placement"] == "before" else block.register_forward_hook(edit(layer)))
    longest = max(len(row["prompt"] + row["response"]) for row in rows)
    ids = torch.zeros(len(rows), longest, dtype=torch.long)
    mask = torch.zeros(len(rows), longest, dtype=torch.long)
    targets = torch.full((len(rows), longest), -100)
    for number, row in enumerate(rows):
        both = torch.tensor(row["prompt"] + row["response"])
        ids[number, : len(both)] = both
        mask[number, : len(both)] = 1
        targets[number, len(row["prompt"]) - 1: len(both) - 1] = both[len(row["prompt"]):]
    logits = model(input_ids=ids, attention_mask=mask).logits
    for hook in hooks:
        hook.remove()
    return torch.nn.functional.cross_entropy(
        logits.reshape(-1, logits.shape[-1]), targets.reshape(-1), ignore_index=-100)


if __name__ == "__main__":
    main()
