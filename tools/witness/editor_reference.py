"""An editor in PyTorch: writes one with random heads as docs/editor-format.md has it, and says what a
model edited by it answers, by forward hooks.

usage: editor_reference.py MODEL.gguf IDENTITY.json TEXT_FILE|IDS.json --out FOLDER [--instruction TEXT]
           [--interface p0] [--layers 0,5] [--positions first] [--placement before] [--scale norm]
           [--heads per-layer|shared|rank-8] [--size 3,64,4] [--cross 1,2] [--tokens 64]
           [--strength 1] [--tokenizer tokenizer.json] [--processor-blocks 4 [--lora 8]]

IDENTITY.json is what `emend inspect MODEL.gguf --json` prints; IDS.json, {"ids": [...],
"instruction": [...]}, is for models without a tokenizer. With --tokenizer the editor's is its own: it
reads the TEXT of --instruction by it, and its GPT-2 and tokenizer are written to FOLDER/backbone too, as
transformers saves them. With --processor-blocks its backbone are so many of the processor's own blocks in
the place of a GPT-2, with random adapters of the rank of --lora. Writes FOLDER/editor.safetensors and FOLDER/logits.safetensors, the latter as
logits_file.py describes, with f32 throughout.
"""

import argparse
import copy
import json
import math
import os
from pathlib import Path

import tokenizers
import torch
from safetensors.torch import save_file
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer, GPT2Config, GPT2Model

import logits_file


def slots(positions, length):
    """The positions of each latent of a layer: one list of rows for each slot."""
    if positions == "first":
        return [[0]]
    if positions == "last":
        return [[length - 1]]
    if positions in ("all", "prompt"):
        return [list(range(length))]
    first = last = 0
    for part in positions.split("+"):
        if part[0] == "f":
            first = int(part[1:])
        else:
            last = int(part[1:])
    return [[i] for i in range(first)] + [[length - last + i] for i in range(last)]


def random_heads(kind, layers, outputs, inputs):
    """Parameters by name, none of them zero."""
    tensors = {"norm.weight": 1 + 0.1 * torch.randn(inputs), "norm.bias": 0.1 * torch.randn(inputs)}
    def matrix(rows, columns):
        return torch.randn(rows, columns) / math.sqrt(columns)
    if kind == "shared":
        tensors["heads.layers"] = torch.randn(len(layers), inputs)
        tensors["heads.shared.weight"] = 0.3 * matrix(outputs, inputs)
        tensors["heads.shared.bias"] = 0.1 * torch.randn(outputs)
        return tensors
    for layer in layers:
        if kind == "per-layer":
            tensors[f"heads.{layer}.weight"] = 0.3 * matrix(outputs, inputs)
        else:
            rank = int(kind.removeprefix("rank-"))
            tensors[f"heads.{layer}.down"] = matrix(rank, inputs)
            tensors[f"heads.{layer}.up"] = 0.3 * matrix(outputs, rank)
        tensors[f"heads.{layer}.bias"] = 0.1 * torch.randn(outputs)
    return tensors


