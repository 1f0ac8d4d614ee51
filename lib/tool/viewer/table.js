/* The table beside the picture. Only the rows in view are elements of the page. */

const ROW_HEIGHT = 26,
    SPARE_ROWS = 8;

/* text: of a row; order: what it is sorted by, a number (unknown last) or a text. */
function tableColumns(context, mode) {
    const { graph, tree } = context;
    const isKnown = (row, metric) => (part) => tree.sum(row, "nodes", part) > unknownOf(tree, row, metric, part);
    const sum = (metric, parts, text) => ({
        order: (row) => (parts.some(isKnown(row, metric)) ? parts.reduce((total, part) => total + tree.sum(row, metric, part), 0) : -1),
        text: (row) => statedSum(tree, row, metric, parts, text),
        number: true,
    });
    const { updates } = context.show,
        shown = updates ? [FORWARD, BACKWARD, UPDATE] : [FORWARD, BACKWARD],
        names = updates ? "forward, backward and updates" : "forward and backward";
    const savedBytes = {
        order: (row) => tree.sum(row, "saved", FORWARD) + tree.sum(row, "saved", BACKWARD),
        text: (row) => bytesText(tree.sum(row, "saved", FORWARD) + tree.sum(row, "saved", BACKWARD)),
        number: true,
    };
    const name =
        mode === "sections"
            ? {
                  head: "Section",
                  order: (row) => sectionPath(graph, row.section),
                  text: (row) => titleOf(row),
                  title: (row) => (row.type === "updates" ? "updates of " : "") + (sectionPath(graph, row.section) || "no section"),
                  indent: true,
              }
            : { head: "Op", order: (row) => row.name, text: (row) => row.name };
    const place = {
        head: "Section",
        id: "place",
        order: (row) => sectionPath(graph, row.section),
        text: (row) => sectionPath(graph, row.section),
    };
    const columns = [
        { ...name, id: "name" },
        ...(mode === "nodes" ? [place] : []),
        { head: "Forward", id: "forward", title: "operations of forward", ...sum("operations", [FORWARD], short) },
        { head: "Backward", id: "backward", title: "operations of backward", ...sum("operations", [BACKWARD], short) },
        ...(updates ? [{ head: "Update", id: "update", title: "operations of updates", ...sum("operations", [UPDATE], short) }] : []),
        { head: "Bytes", id: "bytes", title: `bytes read and written, ${names}`, ...sum("bytes", shown, bytesText) },
        { head: "Saved", id: "saved", title: "bytes saved for backward", ...savedBytes },
    ];
    if (graph.timed) columns.push({ head: "Time", id: "time", title: `measured time, ${names}`, ...sum("time", shown, timeText) });
    return columns;
}

function sectionDepth(graph, s) {
    let depth = 0;
    for (let at = s; at && depth < 12; at = graph.sections[at].parent ?? 0) depth++;
    return depth;
}

const rowDepth = (graph, row) => sectionDepth(graph, row.section) + (row.type === "updates" ? 1 : 0);

function createTable(root, select) {
    const head = element("div", { class: "row head", role: "row" }),
        body = element("div", { class: "rows", role: "presentation" });
    const space = element("div", { class: "space", role: "presentation" });
    const table = {
        root,
        head,
        body,
        space,
        rows: [],
        columns: [],
        mode: "sections",
        sorted: { id: null, down: true },
        selected: null,
        select,
    };
    body.append(space);
    root.replaceChildren(head, body);
    body.addEventListener("scroll", () => drawRows(table));
    body.addEventListener("keydown", (event) => moveInTable(table, event));
    new ResizeObserver(() => drawRows(table)).observe(body);
    return table;
}

function fillTable(table, context, mode) {
    table.mode = mode;
    table.context = context;
    table.columns = tableColumns(context, mode);
    const isSection = (item) => item.type === "section" || (item.type === "updates" && !item.inner),
        items = context.tree.items.filter(mode === "sections" ? isSection : (item) => item.type === "unit");
    table.unsorted = items;
    sortTable(table);
}

