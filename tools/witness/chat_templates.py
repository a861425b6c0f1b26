"""Chat templates of public models: Emend's ids beside those of transformers' apply_chat_template.

Downloads the source distribution of llama-cpp-python, pinned, to a temporary folder, and takes the templates
of public models that llama.cpp tests with; nothing of it is kept. Each becomes the chat template of one and
the same small byte-level vocabulary with the control tokens that the template names, once as a tokenizer of
transformers and once as a GGUF. Conversations with ordinary text must become the same ids; those that the one
refuses, the other must refuse. A second pass lets the user say a control token, which transformers takes for
the token and Emend does not: everything else must be the same.

    pip install -r tools/witness/requirements-templates.txt
    python tools/witness/chat_templates.py --emend .build/release/emend [--verbose]
"""

import argparse
import json
import logging
import re
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

import gguf
import tokenizers
from tokenizers import decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

PACKAGE = "llama-cpp-python==0.3.36"
BOS, EOS = "<|witness_bos|>", "<|witness_eos|>"
TEXT = """Why is the sky blue? The answer lies in how light is scattered by air. system user assistant model
Be brief. Answer in French, please; what's 12 times 34? {"name": "value", "list": [1, 2.5, null, true]}"""

SYSTEM = ("system", " Answer in one sentence.\n")
CONVERSATIONS = {
    "question": [("user", "Why is the sky blue?")],
    "system": [SYSTEM, ("user", "  What's 12 x 34?\n\nThink first. ")],
    "turns": [("user", "Hi"), ("assistant", " Hello! \n"), ("user", "Name \"two\" 'things' & <more>."),
              ("assistant", "<think>\nTwo?\n</think>\n\nOne, two."), ("user", "\u4f60\u597d \U0001f999 caf\u00e9?")],
    "system and turns": [SYSTEM, ("user", "One\ttwo"), ("assistant", "Three."), ("user", "Four?")],
}


def templates(folder):
    """The templates by name, from the package's source."""
    subprocess.run([sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--no-binary", "llama-cpp-python",
                    "-d", folder, PACKAGE], check=True)
    found = {}
    with tarfile.open(next(Path(folder).glob("llama_cpp_python*.tar.gz"))) as archive:
        for member in archive:
            path = Path(member.name)
            if path.suffix == ".jinja" and path.parent.name == "templates" and "models" in path.parts:
                found[path.stem] = archive.extractfile(member).read().decode("utf-8")
    return dict(sorted(found.items()))


def control_tokens(source):
    """What looks like a control token in a template."""
    names = re.findall(r"<[|\uff5c][^<>|\uff5c{}'\"\n]{1,40}[|\uff5c]>|</?s>|\[/?[A-Z_]{3,20}\]|<(?:start|end)_of_\w+>|<eos>|<bos>",
                       source)
    return [BOS, EOS] + sorted(set(names) - {BOS, EOS})


class Vocabulary:
    """A byte-level vocabulary with control tokens, for both."""

    def __init__(self):
        trained = tokenizers.Tokenizer(models.BPE())
        trained.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        alphabet = pre_tokenizers.ByteLevel.alphabet()
        trained.train_from_iterator([TEXT] * 4, trainers.BpeTrainer(
            vocab_size=400, initial_alphabet=sorted(alphabet), show_progress=False))
        model = json.loads(trained.to_str())["model"]
        self.tokens = [t for t, _ in sorted(model["vocab"].items(), key=lambda item: item[1])]
        self.merges = [tuple(m) if isinstance(m, list) else tuple(m.split(" ")) for m in model["merges"]]

    def transformers(self, special, template):
        model = models.BPE(vocab={t: i for i, t in enumerate(self.tokens)}, merges=self.merges)
        tokenizer = tokenizers.Tokenizer(model)
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        tokenizer.decoder = decoders.ByteLevel()
        tokenizer.add_special_tokens([tokenizers.AddedToken(t, special=True, normalized=False) for t in special])
        return PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token=BOS, eos_token=EOS, chat_template=template)

    def gguf(self, path, special, template):
        kind = gguf.TokenType
        writer = gguf.GGUFWriter(path, "llama")
        writer.add_tokenizer_model("gpt2")
        writer.add_tokenizer_pre("gpt-2")
        writer.add_token_list(self.tokens + special)
        writer.add_token_types([kind.NORMAL] * len(self.tokens) + [kind.CONTROL] * len(special))
        writer.add_token_merges([" ".join(m) for m in self.merges])
        writer.add_bos_token_id(len(self.tokens))
        writer.add_eos_token_id(len(self.tokens) + 1)
        writer.add_add_bos_token(False)
        writer.add_chat_template(template)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()


