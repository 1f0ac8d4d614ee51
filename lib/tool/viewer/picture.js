/* The picture: draws what layout.js placed, pans and zooms, and moves the focus by keys. */

const RADIUS = 7; // of the corners of boxes
const ZOOM_RANGE = [0.05, 3];

function createPicture(svg, handlers) {
    const world = svg.appendChild(svgElement("g"));
    const picture = { svg, world, flat: null, transform: d3.zoomIdentity, elements: new Map(), edges: [] };
    picture.zoom = d3
        .zoom()
        .scaleExtent(ZOOM_RANGE)
        .on("zoom", () => {
            picture.transform = d3.event.transform;
            world.setAttribute("transform", picture.transform);
        });
    d3.select(svg).call(picture.zoom).on("dblclick.zoom", null);
    svg.addEventListener("click", (event) => {
        if (event.target === svg) handlers.clear();
    });
    picture.handlers = handlers;
    return picture;
}

/* ---- drawing ---- */

function drawPicture(picture, context) {
    const flat = flatten(context);
    Object.assign(picture, { flat, elements: new Map(), edges: [] });
    const layers = ["frames", "edges", "boxes"].map((name) => svgElement("g", { class: name }));
    for (const frame of flat.frames) if (frame.item.parent) layers[0].append(drawFrame(picture, frame));
    for (const edge of flat.edges) layers[1].append(drawEdge(picture, edge));
    for (const box of flat.boxes) layers[2].append(box.text.pill ? drawPill(picture, box) : drawBox(picture, context, box));
    picture.world.replaceChildren(...layers);
}

function itemGroup(picture, place, name, label) {
    const { item } = place,
        group = svgElement("g", {
            class: name,
            tabindex: -1,
            role: "button",
            "aria-label": label,
            transform: `translate(${place.x},${place.y})`,
        });
    group.addEventListener("click", () => picture.handlers.select(item));
    group.addEventListener("dblclick", (event) => {
        event.preventDefault();
        if (canOpen(item)) picture.handlers.toggle(item);
    });
    group.addEventListener("focus", () => picture.handlers.focus(item));
    group.addEventListener("mouseenter", () => picture.handlers.hover(item, group));
    group.addEventListener("mouseleave", () => picture.handlers.hover(null));
    picture.elements.set(item.key, { group, place, lanes: [] });
    return group;
}

function drawToggle(picture, item, open, x, y) {
    const toggle = svgElement("g", { class: "toggle", transform: `translate(${x},${y})` });
    toggle.append(
        svgElement("title", {}, open ? "Collapse (Enter)" : "Expand (Enter)"),
        svgElement("rect", { x: -11, y: -11, width: 22, height: 22, rx: 6 }),
        svgElement("path", { d: open ? "M-4 0H4" : "M-4 0H4M0 -4V4" }),
    );
    toggle.addEventListener("click", (event) => {
        event.stopPropagation();
        picture.handlers.toggle(item);
    });
    return toggle;
}

function drawFrame(picture, frame) {
    const title = titleOf(frame.item),
        group = itemGroup(picture, frame, "frame", `${title}, open`);
    group.append(
        svgElement("rect", { class: "outline", width: frame.width, height: frame.height, rx: 10 }),
        svgElement("text", { class: "frame-title", x: 36, y: 21 }, fitted(title, TITLE_FONT, frame.width - 50)),
        drawToggle(picture, frame.item, true, 19, 17),
    );
    return group;
}

/* A half of a box, round on the left, on the right, or on both sides. */
function lane(x, width, height, roundLeft, roundRight) {
    const left = roundLeft ? RADIUS : 0,
        right = roundRight ? RADIUS : 0;
    const corner = (radius, dx, dy) => (radius ? `a${radius} ${radius} 0 0 1 ${dx * radius} ${dy * radius}` : "");
    const top = `M${x + left} 0H${x + width - right}${corner(right, 1, 1)}`;
    const bottom = `V${height - right}${corner(right, -1, 1)}H${x + left}${corner(left, -1, -1)}`;
    return `${top}${bottom}V${left}${corner(left, 1, -1)}Z`;
}

