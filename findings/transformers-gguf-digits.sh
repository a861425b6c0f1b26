#!/bin/sh
# transformers 5.23.0: a tokenizer from a GGUF file cuts digits otherwise than tokenizer.ggml.pre says.
#
# A byte-level vocabulary of a GGUF file says in tokenizer.ggml.pre by which rule text is split before merges; for smollm
# (SmolLM2, a `llama` file), starcoder, refact and command-r each digit stands alone. `AutoTokenizer` with gguf_file reads
# the key and, where it has no rule for that name, takes GPT-2's, with no message: a merge of digits that the model never
# saw is used, and the model is given other tokens than in training. llama.cpp (here in xllamacpp 2026.10.11549) splits
# by the rule. Seen output, "1234" by both readers of one file:
#
#   gpt-2: llama.cpp 1234, transformers 1234
#   llama-bpe: llama.cpp 123 4, transformers 123 4
#   smollm: llama.cpp 1 2 3 4, transformers 1234
#   starcoder: llama.cpp 1 2 3 4, transformers 1234
#   refact: llama.cpp 1 2 3 4, transformers 1234
#   command-r: llama.cpp 1 2 3 4, transformers 1234
#
# Installs transformers, torch and xllamacpp in a temporary folder; fails where this changes.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet transformers==5.23.0 tokenizers==0.23.3 torch==2.13.0 gguf==0.19.0 numpy==2.4.6 \
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
os.environ["HF_HUB_OFFLINE"] = "1"
import gguf, transformers
import numpy as np
from tokenizers import pre_tokenizers

transformers.logging.set_verbosity_error()
folder = sys.argv[1]
merges = ["1 2", "12 3", "123 4"]
pieces = ["<|endoftext|>"] + sorted(pre_tokenizers.ByteLevel.alphabet()) + [merge.replace(" ", "") for merge in merges]
width = 32


def write(rule):
    writer = gguf.GGUFWriter(f"{folder}/{rule}.gguf", "llama")
    writer.add_context_length(64)
    writer.add_embedding_length(width)
    writer.add_block_count(1)
    writer.add_feed_forward_length(width)
    writer.add_head_count(2)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_vocab_size(len(pieces))
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(rule)
    writer.add_token_list(pieces)
    writer.add_token_types([3] + [1] * (len(pieces) - 1))
    writer.add_token_merges(merges)
    writer.add_bos_token_id(0)
    writer.add_eos_token_id(0)
    writer.add_add_bos_token(False)
    for name in ("token_embd", "output"):
        writer.add_tensor(f"{name}.weight", np.ones((len(pieces), width), np.float32))
    for name in ("attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down"):
        writer.add_tensor(f"blk.0.{name}.weight", np.ones((width, width), np.float32))
    for name in ("output_norm", "blk.0.attn_norm", "blk.0.ffn_norm"):
        writer.add_tensor(f"{name}.weight", np.ones(width, np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def by_llama(rule):
    body = json.dumps({"content": "1234", "add_special": False})
    command = [sys.executable, f"{folder}/ask.py", f"{folder}/{rule}.gguf", "/tokenize", body]
    return json.loads(subprocess.run(command, check=True, capture_output=True, timeout=300).stdout)["tokens"]


def by_transformers(rule):
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder, gguf_file=f"{rule}.gguf")
    return tokenizer("1234", add_special_tokens=False)["input_ids"]


expected = {"gpt-2": ("1234", "1234"), "llama-bpe": ("123 4", "123 4")}
expected |= {rule: ("1 2 3 4", "1234") for rule in ("smollm", "starcoder", "refact", "command-r")}
seen = {}
for rule in expected:
    write(rule)
    seen[rule] = tuple(" ".join(pieces[i] for i in ids) for ids in (by_llama(rule), by_transformers(rule)))
    print(f"{rule}: llama.cpp {seen[rule][0]}, transformers {seen[rule][1]}")
sys.exit(seen != expected)
PYTHON
"$folder/venv/bin/python" "$folder/show.py" "$folder"
