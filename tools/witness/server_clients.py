#!/usr/bin/env python3
"""Clients that people use against `emend serve`, on loopback.

usage: tools/witness/server_clients.py EMEND MODEL.gguf CONTROL_VECTOR.gguf [CLIENT ...]

CLIENT is openai, litellm, langchain, instructor, llm, lm_eval or schemathesis; all of them without one. What they
need is tools/witness/requirements-clients.txt (of lm_eval alone: lm-eval[api]==0.4.13). Fails with the first that
does not hold. Not part of CI.
"""
import json
import os
import subprocess
import sys
import tempfile
import urllib.request

os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")
os.environ["HF_HUB_OFFLINE"] = "1"

EMEND, MODEL, VECTOR, *CHOSEN = sys.argv[1:]
QUESTION = [{"role": "user", "content": "Name a colour."}]
EDIT = {"vector": "v", "strength": 0.5}


def start():
    server = subprocess.Popen(
        [EMEND, "serve", "-m", MODEL, "--port", "0", "-a", "m", "--parallel", "2", "--kv-unified", "--metrics", "-n", "16",
         "--control-vector", "v=" + VECTOR, "--preset", "terse=" + json.dumps(EDIT), "--seed", "1"],
        stdout=subprocess.PIPE, text=True)
    port = json.loads(server.stdout.readline())["listening"][0]["port"]
    base = f"http://127.0.0.1:{port}"
    while True:
        try:
            urllib.request.urlopen(base + "/health")
            return server, base
        except urllib.error.HTTPError as error:
            assert error.code == 503, error


def post(base, path, body):
    request = urllib.request.Request(base + path, json.dumps(body).encode())
    return json.load(urllib.request.urlopen(request))


def check_openai(base):
    import openai
    client = openai.OpenAI(base_url=base + "/v1", api_key="none", max_retries=0)
    assert [m.id for m in client.models.list()] == ["m", "m+terse"]
    assert client.models.retrieve("m").id == "m"
    plain = client.chat.completions.create(model="m", messages=QUESTION, max_tokens=12, seed=3)
    assert plain.usage.completion_tokens > 0 and plain.model_extra["emend"]["digest"] is None
    edited = client.chat.completions.create(
        model="m", messages=QUESTION, max_tokens=12, seed=3, extra_body={"edit": EDIT})
    assert edited.model_extra["emend"]["edit"][0]["vector"] == "v"
    preset = client.chat.completions.create(model="m+terse", messages=QUESTION, max_tokens=12, seed=3)
    assert preset.choices[0].message.content == edited.choices[0].message.content
    stream = list(client.chat.completions.create(
        model="m", messages=QUESTION, max_tokens=12, seed=3, stream=True,
        stream_options={"include_usage": True}))
    assert "".join(c.choices[0].delta.content or "" for c in stream if c.choices) == plain.choices[0].message.content
    assert stream[-1].usage.total_tokens == plain.usage.total_tokens
    text = client.completions.create(model="m", prompt="One, two,", max_tokens=4, logprobs=2)
    assert len(text.choices[0].logprobs.token_logprobs) == 4
    for body, kind in [({"edit": {"vector": "w"}}, "edit_not_found"), ({"tools": [{}]}, "unsupported_parameter")]:
        try:
            client.chat.completions.create(model="m", messages=QUESTION, extra_body=body)
            raise AssertionError(body)
        except openai.BadRequestError as error:
            assert error.code == kind, error
    left = client.chat.completions.create(model="m", messages=QUESTION, stream=True)
    next(iter(left))
    left.close()
    assert client.chat.completions.create(model="m", messages=QUESTION, max_tokens=2).choices


def check_litellm(base):
    import litellm
    common = {"model": "openai/m", "api_base": base + "/v1", "api_key": "none"}
    answer = litellm.completion(messages=QUESTION, max_tokens=8, seed=3, edit=EDIT, **common)
    wanted = post(base, "/v1/chat/completions", {"messages": QUESTION, "max_tokens": 8, "seed": 3, "edit": EDIT})
    assert answer.choices[0].message.content == wanted["choices"][0]["message"]["content"]
    parts = [{"role": "developer", "content": "Be brief."},
             {"role": "user", "content": [{"type": "text", "text": "Hi"}]}]
    assert litellm.completion(messages=parts, max_tokens=4, stop="x", **common).choices
    pieces = litellm.completion(messages=QUESTION, max_tokens=8, stream=True, **common)
    assert "".join(p.choices[0].delta.content or "" for p in pieces)
    try:
        litellm.completion(messages=[{"role": "user", "content": "word " * 20000}], **common)
        raise AssertionError("the prompt is too long")
    except litellm.ContextWindowExceededError:
        pass


