// The page of `emend serve`: the same prompt unedited and edited, in step, and what the edit does inside.
// No dependency and no build step; all text goes into the page as text.

const $ = (id) => document.getElementById(id);
const state = { files: [], layers: 0, model: "", edits: [], running: null, trace: null, map: null, cursor: [0, 0] };

// ---- The server

function headers() {
  const fields = { "Content-Type": "application/json" };
  const key = sessionStorage.getItem("key");
  if (key) fields.Authorization = "Bearer " + key;
  return fields;
}

async function ask(path, options = {}) {
  const answer = await fetch(path, { ...options, headers: headers() });
  if (answer.status === 401) {
    const key = prompt("The server asks for a key.");
    if (key) {
      sessionStorage.setItem("key", key);
      return ask(path, options);
    }
  }
  if (!answer.ok) {
    let error = { message: answer.statusText };
    try { error = (await answer.json()).error; } catch { /* no JSON */ }
    throw Object.assign(new Error(error.message), { param: error.param });
  }
  return answer;
}

async function load() {
  try {
    const [props, edits] = await Promise.all(
      [ask("/props").then((a) => a.json()), ask("/v1/edits").then((a) => a.json())]);
    state.layers = props.emend.layers;
    state.model = props.model_alias;
    state.files = edits.data.filter((file) => file.compatible);
    $("model").textContent =
      `${props.model_alias} · context ${props.default_generation_settings.n_ctx} · ${props.total_slots} at once`;
    for (const kind of ["editor", "vector", "compiled"]) {
      const button = $(kind === "editor" ? "add-instruction" : "add-" + kind);
      button.disabled = !state.files.some((file) => file.kind === kind);
    }
    $("no-files").hidden = state.files.some((file) => file.kind !== "preset");
    fromHash();
    // A state that is looked at without a hand, as by a script that takes a picture.
    if (new URLSearchParams(location.search).has("run")) run();
  } catch (error) {
    $("error").textContent = error.message;
    if (/Loading/.test(error.message)) setTimeout(load, 500);
  }
}

// ---- Edits

function node(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name in element && typeof value !== "string") element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

function select(kind, value, change) {
  const files = state.files.filter((file) => file.kind === kind);
  const element = node("select", { onchange: () => change(element.value) },
    ...files.map((file) => node("option", { value: file.name }, file.name)));
  element.value = value;
  return element;
}

function layersOf(text) {
  if (text.trim() === "" || text.trim() === "all") return null;
  const chosen = new Set();
  for (const part of text.split(",")) {
    const [first, last = first] = part.split("-").map(Number);
    for (let layer = first; layer <= last && layer < 4096; layer++) chosen.add(layer);
  }
  return chosen;
}

function textOf(chosen) {
  const layers = [...chosen].sort((a, b) => a - b);
  if (layers.length === state.layers) return "all";
  const parts = [];
  for (let i = 0; i < layers.length;) {
    let end = i;
    while (layers[end + 1] === layers[end] + 1) end++;
    parts.push(end === i ? `${layers[i]}` : `${layers[i]}-${layers[end]}`);
    i = end + 1;
  }
  return parts.join(",");
}

function layerCells(edit) {
  const field = node("input", { type: "text", value: edit.layers, size: 10, "aria-label": "blocks, as 0-7,12 or all" });
  const cells = node("span", { class: "cells", "aria-hidden": "true" });
  let paint = null;
  const draw = () => {
    const chosen = layersOf(edit.layers);
    [...cells.children].forEach((cell, layer) => cell.classList.toggle("on", !chosen || chosen.has(layer)));
  };
  const set = (layer, on) => {
    const chosen = layersOf(edit.layers) ?? new Set(Array.from({ length: state.layers }, (_, i) => i));
    if (on) chosen.add(layer); else chosen.delete(layer);
    edit.layers = textOf(chosen);
    field.value = edit.layers;
    draw();
  };
  for (let layer = 0; layer < state.layers; layer++) {
    cells.append(node("span", {
      title: `block ${layer}`,
      onpointerdown: (event) => {
        event.target.releasePointerCapture?.(event.pointerId);
        paint = !event.target.classList.contains("on");
        set(layer, paint);
      },
      onpointerenter: (event) => { if (event.buttons && paint !== null) set(layer, paint); },
      onpointerup: changed,
    }));
  }
  field.addEventListener("change", () => { edit.layers = field.value; draw(); changed(); });
  draw();
  return node("span", { class: "row" }, "blocks", field, cells);
}

