"""The file the witness programs share: safetensors with

    tokens  I32 [T]      the ids that were read, the first of them first
    logits  F32 [T, V]   row i: scores of the id that follows tokens[0...i]
"""

import json
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file, save_file


def save(path, tokens, logits, **metadata):
    """Writes both tensors; metadata is kept as strings in the file's header."""
    tensors = {"tokens": np.asarray(tokens, np.int32), "logits": np.ascontiguousarray(logits)}
    assert tensors["logits"].dtype == np.float32 and len(tokens) == len(logits)
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    save_file(tensors, path, {key: str(value) for key, value in metadata.items()})


def load(path):
    """(tokens, logits) of one file; `emend score --logits` calls the tokens ids."""
    tensors = load_file(path)
    return tensors["ids" if "ids" in tensors else "tokens"], tensors["logits"]


def save_ids(path, tokens):
    """Writes ids as `emend tokenize --json` names them: {"ids": [...]}."""
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(json.dumps({"ids": [int(token) for token in tokens]}) + "\n")


def load_ids(path):
    """Ids of a JSON file: a list, or an object with "ids"."""
    value = json.loads(Path(path).read_text())
    return [int(token) for token in (value["ids"] if isinstance(value, dict) else value)]