function drawBox(picture, context, box) {
    const { item, text } = box,
        { left, right } = text;
    const backward = right ? `; backward ${right.title}, ${right.detail}` : "";
    const label = `${titleOf(item)}, ${left.detail}${backward}${canOpen(item) ? ", closed" : ""}`;
    const group = itemGroup(picture, box, `box ${item.type}`, label),
        entry = picture.elements.get(item.key);
    if (item.type === "fold")
        for (const offset of [6, 3])
            group.append(svgElement("rect", { class: "stacked", x: offset, y: offset, width: box.width, height: box.height, rx: 7 }));
    const part = [
        ["forward", FORWARD],
        ["backward", BACKWARD],
        ["update", UPDATE],
    ][left.part ?? 0];
    const leftLane = svgElement("path", { class: `lane ${part[0]}`, d: lane(0, text.leftWidth, box.height, true, !right) });
    entry.lanes.push({ element: leftLane, part: part[1] });
    group.append(leftLane);
    if (right) {
        const rightLane = svgElement("path", { class: "lane backward", d: lane(text.leftWidth, text.rightWidth, box.height, false, true) });
        entry.lanes.push({ element: rightLane, part: BACKWARD });
        group.append(rightLane);
    }
    group.append(svgElement("rect", { class: "outline", width: box.width, height: box.height, rx: 7 }));
    const room = text.leftWidth - 2 * BOX.pad;
    group.append(
        svgElement("text", { class: "title", x: BOX.pad, y: 20 }, fitted(left.title, TITLE_FONT, room - (canOpen(item) ? 20 : 0))),
        svgElement("text", { class: "detail", x: BOX.pad, y: 36 }, fitted(left.detail, SMALL_FONT, room)),
    );
    if (right)
        group.append(
            svgElement(
                "text",
                { class: "detail strong", x: text.leftWidth + 10, y: 19 },
                fitted(right.title, SMALL_FONT, text.rightWidth - 18),
            ),
            svgElement("text", { class: "detail", x: text.leftWidth + 10, y: 36 }, fitted(right.detail, SMALL_FONT, text.rightWidth - 18)),
        );
    if (canOpen(item)) group.append(drawToggle(picture, item, false, text.leftWidth - 16, 15));
    return group;
}

function drawPill(picture, box) {
    const { item, text } = box,
        group = itemGroup(picture, box, `pill ${item.type} ${item.kind}`, `${item.kind} ${item.name} ${text.detail}`);
    const shape = svgElement("rect", { class: "outline fill", width: box.width, height: box.height, rx: box.height / 2 });
    picture.elements.get(item.key).lanes.push({ element: shape, part: FORWARD });
    const detailWidth = text.detail ? widthOf(text.detail, SMALL_FONT) + 10 : 0;
    group.append(
        shape,
        svgElement("text", { class: "pill-title", x: 13, y: 17 }, fitted(text.title, SMALL_FONT, box.width - 26 - detailWidth)),
    );
    if (text.detail) group.append(svgElement("text", { class: "detail", x: box.width - 13, y: 17, "text-anchor": "end" }, text.detail));
    return group;
}

/* From point to point with vertical tangents. */
function curve(points) {
    let path = `M${points[0].x} ${points[0].y}`;
    for (let i = 1; i < points.length; i++) {
        const a = points[i - 1],
            b = points[i],
            middle = (a.y + b.y) / 2;
        path += a.x === b.x ? `V${b.y}` : `C${a.x} ${middle} ${b.x} ${middle} ${b.x} ${b.y}`;
    }
    return path;
}

/* From point to point, down, to the right, down or up, and to the right, with round corners. */
function polyline(points) {
    let path = `M${points[0].x} ${points[0].y}`;
    for (let i = 1; i < points.length - 1; i++) {
        const [a, b, c] = points.slice(i - 1, i + 2),
            towards = (p) => {
                const length = Math.hypot(p.x - b.x, p.y - b.y) || 1,
                    part = Math.min(RADIUS, length / 2) / length;
                return `${b.x + (p.x - b.x) * part} ${b.y + (p.y - b.y) * part}`;
            };
        path += `L${towards(a)}Q${b.x} ${b.y} ${towards(c)}`;
    }
    return `${path}L${points.at(-1).x} ${points.at(-1).y}`;
}

const ARROW = 5;

/* An arrow's head at a point that a line reaches from another: down, up or, at the end of a polyline, to the right. */
function arrowHead(tip, from) {
    const across = 2 * ARROW - 2;
    if (Math.abs(tip.x - from.x) > 0 && tip.y === from.y) return `M${tip.x} ${tip.y}l${-ARROW - 2} ${-ARROW + 1}v${across}Z`;
    return `M${tip.x} ${tip.y}l${-ARROW + 1} ${tip.y < from.y ? ARROW + 2 : -ARROW - 2}h${across}Z`;
}