function strengthFields(edit) {
  const number = node("input", { type: "number", step: "0.05", value: String(edit.strength), "aria-label": "strength" });
  const slider = node("input", {
    type: "range", min: "-2", max: "2", step: "0.05", value: String(edit.strength), "aria-label": "strength",
    ondblclick: () => set(1),
  });
  const set = (value) => {
    edit.strength = Number(value);
    number.value = value;
    slider.value = value;
    changed();
  };
  slider.addEventListener("input", () => set(slider.value));
  number.addEventListener("change", () => set(number.value));
  return node("span", { class: "row" }, "strength", slider, number);
}

function drawEdits() {
  $("edits").replaceChildren(...state.edits.map((edit, index) => {
    const fields = [];
    if (edit.kind === "instruction") {
      const text = node("input", {
        type: "text", class: "grow", value: edit.text, placeholder: "Answer in one sentence.",
        "aria-label": "instruction", oninput: () => { edit.text = text.value; }, onchange: changed,
      });
      fields.push(text, select("editor", edit.name, (name) => { edit.name = name; changed(); }));
    } else {
      fields.push(edit.kind, select(edit.kind, edit.name, (name) => { edit.name = name; changed(); }));
    }
    const remove = node("button", {
      type: "button", "aria-label": "take this edit away",
      onclick: () => { state.edits.splice(index, 1); drawEdits(); changed(); },
    }, "×");
    const rows = [node("span", { class: "row" }, ...fields, remove)];
    if (edit.kind !== "compiled") rows.push(strengthFields(edit), layerCells(edit));
    return node("li", { "data-index": String(index) }, ...rows);
  }));
}

function add(kind) {
  const file = state.files.find((f) => f.kind === (kind === "instruction" ? "editor" : kind));
  if (!file) return;
  state.edits.push({ kind, name: file.name, text: "", strength: 1, layers: "all" });
  drawEdits();
  $("edits").lastElementChild.querySelector("input, select").focus();
}

function edits() {
  return state.edits.filter((edit) => edit.kind !== "instruction" || edit.text.trim()).map((edit) => {
    if (edit.kind === "compiled") return { compiled: edit.name };
    const what = edit.kind === "instruction" ? { instruction: edit.text, editor: edit.name } : { vector: edit.name };
    return { ...what, strength: edit.strength, layers: edit.layers || "all" };
  });
}

// ---- A request

function isRaw() { return document.querySelector("input[name=mode]:checked").value === "raw"; }

function request() {
  const body = {
    seed: Number($("seed").value), temperature: Number($("temperature").value), max_tokens: Number($("tokens").value),
    edit: edits(),
  };
  if (isRaw()) return { path: "/v1/completions", body: { prompt: $("prompt").value, ...body } };
  const messages = [{ role: "user", content: $("prompt").value }];
  if ($("system").value) messages.unshift({ role: "system", content: $("system").value });
  return { path: "/v1/chat/completions", body: { messages, ...body } };
}

async function* events(answer) {
  const reader = answer.body.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    rest += decoder.decode(value, { stream: !done });
    let end;
    while ((end = rest.indexOf("\n\n")) >= 0) {
      const line = rest.slice(0, end);
      rest = rest.slice(end + 2);
      if (line.startsWith("data: ") && line !== "data: [DONE]") yield JSON.parse(line.slice(6));
    }
    if (done) return;
  }
}

let spokenAt = 0;

function speak(text, now = false) {
  if (!now && performance.now() - spokenAt < 1000) return;
  spokenAt = performance.now();
  $("spoken").textContent = text;
}

function clear() {
  $("error").textContent = "";
  for (const id of ["unedited", "edited"]) { $(id).replaceChildren(); $(id + "-note").textContent = ""; }
  $("token").replaceChildren();
  state.trace = { request: request(), sites: [], tokens: [], unedited: [], emend: null };
  document.querySelectorAll("#edits .wrong").forEach((item) => item.classList.remove("wrong"));
  drawMap();
}

async function run() {
  state.running?.abort();
  const running = new AbortController();
  state.running = running;
  clear();
  toHash();
  $("run").disabled = true;
  $("stop").disabled = false;
  const { path, body } = request();
  const isEdited = body.edit.some((edit) => edit.strength !== 0);
  const start = performance.now();
  try {
    const answer = await ask(path, {
      method: "POST", signal: running.signal,
      body: JSON.stringify({
        ...body, stream: true, stream_options: { include_usage: true }, compare: true,
        ...(isEdited ? { trace: { kl: true, sites: true } } : {}),
      }),
    });
    const counts = [0, 0];
    for await (const event of events(answer)) {
      if (event.error) throw new Error(event.error.message);
      if (event.emend?.sites && !event.emend.edit) { state.trace.sites.push(...event.emend.sites); drawMap(); }
      else if (event.emend) finish(event.emend);
      for (const choice of event.choices ?? []) {
        const text = choice.delta?.content ?? choice.text;
        if (!text && !choice.emend?.kl) continue;
        counts[choice.index] += 1;
        show(choice.index, text ?? "", choice.emend);
        const seconds = (performance.now() - start) / 1000;
        const name = choice.index ? "unedited" : "edited";
        $(name + "-note").textContent = `${(counts[choice.index] / seconds).toFixed(1)} tokens/s`;
      }
      speak($("edited").textContent);
    }
    speak($("edited").textContent, true);
  } catch (error) {
    if (error.name !== "AbortError") fail(error);
  } finally {
    if (state.running === running) {
      state.running = null;
      $("run").disabled = false;
      $("stop").disabled = true;
    }
  }
}

