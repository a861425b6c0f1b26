#!/usr/bin/env python3
"""Stands where llama.cpp's server tests look for llama-server, and runs `emend serve` instead.

    LLAMA_SERVER_BIN_PATH=llama_server.py EMEND_SERVE=".build/release/emend serve" EMEND_TEST_MODEL=stories260K.gguf

The suite passes llama-server's flags. Those that `emend serve` has go on as they are, those that say nothing to it
are dropped, and any other is an error: a flag that llama.cpp adds must be looked at. The suite's session fixture
starts every preset once and waits for /health; of a model that this server cannot run there is a process that is
healthy and nothing else.
"""
import os
import shlex
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

VALUES = """--host --port --temp --seed --ctx-size --parallel --n-predict --threads --alias --tags --batch-size
    --chat-template --chat-template-file --api-key --cors-origins --cache-ram""".split()
FLAGS = "--slots --no-slots --metrics --no-ui --context-shift --kv-unified --verbose".split()
DROPPED_VALUES = """--hf-repo --hf-file --model --model-url --ubatch-size --n-gpu-layers -ctk -ctv -fa --tools
    --models-max --models-dir --models-preset --lora --pooling --reasoning --reasoning-format --reasoning-budget
    --media-path --grp-attn-n --grp-attn-w --mcp-servers-config --mcp-servers-json --mmproj-url --model-draft
    --spec-draft-n-max --spec-draft-n-min --spec-synth-len --spec-synth-rates --spec-type --tools-runtime""".split()
DROPPED_FLAGS = """--cont-batching --offline --jinja --no-jinja --embedding --reranking --no-mmproj
    --no-cache-idle-slots --swa-full --ui-mcp-proxy --no-models-autoload --backend_sampling""".split()


def read(arguments):
    """The flags that go on, and all values that were given."""
    passed, seen = [], {}
    while arguments:
        flag = arguments.pop(0)
        if flag in FLAGS:
            passed.append(flag)
        elif flag in VALUES:
            seen[flag] = arguments.pop(0)
            passed += [flag, seen[flag]]
        elif flag in DROPPED_VALUES:
            seen[flag] = arguments.pop(0)
        elif flag not in DROPPED_FLAGS:
            sys.exit(f"the suite passes {flag}, which is not known here")
    # llama-server lets every origin in unless it has tools, and answers a preflight's headers by "*".
    if "--cors-origins" not in seen:
        passed += ["--cors-origins", "localhost" if "--tools" in seen else "*"]
    return passed + ["--cors-headers", "*"], seen


class Healthy(BaseHTTPRequestHandler):
    """A server of a model that is not there."""

    def log_message(self, *arguments):
        pass

    def do_GET(self):
        is_health = self.path == "/health"
        body = b'{"status":"ok"}' if is_health else b'{"error":{"message":"no such model here","type":"not_supported_error"}}'
        self.send_response(200 if is_health else 501)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET


passed, seen = read(sys.argv[1:])
model = "".join(seen.get(name, "") for name in ("--hf-repo", "--hf-file", "--model")).strip()
# The suite's router preset has no model at all.
if not model or ("stories260K" in model and "infill" not in model):
    command = shlex.split(os.environ["EMEND_SERVE"])
    os.execvp(command[0], command + ["-m", os.environ["EMEND_TEST_MODEL"]] + passed)
address = (seen.get("--host", "127.0.0.1").split(",")[0], int(seen.get("--port", 8080)))
ThreadingHTTPServer(address, Healthy).serve_forever()