function drawEdge(picture, edge) {
    const group = svgElement("g", { class: `edge ${edge.kind}` }),
        points = edge.points,
        end = points.at(-1),
        before = points.at(-2);
    const upwards = end.y < before.y,
        tip = edge.square ? { x: end.x - 1, y: end.y } : { x: end.x, y: end.y + (upwards ? 1 : -1) };
    const last = edge.square ? { x: tip.x - ARROW, y: tip.y } : { x: tip.x, y: tip.y + (upwards ? ARROW : -ARROW) },
        path = (edge.square ? polyline : curve)([...points.slice(0, -1), last]);
    group.append(
        svgElement("path", { class: "hit", d: path }),
        svgElement("path", { class: "line", d: path }),
        svgElement("path", { class: "head", d: arrowHead(tip, before) }),
        ...(edge.edge.changes ? [svgElement("path", { class: "head", d: arrowHead(points[0], points[1]) })] : []),
    );
    group.addEventListener("click", () => picture.handlers.selectEdge(edge));
    group.addEventListener("mouseenter", () => picture.handlers.hoverEdge(edge, group));
    group.addEventListener("mouseleave", () => picture.handlers.hover(null));
    picture.edges.push({ group, edge });
    return group;
}

/* ---- looking at a part ---- */

function viewSize(picture) {
    const { clientWidth, clientHeight } = picture.svg;
    return { width: clientWidth || 800, height: clientHeight || 600 };
}

function moveTo(picture, transform) {
    d3.select(picture.svg).call(picture.zoom.transform, transform);
}

function fitPicture(picture) {
    const view = viewSize(picture),
        { width, height } = picture.flat,
        margin = 20,
        legend = 40;
    const scale = Math.min(1, (view.width - 2 * margin) / width, (view.height - margin - legend) / height),
        k = Math.max(ZOOM_RANGE[0], scale);
    moveTo(picture, d3.zoomIdentity.translate((view.width - width * k) / 2, Math.max(0, (view.height - legend - height * k) / 2)).scale(k));
}

/* At a size that can be read, the top in view: how a large picture opens. */
function showTop(picture) {
    fitPicture(picture);
    if (picture.transform.k >= 0.62) return;
    const top = picture.flat.boxes.reduce((a, b) => (b.y < a.y ? b : a));
    const k = 0.8;
    moveTo(picture, d3.zoomIdentity.translate(viewSize(picture).width / 2 - (top.x + top.width / 2) * k, 12).scale(k));
}

function centreOn(picture, key) {
    const entry = picture.elements.get(key);
    if (!entry) return;
    const { place } = entry,
        view = viewSize(picture),
        k = Math.max(picture.transform.k, 0.8);
    moveTo(
        picture,
        d3.zoomIdentity
            .translate(
                view.width / 2 - (place.x + place.width / 2) * k,
                view.height / 2 - (place.y + Math.min(place.height, view.height / k) / 2) * k,
            )
            .scale(k),
    );
}

/* After the layout changed, the item stays where it was on the screen. */
function keepInPlace(picture, key, before) {
    const now = picture.elements.get(key)?.place;
    if (!now || !before) return;
    const { k, x, y } = picture.transform,
        middle = (place) => place.x + place.width / 2;
    moveTo(picture, d3.zoomIdentity.translate(x + (middle(before) - middle(now)) * k, y + (before.y - now.y) * k).scale(k));
}

/* Makes an item that is wider than the window smaller, as long as it can be read. */
function fitWidth(picture, key) {
    const place = picture.elements.get(key)?.place,
        view = viewSize(picture),
        { k } = picture.transform;
    const wished = Math.max(0.55, (view.width - 40) / place.width);
    if (wished < k) zoomBy(picture, wished / k);
}

function bringIntoView(picture, key) {
    const place = picture.elements.get(key)?.place;
    if (!place) return;
    const { k, x, y } = picture.transform,
        view = viewSize(picture),
        margin = 20;
    const shift = (low, size, room) =>
        low < margin ? margin - low : low + size > room - margin ? Math.max(margin - low, room - margin - low - size) : 0;
    const dx = shift(place.x * k + x, place.width * k, view.width),
        dy = shift(place.y * k + y, Math.min(place.height, 60) * k, view.height);
    if (dx || dy) moveTo(picture, d3.zoomIdentity.translate(x + dx, y + dy).scale(k));
}

const zoomBy = (picture, factor) => d3.select(picture.svg).call(picture.zoom.scaleBy, factor);

/* ---- keys ---- */

/* The nearest item in a direction, by the distance along it and, twice as heavy, beside it. */
function neighbour(picture, key, direction) {
    const [dx, dy] = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] }[direction];
    const middle = ({ place }) => [
        place.x + place.width / 2,
        place.y + (place.item.children && picture.elements.get(place.item.key).group.classList.contains("frame") ? 17 : place.height / 2),
    ];
    const from = middle(picture.elements.get(key));
    let best = null,
        least = Infinity;
    for (const [other, entry] of picture.elements) {
        if (other === key) continue;
        const [x, y] = middle(entry),
            along = (x - from[0]) * dx + (y - from[1]) * dy,
            beside = Math.abs((x - from[0]) * dy) + Math.abs((y - from[1]) * dx);
        const cost = along + 2 * beside;
        if (along > 4 && cost < least) ((least = cost), (best = other));
    }
    return best;
}
