#!/usr/bin/env python3
"""An hour of requests at random against `emend serve`, and faults of clients, for leaks and wrong answers.

usage: tools/witness/server_load.py EMEND MODEL.gguf [--minutes 60] [--clients 16] [--memory BYTES] [-- FLAG ...]

A set of requests is answered one by one first. Then so many clients send them at random, streamed or not: one in five
leaves before its answer's end, one in ten sends what is no request. Fails unless every answer is the one that it had
alone, nothing is answered with 5xx, what is wrong is answered with 4xx, and the server's memory, after a sixth of the
time, grows by no more than 2 %. Beside them for the whole time: 200 connections that say nothing, clients that close
their half, that send or read a byte a second, and bodies of 100 MB. At last SIGTERM with three streams under way, and
kill -9 with a start after it. With --memory the server runs in a control group of so many bytes (as root,
tools/with-memory). FLAG goes to the server. Python's library alone; not part of CI.
"""
import argparse
import atexit
import json
import os
import random
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))


def options():
    flags = sys.argv[1:]
    rest = flags[flags.index("--") + 1:] if "--" in flags else []
    if rest:
        flags = flags[:flags.index("--")]
    parser = argparse.ArgumentParser()
    parser.add_argument("emend")
    parser.add_argument("model")
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--memory", type=int)
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args(flags), rest


def control_vector(path, width, layers):
    """A control vector of numbers at random for a model of that shape."""
    def text(value):
        return struct.pack("<Q", len(value)) + value.encode()

    numbers = random.Random(5)
    head = b"GGUF" + struct.pack("<IQQ", 3, layers - 1, 2)
    for key, value in (("general.architecture", "controlvector"), ("controlvector.model_hint", "llama")):
        head += text(key) + struct.pack("<I", 8) + text(value)
    data = b""
    for layer in range(1, layers):
        head += text(f"direction.{layer}") + struct.pack("<IQIQ", 1, width, 0, len(data))
        data += struct.pack(f"<{width}f", *(numbers.gauss(0, 0.2) for _ in range(width)))
        data += b"\0" * (-len(data) % 32)
    with open(path, "wb") as file:
        file.write(head + b"\0" * (-len(head) % 32) + data)


class Server:
    """The process, with-memory's child where that is asked for."""

    def __init__(self, o, flags, folder):
        command = [o.emend, "serve", "-m", o.model, "--port", "0", "--parallel", "8", "--kv-unified", "--metrics",
                   "-c", "1024", "--cache-ram", "48", "--edit-folder", folder, "--speculate", "ngram", *flags]
        if o.memory:
            command = [os.path.join(HERE, "..", "with-memory"), str(o.memory)] + command
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        atexit.register(self.kill)
        line = self.process.stdout.readline()
        if not line:
            sys.exit("the server did not start")
        self.port = json.loads(line)["listening"][0]["port"]
        self.pid = self.find()
        while request(self.port, "GET", "/health")[0] == 503:
            time.sleep(0.05)

    def kill(self):
        """Nothing is left behind."""
        if self.process.poll() is None:
            os.kill(self.find(), signal.SIGKILL)

    def find(self):
        """The server itself, which with-memory has below it."""
        pid = self.process.pid
        while True:
            name = open(f"/proc/{pid}/comm").read().strip()
            children = open(f"/proc/{pid}/task/{pid}/children").read().split()
            if name == "emend" or not children:
                return pid
            pid = int(children[0])

    def resident(self):
        for line in open(f"/proc/{self.pid}/status"):
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024


def connect(port):
    connection = socket.create_connection(("127.0.0.1", port))
    connection.settimeout(300)
    return connection


def head(method, path, body):
    return f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


