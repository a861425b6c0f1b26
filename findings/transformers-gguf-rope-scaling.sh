#!/bin/sh
# transformers 5.23.0: a GGUF file of a LLaMA loses its RoPE scaling and its attention biases in silence.
#
# The documentation names Llama among what `from_pretrained(..., gguf_file=...)` loads, with the full weights. Of the
# metadata of a `llama` file it takes rope.freq_base, and not rope.scaling.type and rope.scaling.factor; of the tensors it
# passes over rope_freqs.weight, in which llama.cpp's converter puts the scaling of Llama 3.1 and later, and over biases of
# attention. The model answers as if they were not in the file, with no message. llama.cpp (here in xllamacpp
# 2026.10.11549) takes all of them. Seen output, the log probability of one token after 40 others by both readers of one
# file:
#
#   plain: llama.cpp -8.26, transformers -8.26
#   rope.scaling.factor 4: llama.cpp -7.55, transformers -8.26
#   rope_freqs.weight all 4: llama.cpp -7.55, transformers -8.26
#   attn_v.bias all 0.5: llama.cpp -7.82, transformers -8.26
#
# Installs transformers, torch and xllamacpp in a temporary folder; fails where this changes.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet transformers==5.23.0 torch==2.13.0 gguf==0.19.0 numpy==2.4.6 accelerate==1.15.0 \
    xllamacpp==2026.10.11549
cat > "$folder/ask.py" <<'PYTHON'
import os, sys, urllib.request
import xllamacpp

path, where, body = sys.argv[1:]
parameters = xllamacpp.CommonParams()
parameters.model.path = path
parameters.n_ctx, parameters.warmup, parameters.verbosity = 128, False, 0
server = xllamacpp.Server(parameters)
request = urllib.request.Request(server.listening_address + where, body.encode(), {"Content-Type": "application/json"})
print(urllib.request.urlopen(request).read().decode(), flush=True)
os._exit(0)
PYTHON
cat > "$folder/show.py" <<'PYTHON'
import json, os, subprocess, sys
os.environ["HF_HUB_OFFLINE"] = os.environ["TQDM_DISABLE"] = "1"
import gguf, torch, transformers
import numpy as np

transformers.logging.set_verbosity_error()
folder = sys.argv[1]
width, hidden, heads = 32, 64, 2
pieces = ["<unk>", "<s>", "</s>"] + [f"<0x{i:02X}>" for i in range(256)]
random = np.random.default_rng(1)
shapes = {"token_embd": (len(pieces), width), "output": (len(pieces), width), "blk.0.attn_q": (width, width),
          "blk.0.attn_k": (width, width), "blk.0.attn_v": (width, width), "blk.0.attn_output": (width, width),
          "blk.0.ffn_gate": (hidden, width), "blk.0.ffn_up": (hidden, width), "blk.0.ffn_down": (width, hidden)}
weights = {f"{name}.weight": random.normal(0, 0.3, shape).astype(np.float32) for name, shape in shapes.items()}
weights |= {f"{name}.weight": np.ones(width, np.float32) for name in ("output_norm", "blk.0.attn_norm", "blk.0.ffn_norm")}


def write(name, factor=None, more={}):
    writer = gguf.GGUFWriter(f"{folder}/{name}.gguf", "llama")
    writer.add_context_length(512)
    writer.add_embedding_length(width)
    writer.add_block_count(1)
    writer.add_feed_forward_length(hidden)
    writer.add_head_count(heads)
    writer.add_head_count_kv(heads)
    writer.add_rope_dimension_count(width // heads)
    writer.add_rope_freq_base(10000.0)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_vocab_size(len(pieces))
    writer.add_tokenizer_model("llama")
    writer.add_token_list(pieces)
    writer.add_token_scores([0.0] * len(pieces))
    writer.add_token_types([2, 3, 3] + [6] * 256)
    if factor:
        writer.add_rope_scaling_type(gguf.RopeScalingType.LINEAR)
        writer.add_rope_scaling_factor(factor)
    for key, value in (weights | more).items():
        writer.add_tensor(key, value)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def by_llama(name, ids):
    body = json.dumps({"prompt": ids, "n_predict": 1, "n_probs": len(pieces), "temperature": 0})
    command = [sys.executable, f"{folder}/ask.py", f"{folder}/{name}.gguf", "/completion", body]
    said = json.loads(subprocess.run(command, check=True, capture_output=True, timeout=300).stdout)
    return {each["id"]: each["logprob"] for each in said["completion_probabilities"][0]["top_logprobs"]}


def by_transformers(name, ids):
    model = transformers.AutoModelForCausalLM.from_pretrained(folder, gguf_file=f"{name}.gguf", dtype=torch.float32).eval()
    with torch.no_grad():
        return torch.log_softmax(model(torch.tensor([ids])).logits[0, -1], -1)


ids, token = list(range(10, 50)), 60
cases = {
    "plain": {}, "rope.scaling.factor 4": {"factor": 4.0},
    "rope_freqs.weight all 4": {"more": {"rope_freqs.weight": np.full(width // heads // 2, 4, np.float32)}},
    "attn_v.bias all 0.5": {"more": {"blk.0.attn_v.bias": np.full(width, 0.5, np.float32)}}}
seen = []
for name, case in cases.items():
    write(name, **case)
    seen.append((by_llama(name, ids)[token], float(by_transformers(name, ids)[token])))
    print(f"{name}: llama.cpp {seen[-1][0]:.2f}, transformers {seen[-1][1]:.2f}")
plain = seen[0][0]
same = abs(seen[0][1] - plain) < 0.02
sys.exit(not same or any(abs(first - plain) < 0.1 or abs(second - plain) > 0.02 for first, second in seen[1:]))
PYTHON
"$folder/venv/bin/python" "$folder/show.py" "$folder"
