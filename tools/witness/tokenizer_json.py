"""Ids by tokenizer.json alone: Emend's beside those of transformers, for tokenizers of many forms.

usage: tokenizer_json.py EMEND      (run from the checkout; needs requirements.txt)

Takes the small folder Tests/Fixtures/conversion/byte-bpe, gives it a tokenizer.json in one form after the other (rules that
cut words, normalizers, tokens that were added with all flags, what is put around a text, SentencePiece's BPE in the four
ways in which it puts spaces in front), converts it, and compares the ids of texts. A form that Emend does not convert must be
refused. Ends with an error where an id differs, or a form is refused that is not among REFUSED.

Not among the forms: tokens that look like control tokens and are not marked so, which llama.cpp's converter takes for such.
"""

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import torch
import transformers
from safetensors.torch import load_file, save_file
from tokenizers import AddedToken, Regex, Tokenizer, models, normalizers, pre_tokenizers, processors, trainers

SOURCE = Path(__file__).resolve().parents[2] / "Tests/Fixtures/conversion/byte-bpe"
TEXTS = [
    "the licence", " the", " ", "  ", "", "\n", "a\n b", "It's 12345 isn't", "\u4f60\u597d", "e\u0301 \u00e9", "<s>", "</s> x",
    "\ttab\t", "A\u00a0b", "\u200b\u200d", "\U0001f999\U0001f3fd", "\x00\x01", "foo_bar(baz)", "  lead", "trail  ", "\u2581x\u2581",
    "a\r\nb\r\r\n", "'S 'LL 'Re", "x" * 300, "<pad>word<unk>", "q@@y", "a@@ b", "  @@  ", "the@@the", "them other",
]
LLAMA3 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
          r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")
QWEN2 = LLAMA3.replace("{1,3}", "")
REFUSED = {"NFKC", "lower case", "a space in front", "a split that removes", "an inverted split", "SentencePiece, NFKC",
           "a token with the space before it", "a token with the space after it", "a token that is a word by itself"}


def set_to(name, value):
    return lambda tokenizer: setattr(tokenizer, name, value)


def cut(*steps):
    return set_to("pre_tokenizer", pre_tokenizers.Sequence(list(steps)) if len(steps) > 1 else steps[0])


def bytes_level(**options):
    return pre_tokenizers.ByteLevel(**({"add_prefix_space": False} | options))


def words_of_tokens(rule):
    def change(tokenizer):
        rule(tokenizer)
        content = json.loads(tokenizer.to_str())
        content["model"]["ignore_merges"] = True
        return Tokenizer.from_str(json.dumps(content))
    return change


def added(text="@@", **flags):
    return lambda tokenizer: tokenizer.add_tokens([AddedToken(text, **({"normalized": False} | flags))]) and None


def around(single):
    def change(tokenizer):
        tokenizer.post_processor = processors.TemplateProcessing(
            single=single, special_tokens=[(text, tokenizer.token_to_id(text)) for text in ("<s>", "<|endoftext|>")])
    return change


def split(pattern, **options):
    return pre_tokenizers.Split(Regex(pattern), **({"behavior": "isolated"} | options))


def sentencepiece(scheme=None, normalizer=None):
    def change(_):
        tokenizer = Tokenizer(models.BPE(byte_fallback=True, fuse_unk=True, unk_token="<unk>"))
        if normalizer:
            tokenizer.normalizer = normalizer
        if scheme:
            tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme=scheme, split=False)
        text = "the licence of the river old boats seven wait for rain 12345 it's"
        tokenizer.train_from_iterator([text] * 5, trainers.BpeTrainer(
            vocab_size=400, show_progress=False,
            special_tokens=["<unk>", "<s>", "</s>"] + [f"<0x{i:02X}>" for i in range(256)]))
        content = json.loads(tokenizer.to_str())
        # Bytes are tokens of the model, and no added ones.
        content["added_tokens"] = [t for t in content["added_tokens"] if not t["content"].startswith("<0x")]
        return Tokenizer.from_str(json.dumps(content))
    return change