def answer(connection, leaves_after=None):
    """Status and body of an answer; nothing where the client leaves after so many bytes."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = connection.recv(65536)
        if not more:
            return 0, data
        data += more
        if leaves_after is not None and len(data) > leaves_after:
            return None, b""
    top, _, body = data.partition(b"\r\n\r\n")
    lines = top.decode("latin-1").lower().split("\r\n")
    status = int(lines[0].split()[1])
    length = next((int(line.split(":")[1]) for line in lines if line.startswith("content-length:")), None)
    if length is not None:
        while len(body) < length:
            body += connection.recv(65536)
            if leaves_after is not None and len(body) > leaves_after:
                return None, b""
        return status, body
    while not body.endswith(b"0\r\n\r\n"):
        more = connection.recv(65536)
        if not more:
            return 0, body
        body += more
        if leaves_after is not None and len(body) > leaves_after:
            return None, b""
    whole = b""
    while body:
        size, _, body = body.partition(b"\r\n")
        whole += body[:int(size, 16)]
        body = body[int(size, 16) + 2:]
    return status, whole


def request(port, method, path, body=b""):
    with connect(port) as connection:
        connection.sendall(head(method, path, body))
        return answer(connection)


def requests():
    """What is asked: path, body, and how the answer's text is found."""
    words = "the lighthouse keeper wrote a letter about green boats and a cold sea".split()
    edits = [None, {"vector": "v", "strength": 0.5}, {"vector": "v", "strength": -0.5}, {"vector": "v", "strength": 0},
             [{"vector": "v", "strength": 1, "layers": "1"}, {"vector": "v", "strength": 0.1}]]
    for index in range(40):
        numbers = random.Random(index)
        prompt = " ".join(numbers.choice(words) for _ in range(numbers.choice([3, 10, 60, 200])))
        body = {"seed": index, "temperature": numbers.choice([0, 0.5, 1.2]), "edit": edits[index % len(edits)]}
        length = numbers.choice([1, 8, 24, 60])
        kind = index % 4
        if kind == 0:
            yield "/v1/chat/completions", {**body, "max_tokens": length, "messages": [
                {"role": "user", "content": prompt}]}
        elif kind == 1:
            yield "/v1/completions", {**body, "max_tokens": length, "prompt": prompt}
        elif kind == 2:
            yield "/completion", {**body, "n_predict": length, "prompt": prompt, "n_probs": 2}
        else:
            yield "/completion", {**body, "n_predict": length, "prompt": prompt, "repeat_penalty": 1.2}


def said(path, body, streams):
    """The text of an answer, and its likelihoods."""
    def part(value):
        choices = value.get("choices")
        if choices is None:
            return value.get("content", ""), value.get("completion_probabilities") or []
        if not choices:
            return "", []
        choice = choices[0]
        return (choice.get("text") or (choice.get("message") or choice.get("delta") or {}).get("content") or ""), []

    if not streams:
        text, records = part(json.loads(body))
        return text, json.dumps(records)
    texts, records = [], []
    for event in body.split(b"\n\n"):
        if event.startswith(b"data: ") and event != b"data: [DONE]":
            text, more = part(json.loads(event[6:]))
            texts.append(text)
            records += more
    return "".join(texts), json.dumps(records)


GARBAGE = [
    ("POST", "/completion", b"{", 400), ("POST", "/completion", b"", 400), ("POST", "/completion", b"[]", 400),
    ("POST", "/completion", b'{"prompt": {"a": 1}}', 400), ("POST", "/completion", b'{"prompt": []}', 400),
    ("POST", "/completion", b'{"prompt": "a", "edit": {"vector": "none"}}', None),
    ("POST", "/completion", b'{"prompt": "a", "edit": {"vektor": "v"}}', 400),
    ("POST", "/completion", b'{"prompt": "a", "edit": {"vector": "broken"}}', None),
    ("POST", "/completion", b'{"prompt": "' + b"a b " * 4000 + b'"}', 400),
    ("POST", "/completion", b'{"prompt": "a", "temperature": "hot"}', 400),
    ("POST", "/v1/chat/completions", b'{"messages": "hi"}', 400),
    ("POST", "/v1/chat/completions", b'{"messages": [], "tools": [{}]}', 400),
    ("POST", "/v1/completions", b'{"prompt": "a", "logprobs": 1000}', 400),
    ("POST", "/v1/completions", b"\xff\xfe\x00", 400), ("POST", "/completion", b"[" * 100_000, 400),
    ("GET", "/completion", b"", 405), ("POST", "/nothing", b"{}", 404), ("DELETE", "/v1/models", b"", 405),
]