def check_langchain(base):
    from langchain_openai import ChatOpenAI, OpenAI
    common = {"model": "m", "base_url": base + "/v1", "api_key": "none", "max_retries": 0}
    chat = ChatOpenAI(**common, max_tokens=8, stop=["\n\n"], seed=3, temperature=0.1, n=1, logprobs=True,
                      top_logprobs=2)
    assert chat.invoke("Hi").content
    assert "".join(piece.content for piece in ChatOpenAI(**common, max_tokens=8).stream("Hi"))
    assert ChatOpenAI(**common, max_tokens=8, extra_body={"edit": EDIT}).invoke("Hi").content
    assert OpenAI(**common, max_tokens=4).invoke("One, two,")
    try:
        chat.invoke("word " * 20000)
        raise AssertionError("the prompt is too long")
    except Exception as error:
        assert "context_length_exceeded" in str(error) or "ContextOverflow" in type(error).__name__, error


def check_instructor(base):
    import instructor
    import openai
    from pydantic import BaseModel

    class Answer(BaseModel):
        x: int

    client = openai.OpenAI(base_url=base + "/v1", api_key="none", max_retries=0)
    # A mode that needs tools gets the reason, and one that asks in the prompt gets an answer to read.
    for mode, word in [("TOOLS", "tool_choice"), ("JSON", "response_format"), ("MD_JSON", None)]:
        try:
            instructor.from_openai(client, mode=getattr(instructor.Mode, mode)).chat.completions.create(
                model="m", response_model=Answer, max_retries=0, messages=QUESTION, max_tokens=40)
        except Exception as error:
            assert word is None or word in str(error), (mode, error)


def check_llm(base):
    folder = tempfile.mkdtemp()
    with open(folder + "/extra-openai-models.yaml", "w") as file:
        file.write(f"- model_id: emend\n  model_name: m\n  api_base: {base}/v1\n")
    environment = {**os.environ, "LLM_USER_PATH": folder, "OPENAI_API_KEY": "none"}
    for flags in ([], ["--no-stream"], ["-o", "seed", "1"]):
        out = subprocess.run(
            [sys.executable, "-m", "llm", "-m", "emend", *flags, "-o", "max_tokens", "8", "Hi"],
            env=environment, capture_output=True, text=True)
        assert out.returncode == 0 and out.stdout.strip(), out


def check_lm_eval(base):
    from lm_eval.api.instance import Instance
    from lm_eval.models.openai_completions import LocalCompletionsAPI
    pairs = [("Once upon a", " time"), ("The capital of France is", " Paris")]
    for model, edited in [("m", []), ("m+terse", ["--control-vector", VECTOR + ":0.5"])]:
        api = LocalCompletionsAPI(
            base_url=base + "/v1/completions", model=model, num_concurrent=1, max_retries=1, batch_size=1)
        found = api.loglikelihood(
            [Instance("loglikelihood", {}, pair, i) for i, pair in enumerate(pairs)], disable_tqdm=True)
        for pair, (value, _) in zip(pairs, found):
            scored = json.loads(subprocess.run(
                [EMEND, "score", "-m", MODEL, "--json", *edited, "-f", "-"], input="".join(pair),
                capture_output=True, text=True, check=True).stdout)
            count = len(scored["ids"]) - len(post(base, "/tokenize", {"content": pair[0], "add_special": True})["tokens"])
            wanted = sum(scored["logprobs"][-count:])
            assert abs(value - wanted) < 1e-4 * max(1, abs(wanted)), (model, pair, value, wanted)


def check_schemathesis(base):
    page = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../docs/openapi.yaml")
    # Answers of at most so many tokens, that thousands of requests take minutes.
    text = open(page).read()
    bound = 'max_tokens: {type: [integer, "null"], minimum: -1'
    assert bound in text
    folder = tempfile.mkdtemp()
    schema = os.path.join(folder, "openapi.yaml")
    with open(schema, "w") as file:
        file.write(text.replace(bound, bound + ", maximum: 16"))
    # What a schema cannot say (an edit that names no file, a prompt without tokens) is refused by its reason; POST
    # /props is answered by 501, as llama-server answers it.
    subprocess.run(
        ["schemathesis", "run", schema, "--url", base, "-n", "40", "--seed", "1", "--exclude-checks",
         "unsupported_method,positive_data_acceptance", "--exclude-path", "/props"], check=True, cwd=folder)


CHECKS = {name[6:]: function for name, function in globals().items() if name.startswith("check_")}
server, base = start()
try:
    for name in CHOSEN or CHECKS:
        CHECKS[name](base)
        print(name, "ok", flush=True)
finally:
    server.terminate()
    assert server.wait(10) == 0