function sortTable(table) {
    const column = table.columns.find((c) => c.id === table.sorted.id);
    table.rows = [...table.unsorted];
    if (column) {
        const keys = new Map(table.rows.map((row) => [row, column.order(row)])),
            sign = table.sorted.down ? -1 : 1;
        table.rows.sort((a, b) => {
            const x = keys.get(a),
                y = keys.get(b);
            return sign * (column.number ? x - y : x.localeCompare(y, undefined, { numeric: true }));
        });
    }
    table.root.setAttribute("aria-rowcount", table.rows.length + 1);
    table.root.style.setProperty(
        "--columns",
        table.columns
            .map((c) => (c.id === "name" ? "minmax(84px, 2fr)" : c.id === "place" ? "minmax(56px, 1.2fr)" : "minmax(61px, 1fr)"))
            .join(" "),
    );
    drawHead(table);
    table.space.style.height = `${table.rows.length * ROW_HEIGHT}px`;
    drawRows(table);
}

function drawHead(table) {
    table.head.replaceChildren(
        ...table.columns.map((column) => {
            const sorted = table.sorted.id === column.id,
                arrow = sorted ? (table.sorted.down ? " ↓" : " ↑") : "";
            return element(
                "button",
                {
                    role: "columnheader",
                    class: column.number ? "number" : "",
                    title: column.number ? column.title : undefined,
                    "aria-sort": sorted ? (table.sorted.down ? "descending" : "ascending") : "none",
                    onclick: () => {
                        table.sorted = { id: column.id, down: sorted ? !table.sorted.down : Boolean(column.number) };
                        table.body.scrollTop = 0;
                        sortTable(table);
                    },
                },
                column.head + arrow,
            );
        }),
    );
}

function drawRows(table) {
    const first = Math.max(0, Math.floor(table.body.scrollTop / ROW_HEIGHT) - SPARE_ROWS);
    const last = Math.min(table.rows.length, first + Math.ceil(table.body.clientHeight / ROW_HEIGHT) + 2 * SPARE_ROWS);
    const focused = table.body.contains(document.activeElement) ? document.activeElement.dataset.row : null,
        made = [];
    for (let i = first; i < last; i++) {
        const row = table.rows[i],
            selected = table.selected === row.key;
        const cells = table.columns.map((column) => {
            const text = column.text(row);
            const indent =
                column.indent && !table.sorted.id ? `padding-left:${12 * rowDepth(table.context.graph, row)}px` : undefined;
            return element(
                "span",
                {
                    role: "gridcell",
                    class: column.number ? "number" : "",
                    title: column.number ? undefined : column.title?.(row) || text,
                    style: indent,
                },
                text,
            );
        });
        made.push(
            element(
                "div",
                {
                    class: `row${selected ? " selected" : ""}`,
                    role: "row",
                    "aria-rowindex": i + 2,
                    "aria-selected": selected,
                    tabindex: selected || (i === first && !table.selected) ? 0 : -1,
                    "data-row": i,
                    style: `top:${i * ROW_HEIGHT}px`,
                    onclick: () => table.select(row),
                },
                ...cells,
            ),
        );
    }
    table.space.replaceChildren(...made);
    if (focused !== null) table.space.querySelector(`[data-row="${focused}"]`)?.focus({ preventScroll: true });
}

function moveInTable(table, event) {
    const at = Number(document.activeElement.dataset?.row ?? -1),
        step = { ArrowDown: 1, ArrowUp: -1, PageDown: 15, PageUp: -15, Home: -Infinity, End: Infinity }[event.key];
    if (event.key === "Enter" && at >= 0) table.select(table.rows[at]);
    if (step === undefined || at < 0) return;
    event.preventDefault();
    const to = Math.max(0, Math.min(table.rows.length - 1, at + step));
    table.body.scrollTop = Math.max(Math.min(table.body.scrollTop, to * ROW_HEIGHT), (to + 1) * ROW_HEIGHT - table.body.clientHeight);
    drawRows(table);
    table.space.querySelector(`[data-row="${to}"]`)?.focus({ preventScroll: true });
}

function showInTable(table, item) {
    table.selected = item?.key ?? null;
    const at = item ? table.rows.indexOf(item) : -1,
        top = at * ROW_HEIGHT;
    if (at >= 0 && (top < table.body.scrollTop || top + ROW_HEIGHT > table.body.scrollTop + table.body.clientHeight))
        table.body.scrollTop = top - table.body.clientHeight / 3;
    drawRows(table);
}
