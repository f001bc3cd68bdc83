"use strict";
// One state, the counts that follow from it, and the pictures of one step.
const SIZES = [1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 24, 28, 32, 48, 56, 64, 96, 112,
  128, 192, 224, 256, 384, 512, 768, 1024];
const MOST_PLANES = 6, MOST_CELLS = 10;
const COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"];
const state = { kind: "dense", dk: 3, dg: 6, m: 3, n: 1, groups: 1, multiplier: 1,
  stride: 1, step: 0 };
const $ = (id) => document.getElementById(id);
const whole = (value) => value.toLocaleString("en-US");

function gcd(a, b) { return b ? gcd(b, a % b) : a; }
function divisors(value) {
  return Array.from({ length: value }, (_, i) => i + 1).filter((d) => value % d === 0);
}

// The layers that a choice consists of: each as a grouped convolution.
function layersOf(s) {
  const layer = (name, dk, m, n, groups, stride) => ({ name, dk, m, n, groups, stride });
  const middle = s.m * s.multiplier;
  switch (s.kind) {
    case "grouped": return [layer("grouped", s.dk, s.m, s.n, s.groups, s.stride)];
    case "depthwise": return [layer("depthwise", s.dk, s.m, middle, s.m, s.stride)];
    case "pointwise": return [layer("pointwise", 1, s.m, s.n, 1, s.stride)];
    case "separable": return [layer("depthwise", s.dk, s.m, middle, s.m, s.stride),
      layer("pointwise", 1, middle, s.n, 1, 1)];
    default: return [layer("dense", s.dk, s.m, s.n, 1, s.stride)];
  }
}

function costOf(layer, dg) {
  const read = layer.m / layer.groups;
  const params = layer.dk * layer.dk * read * layer.n;
  const squares = layer.dk > 1 ? `${layer.dk}·${layer.dk}·` : "";
  const inputs = layer.groups === layer.m && layer.m > 1 ? "" : `${read}·`;
  return { params, macs: params * dg * dg,
    formula: `${squares}${inputs}${layer.n}·${dg}·${dg}` };
}

function count(s) {
  const layers = layersOf(s), parts = layers.map((each) => costOf(each, s.dg));
  const outputs = layers[layers.length - 1].n;
  const taps = s.kind === "pointwise" ? 1 : s.dk;
  const dense = costOf({ dk: taps, m: s.m, n: outputs, groups: 1 }, s.dg);
  const sum = (key) => parts.reduce((total, part) => total + part[key], 0);
  const input = (s.dg - 1) * s.stride + taps;
  return { layers, parts, outputs, input, dense: dense.macs, denseParams: dense.params,
    macs: sum("macs"), params: sum("params") };
}

// What is drawn is cut to a few channels and a corner; counts never are.
function drawnOf(s) {
  const dg = Math.min(s.dg, MOST_CELLS), few = (v) => Math.min(v, MOST_PLANES);
  return count(s).layers.map((layer) => {
    const outputs = few(layer.n);
    return { ...layer, dg, shown: few(layer.m), outputs, input: (dg - 1) * layer.stride + layer.dk };
  });
}

const sample = (c, i, j) => (3 * i + 5 * j + 7 * c + i * j) % 4;
const weight = (o, c, a, b) => ((a + 2 * b + c + 3 * o) % 3) - 1;

const memory = new Map();
function valueOf(layers, depth, o, i, j) {
  if (depth < 0) return sample(o, i, j);
  const key = `${depth},${o},${i},${j}`;
  if (!memory.has(key)) memory.set(key, sumOf(layers, depth, o, i, j));
  return memory.get(key);
}
function sumOf(layers, depth, o, i, j) {
  const layer = layers[depth], read = layer.m / layer.groups;
  const first = Math.floor(o / (layer.n / layer.groups)) * read;
  let total = 0;
  for (let c = 0; c < read; c++)
    for (let a = 0; a < layer.dk; a++)
      for (let b = 0; b < layer.dk; b++)
        total += weight(o, c, a, b) *
          valueOf(layers, depth - 1, first + c, i * layer.stride + a, j * layer.stride + b);
  return total;
}

function placeOf(drawn, step) {
  let rest = step;
  for (let depth = 0; depth < drawn.length; depth++) {
    const { dg, outputs } = drawn[depth], here = dg * dg * outputs;
    if (rest < here || depth === drawn.length - 1) {
      const at = Math.min(rest, here - 1), cell = at % (dg * dg);
      return { depth, output: Math.floor(at / (dg * dg)), i: Math.floor(cell / dg), j: cell % dg, at };
    }
    rest -= here;
  }
  return null;
}
const stepsOf = (drawn) => drawn.reduce((sum, each) => sum + each.dg * each.dg * each.outputs, 0);

