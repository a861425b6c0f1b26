"""Greedy text of a llama2.c checkpoint (version 0 or 2) from BOS, as llama2.c's run.c computes it.

usage: llama2c_greedy.py MODEL.bin TOKENIZER.bin [-n 200] [--json]

One token at a time in single precision; the text is decoded as run.c does: the space in front of the
first word is dropped, and <0x0A> is the byte. Of version 2 the int8 groups are multiplied out first
(runq.c rounds activations too). Tests/Fixtures/llama2c/stories260K.json and stories260K-q8.json are
what

    llama2c_greedy.py stories260K.bin tok512.bin -n 200 --json

and the same with stories260K-q8.bin print. `margin` is the least difference between the best and the second logit: how far another order
of summation is from changing the text.
"""

import argparse
import json
import re
import struct
from pathlib import Path

import numpy as np


class Model:
    def __init__(self, path):
        data = Path(path).read_bytes()
        if data[:4] == b"24ka":
            self.read_int8(data)
        else:
            self.read_floats(data)
        self.keys = [[] for _ in range(self.layers)]
        self.values = [[] for _ in range(self.layers)]

    def read_sizes(self, data, offset):
        sizes = struct.unpack_from("<7i", data, offset)
        self.dim, hidden, self.layers, self.heads, self.kv_heads, vocab, length = sizes
        self.head = self.dim // self.heads
        return hidden, self.kv_heads * self.head, vocab, length

    def read_floats(self, data):
        hidden, kv, vocab, length = self.read_sizes(data, 0)
        layers, tied, vocab = self.layers, vocab > 0, abs(vocab)
        values, place = np.frombuffer(data, "<f4", offset=28), 0

        def take(*shape):
            nonlocal place
            count = int(np.prod(shape))
            place += count
            return values[place - count : place].reshape(shape)

        self.embedding = take(vocab, self.dim)
        self.attention_norm = take(layers, self.dim)
        self.wq, self.wk = take(layers, self.dim, self.dim), take(layers, kv, self.dim)
        self.wv, self.wo = take(layers, kv, self.dim), take(layers, self.dim, self.dim)
        self.ffn_norm = take(layers, self.dim)
        self.w1, self.w2 = take(layers, hidden, self.dim), take(layers, self.dim, hidden)
        self.w3 = take(layers, hidden, self.dim)
        self.norm = take(self.dim)
        take(2, length, self.head // 2)
        self.output = self.embedding if tied else take(vocab, self.dim)
        assert place == len(values)

    def read_int8(self, data):
        assert struct.unpack_from("<i", data, 4) == (2,)
        hidden, kv, vocab, _ = self.read_sizes(data, 8)
        tied, group = struct.unpack_from("<?i", data, 36)
        layers, place = self.layers, 256

        def floats(*shape):
            nonlocal place
            count = int(np.prod(shape))
            place += 4 * count
            return np.frombuffer(data, "<f4", count, place - 4 * count).reshape(shape)

        def codes(*shape):
            nonlocal place
            count = int(np.prod(shape))
            place += count
            values = np.frombuffer(data, "i1", count, place - count).astype(np.float32)
            return (values.reshape(-1, group) * floats(count // group, 1)).reshape(shape)

        self.attention_norm, self.ffn_norm = floats(layers, self.dim), floats(layers, self.dim)
        self.norm = floats(self.dim)
        self.embedding = codes(vocab, self.dim)
        shapes = {
            "wq": (self.dim, self.dim), "wk": (kv, self.dim), "wv": (kv, self.dim),
            "wo": (self.dim, self.dim), "w1": (hidden, self.dim), "w2": (self.dim, hidden),
            "w3": (hidden, self.dim)}
        for name, shape in shapes.items():
            setattr(self, name, [codes(*shape) for _ in range(layers)])
        self.output = self.embedding if tied else codes(vocab, self.dim)
        assert place == len(data)

    def forward(self, token, position):
        x = self.embedding[token].copy()
        for i in range(self.layers):
            y = norm(x, self.attention_norm[i])
            q, k, v = self.wq[i] @ y, self.wk[i] @ y, self.wv[i] @ y
            self.keys[i].append(rotate(k, position, self.head).reshape(self.kv_heads, -1))
            self.values[i].append(v.reshape(self.kv_heads, -1))
            q = rotate(q, position, self.head).reshape(self.heads, -1)
            keys, values = np.stack(self.keys[i]), np.stack(self.values[i])
            out = []
            for h in range(self.heads):
                g = h // (self.heads // self.kv_heads)
                scores = keys[:, g] @ q[h] / np.float32(np.sqrt(self.head))
                scores = np.exp(scores - scores.max())
                out.append((scores / scores.sum()) @ values[:, g])
            x = x + self.wo[i] @ np.concatenate(out)
            y = norm(x, self.ffn_norm[i])
            gate = self.w1[i] @ y
            x = x + self.w2[i] @ (gate / (1 + np.exp(-gate)) * (self.w3[i] @ y))
        return self.output @ norm(x, self.norm)


def norm(x, gain):
    return gain * (x / np.sqrt(np.mean(x * x) + np.float32(1e-5)))


def rotate(x, position, head):
    pairs = x.reshape(-1, head // 2, 2)
    angle = position * 10000.0 ** (-2 * np.arange(head // 2) / head)
    cos, sin = np.cos(angle).astype(np.float32), np.sin(angle).astype(np.float32)
    a, b = pairs[..., 0], pairs[..., 1]
    return np.stack([a * cos - b * sin, a * sin + b * cos], -1).reshape(-1)


def read_pieces(path):
    data, place, pieces = Path(path).read_bytes(), 4, []
    while place < len(data):
        _, length = struct.unpack_from("<fi", data, place)
        pieces.append(data[place + 8 : place + 8 + length])
        place += 8 + length
    return pieces


def text(ids, pieces):
    out = b""
    for previous, token in zip([1] + ids, ids):
        piece = pieces[token]
        if previous == 1 and piece.startswith(b" "):
            piece = piece[1:]
        byte = re.fullmatch(rb"<0x([0-9A-F]{2})>", piece)
        out += bytes([int(byte[1], 16)]) if byte else piece
    return out.decode()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model")
    parser.add_argument("tokenizer")
    parser.add_argument("-n", type=int, default=200)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    model, pieces = Model(options.model), read_pieces(options.tokenizer)
    token, ids, margin = 1, [], np.inf
    for position in range(options.n):
        logits = model.forward(token, position)
        assert logits.dtype == np.float32
        best, second = np.sort(logits)[[-1, -2]]
        margin = min(margin, float(best - second))
        token = int(logits.argmax())
        if token == 1:  # run.c ends here
            break
        ids.append(token)
    result = {"ids": ids, "text": text(ids, pieces), "margin": round(margin, 4)}
    print(json.dumps(result) if options.json else result["text"])


if __name__ == "__main__":
    main()
