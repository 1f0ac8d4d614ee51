/* Where things are: each open level is laid out by dagre, inside first, so that an open item is a box of a known size to the level
   around it. */

const BOX = { height: 46, left: 96, right: 74, pad: 12, leafHeight: 26, frameTop: 34, framePad: 16 };
const TITLE_FONT = "600 13px",
    SMALL_FONT = "11px";
const MAX_TITLE = 190;
const GRID_GAP = 14,
    BUS_GAP = 56,
    BUS_DROP = 10;

/* The texts of an item, and what they measure. */
function describe(context, item) {
    const { graph, tree, show } = context;
    if (item.type === "leaf" || item.type === "result" || item.type === "port") return describePill(graph, item);
    const left = { title: titleOf(item), detail: "" };
    const ownPart = item.type === "node" ? graph.part[item.node] : item.type === "updates" ? UPDATE : FORWARD;
    if (item.node !== undefined) {
        left.part = graph.part[item.node];
        left.detail = context.metric ? costText(context, item, left.part) : resultText(graph, graph.nodes[item.node]);
    } else {
        const nodes = tree.sum(item, "nodes", ownPart);
        left.detail = `${counted(nodes, ownPart === UPDATE ? "update" : "node")} · ${costText(context, item, ownPart)}`;
        left.part = ownPart;
    }
    const backward = item.type === "node" || !show.backward ? 0 : tree.sum(item, "nodes", BACKWARD);
    const alone = item.node !== undefined && left.part === BACKWARD;
    const right = backward && !alone ? { title: backwardTitle(graph, item, backward), detail: costText(context, item, BACKWARD) } : null;
    const leftWidth = Math.ceil(
        Math.min(
            MAX_TITLE,
            Math.max(BOX.left, widthOf(left.title, TITLE_FONT) + (canOpen(item) ? 22 : 0), widthOf(left.detail, SMALL_FONT)),
        ) +
            2 * BOX.pad,
    );
    const rightWidth = right
        ? Math.ceil(Math.min(120, Math.max(BOX.right, widthOf(right.title, SMALL_FONT), widthOf(right.detail, SMALL_FONT))) + 20)
        : 0;
    return { left, right, leftWidth, rightWidth, width: leftWidth + rightWidth, height: BOX.height };
}

/* The shape of the first result; of an update, which tensor it changes. */
function resultText(graph, node) {
    const [made] = outputsOf(node),
        [changed] = node.writes ?? [];
    if (made !== undefined) return extents(graph.values[made].shape);
    return changed === undefined ? "" : `${valueName(graph, changed)} · ${extents(graph.values[changed].shape)}`;
}

function titleOf(item) {
    if (item.type === "fold") return `${item.name} × ${item.children.length}`;
    return item.type === "section" && item.kind && item.kind !== item.name ? `${item.name} ${item.kind}` : labelOf(item);
}

function backwardTitle(graph, item, count) {
    if (item.type === "unit" && count === 1) return graph.nodes[item.members.find((n) => graph.part[n] === BACKWARD)].op;
    return counted(count, "node");
}

/* The number by which boxes are coloured; operations where they are coloured by kind. */
function costText({ tree, metric }, item, part) {
    const name = metric || "operations",
        text = statedSum(tree, item, name, [part], name === "time" ? timeText : name === "operations" ? short : bytesText);
    return name === "operations" ? `${text} operation${text === "1" ? "" : "s"}` : text;
}

function describePill(graph, item) {
    const value = graph.values[item.values[0]];
    const detail = item.type === "port" || item.values.length > 1 ? "" : extents(value.shape);
    const width = Math.ceil(Math.min(210, widthOf(item.name, SMALL_FONT) + (detail ? widthOf(detail, SMALL_FONT) + 10 : 0)) + 26);
    return { pill: true, title: item.name, detail, width, height: BOX.leafHeight };
}

/* ---- levels ---- */