function plane(x, y, size, cells, colour, label, cellOf) {
  const cell = size / cells, parts = [`<g class="plane"><title>${label}</title>`];
  for (let i = 0; i < cells; i++)
    for (let j = 0; j < cells; j++) {
      const { shade, text, on } = cellOf(i, j);
      const box = `x="${(x + j * cell).toFixed(1)}" y="${(y + i * cell).toFixed(1)}" width="${cell.toFixed(1)}" height="${cell.toFixed(1)}"`;
      parts.push(`<rect ${box} fill="${colour}" fill-opacity="${shade.toFixed(2)}" class="cell${on ? " on" : ""}"/>`);
      if (text !== undefined && cell >= 13)
        parts.push(`<text x="${(x + (j + .5) * cell).toFixed(1)}" y="${(y + (i + .5) * cell + 4).toFixed(1)}">${text}</text>`);
    }
  parts.push(`<rect x="${x}" y="${y}" width="${size}" height="${size}" class="edge" stroke="${colour}"/>`);
  parts.push(`<text class="name" x="${x}" y="${y - 6}">${label}</text></g>`);
  return parts.join("");
}

function column(x, title, planes, draw) {
  const size = 132, gap = 34, two = planes > 3 ? 2 : 1;
  let out = `<text class="head" x="${x}" y="18">${title}</text>`;
  for (let p = 0; p < planes; p++)
    out += draw(p, x + (p % two) * (size + 18), 44 + Math.floor(p / two) * (size + gap), size);
  const width = Math.max(two * (size + 18), 8.4 * title.length);
  return { out, width, height: 44 + Math.ceil(planes / two) * (size + gap) };
}

// The weights that one output channel has for the channels that it reads.
function kernel(x, layer, output) {
  const read = layer.m / layer.groups, shown = Math.min(read, MOST_PLANES);
  const first = Math.floor(output / (layer.n / layer.groups)) * read;
  const size = Math.min(26 * layer.dk, 96), title = `kernel ${output + 1} of ${layer.n}`;
  let out = `<text class="head" x="${x}" y="18">${title}</text>`, y = 44;
  for (let c = 0; c < shown; c++, y += size + 28) {
    const name = `for channel ${first + c + 1}`;
    out += plane(x, y, size, layer.dk, COLOURS[(first + c) % 6], name, (a, b) => {
      const value = weight(output, c, a, b);
      return { shade: .1 + .35 * Math.abs(value), text: String(value).replace("-", "−"), on: false };
    });
  }
  return { out, width: Math.max(size, 118), height: y };
}

function picture() {
  const drawn = drawnOf(state), place = placeOf(drawn, state.step);
  const active = drawn[place.depth], read = active.m / active.groups;
  const first = Math.floor(place.output / (active.n / active.groups)) * read;
  const reads = (c) => c >= first && c < first + read;
  const inside = (i, j) => i >= place.i * active.stride && i < place.i * active.stride + active.dk &&
    j >= place.j * active.stride && j < place.j * active.stride + active.dk;
  let x = 8, height = 0, out = "";
  for (let depth = -1; depth < drawn.length; depth++) {
    const layer = drawn[Math.max(depth, 0)];
    const planes = depth < 0 ? layer.shown : layer.outputs;
    const all = depth < 0 ? layer.m : layer.n;
    const cells = depth < 0 ? layer.input : layer.dg;
    const names = { "-1": "input", [drawn.length - 1]: "output" };
    const title = `${names[depth] ?? "between"}: ${all} channel${all > 1 ? "s" : ""}` +
      (planes < all ? `, first ${planes} drawn` : "");
    const col = column(x, title, planes, (p, px, py, size) =>
      plane(px, py, size, cells, COLOURS[p % 6], `channel ${p + 1}`, (i, j) => {
        const source = depth === place.depth - 1, target = depth === place.depth;
        const done = depth < place.depth || (target && p * layer.dg * layer.dg + i * layer.dg + j <= place.at);
        const on = (source && reads(p) && inside(i, j)) ||
          (target && p === place.output && i === place.i && j === place.j);
        const value = done ? valueOf(drawn, depth, p, i, j) : undefined;
        const shade = done ? (depth < 0 ? .12 + .14 * value : .18 + .5 * Math.abs(Math.tanh(value / 6))) : 0;
        return { shade, text: on || cells <= 8 ? value : undefined, on };
      }));
    out += col.out;
    x += col.width + 46;
    height = Math.max(height, col.height);
    if (depth < drawn.length - 1) {
      const ker = kernel(x - 22, drawn[depth + 1], depth + 1 === place.depth ? place.output : 0);
      out += ker.out + `<text class="arrow" x="${x + ker.width - 10}" y="120">→</text>`;
      x += ker.width + 26;
      height = Math.max(height, ker.height);
    }
  }
  const svg = $("steps");
  svg.setAttribute("viewBox", `0 0 ${x} ${height}`);
  svg.style.minWidth = `${Math.round(.65 * x)}px`;  // on a narrow screen it scrolls
  svg.innerHTML = out;
  const total = valueOf(drawn, place.depth, place.output, place.i, place.j);
  const each = active.dk * active.dk * read;
  const squares = active.dk > 1 ? `${active.dk}×${active.dk} window` : "position";
  $("caption").textContent = `${active.name}: output channel ${place.output + 1}, row ` +
    `${place.i + 1}, column ${place.j + 1} is the sum of ${whole(each)} product${each > 1 ? "s" : ""}, the ${squares} of ` +
    `${read === 1 ? `channel ${first + 1} alone` : `${read} channels`}: ${total}.`;
  const last = stepsOf(drawn) - 1;
  $("step").max = last;
  $("step").value = state.step;
  $("step-value").textContent = `${state.step + 1} of ${last + 1}`;
}

