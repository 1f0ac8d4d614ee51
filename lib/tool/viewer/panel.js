/* What is known about an item: the details beside the picture, and the short form that a pointer or the focus shows. */

function sectionPath(graph, s) {
    const names = [];
    for (let at = s; at; at = graph.sections[at].parent ?? 0) names.unshift(graph.sections[at].name || "unnamed");
    return names.join(" / ");
}

function elementsText(elements) {
    if (!elements) return null;
    const nan = elements[4] ? `, ${counted(elements[4], "NaN")}` : "";
    return `${real(elements[0])} … ${real(elements[1])}, mean ${real(elements[2])}, norm ${real(elements[3])}${nan}`;
}

/* The name of a value: its own, or "linear" for the first result of a linear and "layer_norm #1" for its second. */
function valueName(graph, v) {
    const value = graph.values[v],
        maker = graph.maker[v];
    if (value.name) return value.name;
    if (maker < 0) return value.outer || leafKind(value);
    return graph.nodes[maker].op + (value.slot ? ` #${value.slot}` : "");
}

const PARTS_OF_COST = [
    ["add", "additions"],
    ["mul", "multiplications"],
    ["div", "divisions"],
    ["compare", "comparisons"],
    ["transcendental", "transcendental calls"],
    ["bytes_read", "bytes read"],
    ["bytes_written", "bytes written"],
];

/* ---- the short form ---- */

function summary(context, item) {
    const { graph, tree } = context,
        rows = [];
    const values = item.values ?? (item.node !== undefined ? outputsOf(graph.nodes[item.node]) : []);
    for (const v of values.slice(0, 3)) {
        const value = graph.values[v];
        rows.push([item.values ? valueName(graph, v) : "result", shapeText(value)]);
        if (value.elements)
            rows.push([
                "range",
                `${real(value.elements[0])} … ${real(value.elements[1])}${value.elements[4] ? `, ${value.elements[4]} NaN` : ""}`,
            ]);
        if (value.gradient_elements) rows.push(["gradient norm", real(value.gradient_elements[3])]);
    }
    if (values.length > 3) rows.push(["", `and ${values.length - 3} more`]);
    if (!item.values)
        for (const part of [FORWARD, BACKWARD, UPDATE]) {
            const count = tree.sum(item, "nodes", part);
            if (count) rows.push([PART_NAMES[part], partText(context, item, part, count)]);
        }
    const saved = item.values ? 0 : tree.sum(item, "saved", FORWARD) + tree.sum(item, "saved", BACKWARD);
    if (saved) rows.push(["saved for backward", bytesText(saved)]);
    return { title: item.values ? item.kind : titleOf(item), rows };
}

function partText(context, item, part, count) {
    const { tree, graph } = context,
        unknown = tree.sum(item, "unknown", part);
    const sum = (metric, text) => statedSum(tree, item, metric, [part], text);
    const text = unknown === count ? ["cost unknown"] : [costText({ tree }, item, part), sum("bytes", bytesText)];
    if (graph.timed) text.push(sum("time", timeText));
    return text.join(" · ");
}

function showTip(tip, context, content, near) {
    tip.replaceChildren(
        element("b", {}, content.title),
        element("dl", {}, ...content.rows.flatMap(([name, text]) => [element("dt", {}, name), element("dd", {}, text)])),
    );
    tip.hidden = false;
    const box = near.getBoundingClientRect(),
        size = tip.getBoundingClientRect(),
        gap = 10;
    const right = box.right + gap + size.width < window.innerWidth ? box.right + gap : Math.max(gap, box.left - gap - size.width);
    tip.style.left = `${right}px`;
    tip.style.top = `${Math.max(gap, Math.min(box.top, window.innerHeight - size.height - gap))}px`;
}

function edgeSummary(graph, edge) {
    const values = edge.edge.values;
    return {
        title: { forward: "value", backward: "gradient", saved: "saved for backward", update: "update" }[edge.kind],
        rows: [
            ...values.slice(0, 4).map((v) => [valueName(graph, v), shapeText(graph.values[v])]),
            ...(values.length > 4 ? [["", `and ${values.length - 4} more`]] : []),
        ],
    };
}

/* ---- the details ---- */

function showDetails(panel, context, item, go) {
    if (!item) {
        panel.replaceChildren(...overview(context));
        return;
    }
    const { graph } = context,
        made = [];
    made.push(element("h2", {}, item.values ? item.name : titleOf(item)));
    const where = item.section ?? (item.node !== undefined ? (graph.nodes[item.node].section ?? 0) : (item.parent?.section ?? 0));
    made.push(
        element(
            "p",
            { class: "where" },
            [
                item.type === "unit" || item.type === "node" ? PART_NAMES[graph.part[item.node]] : item.kind || item.type,
                sectionPath(graph, where),
            ]
                .filter(Boolean)
                .join(" · "),
        ),
    );
    if (item.node !== undefined) made.push(...nodeDetails(context, item, go));
    else if (item.values) made.push(...item.values.slice(0, 12).map((v) => valueDetails(graph, v)), ...portLink(item, go));
    if (!item.values) made.push(costTable(context, item));
    panel.replaceChildren(...made);
}

function showEdgeDetails(panel, graph, edge, go) {
    const values = edge.edge.values.slice(0, 20).map((v) => valueDetails(graph, v, go));
    panel.replaceChildren(element("h2", {}, edgeSummary(graph, edge).title), ...values);
}

