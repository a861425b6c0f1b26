#!/bin/sh
# PEFT 0.21.2: with ensure_weight_tying=True, merging an adapter on tied embeddings adds it twice.
#
# Where the embedding and the output layer share one weight, PEFT warns unless ensure_weight_tying is set, which puts one
# adapter, tied as well, on both. merge_and_unload then adds the change of the adapter to the shared weight once for each
# of the two layers: W + 2 B A instead of W + B A, and the merged model answers otherwise than the adapter did. With an
# untied model the same merge adds it once. (While merging, PEFT warns that tied targets can lead to complications and
# advises to untie; it does not say that the numbers come out wrong.) Seen output:
#
#   tied: the merge added 2.00 times the change, largest difference of logits 1.79
#   untied: the merge added 1.00 times the change, largest difference of logits 0.00
#
# Installs PEFT, transformers and torch in a temporary folder; fails where this changes.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet peft==0.21.2 transformers==5.23.0 torch==2.13.0 accelerate==1.15.0 numpy==2.4.6
cat > "$folder/show.py" <<'PYTHON'
import sys, warnings
import torch
from peft import LoraConfig, get_peft_model
from transformers import LlamaConfig, LlamaForCausalLM

warnings.simplefilter("ignore")
ids = torch.arange(1, 21)[None]
seen = {}
for tied in (True, False):
    torch.manual_seed(1)
    model = LlamaForCausalLM(LlamaConfig(
        vocab_size=64, hidden_size=32, intermediate_size=64, num_hidden_layers=1, num_attention_heads=2,
        num_key_value_heads=2, tie_word_embeddings=tied)).eval()
    model.model.embed_tokens.weight.data.normal_(0, 0.3)
    before = model.model.embed_tokens.weight.data.clone()
    adapted = get_peft_model(model, LoraConfig(
        r=4, lora_alpha=8, target_modules=["embed_tokens"], ensure_weight_tying=tied, task_type="CAUSAL_LM")).eval()
    layer = adapted.base_model.model.model.embed_tokens
    layer.lora_embedding_A["default"].data.normal_(0, 0.1)
    layer.lora_embedding_B["default"].data.normal_(0, 0.1)
    with torch.no_grad():
        change = layer.get_delta_weight("default").clone()
        first = adapted(ids).logits
        merged = adapted.merge_and_unload()
        second = merged(ids).logits
    added = merged.model.embed_tokens.weight.data - before
    times = ((added * change).sum() / (change * change).sum()).item()
    seen[tied] = (times, (first - second).abs().max().item())
    name = "tied" if tied else "untied"
    print(f"{name}: the merge added {times:.2f} times the change, largest difference of logits {seen[tied][1]:.2f}")
right = abs(seen[False][0] - 1) < 0.001 and seen[False][1] < 0.001
sys.exit(not right or abs(seen[True][0] - 2) > 0.001 or seen[True][1] < 0.1)
PYTHON
"$folder/venv/bin/python" "$folder/show.py"
