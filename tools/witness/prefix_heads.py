"""A prefix editor (P8) that reads with a GPT-2, in PyTorch: writes one with random heads as docs/editor-format.md has it,
and says what a model edited by it answers; or what autograd says of its parameters.

usage: prefix_heads.py reference MODEL.gguf IDENTITY.json OPENING.json --out FOLDER [--size 3,32,4] [--heads per-layer]
           [--place user] [--strength 1] [--layers 0,2] [--prefix-tokens K] [--tokenizer tokenizer.json]
       prefix_heads.py gradients MODEL.gguf EDITOR.safetensors BATCH [--out FILE] [--steps 10]
           [--learning-rate 1e-3] [--weight-decay 0.01] [--cosine 0.99999] [--error 1e-3]
           [--activations f32|int8] [--adapters FILE]

OPENING.json is {"front": [ids], "instruction": [ids], "back": [ids], "ids": [ids]}: what a template writes around the
instruction and what follows, in the processor's tokens, and the instruction in the GPT-2's, or with --tokenizer as a
"text". FOLDER gets editor.safetensors and logits.safetensors, the logits of the ids.

Of the GPT-2's state e_i[m] of each token i of the instruction after block m, 1 + floor(l M / L), the heads make
x_i[l] = W[l] LN(e_i[m]) + b[l], which stands at the input of block l of the processor in a row of its own between front
and back: whatever stood there, nothing but its keys and values is seen. With --strength or --layers it is mean[l] + s
m[l] (x_i[l] - mean[l]), and with --prefix-tokens the last K tokens have rows.

BATCH is {"rows": [{"instruction": [ids], "prompt": [ids], "response": [ids]}, ...]} as JSON, or what
`emend train --save-gradients` wrote, with which the gradients are then compared; tokens of the GPT-2 are the numbers from
the size of the processor's vocabulary on. With --adapters the GPT-2 is frozen but for A and B (editor_gradients.py).
"""

import argparse
import json
import math
from pathlib import Path

import tokenizers
import torch
from safetensors import safe_open
from safetensors.torch import save_file
from transformers import GPT2Config, GPT2Model

import logits_file
from editor_gradients import adapt, gpt2
from editor_reference import random_heads
from prefix_editor import descend, load, read_batch
from rounded_activations import round_inputs


