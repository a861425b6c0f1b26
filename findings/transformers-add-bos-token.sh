#!/bin/sh
# transformers 5.23.0: `add_bos_token` of tokenizer_config.json has no effect where there is a tokenizer.json.
#
# The post_processor of tokenizer.json alone decides whether BOS is put before a text: with "add_bos_token": true and
# no post_processor there is none, and with "add_bos_token": false and one that adds it, it is there. (gguf-py 0.17.1,
# with which models are converted for llama.cpp, lets `add_bos_token` win, so that the two read one folder
# differently.) Seen output:
#
#   post_processor none, add_bos_token True: [259]
#   post_processor <s> $A, add_bos_token False: [0, 259]
#
# Installs transformers in a temporary folder; fails where this changes.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet transformers==5.23.0 tokenizers==0.23.3
cat > "$folder/show.py" <<'PYTHON'
import json, os, sys, tempfile
os.environ["HF_HUB_OFFLINE"] = "1"
import transformers
from tokenizers import Tokenizer, models, pre_tokenizers, processors
transformers.logging.set_verbosity_error()
alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
vocabulary = {piece: i for i, piece in enumerate(["<s>", "</s>", "<unk>"] + alphabet)}
vocabulary["th"] = len(vocabulary)
seen = []
for post, add in ((None, True), ("<s> $A", False)):
    tokenizer = Tokenizer(models.BPE(vocabulary, [("t", "h")]))
    tokenizer.add_special_tokens(["<s>", "</s>"])
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    if post:
        tokenizer.post_processor = processors.TemplateProcessing(single=post, special_tokens=[("<s>", 0)])
    with tempfile.TemporaryDirectory() as folder:
        tokenizer.save(folder + "/tokenizer.json")
        settings = {"bos_token": "<s>", "eos_token": "</s>", "add_bos_token": add, "tokenizer_class": "PreTrainedTokenizerFast"}
        json.dump(settings, open(folder + "/tokenizer_config.json", "w"))
        json.dump({"model_type": "llama"}, open(folder + "/config.json", "w"))
        ids = transformers.AutoTokenizer.from_pretrained(folder)("th")["input_ids"]
    print(f"post_processor {post or 'none'}, add_bos_token {add}: {ids}")
    seen.append(ids)
sys.exit(seen != [[259], [0, 259]])
PYTHON
"$folder/venv/bin/python" "$folder/show.py"
