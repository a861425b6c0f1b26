"""Expected values for EditEvaluationTests, computed with NumPy in double precision.

usage: make.py          writes expected.json and base.kld beside itself; needs numpy 2.x

The "models" are formulas that give the same single-precision logits in Swift (FormulaPredictor):
logit(position, token, v) = ((31 position + 17 token + 7 v v + salt v) mod 97) / 8.
The windows follow llama.cpp's llama-perplexity: the second half of each window is scored, the first
token of each is replaced by BOS. base.kld has the layout of its --kl-divergence-base files.
"""

import json
import pathlib
import struct

import numpy as np

V, C, WINDOWS, BOS = 11, 8, 5, 1
here = pathlib.Path(__file__).parent
tokens = [(5 * i * i + 3 * i + 2) % V for i in range(C * WINDOWS + 3)]


def logits(position, token, salt):
    v = np.arange(V)
    return (((31 * position + 17 * token + 7 * v * v + salt * v) % 97) / 8).astype(np.float32)


def log_softmax(row):
    row = row.astype(np.float64)
    return row - row.max() - np.log(np.exp(row - row.max()).sum())


def scored(salt):
    """(log-probabilities, next token) at every scored position."""
    for w in range(WINDOWS):
        window = tokens[w * C : (w + 1) * C]
        fed = [BOS] + window[1:]
        for j in range(C // 2, C - 1):
            yield logits(j, fed[j], salt), window[j + 1]


def perplexity(losses):
    losses = np.array(losses)
    mean = losses.mean()
    variance = (losses**2).mean() - mean**2
    value = np.exp(mean)
    return value, np.sqrt(variance / (len(losses) - 1)) * value


def base_file(salt):
    out = b"_logits_" + struct.pack("<3i", C, V, WINDOWS)
    out += struct.pack(f"<{C * WINDOWS}i", *tokens[: C * WINDOWS])
    for row, _ in scored(salt):
        low = max(row.min(), row.max() - np.float32(16))
        scale = (row.max() - low) / np.float32(65535)
        log_sum = np.float32(np.log(np.exp((row - row.max()).astype(np.float64)).sum()))
        least = low - row.max() - log_sum
        codes = np.where(row > low, np.rint(np.float32(1) / scale * (row - low)), 0)
        codes = np.clip(codes, 0, 65535).astype("<u2").tolist()
        out += struct.pack("<2f", scale, least) + struct.pack(f"<{V + V % 2}H", *codes, *[0] * (V % 2))
    return out


def read_back(data):
    rows = []
    offset = 20 + 4 * C * WINDOWS
    for _ in range(WINDOWS * (C - 1 - C // 2)):
        scale, least = struct.unpack_from("<2f", data, offset)
        codes = np.frombuffer(data, "<u2", V, offset + 8)
        rows.append((np.float32(scale) * codes.astype(np.float32) + np.float32(least)).astype(np.float64))
        offset += 2 * (V + V % 2 + 4)
    return rows


BASE, MODEL = 3, 4
base_losses = [-log_softmax(row)[n] for row, n in scored(BASE)]
value, error = perplexity(base_losses)
data = base_file(BASE)
base_rows = read_back(data)
divergences, same, differences = [], 0, []
model_losses, stored_losses = [], []
for base, (row, n) in zip(base_rows, scored(MODEL)):
    model = log_softmax(row)
    kept = base > -16
    divergences.append((np.exp(base[kept]) * (base[kept] - model[kept])).sum())
    same += int(base.argmax() == row.argmax())
    differences.append(np.exp(model[n]) - np.exp(base[n]))
    model_losses.append(-model[n])
    stored_losses.append(-base[n])
d = np.array(divergences)
text = tokens[:12]
expected = {
    "tokens": tokens,
    "vocabularySize": V,
    "windowLength": C,
    "beginning": BOS,
    "perplexity": value,
    "standardError": error,
    "scored": len(base_losses),
    "logProbabilities": [float(log_softmax(logits(i, text[i], BASE))[text[i + 1]]) for i in range(11)],
    "divergence": {
        "mean": d.mean(),
        "standardError": float(np.sqrt(((d**2).mean() - d.mean() ** 2) / (len(d) - 1))),
        "maximum": d.max(),
        "median": float(np.percentile(d, 50)),
        "p90": float(np.percentile(d, 90)),
        "sameTop": same / len(d),
        "probabilityDifference": float(np.sqrt((np.array(differences) ** 2).mean())),
        "perplexity": perplexity(model_losses)[0],
        "basePerplexity": perplexity(stored_losses)[0],
    },
}
(here / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")
(here / "base.kld").write_bytes(data)