function fail(error) {
  $("error").textContent = error.message;
  const index = /^edit\[(\d+)\]/.exec(error.param ?? "")?.[1] ?? (error.param?.startsWith("edit") ? "0" : null);
  if (index !== null) document.querySelector(`#edits li[data-index="${index}"]`)?.classList.add("wrong");
}

function show(index, text, emend) {
  if (index === 1) {
    $("unedited").append(node("span", {}, text));
    state.trace.unedited.push(text);
    return;
  }
  const kl = emend?.kl?.at(-1) ?? null;
  const entry = { text, kl, top: emend?.top?.at(-1) ?? [] };
  state.trace.tokens.push(entry);
  const button = node("button", {
    type: "button", "aria-pressed": "false",
    title: kl === null ? "" : `KL ${kl.toFixed(3)}`, onclick: () => choose(button, entry),
  }, text);
  if (kl !== null) button.style.setProperty("--part", Math.min(1, kl / 2).toFixed(3));
  $("edited").append(button);
}

function choose(button, entry) {
  document.querySelectorAll("#edited [aria-pressed=true]").forEach((b) => b.setAttribute("aria-pressed", "false"));
  button.setAttribute("aria-pressed", "true");
  const percent = (p) => (100 * p).toFixed(2) + " %";
  const kl = entry.kl === null ? "" : `KL ${entry.kl.toFixed(4)} nats`;
  $("token").replaceChildren(
    node("caption", {}, `${JSON.stringify(entry.text)} ${kl}`),
    node("tr", {}, ...["token", "edited", "unedited"].map((name) => node("th", { scope: "col" }, name))),
    ...entry.top.map(([token, edited, unedited]) => node("tr", {},
      node("td", {}, JSON.stringify(token)), node("td", {}, percent(edited)), node("td", {}, percent(unedited)))));
}

function finish(emend) {
  state.trace.emend = emend;
  const parted = emend.first_difference;
  const kls = state.trace.tokens.map((token) => token.kl).filter((kl) => kl !== null);
  const mean = kls.length ? ` · mean KL ${(kls.reduce((a, b) => a + b, 0) / kls.length).toFixed(3)}` : "";
  $("edited-note").textContent += parted === null || parted === undefined
    ? " · the answers are the same" : ` · parted at token ${parted + 1}${mean}`;
  if (parted !== null && parted !== undefined) {
    for (const id of ["edited", "unedited"]) $(id).children[parted]?.classList.add("parted");
  }
}

// ---- The heat map

// From dark blue over green to yellow, as bright as it is large, so that it reads without colours too.
const colours = Array.from({ length: 32 }, (_, i) => {
  const t = i / 31;
  return [Math.round(255 * Math.min(1, Math.max(0, 1.6 * t - .55))), Math.round(25 + 205 * t),
    Math.round(110 * Math.max(0, 1 - Math.abs(t - .35) * 1.8) + 20)];
});

function drawMap() {
  const canvas = $("map");
  const rows = state.layers + 1;
  const columns = Math.max(1, ...(state.trace?.sites ?? []).map((run) => run.from + run.ratio.length));
  canvas.width = columns;
  canvas.height = rows;
  canvas.style.height = `${Math.min(320, 8 * rows)}px`;
  canvas.style.width = `min(100%, ${24 * columns}px)`;
  canvas.hidden = !state.trace?.sites.length;
  state.map = Array.from({ length: rows }, () => new Float64Array(columns));
  const context = canvas.getContext("2d");
  const image = context.createImageData(columns, rows);
  for (const run of state.trace?.sites ?? []) run.ratio.forEach((r, i) => { state.map[run.layer][run.from + i] = r; });
  state.map.forEach((row, layer) => row.forEach((ratio, column) => {
    const part = ratio > 0 ? Math.min(1, Math.max(0, (Math.log10(ratio) + 3) / 3)) : 0;
    image.data.set([...colours[Math.round(31 * part)], ratio > 0 ? 255 : 0], 4 * (layer * columns + column));
  }));
  context.putImageData(image, 0, 0);
  $("cell").textContent = canvas.hidden ? "Nothing was added yet." : "";
}