def head_states(editor, tensors, configuration, words, strength=1.0, chosen=None):
    """x_i[l] of the tokens that are written, [layers][tokens][width]."""
    depth, blocks = configuration["processor"]["layers"], configuration["backbone"]["n_layer"]
    # The last of hidden_states is under the final norm.
    states = editor(torch.tensor([words]), output_hidden_states=True).hidden_states
    places = slice(max(0, len(words) - (configuration.get("prefix_tokens") or len(words))), None)
    result = []
    for layer in range(depth):
        e = states[1 + layer * blocks // depth][0, places]
        x = torch.nn.functional.layer_norm(
            e, e.shape[-1:], tensors["norm.weight"], tensors["norm.bias"], 1e-5)
        kind = configuration["heads"]
        if kind == "shared":
            x = (x + tensors["heads.layers"][layer]) @ tensors["heads.shared.weight"].T
            x = x + tensors["heads.shared.bias"]
        elif kind == "per-layer":
            x = x @ tensors[f"heads.{layer}.weight"].T + tensors[f"heads.{layer}.bias"]
        else:
            x = x @ tensors[f"heads.{layer}.down"].T @ tensors[f"heads.{layer}.up"].T
            x = x + tensors[f"heads.{layer}.bias"]
        factor = strength if chosen is None or layer in chosen else 0.0
        if factor != 1:
            x = tensors["mean"][layer] + factor * (x - tensors["mean"][layer])
        result.append(x)
    return result


def answered(model, states, front, rest):
    """The logits of all rows of [front | states | rest]."""
    start, end = len(front), len(front) + len(states[0])

    def stand(x):
        return lambda _, args: (torch.cat([args[0][:, :start], x[None], args[0][:, end:]], 1),) + args[1:]

    hooks = [block.register_forward_pre_hook(stand(x))
             for block, x in zip(model.model.layers, states)]
    logits = model(torch.tensor([front + [0] * (end - start) + rest])).logits[0]
    for hook in hooks:
        hook.remove()
    return logits


def reference(options):
    torch.manual_seed(1)
    given = json.loads(Path(options.opening).read_text())
    processor = json.loads(Path(options.identity).read_text())["processor"]
    model = load(options.model, processor["vocabulary"])
    depth, width = processor["layers"], processor["width"]
    blocks, inputs, heads = map(int, options.size.split(","))
    own = None
    words = given["instruction"]
    if options.tokenizer:
        own = tokenizers.Tokenizer.from_file(options.tokenizer)
        own.encode_special_tokens = True
        words = own.encode(given["text"], add_special_tokens=False).ids
    rows = own.get_vocab_size() + 3 if own else processor["vocabulary"]
    editor = GPT2Model(GPT2Config(
        n_layer=blocks, n_embd=inputs, n_head=heads, n_positions=128, vocab_size=rows)).eval()
    tensors = random_heads(options.heads, list(range(depth)), width, inputs)
    tensors["mean"] = torch.randn(depth, width)
    configuration = {
        "interface": "p8", "layers": list(range(depth)), "positions": "ghost", "placement": "before",
        "scale": "plain", "heads": options.heads, "instruction_place": options.place,
        "backbone": {
            "kind": "gpt2", "n_layer": blocks, "width": inputs, "n_head": heads,
            "n_inner": 4 * inputs, "n_positions": 128, "vocab_size": rows,
            "layer_norm_epsilon": 1e-5, "tokenizer": "own" if own else "processor"},
        "processor": {key: processor[key] for key in ("width", "layers", "vocabulary", "digest")},
    }
    if options.prefix_tokens:
        configuration["prefix_tokens"] = options.prefix_tokens
    chosen = set(map(int, options.layers.split(","))) if options.layers else None
    with torch.no_grad():
        states = head_states(editor, tensors, configuration, words, options.strength, chosen)
        logits = answered(
            model, states, given["front"], given["back"] + given["ids"])[-len(given["ids"]):]
    tensors |= {"backbone." + name: value for name, value in editor.state_dict().items()
                if not name.endswith((".attn.bias", ".attn.masked_bias"))}
    if own:
        tensors["tokenizer.json"] = torch.frombuffer(
            bytearray(own.to_str().encode()), dtype=torch.uint8)
    out = Path(options.out)
    out.mkdir(parents=True, exist_ok=True)
    save_file({name: value.contiguous() for name, value in tensors.items()},
              out / "editor.safetensors",
              {"format": "emend.editor", "version": "1", "configuration": json.dumps(configuration)})
    logits_file.save(out / "logits.safetensors", given["ids"], logits.numpy(), made_by="PyTorch")
    print(f"{out}: {len(given['ids'])} tokens after {len(words)} of {editor.config.n_layer} blocks")


def gradients(options):
    rows, first_content, found = read_batch(options.batch)
    with safe_open(options.editor, "pt") as file:
        configuration = json.loads(file.metadata()["configuration"])
        tensors = {name: file.get_tensor(name).float().requires_grad_() for name in file.keys()
                   if name not in ("mean", "tokenizer.json")}
    model = load(options.model, configuration["processor"]["vocabulary"])
    editor = gpt2(configuration["backbone"], tensors)
    if options.activations == "int8":
        round_inputs(model)
    if options.adapters:
        tensors = {name: t for name, t in tensors.items() if not name.startswith("backbone.")}
        editor.requires_grad_(False)
        tensors |= adapt(editor, options.adapters)
    decaying = [t for n, t in tensors.items()
                if t.ndim == 2 and not n.endswith(("wte.weight", "wpe.weight", "heads.layers"))]
    others = [t for t in tensors.values() if not any(t is d for d in decaying)]
    optimizer = torch.optim.AdamW(
        [{"params": decaying, "weight_decay": options.weight_decay},
         {"params": others, "weight_decay": 0}], lr=options.learning_rate)
    if found is not None:
        # The mean is measured and has no gradient.
        found.pop("mean", None)
    descend(
        options, tensors, optimizer,
        lambda: loss_of(model, editor, tensors, configuration, rows, first_content), found)


def loss_of(model, editor, tensors, configuration, rows, first_content):
    """Mean cross-entropy of the response tokens, a row at a time."""
    size = configuration["processor"]["vocabulary"]
    total, count = 0.0, 0
    for row in rows:
        opening = row["instruction"]
        own = [place for place, token in enumerate(opening) if token >= size]
        assert own == list(range(own[0], own[-1] + 1))
        states = head_states(
            editor, tensors, configuration, [opening[place] - size for place in own])
        rest = opening[own[-1] + 1:] + row["prompt"][first_content:] + row["response"]
        logits = answered(model, states, opening[: own[0]], rest)
        scored = len(row["response"])
        total = total + torch.nn.functional.cross_entropy(
            logits[-1 - scored: -1], torch.tensor(row["response"]), reduction="sum")
        count += scored
    return total / count


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    verbs = parser.add_subparsers(required=True)
    verb = verbs.add_parser("reference")
    for name in ("model", "identity", "opening"):
        verb.add_argument(name)
    verb.add_argument("--out", required=True)
    verb.add_argument("--size", default="3,32,4", help="blocks, width and heads of the GPT-2")
    verb.add_argument("--heads", default="per-layer")
    verb.add_argument("--place", choices=["user", "system"], default="user")
    verb.add_argument("--strength", type=float, default=1)
    verb.add_argument("--layers")
    verb.add_argument("--prefix-tokens", type=int)
    verb.add_argument("--tokenizer", help="a tokenizer.json, to be the editor's own")
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
    verb.add_argument("--adapters", help="A and B for the GPT-2's linear layers")
    verb.set_defaults(run=gradients)
    options = parser.parse_args()
    options.run(options)


if __name__ == "__main__":
    main()
