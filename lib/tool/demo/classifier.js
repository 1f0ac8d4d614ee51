// ---- the classifier: scores W x + b, params = W by rows, then b ----

const classes = 3, { points } = library;
const start = () => ({ params: library.steps[0] });
const scores = (p, x0, x1) => [0, 1, 2].map((c) => p[2 * c] * x0 + p[2 * c + 1] * x1 + p[6 + c]);
const best = (s) => s.indexOf(Math.max(...s));

// The loss of one point with the scores s and the class y, and its derivative by the scores. The options' loss is an index.
const losses = [
  { title: "Weston and Watkins: Σ max(0, 1 + s_j - s_y)", of(s, y) {
    const slope = s.map((sj, j) => j !== y && 1 + sj - s[y] > 0 ? 1 : 0);
    slope[y] = -slope.reduce((a, b) => a + b);
    return [s.reduce((sum, sj, j) => sum + (j === y ? 0 : Math.max(0, 1 + sj - s[y])), 0), slope];
  } },
  { title: "Crammer and Singer: max(0, 1 + max s_j - s_y)", of(s, y) {
    const other = best(s.map((sj, j) => j === y ? -Infinity : sj)), gap = 1 + s[other] - s[y];
    return [Math.max(0, gap), s.map((_, j) => gap <= 0 ? 0 : (j === other ? 1 : 0) - (j === y ? 1 : 0))];
  } },
  { title: "softmax: log Σ exp s_j - s_y", of(s, y) {
    const top = Math.max(...s), e = s.map((sj) => Math.exp(sj - top)), sum = e.reduce((a, b) => a + b);
    return [Math.log(sum) + top - s[y], e.map((ej, j) => ej / sum - (j === y ? 1 : 0))];
  } },
];

// The mean loss of the points, the penalty λ ΣW², each point's loss, and the gradient by the parameters.
function evaluate(p, options) {
  const gradient = p.map((w, i) => i < 6 ? 2 * options.penalty * w : 0), each = [];
  for (const [x0, x1, y] of points) {
    const [loss, slope] = losses[options.loss].of(scores(p, x0, x1), y);
    each.push(loss);
    slope.forEach((d, c) => { gradient[2 * c] += d * x0 / points.length; gradient[2 * c + 1] += d * x1 / points.length; gradient[6 + c] += d / points.length; });
  }
  return { data: each.reduce((a, b) => a + b) / points.length, penalty: options.penalty * p.slice(0, 6).reduce((sum, w) => sum + w * w, 0), each, gradient };
}

function step({ params }, options) {
  const { gradient } = evaluate(params, options);
  return { params: params.map((w, i) => w - options.rate * gradient[i]) };
}

const options = { ...library.options };
let state = start(), history = [];

function restart() {
  state = start();
  history = [];
  remember();
}

function remember() {
  const now = evaluate(state.params, options);
  history.push(now.data + now.penalty);
  draw();
}

function advance() {
  if (!state.params.every(Number.isFinite) || history.length > 5000) return;
  state = step(state, options);
  remember();
}

// The plane from -1.2 to 1.2, coloured by class; darker where the class wins by more.
function paint() {
  const canvas = document.getElementById("plane"), [n, half] = [canvas.width, 1.2], context = canvas.getContext("2d"), image = context.createImageData(n, n);
  const rgb = colours.map((c) => [1, 3, 5].map((i) => parseInt(c.slice(i, i + 2), 16)));
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++) {
      const s = scores(state.params, half * (2 * j / n - 1), half * (1 - 2 * i / n)), c = best(s), [first, second] = [...s].sort((a, b) => b - a);
      const share = 0.18 + 0.4 * (1 - Math.exp(-(first - second)));
      for (let k = 0; k < 3; k++) image.data[4 * (i * n + j) + k] = 255 - share * (255 - rgb[c][k]);
      image.data[4 * (i * n + j) + 3] = 255;
    }
  context.putImageData(image, 0, 0);
  const at = (x) => n * (x / half + 1) / 2;
  points.forEach(([x0, x1, y]) => {
    context.beginPath();
    context.arc(at(x0), at(-x1), 9, 0, 7);
    context.fillStyle = colours[y];
    context.strokeStyle = best(scores(state.params, x0, x1)) === y ? "#ffffff" : "#000000";
    context.lineWidth = 2.5;
    context.fill();
    context.stroke();
    context.fillStyle = "#ffffff";
    context.font = "bold 12px sans-serif";
    context.textAlign = "center";
    context.fillText(y, at(x0), at(-x1) + 4);
  });
}

function tables(now) {
  const p = state.params, g = now.gradient, wrong = points.filter(([x0, x1, y]) => best(scores(p, x0, x1)) !== y).length;
  const parameters = [0, 1, 2].map((c) => `<tr><td style="color:${colours[c]};font-weight:600">${c}</td>${[2 * c, 2 * c + 1, 6 + c].map((i) => `<td>${text(p[i], 2)}</td>`).join("")}
    ${[2 * c, 2 * c + 1, 6 + c].map((i) => `<td>${text(g[i], 2)}</td>`).join("")}</tr>`).join("");
  const rows = points.map(([x0, x1, y], i) => {
    const s = scores(p, x0, x1);
    return `<tr><td>${x0.toFixed(2)}</td><td>${x1.toFixed(2)}</td><td style="color:${colours[y]};font-weight:600">${y}</td>${s.map((v, c) => `<td class="${best(s) === c && c !== y ? "bad" : ""}">${text(v, 2)}</td>`).join("")}<td>${text(now.each[i], 2)}</td></tr>`;
  }).join("");
  return `<p>Step <span class="number" id="count">${history.length - 1}</span>: data ${text(now.data, 4)} + penalty ${text(now.penalty, 4)} = <span class="number" id="value">${text(now.data + now.penalty, 4)}</span>,
    ${wrong} of ${points.length} wrong</p>
    <table><tr><th>class</th><th>W₀</th><th>W₁</th><th>b</th><th>∂W₀</th><th>∂W₁</th><th>∂b</th></tr>${parameters}</table>
    <p></p><table><tr><th>x₀</th><th>x₁</th><th>y</th><th>s₀</th><th>s₁</th><th>s₂</th><th>loss</th></tr>${rows}</table>`;
}

function draw() {
  paint();
  document.getElementById("curve").innerHTML = curve(history, "loss with penalty");
  document.getElementById("numbers").innerHTML = tables(evaluate(state.params, options));
}

document.getElementById("main").append(
  element(`<div><figure><canvas id="plane" width="440" height="440" role="img" aria-label="the plane divided into three classes, and the points"></canvas><figcaption>Colour: the class of the largest score, darker where it wins by more. A point
    with a black ring is classified wrong. x₀ and x₁ from -1.2 to 1.2.</figcaption></figure><figure id="curve"></figure></div>`),
  element('<div><section id="controls"></section><section id="numbers"></section></div>'));
const choice = element(`<label>loss<select id="loss">${losses.map(({ title }, i) => `<option value="${i}">${title}</option>`).join("")}</select></label>`);
choice.style.gridTemplateColumns = "110px 1fr";
choice.querySelector("select").value = options.loss;
choice.querySelector("select").onchange = ({ target }) => { options.loss = Number(target.value); draw(); };
document.getElementById("controls").append(buttons(advance, restart), slider(options, "rate", "rate", 0.001, 1, true, draw),
  slider(options, "penalty", "penalty λ", 0, 0.5, false, draw), choice);
restart();
compare(start, step);