function readCell(layer, column) {
  if (!state.map?.[layer] || column < 0 || column >= state.map[layer].length) return;
  state.cursor = [layer, column];
  $("cell").textContent = `place ${layer}, token ${column}: ${state.map[layer][column].toPrecision(3)} of the state`;
}

// ---- Copies, and the state in the link

function shell(text) { return "'" + text.replaceAll("'", "'\\''") + "'"; }

function copyAs(form) {
  const { path, body } = request();
  if (form === "curl") return `curl ${location.origin}${path} -d ${shell(JSON.stringify(body))}`;
  if (form === "python") {
    const call = isRaw() ? "completions" : "chat.completions";
    const { edit, ...rest } = body;
    const fields = Object.entries(rest).map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(", ");
    return "from openai import OpenAI\n"
      + `client = OpenAI(base_url="${location.origin}/v1", api_key="none")\n`
      + `answer = client.${call}.create(model=${JSON.stringify(state.model)}, ${fields},\n`
      + `    extra_body={"edit": ${JSON.stringify(edit)}})\n`
      + `print(answer.choices[0].${isRaw() ? "text" : "message.content"})`;
  }
  const words = ["emend generate -m MODEL.gguf"];
  if (!isRaw()) words.push("--chat");
  if (!isRaw() && $("system").value) words.push("--system " + shell($("system").value));
  words.push("-p " + shell($("prompt").value), `-n ${body.max_tokens}`, `--temp ${body.temperature}`,
    `--seed ${body.seed}`);
  for (const edit of body.edit) {
    if (edit.instruction) {
      words.push(`--editor ${edit.editor}.safetensors --instruction ${shell(edit.instruction)} --strength ${edit.strength}`);
    } else if (edit.vector) words.push(`--control-vector ${edit.vector}.gguf:${edit.strength}`);
    else words.push(`--edit ${edit.compiled}.safetensors`);
  }
  return words.join(" \\\n  ");
}

async function toClipboard(text) {
  try {
    await navigator.clipboard.writeText(text);
    $("copied").textContent = "copied";
  } catch {
    $("copied").textContent = text;
  }
}

function toHash() {
  const saved = {
    mode: isRaw() ? "raw" : "chat", system: $("system").value, prompt: $("prompt").value, seed: $("seed").value,
    temperature: $("temperature").value, tokens: $("tokens").value, edits: state.edits,
  };
  history.replaceState(null, "", "#" + encodeURIComponent(JSON.stringify(saved)));
}

function fromHash() {
  let saved = {};
  try { saved = JSON.parse(decodeURIComponent(location.hash.slice(1))); } catch { /* none, or not ours */ }
  for (const id of ["system", "prompt", "seed", "temperature", "tokens"]) {
    if (typeof saved[id] === "string") $(id).value = saved[id];
  }
  if (saved.mode === "raw") document.querySelector("input[value=raw]").checked = true;
  const known = (edit) => ["instruction", "vector", "compiled"].includes(edit?.kind);
  state.edits = Array.isArray(saved.edits) ? saved.edits.filter(known).map((edit) => ({
    kind: edit.kind, name: String(edit.name), text: String(edit.text ?? ""), strength: Number(edit.strength) || 0,
    layers: String(edit.layers ?? "all"),
  })) : [];
  drawEdits();
  modeChanged();
}

// ---- What people do

let pending = 0;

function changed() {
  toHash();
  clearTimeout(pending);
  if ($("live").checked) pending = setTimeout(run, 300);
}

function modeChanged() { $("system-label").hidden = isRaw(); }

$("form").addEventListener("submit", (event) => { event.preventDefault(); run(); });
$("form").addEventListener("change", () => { modeChanged(); toHash(); });
$("prompt").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); run(); }
});
$("stop").addEventListener("click", () => state.running?.abort());
$("add-instruction").addEventListener("click", () => add("instruction"));
$("add-vector").addEventListener("click", () => add("vector"));
$("add-compiled").addEventListener("click", () => add("compiled"));
$("map").addEventListener("click", (event) => {
  const box = event.target.getBoundingClientRect();
  readCell(Math.floor((event.clientY - box.top) / box.height * event.target.height),
    Math.floor((event.clientX - box.left) / box.width * event.target.width));
});
$("map").addEventListener("keydown", (event) => {
  const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
  if (!step) return;
  event.preventDefault();
  readCell(state.cursor[0] + step[0], state.cursor[1] + step[1]);
});
document.querySelectorAll("[data-copy]").forEach((button) =>
  button.addEventListener("click", () => toClipboard(copyAs(button.dataset.copy))));
$("link").addEventListener("click", () => { toHash(); toClipboard(location.href); });
$("save").addEventListener("click", () => {
  const url = URL.createObjectURL(new Blob([JSON.stringify(state.trace, null, 1)], { type: "application/json" }));
  node("a", { href: url, download: "trace.json" }).click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
});

load();