function overview({ graph, tree }) {
    const notes = [
        element(
            "p",
            { class: "where" },
            `${counted(graph.nodes.length, "node")} · ${counted(graph.values.length, "value")} · ${counted(graph.sections.length - 1, "section")}`,
        ),
    ];
    if (!graph.traced)
        notes.push(
            element("p", { class: "note" }, "The tape was not traced: a backward pass may have run that left no nodes, and is not shown."),
        );
    notes.push(element("p", { class: "hint" }, "Click a box to follow its values. Double-click, Enter or + opens it. ? shows all keys."));
    return [element("h2", {}, "Whole graph"), ...notes, costTable({ graph, tree }, tree.root)];
}

function nodeDetails({ graph }, item, go) {
    const node = graph.nodes[item.node],
        made = [];
    if (node.options) made.push(element("p", { class: "options" }, node.options));
    if (node.view) made.push(element("p", { class: "note" }, "A view: it shares the memory of its input, and nothing is computed."));
    if (inputsOf(node).length)
        made.push(
            element("h3", {}, "Reads"),
            ...inputsOf(node)
                .slice(0, 12)
                .map((v) => valueDetails(graph, v, go)),
        );
    if (outputsOf(node).length) made.push(element("h3", {}, "Results"), ...outputsOf(node).map((v) => valueDetails(graph, v)));
    if (node.writes) made.push(element("h3", {}, "Changes in place"), ...node.writes.slice(0, 12).map((v) => valueDetails(graph, v, go)));
    const caused = (item.members ?? []).filter((n) => n !== item.node);
    if (caused.length) made.push(element("h3", {}, "Backward"), ...caused.slice(0, 12).map((n) => causedNode(graph, n)));
    return made;
}

function causedNode(graph, n) {
    const out = outputsOf(graph.nodes[n])[0];
    return element(
        "div",
        { class: "value" },
        element(
            "div",
            { class: "value-head" },
            element("span", {}, graph.nodes[n].op ?? ""),
            element("code", {}, out === undefined ? "" : shapeText(graph.values[out])),
        ),
    );
}

function valueDetails(graph, v, go) {
    const value = graph.values[v],
        name = valueName(graph, v),
        rows = [];
    rows.push(
        element(
            "div",
            { class: "value-head" },
            go ? element("button", { class: "link", onclick: () => go(v) }, name) : element("span", {}, name),
            element("code", {}, shapeText(value)),
        ),
    );
    const flags = [
        value.requires_gradient && "requires a gradient",
        value.saved && "saved for backward",
        value.released && "released",
        value.base !== undefined && "shares memory",
    ].filter(Boolean);
    if (flags.length) rows.push(element("div", { class: "minor" }, flags.join(" · ")));
    if (value.elements) rows.push(element("div", { class: "minor" }, elementsText(value.elements)));
    if (value.gradient_elements) rows.push(element("div", { class: "minor" }, `gradient ${elementsText(value.gradient_elements)}`));
    return element("div", { class: "value" }, ...rows);
}

const portLink = (item, go) =>
    item.type === "port" && item.far
        ? [element("button", { class: "plain", onclick: () => go(item.values[0], item.far) }, "Go to the other end")]
        : [];

/* A row for each kind of operation, a column for each part. What states no cost is said to be unknown. */
function costTable({ graph, tree }, item) {
    const parts = [FORWARD, BACKWARD, UPDATE].filter((p) => tree.sum(item, "nodes", p) > 0),
        rows = [];
    const cell = (text) => element("td", {}, text),
        head = (text) => element("th", { scope: "row" }, text);
    const total = (metric, text) => parts.map((p) => cell(statedSum(tree, item, metric, [p], text)));
    rows.push(element("tr", {}, element("th", {}), ...parts.map((p) => element("th", { scope: "col" }, PART_NAMES[p]))));
    rows.push(element("tr", {}, head("nodes"), ...parts.map((p) => cell(whole.format(tree.sum(item, "nodes", p))))));
    rows.push(element("tr", {}, head("operations"), ...total("operations", (x) => whole.format(x))));
    for (const [key, name] of PARTS_OF_COST) {
        const sums = parts.map((p) => kindSum(graph, tree, item, key, p));
        if (sums.some((s) => s > 0))
            rows.push(
                element(
                    "tr",
                    { class: "minor" },
                    head(name),
                    ...parts.map((p, i) =>
                        cell(sumText(sums[i], tree.sum(item, "unknown", p), tree.sum(item, "nodes", p), (x) => whole.format(x))),
                    ),
                ),
            );
    }
    rows.push(element("tr", {}, head("saved"), ...parts.map((p) => cell(bytesText(tree.sum(item, "saved", p))))));
    rows.push(element("tr", {}, head("allocated"), ...parts.map((p) => cell(bytesText(tree.sum(item, "allocated", p))))));
    rows.push(
        element(
            "tr",
            {},
            head("time"),
            ...(graph.timed ? total("time", timeText) : [element("td", { colspan: parts.length, class: "minor" }, "not measured")]),
        ),
    );
    const unknown = parts.reduce((sum, p) => sum + tree.sum(item, "unknown", p), 0);
    const table = element("table", { class: "costs" }, ...rows);
    return unknown
        ? element(
              "div",
              {},
              table,
              element("p", { class: "note" }, `${counted(unknown, "node")} without a stated cost: the true sums are larger.`),
          )
        : table;
}

function kindSum(graph, tree, item, key, part) {
    let sum = 0;
    for (let i = item.start; i < item.end; i++) {
        const n = tree.order[i];
        if (graph.part[n] === part) sum += graph.nodes[n].cost?.[key] ?? 0;
    }
    return sum;
}