class Load:
    def __init__(self, o, flags):
        self.o, self.flags = o, flags
        self.folder = tempfile.mkdtemp()
        for number in range(100):
            with open(f"{self.folder}/broken{number or ''}.gguf", "wb") as file:
                file.write(b"GGUF" + os.urandom(number * 10))
        self.server = Server(o, flags, self.folder)
        self.port = self.server.port
        shape = json.loads(request(self.port, "GET", "/props")[1])["emend"]
        # Found when it is first asked for.
        control_vector(self.folder + "/v.gguf", shape["width"], shape["layers"])
        status, text = request(self.port, "POST", "/v1/edits/check", b'{"edit": {"vector": "v"}}')
        assert status == 200, text
        entries = json.loads(request(self.port, "GET", "/v1/edits")[1])["data"]
        broken = [entry for entry in entries if not entry["compatible"]]
        assert len(entries) == 101 and len(broken) == 100 and all(entry["reason"] for entry in broken), entries
        self.requests = list(requests())
        self.counts = {"answers": 0, "left": 0, "garbage": 0, "slow": 0}
        self.faults = []
        self.lock = threading.Lock()
        self.end = threading.Event()

    def count(self, name):
        with self.lock:
            self.counts[name] += 1

    def fault(self, what):
        with self.lock:
            self.faults.append(what)
        print("FAULT", what, file=sys.stderr, flush=True)

    def ask(self, index, streams, leaves_after=None):
        path, body = self.requests[index]
        with connect(self.port) as connection:
            connection.sendall(head("POST", path, json.dumps({**body, "stream": streams}).encode()))
            return answer(connection, leaves_after)

    def alone(self):
        self.wanted = []
        for index, (path, _) in enumerate(self.requests):
            status, body = self.ask(index, False)
            assert status == 200, body
            self.wanted.append(said(path, body, False))

    def client(self, number):
        numbers = random.Random(self.o.seed * 1000 + number)
        while not self.end.is_set():
            try:
                chance = numbers.random()
                if chance < 0.1:
                    self.count("garbage")
                    method, path, body, wanted = numbers.choice(GARBAGE)
                    status, text = request(self.port, method, path, body)
                    if not 400 <= status < 500 or wanted not in (None, status):
                        self.fault(f"{method} {path} {body[:60]!r}: {status} {text[:200]!r}")
                    continue
                index, streams = numbers.randrange(len(self.requests)), numbers.random() < 0.5
                if chance < 0.3:
                    self.count("left")
                    if numbers.random() < 0.3:
                        path, body = self.requests[index]
                        with connect(self.port) as connection:
                            connection.sendall(head("POST", path, json.dumps(body).encode()))
                            time.sleep(numbers.random() * 0.2)
                    else:
                        self.ask(index, streams, numbers.randrange(4000))
                    continue
                status, body = self.ask(index, streams)
                self.count("answers")
                if status != 200:
                    self.fault(f"{self.requests[index]}: {status} {body[:200]!r}")
                elif said(self.requests[index][0], body, streams) != self.wanted[index]:
                    self.fault(f"request {index} (streams: {streams}): {body[:2000]!r} is not {self.wanted[index]}")
            except OSError as error:
                self.fault(f"client {number}: {error}")

    def idle(self):
        """200 that say nothing, for as long as it lasts."""
        connections = [connect(self.port) for _ in range(200)]
        self.end.wait()
        for connection in connections:
            connection.close()

    def half(self):
        """Who closes his half, or resets, has left, and is told so where he reads still."""
        while not self.end.wait(1):
            path, body = self.requests[3]
            try:
                with connect(self.port) as connection:
                    connection.sendall(head("POST", path, json.dumps(body).encode()))
                    connection.shutdown(socket.SHUT_WR)
                    status, _ = answer(connection)
                    if status not in (0, 200, 499):
                        self.fault(f"half closed: {status}")
                with connect(self.port) as connection:
                    connection.sendall(head("POST", path, json.dumps(body).encode())[:-5])
                    connection.shutdown(socket.SHUT_WR)
                    connection.recv(100)
                with connect(self.port) as connection:
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    connection.sendall(head("POST", path, json.dumps(body).encode()))
            except ConnectionError:
                pass

    def slow(self):
        """A byte a second, sent and read."""
        path, body = self.requests[7]
        data = head("POST", path, json.dumps({**body, "stream": True}).encode())
        while not self.end.is_set():
            with connect(self.port) as sender, connect(self.port) as reader:
                reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                reader.sendall(data)
                for byte in data[:60]:
                    sender.sendall(bytes([byte]))
                    try:
                        reader.recv(1)
                    except OSError as error:
                        self.fault(f"a slow reader: {error}")
                    if self.end.wait(1):
                        return
                sender.sendall(data[60:])
                status, text = answer(sender)
                self.count("slow")
                if status != 200 or said(path, text, True) != self.wanted[7]:
                    self.fault(f"a slow sender: {status}")

    def large(self):
        """100 MB: refused, said so or not."""
        while not self.end.wait(5):
            try:
                with connect(self.port) as connection:
                    connection.sendall(b"POST /completion HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000\r\n\r\n")
                    for _ in range(100):
                        connection.sendall(b" " * 1_000_000)
                    status, _ = answer(connection)
                    if status != 413:
                        self.fault(f"100 MB: {status}")
            except ConnectionError:
                pass

    def run(self):
        self.alone()
        bodies = [self.client] * self.o.clients
        threads = [threading.Thread(target=body, args=(number,)) for number, body in enumerate(bodies)]
        threads += [threading.Thread(target=body) for body in (self.idle, self.half, self.slow, self.large)]
        for thread in threads:
            thread.daemon = True
            thread.start()
        start, samples = time.time(), []
        while time.time() - start < self.o.minutes * 60 and self.server.process.poll() is None:
            time.sleep(2)
            samples.append((time.time() - start, self.server.resident()))
            if len(samples) % 30 == 0:
                print(f"{samples[-1][0]:6.0f} s  {samples[-1][1] / 1e6:8.1f} MB  {self.counts}", flush=True)
        self.end.set()
        for thread in threads:
            thread.join(60)
        if self.server.process.poll() is not None:
            sys.exit("the server ended under load")
        early = [size for at, size in samples if at <= self.o.minutes * 10]
        late = [size for at, size in samples if at > self.o.minutes * 10]
        growth = max(late) / max(early) - 1
        if growth > 0.02:
            self.fault(f"memory grew by {growth:.1%}: {max(early)} to {max(late)}")
        status, _ = request(self.port, "GET", "/health")
        metrics = request(self.port, "GET", "/metrics")[1].decode()
        busy = next(line.split()[1] for line in metrics.splitlines() if line.startswith("llamacpp:n_busy_slots"))
        self.ends()
        print(json.dumps({
            "minutes": self.o.minutes, "clients": self.o.clients, **self.counts, "health": status,
            "sequences_in_a_pass": float(busy), "rss_after_sixth_mb": round(max(early) / 1e6, 1),
            "rss_largest_after_mb": round(max(late) / 1e6, 1), "growth": round(growth, 4),
            "faults": len(self.faults)}))
        return 1 if self.faults else 0

    def ends(self):
        """SIGTERM with three streams: within the drain time. kill -9: the next start is like the first."""
        def streams():
            connections = []
            for _ in range(3):
                connection = connect(self.port)
                body = {"prompt": "a", "n_predict": -1, "ignore_eos": True, "stream": True, "cache_prompt": False}
                connection.sendall(head("POST", "/completion", json.dumps(body).encode()))
                connection.recv(1000)
                connections.append(connection)
            return connections

        connections = streams()
        start = time.time()
        os.kill(self.server.pid, signal.SIGTERM)
        code = self.server.process.wait(30)
        seconds = time.time() - start
        print(f"SIGTERM with three streams: {seconds:.1f} s, exit {code}")
        if code != 0 or seconds > 6:
            self.fault("SIGTERM")
        self.server = Server(self.o, self.flags, self.folder)
        self.port = self.server.port
        connections += streams()
        os.kill(self.server.pid, signal.SIGKILL)
        self.server.process.wait(30)
        self.server = Server(self.o, self.flags, self.folder)
        self.port = self.server.port
        for index in (0, 1, 2, 3):
            if said(self.requests[index][0], self.ask(index, False)[1], False) != self.wanted[index]:
                self.fault("another answer after kill -9")
        os.kill(self.server.pid, signal.SIGTERM)
        self.server.process.wait(30)


sys.exit(Load(*options()).run())
