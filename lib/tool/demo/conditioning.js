// ---- the bowl f(x) = (x₁² + κ x₂²)/2 ----

const start = () => ({ params: [-4, 1], velocity: [0, 0] });
const value = (x, options) => (x[0] ** 2 + options.curvature * x[1] ** 2) / 2;

// v ← β v + ∇f, x ← x - α v
function step({ params: x, velocity: v }, { rate, momentum, curvature }) {
  const gradient = [x[0], curvature * x[1]], velocity = gradient.map((g, i) => momentum * v[i] + g);
  return { params: x.map((xi, i) => xi - rate * velocity[i]), velocity };
}

const options = { ...library.options };
let state = start(), path = [state.params];

function restart() {
  state = start();
  path = [state.params];
  draw();
}

function advance() {
  if (path.length > 2000 || !state.params.every((x) => Math.abs(x) < 1e12)) return;
  state = step(state, options);
  path.push(state.params);
  draw();
}

function picture() {
  const [w, h, half] = [460, 300, 5], scale = w / (2 * half), x = (a) => w / 2 + a * scale, y = (b) => h / 2 - b * scale * 2.4;
  let rings = "";
  for (let level = 0.25; level <= 256; level *= 2)
    rings += `<ellipse cx="${w / 2}" cy="${h / 2}" rx="${scale * Math.sqrt(2 * level)}" ry="${scale * 2.4 * Math.sqrt(2 * level / options.curvature)}" fill="none" stroke="#d8dde5"/>`;
  const inside = path.filter((p) => p.every((a) => Math.abs(a) < 1e4)), at = inside.at(-1);
  const line = inside.map((p) => `${x(p[0]).toFixed(1)},${y(p[1]).toFixed(1)}`).join(" ");
  const dots = inside.slice(-60).map((p) => `<circle cx="${x(p[0]).toFixed(1)}" cy="${y(p[1]).toFixed(1)}" r="2.5" fill="#ee6677"/>`).join("");
  return `<svg viewBox="0 0 ${w} ${h}" role="img" aria-label="the path over the bowl's level lines"><g>${rings}</g>
    <line x1="0" x2="${w}" y1="${h / 2}" y2="${h / 2}" stroke="#e4e7ec"/><line x1="${w / 2}" x2="${w / 2}" y1="0" y2="${h}" stroke="#e4e7ec"/>
    <text x="${w - 16}" y="${h / 2 - 6}">x₁</text><text x="${w / 2 + 6}" y="12">x₂ (stretched 2.4 times)</text>
    <polyline points="${line}" fill="none" stroke="#ee6677" stroke-width="1.5"/>${dots}
    <circle cx="${x(at[0])}" cy="${y(at[1])}" r="5" fill="none" stroke="#b0303f" stroke-width="2"/></svg>
    <figcaption>The path over level lines of f, each twice the one inside it.</figcaption>`;
}

// The largest size of a root of z² - (1 + β - αλ) z + β = 0: what an axis of the curvature λ is multiplied by at each step, in the long run.
function factor(curvature) {
  const p = 1 + options.momentum - options.rate * curvature, d = p * p - 4 * options.momentum;
  return d < 0 ? Math.sqrt(options.momentum) : (Math.abs(p) + Math.sqrt(d)) / 2;
}

function numbers() {
  const [slow, steep] = [factor(1), factor(options.curvature)], x = state.params;
  const word = (f) => f > 1 ? "grows" : f === 1 ? "stays" : `halves in ${text(Math.log(0.5) / Math.log(f), 1)} steps`;
  return `<table><tr><th></th><th>x</th><th>curvature λ</th><th>factor a step</th><th></th></tr>
    <tr><td>x₁</td><td>${text(x[0], 4)}</td><td>1</td><td>${text(slow)}</td><td class="${slow > 1 ? "bad" : ""}">${word(slow)}</td></tr>
    <tr><td>x₂</td><td>${text(x[1], 4)}</td><td>${options.curvature}</td><td>${text(steep)}</td><td class="${steep > 1 ? "bad" : ""}">${word(steep)}</td></tr></table>
    <p>Step <span class="number" id="count">${path.length - 1}</span>, f = <span class="number" id="value">${value(x, options).toPrecision(5)}</span></p>
    <p class="note">Without momentum the factor is |1 - αλ|, here ${text(Math.abs(1 - options.rate))} and ${text(Math.abs(1 - options.rate * options.curvature))}: the rate must stay below 2/${options.curvature < 1 ? "1" : "κ"} = ${text(2 / Math.max(1, options.curvature))}.
    The best rate, 2/(1 + κ) = ${text(2 / (1 + options.curvature))}, makes both factors ${text(Math.abs(options.curvature - 1) / (options.curvature + 1))}. Momentum, at its best, makes that
    ${text(Math.abs(Math.sqrt(options.curvature) - 1) / (Math.sqrt(options.curvature) + 1))}.</p>`;
}

function draw() {
  document.getElementById("picture").innerHTML = picture();
  document.getElementById("curve").innerHTML = curve(path.map((p) => value(p, options)), "f");
  document.getElementById("numbers").innerHTML = numbers();
}

document.getElementById("main").append(element('<div><figure id="picture"></figure><figure id="curve"></figure></div>'), element('<div><section id="controls"></section><section id="numbers"></section></div>'));
document.getElementById("controls").append(buttons(advance, restart),
  slider(options, "rate", "rate α", 0.001, 1, true, draw), slider(options, "momentum", "momentum β", 0, 0.99, false, draw),
  slider(options, "curvature", "curvature κ", 1, 200, true, draw));
draw();
compare(start, step);