def cross_attention(tensors, block, heads, seen):
    """A forward hook of the GPT-2's block number `block` (from 1): x + attention of x to seen."""
    part = lambda name: tensors[f"cross.{block}.{name}"]
    seen = seen * torch.rsqrt(seen.pow(2).mean(-1, keepdim=True) + 1e-6)

    def add(module, args, output):
        x = output[0] if isinstance(output, tuple) else output
        width = x.shape[-1]
        normed = torch.nn.functional.layer_norm(
            x, (width,), part("norm.weight"), part("norm.bias"), 1e-5)
        split = lambda y: y.reshape(y.shape[0], heads, width // heads).transpose(0, 1)
        q = split(normed[0] @ part("query.weight").T)
        k = split(seen @ part("key.weight").T)
        v = split(seen @ part("value.weight").T)
        mixed = torch.softmax(q @ k.transpose(1, 2) / math.sqrt(width // heads), -1) @ v
        x = x + (mixed.transpose(0, 1).reshape(-1, width) @ part("output.weight").T)[None]
        return (x,) + output[1:] if isinstance(output, tuple) else x

    return add


PARTS = {"q_proj": "self_attn", "k_proj": "self_attn", "v_proj": "self_attn", "o_proj": "self_attn",
         "gate_proj": "mlp", "up_proj": "mlp", "down_proj": "mlp"}
ADAPTED = ("q_proj", "k_proj", "o_proj", "down_proj")


def first_blocks(model, depth):
    """A copy of the model's first blocks, with its embeddings and its final norm."""
    backbone = copy.deepcopy(model.model)
    backbone.layers = backbone.layers[:depth]
    backbone.config.num_hidden_layers = depth
    backbone.config.use_cache = False
    return backbone


def rotated_apart(name, b, config):
    """B as transformers would have it: rows for queries and keys are in an editor's file in the order of a
    GGUF, whose pairs that are rotated together lie side by side."""
    if name not in ("q_proj", "k_proj"):
        return b
    size = config.hidden_size // config.num_attention_heads
    return b.reshape(-1, size // 2, 2, b.shape[1]).transpose(1, 2).reshape(b.shape)


def processor_backbone(model, depth, rank, alpha):
    """The first blocks of the processor, with y = W x + alpha / rank B A x in some modules, and A and B by
    their names in an editor's file."""
    backbone = first_blocks(model, depth)
    tensors = {}
    for block in range(depth if rank else 0):
        for name in ADAPTED:
            weight = backbone.get_submodule(f"layers.{block}.{PARTS[name]}.{name}").weight
            a = torch.randn(rank, weight.shape[1]) / math.sqrt(weight.shape[1])
            b = 0.3 * torch.randn(weight.shape[0], rank) / math.sqrt(rank)
            tensors[f"backbone.blocks.{block}.{name}.lora_A"] = a
            tensors[f"backbone.blocks.{block}.{name}.lora_B"] = b
            weight.data += alpha / rank * rotated_apart(name, b, model.config) @ a
    return backbone, tensors


def backbone_states(editor, words, additions=()):
    """The states after 0...M blocks at the last token, the last one normalized; `additions` are hooks
    by block, whose results the states include. (output_hidden_states would show the states before a
    hook or after it, depending on which was registered first.)"""
    states, hooks = [], []
    blocks = editor.h if hasattr(editor, "h") else editor.layers

    def keep(module, args, output):
        states.append((output[0] if isinstance(output, tuple) else output)[0, -1])

    for block, add in additions:
        hooks.append(blocks[block - 1].register_forward_hook(add))
    for block in blocks:
        hooks.append(block.register_forward_hook(keep))
    try:
        final = editor(torch.tensor([words])).last_hidden_state[0, -1]
    finally:
        for hook in hooks:
            hook.remove()
    return [None] + states[:-1] + [final]


def edit_values(block, edit):
    """Hooks of a block of the processor by which later tokens read what `edit` makes of the first token's values,
    [rows, kv heads * head size], and the first token what was there: it sees itself alone, with weight 1."""
    attention = block.self_attn
    own = []

    def change(module, args, values):
        own[:] = [values[:, 0]]
        return torch.cat([edit(values[:, 0])[:, None], values[:, 1:]], 1)

    def restore(module, args):
        attended = args[0]
        size = attention.head_dim
        heads = attended.shape[-1] // size
        mine = own[0].reshape(len(own[0]), -1, size)
        mine = mine.repeat_interleave(heads // mine.shape[1], 1).reshape(len(own[0]), 1, -1)
        return (torch.cat([mine, attended[:, 1:]], 1),) + args[1:]

    return [attention.v_proj.register_forward_hook(change),
            attention.o_proj.register_forward_pre_hook(restore, prepend=True)]


def latent(tensors, kind, site, layer, e):
    """v[l] of the state e, `[slots * width]`."""
    x = torch.nn.functional.layer_norm(
        e, e.shape, tensors["norm.weight"], tensors["norm.bias"], 1e-5)
    if kind == "shared":
        x = x + tensors["heads.layers"][site]
        return tensors["heads.shared.weight"] @ x + tensors["heads.shared.bias"]
    if kind == "per-layer":
        return tensors[f"heads.{layer}.weight"] @ x + tensors[f"heads.{layer}.bias"]
    down = tensors[f"heads.{layer}.down"] @ x
    return tensors[f"heads.{layer}.up"] @ down + tensors[f"heads.{layer}.bias"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model")
    parser.add_argument("identity")
    parser.add_argument("text")
    parser.add_argument("--out", required=True)
    parser.add_argument("--instruction")
    parser.add_argument("--interface", default="p0")
    parser.add_argument("--layers")
    parser.add_argument("--positions", default="first")
    parser.add_argument("--placement", default="before")
    parser.add_argument("--scale", default="norm")
    parser.add_argument("--heads", default="per-layer")
    parser.add_argument("--size", default="3,64,4", help="blocks, width and heads of the GPT-2")
    parser.add_argument("--cross", default="1,2", help="p4: blocks after which it looks")
    parser.add_argument("--tokens", type=int, default=64)
    parser.add_argument("--strength", type=float, default=1)
    parser.add_argument("--tokenizer", help="a tokenizer.json, to be the editor's own")
    parser.add_argument("--processor-blocks", type=int, help="the processor's as the backbone")
    parser.add_argument("--lora", type=int, default=0, help="the rank of their adapters")
    options = parser.parse_args()

    torch.manual_seed(1)
    folder, file = os.path.split(options.model)
    if options.text.endswith(".json"):
        given = json.loads(Path(options.text).read_text())
        ids, words = given["ids"], given["instruction"]
    else:
        tokenizer = AutoTokenizer.from_pretrained(folder, gguf_file=file)
        words = tokenizer(options.instruction, add_special_tokens=False).input_ids
        text = Path(options.text).read_text()
        ids = tokenizer(text, add_special_tokens=False).input_ids[: options.tokens]
    own = None
    if options.tokenizer:
        own = tokenizers.Tokenizer.from_file(options.tokenizer)
        own.encode_special_tokens = True  # their names are text like any other
        words = own.encode(options.instruction, add_special_tokens=False).ids
    processor = json.loads(Path(options.identity).read_text())["processor"]
    config = AutoConfig.from_pretrained(folder, gguf_file=file)
    config.vocab_size = processor["vocabulary"]  # which a file without a tokenizer does not say
    model = AutoModelForCausalLM.from_pretrained(
        folder, gguf_file=file, config=config, dtype=torch.float32).eval()
    depth, width = processor["layers"], processor["width"]
    blocks, inputs, heads = map(int, options.size.split(","))
    # Pretrained ones have more rows than tokens now and then.
    rows = own.get_vocab_size() + 3 if own else processor["vocabulary"]
    backbone = {
        "kind": "gpt2", "n_layer": blocks, "width": inputs, "n_head": heads,
        "n_inner": 4 * inputs, "n_positions": 128, "vocab_size": rows,
        "layer_norm_epsilon": 1e-5, "tokenizer": "own" if own else "processor"}
    if options.processor_blocks:
        blocks, inputs, heads = options.processor_blocks, width, config.num_attention_heads
        backbone = {"kind": "processor", "depth": blocks, "width": width}
        if options.lora:
            backbone["adapters"] = {"rank": options.lora, "alpha": 2.0 * options.lora,
                                    "modules": sorted(ADAPTED), "depth": blocks}
        editor, own_tensors = processor_backbone(model, blocks, options.lora, 2 * options.lora)
    else:
        editor = GPT2Model(GPT2Config(
            n_layer=blocks, n_embd=inputs, n_head=heads, n_positions=128, vocab_size=rows)).eval()
        own_tensors = {"backbone." + name: value for name, value in editor.state_dict().items()
                       if not name.endswith((".attn.bias", ".attn.masked_bias"))}
    layers = [int(l) for l in options.layers.split(",")] if options.layers else list(range(depth))

    places = slots(options.positions, len(ids))
    values = options.interface == "p7"
    size = width
    if values:
        size = model.model.layers[0].self_attn.v_proj.weight.shape[0]
    tensors = random_heads(options.heads, layers, len(places) * size, inputs)
    tensors["gates"] = 0.3 + torch.rand(len(layers), len(places))
    matched = options.interface in ("p0", "p4", "p5", "p7")

    additions = []
    with torch.no_grad():
        if options.interface == "p4":
            stream = model(torch.tensor([ids]), output_hidden_states=True).hidden_states
            for block in map(int, options.cross.split(",")):
                prefix = f"cross.{block}."
                tensors[prefix + "norm.weight"] = 1 + 0.1 * torch.randn(inputs)
                tensors[prefix + "norm.bias"] = 0.1 * torch.randn(inputs)
                for name, columns in (
                        ("query", inputs), ("key", width), ("value", width), ("output", inputs)):
                    tensors[prefix + name + ".weight"] = (
                        torch.randn(inputs, columns) / math.sqrt(columns))
                # The last of hidden_states is normalized; no block here reads it.
                point = block * depth // blocks
                assert point < depth
                additions.append(
                    (block, cross_attention(tensors, block, heads, stream[point][0])))
        states = backbone_states(editor, words, additions)
        latents = {}
        for site, layer in enumerate(layers):
            m = 1 + layer * blocks // depth if matched else blocks
            v = latent(tensors, options.heads, site, layer, states[m])
            latents[layer] = v.reshape(len(places), size)

        def edit(layer):
            def add(h):
                out = h.clone()
                for slot, rows in enumerate(places):
                    gate = options.strength * tensors["gates"][layers.index(layer), slot]
                    for row in rows:
                        n = h[0, row].norm() / math.sqrt(width) if options.scale == "norm" else 1
                        out[0, row] += gate * n * latents[layer][slot]
                return out
            if options.placement == "before":
                return lambda module, args: (add(args[0]),) + args[1:]
            return lambda module, args, output: (
                (add(output[0]),) + output[1:] if isinstance(output, tuple) else add(output))

        def value_edit(layer):
            gate = options.strength * tensors["gates"][layers.index(layer), 0]
            return lambda v: v + gate * latents[layer][0] * (
                v.norm(dim=-1, keepdim=True) / math.sqrt(size) if options.scale == "norm" else 1)

        for layer in layers:
            block = model.model.layers[layer]
            if values:
                edit_values(block, value_edit(layer))
            elif options.placement == "before":
                block.register_forward_pre_hook(edit(layer))
            else:
                block.register_forward_hook(edit(layer))
        logits = model(torch.tensor([ids])).logits[0]

    configuration = {
        "interface": options.interface, "layers": layers, "positions": options.positions,
        "placement": options.placement, "scale": options.scale, "heads": options.heads,
        "backbone": backbone,
        "processor": {key: processor[key] for key in ("width", "layers", "vocabulary", "digest")},
    }
    if values:
        configuration["value_width"] = size
    if options.interface == "p4":
        configuration["cross_attention"] = {
            "blocks": [int(b) for b in options.cross.split(",")], "heads": heads}
    tensors |= own_tensors
    out = Path(options.out)
    out.mkdir(parents=True, exist_ok=True)
    if own:
        tensors["tokenizer.json"] = torch.frombuffer(
            bytearray(own.to_str().encode()), dtype=torch.uint8)
        editor.save_pretrained(out / "backbone")
        own.model.save(str(out / "backbone"))
    save_file({name: value.contiguous() for name, value in tensors.items()},
              out / "editor.safetensors",
              {"format": "emend.editor", "version": "1",
               "configuration": json.dumps(configuration)})
    logits_file.save(out / "logits.safetensors", ids, logits.numpy(), made_by="PyTorch")
    if not options.text.endswith(".json"):
        (out / "text.txt").write_text(tokenizer.decode(ids))
    print(f"{out}: {len(ids)} tokens, {len(layers)} layers with {len(places)} latents each")


if __name__ == "__main__":
    main()