SPACES = normalizers.Replace(" ", "\u2581")
FORMS = {
    "as it is": lambda tokenizer: None,
    "GPT-2": cut(bytes_level(use_regex=True)),
    "SmolLM": cut(pre_tokenizers.Digits(True), bytes_level(use_regex=True)),
    "LLaMA 3": words_of_tokens(cut(split(LLAMA3), bytes_level(use_regex=False))),
    "LLaMA 3, merged": cut(split(LLAMA3), bytes_level(use_regex=False)),
    "Qwen 2": cut(split(QWEN2), bytes_level(use_regex=False)),
    "a space in front": cut(bytes_level(add_prefix_space=True, use_regex=True)),
    "a split that removes": cut(split(LLAMA3, behavior="removed"), bytes_level(use_regex=False)),
    "an inverted split": cut(split(LLAMA3, behavior="removed", invert=True), bytes_level(use_regex=False)),
    "a token": added(), "a token, normalized": added(normalized=True), "a special token": added(special=True),
    "a token with the space before it": added(lstrip=True), "a token with the space after it": added(rstrip=True),
    "a token that is a word by itself": added("the", single_word=True),
    "a word as a token": added("licence"),
    "NFC": set_to("normalizer", normalizers.NFC()), "NFKC": set_to("normalizer", normalizers.NFKC()),
    "lower case": set_to("normalizer", normalizers.Lowercase()),
    "no normalizers": set_to("normalizer", normalizers.Sequence([])),
    "BOS": around("<s> $A"), "BOS and EOS": around("<s> $A <|endoftext|>"),
    "offsets": set_to("post_processor", processors.ByteLevel(trim_offsets=True)),
    "truncation": lambda tokenizer: tokenizer.enable_truncation(4), "padding": lambda tokenizer: tokenizer.enable_padding(length=16),
    "SentencePiece, everywhere": sentencepiece(
        normalizer=normalizers.Sequence([normalizers.Prepend("\u2581"), SPACES])),
    "SentencePiece, first": sentencepiece("first"), "SentencePiece, always": sentencepiece("always"),
    "SentencePiece, never": sentencepiece("never"), "SentencePiece, replaced": sentencepiece(normalizer=SPACES),
    "SentencePiece, NFKC": sentencepiece(
        normalizer=normalizers.Sequence([normalizers.NFKC(), normalizers.Prepend("\u2581"), SPACES])),
}


def make(folder, change):
    """The folder with another tokenizer, and a row for each of its tokens."""
    shutil.copytree(SOURCE, folder)
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer = change(tokenizer) or tokenizer
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "tokenizer_config.json").write_text('{"tokenizer_class": "PreTrainedTokenizerFast"}')
    weights = load_file(folder / "model.safetensors")
    for name, value in weights.items():
        if "embed_tokens" in name or "lm_head" in name:
            weights[name] = torch.ones(tokenizer.get_vocab_size(), value.shape[1], dtype=value.dtype)
    save_file(weights, folder / "model.safetensors")
    config = json.loads((folder / "config.json").read_text()) | {"vocab_size": tokenizer.get_vocab_size()}
    (folder / "config.json").write_text(json.dumps(config))


def main():
    emend, failures = sys.argv[1], 0
    transformers.logging.set_verbosity_error()
    with tempfile.TemporaryDirectory() as temporary:
        for number, (name, change) in enumerate(FORMS.items()):
            folder, model, text = Path(temporary, str(number)), Path(temporary, "model.gguf"), Path(temporary, "text")
            make(folder, change)
            result = subprocess.run([emend, "convert", folder, model, "--type", "f16"], capture_output=True, text=True)
            if result.returncode:
                wanted = name in REFUSED and result.returncode == 1
                failures += not wanted
                print(f"{name}: refused{'' if wanted else ', and should not be'}: {result.stderr.strip()[-120:]}")
                continue
            tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
            different = []
            for string in TEXTS:
                text.write_bytes(string.encode())
                found = json.loads(subprocess.run(
                    [emend, "tokenize", "-m", model, "-f", text, "--json"], capture_output=True, check=True).stdout)["ids"]
                wanted = tokenizer(string, split_special_tokens=True)["input_ids"]
                if found != wanted:
                    different.append(f"{string!r}: {found[:8]}, transformers {wanted[:8]}")
            failures += bool(different)
            print(f"{name}: {len(TEXTS) - len(different)} of {len(TEXTS)} texts" + "".join("\n  " + d for d in different[:3]))
    if failures:
        sys.exit(f"{failures} forms differ")


if __name__ == "__main__":
    main()
