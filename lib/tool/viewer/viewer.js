/* The page: its state, its toolbar and its keys. */

const AUTO_OPEN = 3; // levels with a single section are opened so deep
const ALONE = 4; // boxes beside it
const FEW = 12; // boxes in it
const MAX_BOXES = 1200; // opening a whole level stops at so many boxes

const byId = (id) => document.getElementById(id);

function start() {
    const began = performance.now(),
        raw = JSON.parse(byId("graph").textContent);
    byId("graph").remove(); // its text is as large as the graph
    const graph = indexGraph(raw);
    const context = {
        graph,
        tree: null,
        open: new Set(),
        levels: new Map(),
        layouts: new Map(),
        show: { backward: true, updates: false, saved: false },
    };
    const page = { context, colour: "kind", selected: null, edge: null, focused: null, search: null };
    document.title = `${document.body.dataset.name} · Wengert`;
    byId("name").textContent = document.body.dataset.name;
    page.picture = createPicture(byId("picture"), pictureHandlers(page));
    page.table = createTable(byId("table"), (item) => reveal(page, item));
    page.search = createSearch(byId("search"), byId("found"), byId("count"), searchHandlers(page));
    connectToolbar(page);
    document.addEventListener("keydown", (event) => pressKey(page, event));
    rebuild(page);
    openAlone(context, context.tree.root);
    redraw(page);
    select(page, null);
    showTop(page.picture);
    window.viewer = { page, bytesText, show: (item) => centreOn(page.picture, item.key), milliseconds: performance.now() - began };
    document.body.dataset.ready = "true";
}

/* ---- state ---- */

function rebuild(page) {
    const { context } = page;
    context.tree = buildTree(context.graph, context.show.updates);
    context.levels.clear();
    context.layouts.clear();
    page.search?.reset();
    fillTable(page.table, context, page.table.mode);
}

/* What is nearly alone on its level says little by being closed. */
function openAlone(context, item) {
    for (let i = 0; i < AUTO_OPEN; i++) {
        const groups = item.children.filter((child) => child.type !== "unit" && child.type !== "node");
        if (groups.length !== 1 || item.children.length > ALONE) return;
        item = groups[0];
        if (item.children.length > FEW) return;
        context.open.add(item.key);
    }
}

function redraw(page) {
    drawPicture(page.picture, page.context);
    paint(page);
    focusable(page, page.focused && page.picture.elements.has(page.focused) ? page.focused : page.picture.elements.keys().next().value);
}

/* What is open below an item decides the layouts of all around it. */
function forgetLayouts(context, item) {
    for (let at = item; at; at = at.parent) context.layouts.delete(at);
}

function toggle(page, item) {
    const { context, picture } = page,
        before = picture.elements.get(item.key)?.place;
    if (context.open.has(item.key)) {
        context.open.delete(item.key);
    } else {
        context.open.add(item.key);
        openAlone(context, item);
    }
    forgetLayouts(context, item);
    page.focused = item.key;
    redraw(page);
    keepInPlace(picture, item.key, before);
    fitWidth(picture, item.key);
    setFocus(page, item.key);
}

/* Opens sections, folds and runs down to a depth, the outer ones first, until there are too many boxes. */
function openTo(page, depth) {
    const { context } = page;
    context.open.clear();
    context.layouts.clear();
    let boxes = context.tree.root.children.length + context.tree.root.leaves.length,
        level = [context.tree.root],
        stopped = false;
    for (let d = 0; d < depth && level.length; d++) {
        const next = [];
        for (const item of level)
            for (const child of item.children) {
                if (child.type === "unit" || !canOpen(child)) continue;
                if (boxes + child.children.length > MAX_BOXES) {
                    stopped = true;
                    continue;
                }
                boxes += child.children.length + child.leaves.length;
                context.open.add(child.key);
                next.push(child);
            }
        level = next;
    }
    page.depth = depth;
    byId("depth").textContent = String(depth);
    say(stopped ? `More than ${MAX_BOXES} boxes: some sections stay closed` : "");
    redraw(page);
    showTop(page.picture);
}

/* The depth at which everything is open. */
const deepest = ({ context }) =>
    context.tree.items.reduce((depth, item) => (item.type === "unit" ? depth : Math.max(depth, item.depth)), 0);

function say(text) {
    byId("status").textContent = text;
}

/* ---- selecting and following ---- */

function select(page, item) {
    page.selected = item?.twin ?? item;
    page.edge = null;
    follow(page);
}

