"""What transformers makes of a GPT-2 folder, for GPT2WitnessTests to compare with.

usage: gpt2_states.py FOLDER                a folder that is there: writes FOLDER/witness.states
       gpt2_states.py --small FOLDER        first fills FOLDER with a random model of GPT-2's 124 M size

Then: EMEND_GPT2=FOLDER[:FOLDER...] swift test -c release --filter GPT2WitnessTests

The format is that of tools/fixtures/make_gpt2_fixtures.py: I32 S, M, D, V = 0, lengths[S], tokens[N],
F32 hidden_states[M + 1][N][D]. The checkpoint in the wheel of microformer-mgm==0.5.8 (PyPI) is under
mgm/resources/general_model. Versions: requirements.txt beside this file.
"""

import sys
from pathlib import Path

import numpy as np
import torch
import transformers

SEED = 20240719
LENGTHS = [32, 24, 1, 100, 57]


def write_small(folder):
    """GPT-2 small with weights large enough that no part of it is idle."""
    generator = torch.Generator().manual_seed(SEED)
    model = transformers.GPT2LMHeadModel(transformers.GPT2Config())
    with torch.no_grad():
        for name, parameter in model.transformer.named_parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            if "ln_" in name and name.endswith("weight"):
                parameter.copy_(1 + 0.2 * noise)
            elif name.endswith("bias"):
                parameter.copy_(0.1 * noise)
            elif name.startswith(("wte", "wpe")):
                parameter.copy_(0.5 * noise)
            else:
                parameter.copy_(noise / parameter.shape[0] ** 0.5)
    model.save_pretrained(folder)


def main():
    folder = Path(sys.argv[-1])
    if "--small" in sys.argv:
        write_small(folder)
    model = transformers.GPT2Model.from_pretrained(
        folder, dtype=torch.float32, attn_implementation="eager").eval()
    config = model.config
    generator = torch.Generator().manual_seed(SEED)
    tokens = torch.randint(config.vocab_size, (sum(LENGTHS),), generator=generator)
    states = []
    with torch.no_grad():
        for row in tokens.split(LENGTHS):
            result = model(row[None], output_hidden_states=True, use_cache=False)
            states.append(torch.stack([state[0] for state in result.hidden_states]))
    states = torch.cat(states, dim=1).numpy().astype("<f4")
    header = [len(LENGTHS), config.n_layer, config.n_embd, 0, *LENGTHS, *tokens.tolist()]
    with (folder / "witness.states").open("wb") as file:
        file.write(np.asarray(header, "<i4").tobytes())
        file.write(states.tobytes())
    print(f"{folder}: {states.shape}, largest {np.abs(states).max():.3f}")


if __name__ == "__main__":
    main()
