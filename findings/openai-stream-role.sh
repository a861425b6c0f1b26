#!/bin/sh
# openai (the Python client) 3.57.0: the stream helper joins a role that comes in each chunk, and adds up numbers.
#
# `client.chat.completions.stream()` gathers the deltas of the chunks to one message. Some servers that speak the API give
# the role in the first chunk, others in each, as the schema of a chunk allows. The helper treats it as a piece of text:
# the message comes back with a role that is in no schema, without an error. In the same way it adds up the numbers and
# booleans that a server puts in each delta beside them. The chunks as `create(stream=True)` gives them are right.
# Seen output, for three chunks from a stub server:
#
#   role in the first chunk: message of 'assistant' says 'one two three'
#   role in each chunk: message of 'assistantassistantassistant' says 'one two three'
#   score 0.5 and edited true in each chunk: score 1.5, edited 3
#
# Installs openai in a temporary folder; fails where this changes.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet openai==3.57.0
cat > "$folder/show.py" <<'PYTHON'
import http.server, json, sys, threading
import openai

role = {"role": "assistant"}
own = {"score": 0.5, "edited": True}
cases = {"first": [role, {}, {}], "each": [role] * 3, "more": [role | own, own, own]}


class Stub(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        deltas = [({"content": text} | more, None) for text, more in zip(["one", " two", " three"], cases[asked["model"]])]
        for delta, reason in deltas + [({}, "stop")]:
            chunk = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": asked["model"],
                     "choices": [{"index": 0, "delta": delta, "finish_reason": reason}]}
            self.wfile.write(f"data: {json.dumps(chunk)}\n\n".encode())
        self.wfile.write(b"data: [DONE]\n\n")


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Stub)
threading.Thread(target=server.serve_forever, daemon=True).start()
client = openai.OpenAI(base_url=f"http://127.0.0.1:{server.server_port}/v1", api_key="none", max_retries=0)
seen = {}
for name in cases:
    with client.chat.completions.stream(model=name, messages=[{"role": "user", "content": "count"}]) as stream:
        for _ in stream:
            pass
        seen[name] = stream.get_final_completion().choices[0].message.to_dict()
for name, what in (("first", "the first chunk"), ("each", "each chunk")):
    print(f"role in {what}: message of {seen[name]['role']!r} says {seen[name]['content']!r}")
print(f"score 0.5 and edited true in each chunk: score {seen['more']['score']}, edited {seen['more']['edited']}")
expected = [("assistant", "one two three"), ("assistant" * 3, "one two three")]
changed = [(seen[name]["role"], seen[name]["content"]) for name in ("first", "each")] != expected
sys.exit(changed or seen["more"]["score"] != 1.5 or seen["more"]["edited"] != 3)
PYTHON
"$folder/venv/bin/python" "$folder/show.py"
