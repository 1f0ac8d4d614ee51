/* Numbers, shapes and names as text. Names come from files, so they reach the page as text nodes only. */

const PREFIXES = [
    [1e12, " T"],
    [1e9, " G"],
    [1e6, " M"],
    [1e3, " k"],
];

/* Three digits, with a prefix from 999.5 on: "110 k", "1.5 M". Number() drops the zeros behind the point, and no others. */
function short(x) {
    for (const [size, prefix] of PREFIXES) if (Math.abs(x) >= 0.9995 * size) return Number((x / size).toPrecision(3)) + prefix;
    return Number.isInteger(x) ? String(x) : String(Number(x.toPrecision(3)));
}

const whole = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });
const bytesText = (x) => (x >= 999.5 ? `${short(x)}B` : `${short(x)} B`);

function timeText(nanoseconds) {
    for (const [size, unit] of [
        [1e9, "s"],
        [1e6, "ms"],
        [1e3, "µs"],
    ])
        if (nanoseconds >= size) return `${(nanoseconds / size).toPrecision(3)} ${unit}`;
    return `${nanoseconds.toFixed(0)} ns`;
}

/* An element of a tensor: numbers, and the texts "nan" and "inf" that stand for what JSON has no number for. */
const real = (x) =>
    typeof x === "number"
        ? Number(x.toPrecision(4)).toString().replace("-", "−")
        : ({ nan: "NaN", inf: "∞", "-inf": "−∞" }[x] ?? String(x));

const extents = (shape) => (shape.length ? shape.join("×") : "scalar");
const shapeText = (value) => `${value.dtype ?? "f32"} [${value.shape.join(", ")}]`;
const elementCount = (value) => value.shape.reduce((a, b) => a * b, 1);

/* A sum of which a part may be unknown: "?" if nothing of it is known, "≥" in front if something is missing. */
function sumText(total, unknown, count, text = short) {
    if (count === 0) return "–";
    if (unknown === count) return "?";
    return (unknown ? "≥ " : "") + text(total);
}

const counted = (n, noun) => `${whole.format(n)} ${noun}${n === 1 ? "" : "s"}`;

/* ---- fitting into a width ---- */

const FONT = '"Inter", "Segoe UI", system-ui, "Helvetica Neue", "DejaVu Sans", sans-serif';
const ruler = document.createElement("canvas").getContext("2d");
const widths = new Map();

function widthOf(text, font) {
    const key = font + text;
    let width = widths.get(key);
    if (width === undefined) {
        ruler.font = `${font} ${FONT}`;
        width = ruler.measureText(text).width;
        widths.set(key, width);
    }
    return width;
}

function fitted(text, font, width) {
    if (text.length > 200) text = text.slice(0, 200) + "…";
    if (widthOf(text, font) <= width) return text;
    let low = 0,
        high = text.length;
    while (low < high) {
        const middle = (low + high + 1) >> 1;
        if (widthOf(text.slice(0, middle) + "…", font) <= width) low = middle;
        else high = middle - 1;
    }
    return text.slice(0, low) + "…";
}

/* ---- elements of the page ---- */

function element(name, attributes = {}, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes))
        if (key === "class") made.className = value;
        else if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
        else if (value !== undefined && value !== false) made.setAttribute(key, value === true ? "" : value);
    made.append(...children);
    return made;
}

function svgElement(name, attributes = {}, text) {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    if (text !== undefined) made.textContent = text;
    return made;
}
