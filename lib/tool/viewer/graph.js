/* The graph with the indices that everything else reads. All of them are made in time linear in the file.

   maker[v]    the node that made value v, or -1
   readers     the nodes that read value v: readers.list[readers.start[v] … readers.start[v + 1])
   home[n]     of a backward node, the forward node behind its causes; of any other node, itself. A node and the backward nodes that
               it caused are shown as one unit
   part[n]     FORWARD, BACKWARD or UPDATE */

const FORWARD = 0,
    BACKWARD = 1,
    UPDATE = 2;
const PART_NAMES = ["forward", "backward", "update"];

function indexGraph(raw) {
    const { nodes, values, sections } = raw;
    const part = new Uint8Array(nodes.length),
        home = new Int32Array(nodes.length),
        maker = new Int32Array(values.length).fill(-1);
    for (let n = 0; n < nodes.length; n++) {
        const node = nodes[n];
        part[n] = Math.max(0, PART_NAMES.indexOf(node.part ?? "forward"));
        home[n] = part[n] === BACKWARD && node.cause !== undefined ? home[node.cause] : n;
    }
    for (let v = 0; v < values.length; v++) maker[v] = values[v].node ?? -1;
    return {
        nodes,
        values,
        sections,
        traced: raw.traced,
        part,
        home,
        maker,
        readers: indexReaders(nodes, values.length),
        timed: nodes.some((node) => node.nanoseconds !== undefined),
        withGradients: values.some((value) => value.gradient_elements !== undefined),
    };
}

function indexReaders(nodes, count) {
    const start = new Int32Array(count + 1);
    for (const node of nodes) for (const v of node.in ?? []) if (v !== null) start[v + 1]++;
    for (let v = 0; v < count; v++) start[v + 1] += start[v];
    const list = new Int32Array(start[count]),
        next = start.slice();
    for (let n = 0; n < nodes.length; n++) for (const v of nodes[n].in ?? []) if (v !== null) list[next[v]++] = n;
    return { start, list };
}

const inputsOf = (node) => (node.in ?? []).filter((v) => v !== null);
const outputsOf = (node) => node.out ?? [];

function operations(cost) {
    return (cost.add ?? 0) + (cost.mul ?? 0) + (cost.div ?? 0) + (cost.compare ?? 0) + (cost.transcendental ?? 0);
}

/* Sums over stretches of an order of the nodes, each in constant time: prefix sums for each part. */
const METRICS = ["nodes", "unknown", "operations", "bytes", "saved", "allocated", "time", "timed"];

function prefixSums(graph, order) {
    const prefix = METRICS.map(() => [0, 1, 2].map(() => new Float64Array(order.length + 1)));
    const row = new Float64Array(METRICS.length);
    for (let i = 0; i < order.length; i++) {
        const node = graph.nodes[order[i]],
            cost = node.cost,
            timed = node.nanoseconds !== undefined;
        row[0] = 1;
        row[1] = cost ? 0 : 1;
        row[2] = cost ? operations(cost) : 0;
        row[3] = cost ? (cost.bytes_read ?? 0) + (cost.bytes_written ?? 0) : 0;
        row[4] = node.bytes_saved ?? 0;
        row[5] = node.bytes_allocated ?? 0;
        row[6] = timed ? node.nanoseconds : 0;
        row[7] = timed ? 1 : 0;
        for (let m = 0; m < METRICS.length; m++)
            for (let p = 0; p < 3; p++) prefix[m][p][i + 1] = prefix[m][p][i] + (p === graph.part[order[i]] ? row[m] : 0);
    }
    const names = Object.fromEntries(METRICS.map((name, m) => [name, m]));
    return (item, metric, p) => prefix[names[metric]][p][item.end] - prefix[names[metric]][p][item.start];
}

/* How many nodes of an item do not state a number. */
function unknownOf(tree, item, metric, part) {
    if (metric === "saved") return 0;
    return metric === "time" ? tree.sum(item, "nodes", part) - tree.sum(item, "timed", part) : tree.sum(item, "unknown", part);
}

/* The sum of a number over parts of an item, as text that says what is unknown. */
function statedSum(tree, item, metric, parts, text) {
    const over = (number) => parts.reduce((sum, part) => sum + number(part), 0);
    return sumText(
        over((p) => tree.sum(item, metric, p)),
        over((p) => unknownOf(tree, item, metric, p)),
        over((p) => tree.sum(item, "nodes", p)),
        text,
    );
}

/* ---- following ---- */

/* The nodes from which those of `above` can be reached (up) and that can be reached from those of `below` (down), each within its own
   part: values flow through forward, gradients through backward. The seeds themselves are reached. */
function reach(graph, above, below) {
    const { nodes, part, maker, readers } = graph;
    const up = new Uint8Array(nodes.length),
        down = new Uint8Array(nodes.length);
    for (const n of above) up[n] = 1;
    for (const n of below) down[n] = 1;
    let queue = [...above];
    while (queue.length) {
        const n = queue.pop();
        for (const v of nodes[n].in ?? []) {
            const m = v === null ? -1 : maker[v];
            if (m >= 0 && !up[m] && part[m] === part[n]) ((up[m] = 1), queue.push(m));
        }
    }
    queue = [...below];
    while (queue.length) {
        const n = queue.pop();
        for (const v of outputsOf(nodes[n]))
            for (let i = readers.start[v]; i < readers.start[v + 1]; i++) {
                const m = readers.list[i];
                if (!down[m] && part[m] === part[n]) ((down[m] = 1), queue.push(m));
            }
    }
    return { up, down };
}

/* Whether a value is on the way: it flows between two nodes above, or between two below. */
function isOnTheWay(graph, { up, down }, v) {
    const m = graph.maker[v];
    let read = false;
    for (let i = graph.readers.start[v]; i < graph.readers.start[v + 1]; i++) {
        const n = graph.readers.list[i];
        if (m < 0 ? up[n] : (up[m] && up[n]) || (down[m] && down[n])) return true;
        read ||= m >= 0 && graph.part[n] === graph.part[m];
    }
    return m >= 0 && !read && Boolean(down[m]); // the end of a way: a result, a gradient
}