function follow(page) {
    const { graph, tree } = page.context,
        item = page.selected;
    page.reached = null;
    if (page.edge || item) {
        const seeds = seedsOf(page),
            flags = reach(graph, seeds.above, seeds.below),
            { up, down } = flags;
        const counts = new Uint32Array(tree.order.length + 1);
        for (let i = 0; i < tree.order.length; i++) counts[i + 1] = counts[i] + (up[tree.order[i]] | down[tree.order[i]]);
        page.reached = { ...flags, counts, own: new Set(page.edge ? page.edge.edge.values : item.values) };
        const total = (list, less) => counted(list.reduce((a, b) => a + b, 0) - less, "node"),
            own = item && !item.values ? item.end - item.start : 0;
        say(`${total(up, own)} above, ${total(down, own)} below`);
    } else {
        say("");
    }
    const go = (v, far) => reveal(page, far ?? itemOfValue(page, v));
    if (page.edge) showEdgeDetails(byId("details"), graph, page.edge, go);
    else showDetails(byId("details"), page.context, item, go);
    showInTable(page.table, item?.values ? null : item);
    paint(page);
}

/* Where following begins: above with what makes the values, below with what reads them; of a leaf, above with what makes its gradient. */
function seedsOf(page) {
    const { graph, tree } = page.context,
        item = page.selected,
        values = page.edge ? page.edge.edge.values : item.values;
    if (!values) return { above: tree.order.subarray(item.start, item.end), below: tree.order.subarray(item.start, item.end) };
    const makers = values
        .map((v) => (graph.maker[v] >= 0 ? graph.maker[v] : (graph.maker[graph.values[v].gradient] ?? -1)))
        .filter((n) => n >= 0);
    const readers = values.flatMap((v) =>
        [...readersOf(graph, v)].filter((n) => graph.part[n] === (graph.maker[v] < 0 ? FORWARD : graph.part[graph.maker[v]])),
    );
    return { above: [...new Set(makers)], below: [...new Set(readers)] };
}

function itemOfValue({ context: { graph, tree } }, v) {
    return graph.maker[v] >= 0 ? tree.unitOf[graph.maker[v]] : tree.leafOf.get(v);
}

function paint(page) {
    const { picture, context, selected } = page;
    paintLanes(picture, context, page.colour, byId("legend"));
    const active = Boolean(page.reached);
    for (const { group, place } of picture.elements.values()) {
        const item = place.item;
        const lit =
            !active ||
            (item.twin ?? item) === selected ||
            (item.values ? valuesReached(page, item) : page.reached.counts[item.end] > page.reached.counts[item.start]);
        group.classList.toggle("dim", !lit);
        group.classList.toggle("selected", (item.twin ?? item) === selected);
    }
    for (const { group, edge } of picture.edges) {
        const lit = active && edge.edge.values.some((v) => carries(page, v));
        group.classList.toggle("dim", active && !lit);
        group.classList.toggle("lit", lit);
        group.classList.toggle("selected", page.edge?.edge === edge.edge);
    }
}

const carries = (page, v) => page.reached.own.has(v) || isOnTheWay(page.context.graph, page.reached, v);

function valuesReached(page, item) {
    const { graph } = page.context;
    return item.values.some((v) => carries(page, v) || page.reached.down[graph.maker[graph.values[v].gradient] ?? -1]);
}

/* Opens what is around an item, and shows it. A node whose unit does not open is shown as a half of the unit's box. */
function reveal(page, item) {
    if (!item) return;
    const { context, picture } = page;
    if (!context.show.backward && item.node !== undefined && context.graph.part[item.node] === BACKWARD) byId("backward").click();
    if (item.type === "node" && !canOpen(item.parent)) item = item.parent;
    for (let at = item.parent; at && at.parent; at = at.parent)
        if (!context.open.has(at.key)) {
            context.open.add(at.key);
            forgetLayouts(context, at);
        }
    redraw(page);
    select(page, item);
    centreOn(picture, item.key);
    focusable(page, item.key);
}

/* ---- focus ---- */

/* One item of the picture can be reached by the tab key; arrows move on from there. */
function focusable(page, key) {
    page.picture.elements.get(page.focused)?.group.setAttribute("tabindex", -1);
    page.focused = key;
    page.picture.elements.get(key)?.group.setAttribute("tabindex", 0);
}

function setFocus(page, key) {
    if (!page.picture.elements.has(key)) return;
    focusable(page, key);
    page.picture.elements.get(key).group.focus({ preventScroll: true });
    bringIntoView(page.picture, key);
}

function pictureHandlers(page) {
    const tip = byId("tip");
    return {
        select: (item) => (select(page, item), focusable(page, item.key)),
        selectEdge: (edge) => {
            page.selected = null;
            page.edge = edge;
            follow(page);
        },
        toggle: (item) => toggle(page, item),
        clear: () => select(page, null),
        focus: (item) => {
            focusable(page, item.key);
            const group = page.picture.elements.get(item.key).group;
            if (group.matches(":focus-visible")) showTip(tip, page.context, summary(page.context, item), group);
        },
        hover: (item, near) =>
            item && !near.classList.contains("frame") ? showTip(tip, page.context, summary(page.context, item), near) : (tip.hidden = true),
        hoverEdge: (edge, near) => showTip(tip, page.context, edgeSummary(page.context.graph, edge), near),
    };
}

