#!/usr/bin/env python3
"""The page of `emend serve` in a real browser: asks a question edited and unedited, by keyboard, and takes a picture.

usage: tools/witness/page_picture.py EMEND MODEL.gguf EDITOR.safetensors OUT.png

Needs playwright==1.65.2 and Debian's chromium (CHROMIUM names another). Fails where the page does not show both
answers, what the edit added and how far tokens were moved, in the light and in the dark, or loads anything from
elsewhere. Not part of CI.
"""
import json
import os
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request

from playwright.sync_api import sync_playwright

emend, model, editor, picture = sys.argv[1:]
server = subprocess.Popen(
    [emend, "serve", "-m", model, "--editor", "editor=" + editor, "-a", "model", "--port", "0"],
    stdout=subprocess.PIPE, text=True)
base = f"http://127.0.0.1:{json.loads(server.stdout.readline())['listening'][0]['port']}"
while True:
    try:
        urllib.request.urlopen(base + "/health")
        break
    except urllib.error.HTTPError:
        pass

state = {"mode": "chat", "prompt": "Why is the sky blue?", "seed": "42", "temperature": "0", "tokens": "48", "edits": [
    {"kind": "instruction", "name": "editor", "text": "Answer in upper case.", "strength": 1, "layers": "all"}]}
try:
    with sync_playwright() as play:
        browser = play.chromium.launch(
            executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"), args=["--no-sandbox"])
        for scheme in ("dark", "light"):
            page = browser.new_page(viewport={"width": 1200, "height": 1320}, color_scheme=scheme)
            problems = []
            page.on("pageerror", lambda error: problems.append(str(error)))
            page.on("console", lambda message: message.type == "error" and problems.append(message.text))
            page.on("request", lambda request: request.url.startswith((base, "blob:", "data:")) or
                    problems.append(request.url))
            page.goto(base + "/#" + urllib.parse.quote(json.dumps(state)))
            page.wait_for_selector("#edits li")
            page.focus("#prompt")
            page.keyboard.press("Control+Enter")
            page.wait_for_selector("#edited-note:has-text('parted')")
            answers = {name: page.inner_text("#" + name) for name in ("unedited", "edited")}
            assert all(len(text) > 10 for text in answers.values()), answers
            assert answers["edited"] != answers["unedited"] and page.is_visible("#map")
            page.focus("#edited button")
            page.keyboard.press("Enter")
            assert "KL" in page.inner_text("#token"), page.inner_text("#token")
            page.focus("#map")
            page.keyboard.press("ArrowDown")
            assert page.inner_text("#cell").startswith("place 1, token 0: "), page.inner_text("#cell")
            # A fault is told at the edit that it is about.
            page.fill("#edits input[aria-label^=blocks]", "99")
            page.keyboard.press("Tab")
            page.click("#run")
            page.wait_for_selector("#edits li.wrong")
            assert "99" in page.inner_text("#error"), page.inner_text("#error")
            assert not [p for p in problems if "400" not in p], problems
            page.fill("#edits input[aria-label^=blocks]", "all")
            page.keyboard.press("Tab")
            page.click("#run")
            page.wait_for_selector("#edited-note:has-text('parted')")
            page.click("#edited button:nth-child(2)")
            page.screenshot(path=picture)
        for name, text in answers.items():
            print(f"{name}: {text}")
        browser.close()
finally:
    server.terminate()
    assert server.wait(10) == 0
