/* The tree that the picture shows one level at a time. Its items:

   section   a named section
   fold      equal sections one after another, such as the 12 blocks of a network
   run       a stretch of a level that has too many items for a picture
   updates   the updates of a section, and inside it those of one op if there are several ops
   unit      a node and the backward nodes that it caused
   node      one of them
   leaf      parameters, inputs or constants
   result    what a unit computes and no node of forward reads

   Each item covers a stretch [start, end) of tree.order, in which the nodes stand by their place in the tree. */

const MAX_LEVEL = 40; // items of a level without its leaves
const MIN_FOLD = 3; // equal neighbours that become one item
const MIN_RUN = 3;
const MAX_GRID = 400; // updates of one op side by side
const MAX_PERIOD = 200; // items of a repetition that is looked for
const MAX_JUDGED = 4000;
const REPEATING = 0.85;

function makeItem(type, key, name, more = {}) {
    return { type, key, name, kind: "", parent: null, children: [], start: 0, end: 0, depth: 0, ...more };
}

/* The nodes of each unit, its own first. */
function unitMembers(graph, shown) {
    const members = new Map();
    for (let n = 0; n < graph.nodes.length; n++) {
        if (!shown(n)) continue;
        const list = members.get(graph.home[n]);
        if (list) list.push(n);
        else members.set(graph.home[n], [n]);
    }
    return members;
}

/* Sections and units, each in the order of its first node. */
function placeUnits(graph, members) {
    const sections = graph.sections.map((section, s) =>
        makeItem("section", `s${s}`, section.name ?? "", { kind: section.kind ?? "", section: s }),
    );
    const placed = new Uint8Array(sections.length),
        updates = new Map();
    placed[0] = 1;
    for (const [n, list] of members) {
        const s = graph.nodes[n].section ?? 0;
        for (let at = s; !placed[at]; at = graph.sections[at].parent ?? 0) ((placed[at] = 1), (sections[at].first = n));
        const unit = makeItem("unit", `n${n}`, graph.nodes[n].op ?? "", { node: n, members: list, section: s });
        if (graph.part[n] !== UPDATE) {
            sections[s].children.push(unit);
            continue;
        }
        if (!updates.has(s)) updates.set(s, makeItem("updates", `u${s}`, "updates", { section: s }));
        updates.get(s).children.push(unit);
    }
    for (let s = 1; s < sections.length; s++) if (placed[s]) sections[graph.sections[s].parent ?? 0].children.push(sections[s]);
    const first = (item) => item.first ?? item.node;
    for (const section of sections) section.children.sort((a, b) => first(a) - first(b));
    for (const [s, item] of updates) {
        groupByOp(item);
        sections[s].children.push(item);
    }
    return sections;
}

/* An optimizer runs the same ops for each parameter: "adam_update × 28" instead of 28 boxes among others. */
function groupByOp(item) {
    const groups = new Map();
    for (const unit of item.children) {
        if (!groups.has(unit.name)) groups.set(unit.name, []);
        groups.get(unit.name).push(unit);
    }
    if (groups.size === item.children.length || (groups.size === 1 && item.children.length <= MAX_GRID)) return;
    item.children = [];
    for (const [op, units] of groups)
        for (let i = 0; i < units.length; i += MAX_GRID) {
            const children = units.slice(i, i + MAX_GRID),
                more = { section: item.section, children, inner: true };
            if (children.length === 1) item.children.push(children[0]);
            else item.children.push(makeItem("updates", `${item.key}-${children[0].key}`, `${op} × ${children.length}`, more));
        }
}

/* Equal numbers for sections whose forward computations are equal: ops, options, result shapes and inner sections. */
function signatures(graph, sections) {
    const numbers = new Map();
    const intern = (text) => numbers.get(text) ?? (numbers.set(text, numbers.size), numbers.size - 1);
    for (let s = sections.length - 1; s >= 0; s--) {
        const parts = [];
        for (const child of sections[s].children) {
            if (child.type === "unit") {
                const node = graph.nodes[child.node];
                const shapes = outputsOf(node).map((v) => graph.values[v].shape.join());
                child.signature = intern(JSON.stringify([graph.part[child.node], node.op, node.options, shapes]));
            }
            if (child.type === "section" || graph.part[child.node] === FORWARD) parts.push(child.signature);
        }
        sections[s].signature = intern(`${JSON.stringify(sections[s].kind)} ${parts.join()}`);
    }
}