function searchHandlers(page) {
    return {
        texts: () => searchTexts(page.context),
        choose: (item) => reveal(page, item),
        shape: (item) => shapeOfItem(page.context.graph, item),
        where: (item) =>
            sectionPath(
                page.context.graph,
                item.type === "section"
                    ? (page.context.graph.sections[item.section].parent ?? 0)
                    : (item.section ?? item.parent?.section ?? 0),
            ),
        leave: () => (page.focused ? setFocus(page, page.focused) : byId("search").blur()),
    };
}

function shapeOfItem(graph, item) {
    const v = item.values?.[0] ?? (item.node !== undefined ? outputsOf(graph.nodes[item.node])[0] : undefined);
    return v === undefined ? "" : extents(graph.values[v].shape);
}

/* ---- toolbar and keys ---- */

function connectToolbar(page) {
    const { context, picture } = page,
        colour = byId("colour");
    byId("fit").addEventListener("click", () => fitPicture(picture));
    byId("larger").addEventListener("click", () => zoomBy(picture, 1.3));
    byId("smaller").addEventListener("click", () => zoomBy(picture, 1 / 1.3));
    byId("shallower").addEventListener("click", () => openTo(page, Math.max(0, (page.depth ?? 0) - 1)));
    byId("deeper").addEventListener("click", () => openTo(page, Math.min(deepest(page), (page.depth ?? 0) + 1)));
    byId("all").addEventListener("click", () => openTo(page, deepest(page)));
    colour.querySelector('[value="time"]').disabled = !context.graph.timed;
    colour.querySelector('[value="gradient"]').disabled = !context.graph.withGradients;
    byId("updates").disabled = !context.graph.part.includes(UPDATE);
    for (const option of colour.options)
        if (option.disabled) option.textContent += option.value === "time" ? " (not measured)" : " (not in this graph)";
    colour.addEventListener("change", () => {
        page.colour = colour.value;
        context.metric = SCALES[page.colour]?.metric;
        context.layouts.clear();
        redraw(page);
    });
    for (const name of ["backward", "updates", "saved"])
        byId(name).addEventListener("click", () => {
            context.show[name] = !context.show[name];
            byId(name).setAttribute("aria-pressed", context.show[name]);
            page.selected = page.edge = page.reached = null;
            if (name === "updates") rebuild(page);
            context.layouts.clear();
            redraw(page);
            select(page, null);
            if (name === "updates") showTop(picture);
        });
    for (const mode of ["sections", "nodes"])
        byId(`rows-${mode}`).addEventListener("click", () => {
            for (const other of ["sections", "nodes"]) byId(`rows-${other}`).setAttribute("aria-pressed", other === mode);
            fillTable(page.table, context, mode);
        });
    byId("theme").addEventListener("click", () => {
        const dark = document.documentElement.dataset.theme
            ? document.documentElement.dataset.theme === "dark"
            : matchMedia("(prefers-color-scheme: dark)").matches;
        document.documentElement.dataset.theme = dark ? "light" : "dark";
        paint(page);
    });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => paint(page));
    byId("help").addEventListener("click", () => byId("keys").showModal());
    byId("close-keys").addEventListener("click", () => byId("keys").close());
}

function pressKey(page, event) {
    const typing = event.target.matches?.("input, select, textarea"),
        inDialog = byId("keys").open;
    if (event.ctrlKey || event.metaKey || event.altKey || typing || inDialog) return;
    const { picture } = page,
        inTable = byId("table").contains(event.target),
        item = picture.elements.get(page.focused)?.place.item;
    const inPicture = byId("picture").contains(event.target) || event.target === document.body;
    const commands = {
        "/": () => byId("search").focus(),
        "?": () => byId("keys").showModal(),
        "+": () => zoomBy(picture, 1.3),
        "=": () => zoomBy(picture, 1.3),
        "-": () => zoomBy(picture, 1 / 1.3),
        0: () => fitPicture(picture),
        Escape: () => (select(page, null), (byId("tip").hidden = true)),
        "]": () => byId("deeper").click(),
        "[": () => byId("shallower").click(),
    };
    let command = commands[event.key];
    if (!command && inPicture && !inTable && item)
        command =
            {
                Enter: () => (canOpen(item) ? toggle(page, item) : select(page, item)),
                " ": () => select(page, item),
                Backspace: () => item.parent?.parent && toggle(page, item.parent),
            }[event.key] ??
            (event.key.startsWith("Arrow") &&
                (() =>
                    setFocus(
                        page,
                        event.target === document.body ? page.focused : (neighbour(picture, page.focused, event.key) ?? page.focused),
                    )));
    if (!command) return;
    event.preventDefault();
    command();
}

start();
