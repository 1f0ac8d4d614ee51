/* Colours of boxes: by kind, from the style sheet, or by a number on a scale with its legend. */

const SCALES = {
    cost: { name: "operations", metric: "operations", text: short },
    time: { name: "time", metric: "time", text: timeText },
    bytes: { name: "bytes read and written", metric: "bytes", text: bytesText },
    saved: { name: "bytes saved for backward", metric: "saved", text: bytesText },
    gradient: { name: "norm of the gradient", text: (x) => real(x) },
};

/* The number of a lane of an item: null if it is unknown, undefined if the scale does not apply. */
function scaled(context, colour, item, part) {
    const { graph, tree } = context;
    if (colour === "gradient") return part === BACKWARD && item.type !== "node" ? undefined : gradientNorm(graph, tree, item);
    if (item.values) return undefined;
    const count = tree.sum(item, "nodes", part),
        metric = SCALES[colour].metric;
    if (!count) return undefined;
    return count > unknownOf(tree, item, metric, part) ? tree.sum(item, metric, part) : null;
}

/* Of a leaf or a node, the norm of the gradients of its values; of a section, that of the results of its forward nodes. */
function gradientNorm(graph, tree, item) {
    let squares = 0,
        found = false;
    const add = (v) => {
        const norm = graph.values[v].gradient_elements?.[3];
        if (norm === undefined) return;
        found = true;
        squares += typeof norm === "number" ? norm * norm : Infinity;
    };
    if (item.values) item.values.forEach(add);
    for (let i = item.start; i < item.end; i++) {
        const n = tree.order[i];
        if (graph.part[n] === FORWARD) outputsOf(graph.nodes[n]).forEach(add);
    }
    return found ? Math.sqrt(squares) : undefined;
}

function paintLanes(picture, context, colour, legend) {
    picture.svg.classList.toggle("heat", colour !== "kind");
    const lanes = [];
    for (const { place, lanes: own } of picture.elements.values())
        for (const lane of own)
            lanes.push({ ...lane, number: colour === "kind" ? undefined : scaled(context, colour, place.item, lane.part) });
    const numbers = lanes.map((lane) => lane.number).filter((x) => typeof x === "number" && Number.isFinite(x)),
        top = Math.max(0, ...numbers);
    const ramp = d3.interpolateLab(...["heat-low", "heat-high"].map((name) => colourOf(legend, name)));
    const shade = (x) => ramp(top > 0 ? Math.sqrt(Math.min(1, x / top)) : 0);
    for (const lane of lanes) {
        const fill =
            colour === "kind"
                ? ""
                : lane.number === null
                  ? "url(#unknown)"
                  : lane.number === undefined
                    ? "var(--surface)"
                    : shade(lane.number);
        lane.element.style.fill = fill;
    }
    const unknown = lanes.some((lane) => lane.number === null);
    legend.replaceChildren(...(colour === "kind" ? kindKeys(context) : scaleKeys(SCALES[colour], top, ramp, unknown)), ...lineKeys(picture));
}

/* The colour that a class of the style sheet gives, in light or dark as it may be. */
function colourOf(parent, name) {
    const probe = parent.appendChild(element("i", { class: name })),
        colour = getComputedStyle(probe).color;
    probe.remove();
    return colour;
}

/* ---- the legend ---- */

const keyOf = (mark, text) => element("span", { class: "key" }, element("i", { class: mark }), text);
const swatch = (name, text = name) => keyOf(`swatch ${name}`, text);

const kindKeys = ({ show }) => [
    swatch("forward"),
    ...(show.backward ? [swatch("backward")] : []),
    ...(show.updates ? [swatch("update")] : []),
    swatch("parameter"),
    swatch("input"),
    swatch("result"),
];

function scaleKeys({ name, text }, top, ramp, unknown) {
    const bar = element("i", { class: "ramp" });
    bar.style.background = `linear-gradient(90deg, ${[0, 0.25, 0.5, 0.75, 1].map((t) => `${ramp(Math.sqrt(t))} ${t * 100}%`).join(", ")})`;
    return [element("span", { class: "key" }, `${name}:  ${text(0)}`, bar, text(top)), ...(unknown ? [swatch("unknown")] : [])];
}

/* Lines that are drawn neither in the colour of forward nor in that of backward. */
function lineKeys({ edges }) {
    const drawn = new Set(edges.map(({ edge }) => edge.kind));
    return [
        ["saved", "saved for backward"],
        ["update", "read or changed by an update"],
    ]
        .filter(([kind]) => drawn.has(kind))
        .map(([kind, text]) => keyOf(`line-key ${kind}`, text));
}