const SLIDERS = {
  dk: { of: () => [1, 2, 3, 4, 5, 6, 7, 9, 11], on: (k) => k !== "pointwise" },
  dg: { of: () => SIZES.filter((v) => v <= 224), on: () => true },
  m: { of: () => SIZES, on: () => true },
  n: { of: () => SIZES, on: (k) => k !== "depthwise" },
  groups: { of: () => divisors(gcd(state.m, state.n)), on: (k) => k === "grouped" },
  multiplier: { of: () => [1, 2, 3, 4, 6, 8], on: (k) => k === "depthwise" || k === "separable" },
  stride: { of: () => [1, 2, 3, 4], on: () => true },
};

function sliders() {
  for (const [name, { of, on }] of Object.entries(SLIDERS)) {
    const values = of(), input = $(name);
    if (!values.includes(state[name]))
      state[name] = values.filter((v) => v <= state[name]).pop() ?? values[0];
    input.max = values.length - 1;
    input.value = values.indexOf(state[name]);
    input.disabled = !on(state.kind) || values.length === 1;
    input.setAttribute("aria-valuetext", String(state[name]));
    $(`${name}-value`).textContent = state[name];
  }
  for (const button of document.querySelectorAll("[name=kind]"))
    button.checked = button.value === state.kind;
}

function numbers() {
  const now = count(state), ratio = now.macs / now.dense;
  const rows = now.parts.map((part, i) =>
    `<tr><td>${now.layers[i].name}</td><td>${part.formula}</td><td>${whole(part.macs)}</td><td>${whole(part.params)}</td></tr>`);
  if (rows.length > 1)
    rows.push(`<tr class="sum"><td>together</td><td></td><td>${whole(now.macs)}</td><td>${whole(now.params)}</td></tr>`);
  rows.push(`<tr><td>dense, same sizes</td><td>${costOf({ dk: state.kind === "pointwise" ? 1 : state.dk, m: state.m, n: now.outputs, groups: 1 }, state.dg).formula}</td><td>${whole(now.dense)}</td><td>${whole(now.denseParams)}</td></tr>`);
  $("costs").innerHTML = rows.join("");
  $("macs").textContent = whole(now.macs);
  $("params").textContent = whole(now.params);
  $("dense-macs").textContent = whole(now.dense);
  $("ratio").textContent = ratio.toFixed(3);
  $("sizes").textContent = `${now.input}×${now.input}×${state.m} in, ${state.dg}×${state.dg}×${now.outputs} out`;
  $("verdict").textContent = ratio > 1 ? "It does not pay: it costs more than dense."
    : ratio < 1 ? `It costs ${(1 / ratio).toFixed(1)} times less than dense.` : "It costs what dense costs.";
  $("bar-now").style.width = `${100 * Math.min(1, now.macs / Math.max(now.macs, now.dense))}%`;
  $("bar-dense").style.width = `${100 * Math.min(1, now.dense / Math.max(now.macs, now.dense))}%`;
}

function show() { memory.clear(); sliders(); numbers(); picture(); }
function move(by) {
  const last = stepsOf(drawnOf(state)) - 1;
  state.step = Math.max(0, Math.min(last, state.step + by));
  picture();
}
let timer = null;
function play() {
  if (timer !== null) { clearInterval(timer); timer = null; }
  else timer = setInterval(() => {
    if (state.step >= stepsOf(drawnOf(state)) - 1) play(); else move(1);
  }, 120);
  $("play").textContent = timer === null ? "Play" : "Pause";
  $("play").setAttribute("aria-pressed", String(timer !== null));
}

for (const name of Object.keys(SLIDERS))
  $(name).addEventListener("input", (event) => {
    state[name] = SLIDERS[name].of()[Number(event.target.value)];
    state.step = 0;
    show();
  });
for (const button of document.querySelectorAll("[name=kind]"))
  button.addEventListener("change", () => { state.kind = button.value; state.step = 0; show(); });
$("step").addEventListener("input", (event) => { state.step = Number(event.target.value); picture(); });
$("back").addEventListener("click", () => move(-1));
$("next").addEventListener("click", () => move(1));
$("play").addEventListener("click", play);
$("steps").addEventListener("keydown", (event) => {
  const moves = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: 1e9, ArrowUp: -1e9 };
  if (event.key === " ") play();
  else if (event.key in moves) move(moves[event.key]);
  else return;
  event.preventDefault();
});
for (const button of document.querySelectorAll("[data-example]"))
  button.addEventListener("click", () => {
    Object.assign(state, JSON.parse(button.dataset.example), { step: 0 });
    show();
  });
show();
