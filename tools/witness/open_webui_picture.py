#!/usr/bin/env python3
"""open-webui in a real browser on `emend serve`: a preset of an edit chosen as a model answers a question; takes a picture.

usage: tools/witness/open_webui_picture.py EMEND MODEL.gguf EDITOR.safetensors OUT.png

Needs open-webui==0.12.4 and playwright==1.65.2 in the environment of the Python that runs it (three minutes to install), and
Debian's chromium (CHROMIUM names another). Fails where no answer comes. Not part of CI.
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

from playwright.sync_api import sync_playwright

emend, model, editor, picture = sys.argv[1:]
preset = json.dumps({"instruction": "Answer in all capital letters."})
server = subprocess.Popen(
    [emend, "serve", "-m", model, "--editor", "editor=" + editor, "--preset", "capitals=" + preset, "-a", "smollm2",
     "--port", "0", "--seed", "42", "-n", "48"], stdout=subprocess.PIPE, text=True)
base = f"http://127.0.0.1:{json.loads(server.stdout.readline())['listening'][0]['port']}"
folder = tempfile.mkdtemp()
PORT = "8417"
page_server = subprocess.Popen(
    [os.path.join(os.path.dirname(sys.executable), "open-webui"), "serve", "--host", "127.0.0.1", "--port", PORT],
    stdout=open(f"{folder}/log", "w"), stderr=subprocess.STDOUT, env={
        **os.environ, "DATA_DIR": folder, "WEBUI_SECRET_KEY": "none", "WEBUI_AUTH": "False", "ENABLE_OLLAMA_API": "False",
        "OPENAI_API_BASE_URL": base + "/v1", "OPENAI_API_KEY": "none",
        # It gives every model tools of its own unless it is told that they cannot use them.
        "DEFAULT_MODEL_METADATA": '{"capabilities": {"builtin_tools": false}}',
        # Requests of its own for titles and the like, downloads, and reports home.
        "ENABLE_TITLE_GENERATION": "False", "ENABLE_TAGS_GENERATION": "False", "ENABLE_FOLLOW_UP_GENERATION": "False",
        "OFFLINE_MODE": "True", "HF_HUB_OFFLINE": "1", "BYPASS_EMBEDDING_AND_RETRIEVAL": "True"})


def wait(url):
    for _ in range(240):
        try:
            return urllib.request.urlopen(url)
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.5)
    sys.exit(f"nothing answers at {url}: see {folder}/log")


try:
    wait(base + "/health")
    wait(f"http://127.0.0.1:{PORT}/health")
    with sync_playwright() as play:
        browser = play.chromium.launch(
            executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1100, "height": 560})
        page.goto(f"http://127.0.0.1:{PORT}/?models=smollm2%2Bcapitals", timeout=120_000)
        page.wait_for_selector("#chat-input", timeout=60_000)
        page.get_by_text("Okay, Let's Go!").click(timeout=20_000)
        page.click("#chat-input")
        page.keyboard.type("Why is the sky blue?")
        page.keyboard.press("Enter")
        answer = page.locator(".chat-assistant").last
        for _ in range(60):
            page.wait_for_timeout(1000)
            if answer.count() and len(answer.inner_text()) > 60:
                break
        page.wait_for_timeout(3000)
        text = answer.inner_text()
        page.screenshot(path=picture)
        print(text)
        letters = [letter for letter in text if letter.isalpha()]
        assert len(letters) > 40 and sum(map(str.isupper, letters)) > 0.9 * len(letters), text
finally:
    for process in (page_server, server):
        process.terminate()
        process.wait(30)
    shutil.rmtree(folder)