function foldRepeats(item) {
    const children = item.children;
    const folded = [];
    const repeats = (a, b) => a.type === b.type && (a.type === "section" || a.type === "run") && a.signature === b.signature;
    for (let i = 0; i < children.length;) {
        let end = i + 1;
        while (end < children.length && repeats(children[i], children[end])) end++;
        if (end - i < MIN_FOLD) {
            folded.push(...children.slice(i, end));
        } else {
            const first = children[i];
            const name = first.type === "run" ? first.name : first.kind || "section";
            folded.push(makeItem("fold", `f${first.key}`, name, { kind: first.kind, children: children.slice(i, end) }));
        }
        i = end;
    }
    item.children = folded;
}

/* The number of items after which a list repeats itself, nearly everywhere; 0 if there is none. A long list is judged by its beginning. */
function periodOf(items) {
    const n = Math.min(items.length, MAX_JUDGED);
    for (let p = 1; p <= Math.min(MAX_PERIOD, n / MIN_FOLD); p++) {
        let equal = 0;
        for (let i = 0; i + p < n; i++) if (items[i].signature === items[i + p].signature) equal++;
        if (equal >= REPEATING * (n - p)) return p;
    }
    return 0;
}

/* Cuts a level that is too long into runs, again and again until no level is. Where ops repeat, as in a loop without sections, a run
   is a repetition or several. */
function cutIntoRuns(item, todo) {
    const updates = item.children.filter((child) => child.type === "updates"),
        all = item.children.filter((child) => child.type !== "updates");
    if (all.length <= MAX_LEVEL) return;
    const period = periodOf(all) || 1;
    const size = period * Math.ceil(all.length / period / MAX_LEVEL);
    let start = 0; // where the first whole repetition begins
    const repeats = (at) => all.slice(at, at + period).every((child, i) => child.signature === all[at + period + i]?.signature);
    while (start < 2 * period && !repeats(start)) start++;
    if (start === 2 * period || size - start > MAX_LEVEL) start = 0;
    item.children = [];
    for (let i = 0; i < all.length;) {
        const children = all.slice(i, i < start ? start : i + size);
        i += children.length;
        if (children.length < MIN_RUN) {
            item.children.push(...children);
            continue;
        }
        const name = `${labelOf(children[0])} … ${labelOf(children.at(-1))}`;
        const signature = children.map((child) => child.signature).join();
        const run = makeItem("run", `r${children[0].key}-${children.length}`, name, { children, signature });
        item.children.push(run);
        todo.push(run);
    }
    foldRepeats(item);
    item.children.push(...updates);
}

const labelOf = (item) => item.name || item.kind || "unnamed";

/* ---- leaves and results ---- */

function commonParent(a, b) {
    while (a !== b) {
        if (a.depth >= b.depth) a = a.parent;
        else b = b.parent;
    }
    return a;
}

function leafKind(value) {
    if (value.origin === "outer") return "outer";
    if (value.origin === "constant") return "constant";
    return value.requires_gradient ? "parameter" : "input";
}

/* A leaf stands on the deepest level that holds all its readers in forward, an input further out; leaves that only one unit reads share
   an item. */
function placeLeaves(graph, tree) {
    const { readers, part } = graph,
        shared = new Map();
    for (let v = 0; v < graph.values.length; v++) {
        if (graph.maker[v] >= 0) continue;
        let level = null,
            unit = null,
            several = false;
        for (const wanted of [FORWARD, BACKWARD, UPDATE]) {
            for (let i = readers.start[v]; i < readers.start[v + 1]; i++) {
                const reader = tree.unitOf[readers.list[i]];
                if (!reader || part[readers.list[i]] !== wanted) continue;
                level = level ? commonParent(level, reader.parent) : reader.parent;
                several ||= unit !== null && unit !== reader;
                unit = reader;
            }
            if (level) break;
        }
        if (!level) continue;
        level = inputLevel(graph, level, v);
        const kind = leafKind(graph.values[v]),
            key = several || level !== unit.parent ? `v${v}` : `v${unit.key}${kind}`;
        let leaf = shared.get(key);
        if (!leaf) {
            leaf = makeItem("leaf", key, "", { kind, values: [], parent: level, depth: level.depth + 1, start: level.end, end: level.end });
            shared.set(key, leaf);
            level.leaves.push(leaf);
        }
        leaf.values.push(v);
        tree.leafOf.set(v, leaf);
    }
    for (const leaf of shared.values()) {
        const names = leaf.values.map((v) => shortName(graph, leaf.parent, v) || graph.values[v].outer || leaf.kind);
        leaf.name = names.length > 3 ? counted(names.length, leaf.kind) : [...new Set(names)].join(", ");
    }
}

