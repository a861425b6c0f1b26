#!/bin/sh
# transformers 5.23.0: AutoTokenizer takes no notice of add_dummy_prefix in a tokenizer.model.
#
# A SentencePiece model says in add_dummy_prefix whether a space is put before a text; LLaMA's says so. AutoTokenizer of a
# folder with config.json (of a LLaMA) and tokenizer.model, and no tokenizer_config.json, converts the file with its
# pieces, merges and replaced characters, and never puts the space: the first word of every text comes as other tokens,
# with no message. LlamaTokenizer of the same folder always puts it, also where the file says not to. Seen output for
# "ab ab":
#
#   add_dummy_prefix true: sentencepiece _ab _ab, AutoTokenizer ab _ab, LlamaTokenizer _ab _ab
#   add_dummy_prefix false: sentencepiece ab _ab, AutoTokenizer ab _ab, LlamaTokenizer _ab _ab
#
# Installs transformers and sentencepiece in a temporary folder; fails where this changes.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet transformers==5.23.0 tokenizers==0.23.3 sentencepiece==0.2.3 protobuf==7.36.2
cat > "$folder/show.py" <<'PYTHON'
import json, os, sys
os.environ["HF_HUB_OFFLINE"] = "1"
import sentencepiece, transformers

transformers.logging.set_verbosity_error()
lines = ["ab ab ba", "ab ba ab ab", "ba ab"] * 20
expected = {True: ["_ab _ab", "ab _ab", "_ab _ab"], False: ["ab _ab", "ab _ab", "_ab _ab"]}
seen = {}
for prefix in expected:
    folder = f"{sys.argv[1]}/{prefix}"
    os.mkdir(folder)
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(lines), model_prefix=f"{folder}/tokenizer", model_type="bpe", vocab_size=266, minloglevel=2,
        hard_vocab_limit=False, byte_fallback=True, normalization_rule_name="identity", remove_extra_whitespaces=False,
        add_dummy_prefix=prefix)
    with open(f"{folder}/config.json", "w") as file:
        json.dump({"model_type": "llama"}, file)
    processor = sentencepiece.SentencePieceProcessor(model_file=f"{folder}/tokenizer.model")
    three = [processor.encode("ab ab", out_type=str)]
    for kind in (transformers.AutoTokenizer, transformers.LlamaTokenizer):
        three.append(kind.from_pretrained(folder).tokenize("ab ab"))
    seen[prefix] = three = [" ".join(pieces).replace("\u2581", "_") for pieces in three]
    said = ", ".join(" ".join(pair) for pair in zip(("sentencepiece", "AutoTokenizer", "LlamaTokenizer"), three))
    print(f"add_dummy_prefix {str(prefix).lower()}: {said}")
sys.exit(seen != expected)
PYTHON
"$folder/venv/bin/python" "$folder/show.py" "$folder"