/* The layout of an open item: boxes of its items with positions inside it, and routes of edges. It is kept until what is open below
   changes (context.layouts). */
function layoutOf(context, item) {
    const stack = [[item, false]];
    while (stack.length) {
        const [group, insideDone] = stack.pop();
        if (context.layouts.has(group)) continue;
        if (insideDone) {
            context.layouts.set(group, layoutLevel(context, group));
            continue;
        }
        stack.push([group, true]);
        if (group.type === "unit") openUnit(context.graph, group);
        for (const child of group.children) if (isOpen(context, child)) stack.push([child, false]);
    }
    return context.layouts.get(item);
}

const isOpen = (context, item) => context.open.has(item.key) && canOpen(item);

function levelOf(context, group) {
    if (!context.levels.has(group)) context.levels.set(group, buildLevel(context.graph, context.tree, group));
    return context.levels.get(group);
}

function layoutLevel(context, group) {
    if (group.type === "updates") return layoutGrid(context, group);
    const level = levelOf(context, group),
        visible = visibleItems(context, level);
    const picture = new dagre.graphlib.Graph();
    picture.setGraph({
        rankdir: "TB",
        nodesep: 22,
        ranksep: 30,
        edgesep: 16,
        marginx: 0,
        marginy: 0,
        ranker: visible.size > 120 ? "tight-tree" : "network-simplex",
    });
    const boxes = new Map(),
        besides = new Map();
    for (const i of visible) (level.items[i].type === "updates" ? besides : boxes).set(i, makeBox(context, level.items[i]));
    const lanes = alignLanes(boxes);
    for (const [i, box] of boxes) {
        sizeBox(box);
        picture.setNode(String(i), { width: box.width, height: box.height });
    }
    const routes = joinEdges(context, level, boxes);
    for (const route of routes.values()) picture.setEdge(String(route.from), String(route.to), { weight: route.forward ? 3 : 1 });
    dagre.layout(picture);
    for (const [i, box] of boxes) {
        const node = picture.node(String(i));
        box.x = node.x - box.width / 2 + BOX.framePad;
        box.y = node.y - box.height / 2 + BOX.frameTop;
    }
    const heights = rankHeights(boxes);
    for (const route of routes.values()) route.bends = bendsOf(picture.edge(String(route.from), String(route.to)).points, heights);
    const { width, height } = picture.graph(),
        size = { width: Math.max(0, width || 0), height: Math.max(0, height || 0) };
    const buses = placeBeside(context, level, boxes, besides, heights, size);
    return { group, boxes: new Map([...boxes, ...besides]), lanes, routes: [...routes.values()], buses, ...frameSize(group, size) };
}

function makeBox(context, item) {
    const open = isOpen(context, item);
    return { item, open, inner: open ? context.layouts.get(item) : null, text: describe(context, item) };
}

const sizeBox = (box) =>
    Object.assign(box, { width: box.open ? box.inner.width : box.text.width, height: box.open ? box.inner.height : box.text.height });

/* The size of a frame around a content. */
const frameSize = (group, { width, height }) => ({
    width: Math.max(widthOf(titleOf(group), TITLE_FONT) + 60, width + 2 * BOX.framePad),
    height: height + BOX.frameTop + BOX.framePad,
});

/* Updates do not depend on each other: they stand in rows, about as wide as high. What each changes is said in its box. */
function layoutGrid(context, group) {
    const boxes = new Map(group.children.map((item, i) => [i, makeBox(context, item)])),
        lanes = alignLanes(boxes),
        columns = Math.ceil(Math.sqrt(boxes.size / 3));
    const widths = new Array(columns).fill(0),
        heights = new Array(Math.ceil(boxes.size / columns)).fill(0);
    for (const [i, box] of boxes) {
        const [row, column] = [Math.floor(i / columns), i % columns];
        sizeBox(box);
        widths[column] = Math.max(widths[column], box.width);
        heights[row] = Math.max(heights[row], box.height);
    }
    const before = (sizes, gap) => sizes.map((_, i) => sizes.slice(0, i).reduce((sum, size) => sum + size + gap, 0)),
        x = before(widths, GRID_GAP),
        y = before(heights, GRID_GAP);
    for (const [i, box] of boxes)
        Object.assign(box, { x: BOX.framePad + x[i % columns], y: BOX.frameTop + y[Math.floor(i / columns)] });
    const size = { width: x.at(-1) + widths.at(-1), height: y.at(-1) + heights.at(-1) };
    return { group, boxes, lanes, routes: [], buses: [], ...frameSize(group, size) };
}

