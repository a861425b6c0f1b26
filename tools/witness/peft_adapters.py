"""Compares adapters in emend and in PEFT, both ways: the folder that `emend train --tune` wrote in PEFT, and one that
PEFT wrote in emend.

usage: peft_adapters.py EMEND MODEL.gguf EDITOR.safetensors TUNED/peft ROWS.json [--rows 6]

transformers reads the model from the same GGUF; emend runs the exact path (--activations f32). Any editor for the
model will do, since evaluate asks for one. The mean loss in nat a token of the first rows, the instruction in the
prompt, must be the same within 1e-4. Then PEFT saves adapters of another shape, drawn at random, and both are
compared on them. Exits 1 where they differ. Needs torch, transformers, gguf and peft (requirements.txt).
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import AutoModelForCausalLM

TOLERANCE = 1e-4


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("emend")
    parser.add_argument("model")
    parser.add_argument("editor")
    parser.add_argument("adapters")
    parser.add_argument("rows_file")
    parser.add_argument("--rows", type=int, default=6)
    options = parser.parse_args()
    rows = json.loads(Path(options.rows_file).read_text())[:options.rows]

    def tokens(text):
        found = subprocess.run(
            [options.emend, "tokenize", "-m", options.model, "--json", text], check=True, capture_output=True)
        return json.loads(found.stdout)["ids"]

    def load():
        path = Path(options.model).resolve()
        return AutoModelForCausalLM.from_pretrained(path.parent, gguf_file=path.name, dtype=torch.float32)

    def in_peft(model):
        """Nat a token over the responses and the tokens that end them."""
        total, count = 0.0, 0
        end = model.config.eos_token_id
        for row in rows:
            heading = f"### Input:\n{row['input']}\n\n### Response:\n"
            prompt = tokens(f"### Instruction:\n{row['instruction']}\n\n" + heading)
            response = tokens(heading + row["output"])[len(tokens(heading)):] + [end]
            with torch.no_grad():
                logits = model(torch.tensor([prompt + response])).logits[0].double()
            scores = torch.log_softmax(logits[len(prompt) - 1:-1], dim=-1)
            total -= scores[torch.arange(len(response)), torch.tensor(response)].sum().item()
            count += len(response)
        return total / count

    def in_emend(folder, work):
        # A split of their own, so that all rows are measured, with a row that only gives others instructions.
        data = Path(work) / "rows.json"
        data.write_text(json.dumps([{**row, "split": "all"} for row in rows] + [
            {"instruction": "Say no.", "input": "x", "output": "No.", "split": "train"}]))
        found = subprocess.run(
            [options.emend, "evaluate", "-m", options.model, "--editor", options.editor, "--data", str(data),
             "--splits", "all", "--tuned", str(folder), "--baselines", "tuned", "--activations", "f32",
             "--chat-template", "plain", "--response-tokens", "512", "--json"],
            capture_output=True)
        if found.returncode != 0:
            sys.exit(found.stderr.decode())
        figures = json.loads(found.stdout)["splits"][0]["figures"]
        return figures["conditions"]["tuned"]["nat"]["value"]

    failed = False
    with tempfile.TemporaryDirectory() as work:
        def compare(name, folder):
            nonlocal failed
            theirs = in_peft(PeftModel.from_pretrained(load(), folder).eval())
            ours = in_emend(folder, work)
            failed = failed or not abs(theirs - ours) <= TOLERANCE
            print(f"{name}: PEFT {theirs:.5f}, emend {ours:.5f} nat a token")

        print(f"without adapters: transformers {in_peft(load().eval()):.5f} nat a token")
        compare("emend's folder", options.adapters)
        torch.manual_seed(1)
        model = get_peft_model(load(), LoraConfig(
            r=5, lora_alpha=7, target_modules=["q_proj", "k_proj", "o_proj", "gate_proj"], use_rslora=True,
            init_lora_weights=False, task_type="CAUSAL_LM"))
        for name, parameter in model.named_parameters():
            if "lora_B" in name:
                parameter.data.mul_(0.05)
        model.save_pretrained(f"{work}/peft")
        compare("PEFT's folder", f"{work}/peft")
    sys.exit(1 if failed else 0)


main()