/* The name without the sections in front, which are known from where the leaf stands: "weight" for "2.mlp.widen.weight". */
function shortName(graph, level, v) {
    const name = graph.values[v].name ?? "";
    let prefix = "";
    let longest = 0;
    for (let at = level; at.parent && prefix.length < name.length; at = at.parent) {
        if (at.type !== "section") continue;
        prefix = `${at.name}.${prefix}`;
        if (name.startsWith(prefix)) longest = prefix.length;
    }
    return name.slice(longest);
}

/* An input comes from outside: it stands beside the outermost section. A buffer, whose name begins with the path of its section, stays. */
function inputLevel(graph, level, v) {
    const name = graph.values[v].name ?? "";
    if (leafKind(graph.values[v]) !== "input" || !name || shortName(graph, level, v) !== name) return level;
    while (level.parent && (level.type === "section" || level.type === "fold")) level = level.parent;
    return level;
}

function placeResults(graph, tree) {
    for (const unit of tree.units) {
        if (graph.part[unit.node] !== FORWARD) continue;
        const out = outputsOf(graph.nodes[unit.node]);
        let read = out.length === 0;
        for (const v of out)
            for (let i = graph.readers.start[v]; i < graph.readers.start[v + 1]; i++)
                read ||= graph.part[graph.readers.list[i]] === FORWARD;
        if (read) continue;
        const name = graph.values[out[0]].name || "result";
        const level = unit.parent;
        level.leaves.push(
            makeItem("result", `o${unit.node}`, name, {
                kind: "result",
                values: [out[0]],
                maker: unit,
                parent: level,
                depth: level.depth + 1,
                start: level.end,
                end: level.end,
            }),
        );
    }
}

/* ---- the whole tree ---- */

function buildTree(graph, withUpdates) {
    const members = unitMembers(graph, (n) => withUpdates || graph.part[n] !== UPDATE);
    const sections = placeUnits(graph, members);
    signatures(graph, sections);
    const todo = [...sections];
    for (const section of sections) {
        foldRepeats(section);
        for (const child of section.children) if (child.type === "fold") todo.push(child);
    }
    for (let i = 0; i < todo.length; i++) cutIntoRuns(todo[i], todo);

    let count = 0;
    for (const list of members.values()) count += list.length;
    const tree = {
        root: sections[0],
        order: new Int32Array(count),
        unitOf: new Array(graph.nodes.length),
        units: [],
        items: [],
        leafOf: new Map(),
    };
    number(tree);
    tree.sum = prefixSums(graph, tree.order);
    placeLeaves(graph, tree);
    placeResults(graph, tree);
    return tree;
}

/* Depth first, with a stack of our own, for a file may nest sections as deep as it likes. */
function number(tree) {
    const stack = [[tree.root, 0]];
    let at = 0;
    tree.root.name ||= "whole graph";
    while (stack.length) {
        const top = stack[stack.length - 1],
            item = top[0];
        if (top[1] === 0) {
            item.start = at;
            item.leaves = [];
            tree.items.push(item);
            if (item.type === "unit") {
                for (const n of item.members) ((tree.order[at++] = n), (tree.unitOf[n] = item));
                tree.units.push(item);
            }
        }
        if (top[1] < item.children.length) {
            const child = item.children[top[1]++];
            child.parent = item;
            child.depth = item.depth + 1;
            stack.push([child, 0]);
        } else {
            item.end = at;
            stack.pop();
        }
    }
}

/* The nodes of a unit as items, made when the unit is opened or searched. */
function openUnit(graph, unit) {
    if (unit.children.length) return;
    unit.children = unit.members.map((n, i) =>
        makeItem("node", `m${n}`, graph.nodes[n].op ?? "", {
            node: n,
            parent: unit,
            depth: unit.depth + 1,
            start: unit.start + i,
            end: unit.start + i + 1,
            leaves: [],
        }),
    );
}

const canOpen = (item) => (item.type === "unit" ? item.members.length > 2 : item.children.length > 0) && item.type !== "node";