/* Puts the box of the updates beside the rest of the level, at its lower end, and grows the size. Nearly every box has a line to it: they
   leave below the box's rank, where no boxes are, and run down a common line at the right. */
function placeBeside(context, level, boxes, besides, heights, size) {
    const buses = [];
    for (const [at, box] of besides) {
        sizeBox(box);
        const spine = BOX.framePad + size.width + BUS_GAP / 2;
        box.x = BOX.framePad + (size.width ? size.width + BUS_GAP : 0);
        box.y = BOX.frameTop + Math.max(0, size.height - box.height);
        const entry = { x: box.x, y: box.y + Math.min(box.height, BOX.height) / 2 };
        for (const edge of level.edges.values()) {
            const other = edge.to === at ? boxes.get(edge.from) : edge.from === at ? boxes.get(edge.to) : undefined;
            if (!other || !isDrawn(context, edge.kind)) continue;
            const middle = other.y + other.height / 2,
                x = other.x + other.width - Math.min(16, other.width / 4),
                y = middle + heights.get(Math.round(middle)) / 2 + BUS_DROP;
            const points = [{ x, y: other.y + other.height }, { x, y }, { x: spine, y }, { x: spine, y: entry.y }, entry];
            buses.push({ edge, points, from: other.item, to: box.item });
        }
        size.width += (size.width ? BUS_GAP : 0) + box.width;
        size.height = Math.max(size.height, box.height);
    }
    return buses;
}

/* The height of each rank of boxes, by the height at which their middles stand. */
function rankHeights(boxes) {
    const heights = new Map();
    for (const box of boxes.values()) {
        const middle = Math.round(box.y + box.height / 2);
        heights.set(middle, Math.max(box.height, heights.get(middle) ?? 0));
    }
    return heights;
}

/* Where an edge passes between the boxes of a rank, it runs straight down over the height of the rank. What dagre bends between two
   ranks is left out. */
function bendsOf(points, heights) {
    const bends = [];
    for (const p of points.slice(1, -1)) {
        const x = p.x + BOX.framePad,
            y = p.y + BOX.frameTop,
            height = heights.get(Math.round(y));
        if (height) bends.push({ x, y: y - height / 2 }, { x, y: y + height / 2 });
    }
    return bends;
}

/* Closed boxes of a level have lanes of the same widths, so that edges between boxes in a column are straight. */
function alignLanes(boxes) {
    const closed = [...boxes.values()].filter((box) => !box.open && !box.text.pill).map((box) => box.text);
    const left = Math.max(0, ...closed.map((text) => text.leftWidth)),
        right = Math.max(0, ...closed.map((text) => text.rightWidth));
    for (const text of closed)
        Object.assign(text, { leftWidth: text.right ? left : left + right, rightWidth: text.right ? right : 0, width: left + right });
    return { left, right };
}

/* Backward alone is left out where it is hidden; leaves that nothing visible reads are too. */
function visibleItems(context, level) {
    const { graph, tree, show } = context,
        visible = new Set();
    level.items.forEach((item, i) => {
        if (item.type === "node") {
            if (show.backward || graph.part[item.node] !== BACKWARD) visible.add(i);
        } else if (item.type === "leaf" || item.type === "result" || item.type === "port") {
            visible.add(i);
        } else if (show.backward || item.end - item.start > tree.sum(item, "nodes", BACKWARD)) {
            visible.add(i);
        }
    });
    const used = new Set();
    for (const edge of level.edges.values())
        if (isDrawn(context, edge.kind) && visible.has(edge.from) && visible.has(edge.to)) (used.add(edge.from), used.add(edge.to));
    for (const i of visible) if (!used.has(i) && level.items[i].values) visible.delete(i);
    return visible;
}

