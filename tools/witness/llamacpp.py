"""llama.cpp through llama-cpp-python's low-level functions: what the two llamacpp_* programs share.

llama-cpp-python compiled with CMAKE_ARGS=-DGGML_NATIVE=ON uses this CPU's instructions.
"""

import ctypes
import os
from pathlib import Path

import gguf
import llama_cpp as c
import numpy as np

CACHE_TYPES = {"f32": c.GGML_TYPE_F32, "f16": c.GGML_TYPE_F16, "q8_0": c.GGML_TYPE_Q8_0}
FLASH_ATTENTION = {"auto": -1, "off": 0, "on": 1}  # enum llama_flash_attn_type


def add_options(parser):
    """The options of a llama.cpp context; the defaults are llama.cpp's own."""
    parser.add_argument("-t", "--threads", type=int, default=os.cpu_count())
    parser.add_argument("-b", "--batch-size", type=int, default=512)
    parser.add_argument("--cache-type", choices=CACHE_TYPES, default="f16")
    parser.add_argument("--flash-attn", choices=FLASH_ATTENTION, default="auto")


class Session:
    """One model on the CPU with one context of `context` tokens."""

    def __init__(self, path, context, options):
        log = c.llama_log_callback(lambda level, text, data: None)
        c.llama_log_set(log, None)
        self._log = log  # called as long as the library lives
        c.llama_backend_init()
        parameters = c.llama_model_default_params()
        parameters.n_gpu_layers = 0
        self.model = c.llama_model_load_from_file(os.fsencode(path), parameters)
        if not self.model:
            raise SystemExit(f"llama.cpp cannot load {path}")
        self.vocab = c.llama_model_get_vocab(self.model)
        self.vocab_size = c.llama_vocab_n_tokens(self.vocab)
        self.adds_bos = c.llama_vocab_get_add_bos(self.vocab)
        self.bos = c.llama_vocab_bos(self.vocab)

        parameters = c.llama_context_default_params()
        parameters.n_ctx = context
        parameters.n_batch = parameters.n_ubatch = options.batch_size
        parameters.n_threads = parameters.n_threads_batch = options.threads
        parameters.type_k = parameters.type_v = CACHE_TYPES[options.cache_type]
        parameters.flash_attn_type = FLASH_ATTENTION[options.flash_attn]
        self.context = c.llama_init_from_model(self.model, parameters)
        if not self.context:
            raise SystemExit("llama.cpp cannot make a context with these options")
        self.batch_size = options.batch_size
        self.width = c.llama_model_n_embd(self.model)
        self.layers = c.llama_model_n_layer(self.model)

    def add_control_vector(self, path, scale):
        """Adds scale times the directions of a control-vector file after blocks 1, 2, ..."""
        data = np.zeros((self.layers - 1, self.width), np.float32)  # from block 1 on
        for tensor in gguf.GGUFReader(path).tensors:
            layer = int(tensor.name.removeprefix("direction."))
            data[layer - 1] += np.float32(scale) * tensor.data
        pointer = data.ctypes.data_as(ctypes.POINTER(ctypes.c_float))
        if c.llama_set_adapter_cvec(
                self.context, pointer, data.size, self.width, 1, self.layers):
            raise SystemExit(f"llama.cpp refuses {path}")

    def tokenize(self, text):
        """Ids of the bytes `text`, BOS and EOS as the model's metadata says, none parsed."""
        ids = np.zeros(len(text) + 2, np.int32)
        pointer = ids.ctypes.data_as(ctypes.POINTER(c.llama_token))
        count = c.llama_tokenize(self.vocab, text, len(text), pointer, len(ids), True, False)
        if count < 0:
            raise SystemExit("llama.cpp cannot tokenize the text")
        return ids[:count]

    def logits(self, tokens, first=0):
        """Scores [len(tokens) - first, V] after each of tokens[first:], from an empty cache."""
        c.llama_memory_clear(c.llama_get_memory(self.context), True)
        out = np.empty((len(tokens) - first, self.vocab_size), np.float32)
        batch = c.llama_batch_init(self.batch_size, 0, 1)
        try:
            for start in range(0, len(tokens), self.batch_size):
                positions = range(start, min(start + self.batch_size, len(tokens)))
                batch.n_tokens = len(positions)
                for i, position in enumerate(positions):
                    batch.token[i] = int(tokens[position])
                    batch.pos[i] = position
                    batch.n_seq_id[i] = 1
                    batch.seq_id[i][0] = 0
                    batch.logits[i] = position >= first
                if c.llama_decode(self.context, batch) != 0:
                    raise SystemExit("llama.cpp cannot decode a batch")
                for i, position in enumerate(positions):
                    if position >= first:
                        row = c.llama_get_logits_ith(self.context, i)
                        out[position - first] = np.ctypeslib.as_array(row, (self.vocab_size,))
        finally:
            c.llama_batch_free(batch)
        return out


def read_text(path):
    """The file's bytes without one closing newline, as llama.cpp's -f reads them."""
    text = Path(path).read_bytes()
    return text[:-1] if text.endswith(b"\n") else text