def expected(tokenizer, messages, prompt):
    try:
        return tokenizer.apply_chat_template(messages, add_generation_prompt=prompt, tokenize=True, return_dict=False)
    except Exception as error:  # whatever the template makes Python raise
        return f"refused: {type(error).__name__}: {error}"


def found(emend, model, messages, prompt):
    arguments = [emend, "tokenize", "-m", model, "--messages", "-", "--json"]
    run = subprocess.run(arguments + ([] if prompt else ["--no-generation-prompt"]), input=json.dumps(messages),
                         capture_output=True, text=True)
    return json.loads(run.stdout)["ids"] if run.returncode == 0 else f"refused: {run.stderr.strip()}"


def compare(name, source, vocabulary, arguments, folder):
    """(cases that agree, all, what differs, those with a control token in the text that agree, all)"""
    special = control_tokens(source)
    tokenizer = vocabulary.transformers(special, source)
    path = str(Path(folder) / "model.gguf")
    vocabulary.gguf(path, special, source)
    agree, differences, kept, said_all = 0, [], 0, 0
    for label, turns in CONVERSATIONS.items():
        messages = [{"role": role, "content": content} for role, content in turns]
        for prompt in (False, True):
            theirs, ours = expected(tokenizer, messages, prompt), found(arguments.emend, path, messages, prompt)
            if theirs == ours or isinstance(theirs, str) and isinstance(ours, str):
                agree += 1
                if arguments.verbose and isinstance(theirs, str):
                    print(f"  {name}, {label}: both refuse\n    {theirs}\n    {ours}")
            else:
                differences.append((label, prompt, theirs, ours))
    # The user says a control token of this template: as text, it leaves the number of that token as it is.
    token = special[-1]
    said = [{"role": "user", "content": f"Say {token}!"}]
    plain = [{"role": "user", "content": "Say it!"}]
    ours, without = found(arguments.emend, path, said, True), found(arguments.emend, path, plain, True)
    if isinstance(ours, list) and isinstance(without, list):
        said_all += 1
        first = len(vocabulary.tokens)
        kept += [i for i in ours if i >= first] == [i for i in without if i >= first]
    return agree, 2 * len(CONVERSATIONS), differences, kept, said_all


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--emend", required=True)
    parser.add_argument("--verbose", action="store_true", help="show refusals, and what differs in full")
    arguments = parser.parse_args()
    logging.disable(logging.WARNING)
    vocabulary = Vocabulary()
    whole = cases = agreeing = kept = said = 0
    with tempfile.TemporaryDirectory() as folder:
        all_templates = templates(folder)
        for name, source in all_templates.items():
            agree, count, differences, k, s = compare(name, source, vocabulary, arguments, folder)
            whole, cases, agreeing, kept, said = whole + (agree == count), cases + count, agreeing + agree, kept + k, said + s
            if differences:
                label, prompt, theirs, ours = differences[0]
                print(f"{name}: {agree} of {count}; {label}{', with' if prompt else ', without'} generation prompt:")
                limit = None if arguments.verbose else 300
                print(f"  transformers {str(theirs)[:limit]}\n  emend        {str(ours)[:limit]}")
    print(f"templates that agree in all cases: {whole} of {len(all_templates)}; cases: {agreeing} of {cases}")
    print(f"a control token that the user says stays text: {kept} of {said}")
    sys.exit(0 if whole >= 25 and kept == said else 1)


if __name__ == "__main__":
    main()