const isDrawn = (context, kind) =>
    (kind !== "backward" || context.show.backward) &&
    (kind !== "saved" || context.show.saved) &&
    (kind !== "update" || context.show.updates);

/* One route for the edges between two items, whichever way they run: forward down and backward up beside it. */
function joinEdges(context, level, boxes) {
    const routes = new Map();
    for (const edge of level.edges.values()) {
        if (!isDrawn(context, edge.kind) || !boxes.has(edge.from) || !boxes.has(edge.to)) continue;
        const against = edge.kind === "backward";
        const [from, to] = against ? [edge.to, edge.from] : [edge.from, edge.to];
        const turned = routes.get(`${to} ${from}`),
            key = turned ? `${to} ${from}` : `${from} ${to}`;
        if (!routes.has(key)) routes.set(key, { from, to, edges: [] });
        const route = routes.get(key);
        route.edges.push(edge);
        route.forward ||= edge.kind === "forward";
    }
    return routes;
}

/* ---- the whole picture ---- */

/* Everything that is visible, with absolute positions: frames of open items from the outside in, boxes, and edges. */
function flatten(context) {
    const frames = [],
        boxes = [],
        edges = [],
        stack = [{ layout: layoutOf(context, context.tree.root), x: 0, y: 0, item: context.tree.root }];
    while (stack.length) {
        const { layout, x, y, item } = stack.pop();
        frames.push({ item, x, y, width: layout.width, height: layout.height, text: describe(context, item) });
        const placed = new Map();
        for (const [i, box] of layout.boxes) {
            const at = { ...box, x: x + box.x, y: y + box.y };
            placed.set(i, at);
            if (box.open) stack.push({ layout: box.inner, x: at.x, y: at.y, item: box.item });
            else boxes.push(at);
        }
        for (const route of layout.routes) for (const edge of route.edges) edges.push(placeEdge(edge, route, placed, x, y, layout.lanes));
        for (const bus of layout.buses)
            edges.push({ ...bus, kind: bus.edge.kind, square: true, points: bus.points.map((p) => ({ x: x + p.x, y: y + p.y })) });
    }
    return { frames, boxes, edges, width: frames[0].width, height: frames[0].height };
}

/* Forward leaves and enters the left lane of a box, backward the right one; frames and pills as if they had such lanes. */
function laneX(box, kind, lanes) {
    const wished = kind === "backward" ? lanes.left / 2 : kind === "forward" ? -lanes.right / 2 : 0,
        room = box.width / 2 - 12;
    return box.x + box.width / 2 + Math.max(-room, Math.min(room, wished));
}

function placeEdge(edge, route, placed, x, y, lanes) {
    const upper = placed.get(route.from),
        lower = placed.get(route.to),
        kind = edge.kind;
    const shift = !lanes.right ? 0 : kind === "backward" ? 7 : kind === "forward" ? -7 : 0;
    const down = upper.y + upper.height / 2 <= lower.y + lower.height / 2;
    const [top, bottom] = down ? [upper, lower] : [lower, upper];
    let points = [
        { x: laneX(top, kind, lanes), y: top.y + top.height },
        ...(down ? route.bends : [...route.bends].reverse()).map((p) => ({ x: x + p.x + shift, y: y + p.y })),
        { x: laneX(bottom, kind, lanes), y: bottom.y },
    ];
    const from = placed.get(edge.from);
    if (from !== top) points = points.reverse();
    return { edge, kind, points, from: from.item, to: placed.get(edge.to).item };
}
