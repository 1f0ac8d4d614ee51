/* Search by op, name, section and shape, in forward, backward and update nodes. All words must be found; the texts are made at the first
   search. */

const MAX_RESULTS = 200;

/* An item for each text; null for an update that is not in the tree, because updates are not shown. */
function searchTexts(context) {
    const { graph, tree } = context,
        paths = graph.sections.map((_, s) => sectionPath(graph, s)),
        texts = [];
    const shapes = (list) =>
        list.map((v) => shapeText(graph.values[v]).replaceAll(" ", "") + " " + extents(graph.values[v].shape)).join(" ");
    const nodeText = (n) => {
        const node = graph.nodes[n],
            made = [...outputsOf(node), ...(node.writes ?? [])];
        return [node.op ?? "", node.options ?? "", paths[node.section ?? 0], shapes(made), valueNames(graph, made)].join(" ");
    };
    for (const item of tree.items) {
        if (item.type === "section" && item.parent) texts.push({ item, text: `${paths[item.section]} ${item.kind}` });
        else if (item.type === "unit") {
            texts.push({ item, text: nodeText(item.node) });
            if (item.members.length > 1) openUnit(graph, item);
            for (const child of item.children.slice(1)) texts.push({ item: child, text: nodeText(child.node) });
        }
    }
    graph.part.forEach((part, n) => {
        if (part === UPDATE && !tree.unitOf[n]) texts.push({ item: null, text: nodeText(n) });
    });
    for (const leaf of new Set(tree.leafOf.values()))
        texts.push({ item: leaf, text: `${valueNames(graph, leaf.values)} ${leaf.kind} ${shapes(leaf.values)}` });
    for (const entry of texts) entry.text = entry.text.toLowerCase();
    return texts;
}

const valueNames = (graph, list) => list.map((v) => graph.values[v].name ?? "").join(" ");

/* Items in which all words stand, those whose own name begins with the first word first; and how many updates that are not shown. */
function find(texts, query) {
    const words = query
        .toLowerCase()
        .replace(/\[[^\]]*\]?/g, (shape) => shape.replaceAll(" ", ""))
        .split(/\s+/)
        .filter(Boolean);
    if (!words.length) return { items: [], hidden: 0 };
    const all = texts.filter((entry) => words.every((word) => entry.text.includes(word))).map((entry) => entry.item),
        found = all.filter(Boolean);
    const rank = (item) =>
        item.name.toLowerCase() === words[0] ? 0 : item.name.toLowerCase().startsWith(words[0]) ? 1 : item.type === "section" ? 2 : 3;
    const ranked = [[], [], [], []];
    for (const item of found) ranked[rank(item)].push(item);
    return { items: ranked.flat(), hidden: all.length - found.length };
}

function createSearch(input, list, count, handlers) {
    const search = { texts: null, found: [], hidden: 0, at: -1 };
    const close = () => {
        list.hidden = true;
        input.setAttribute("aria-expanded", "false");
    };
    const show = () => {
        count.textContent = input.value.trim() ? counted(search.found.length, "match").replace("matchs", "matches") : "";
        list.replaceChildren(
            ...search.found.slice(0, MAX_RESULTS).map((item, i) =>
                element(
                    "div",
                    {
                        role: "option",
                        id: `found-${i}`,
                        "aria-selected": i === search.at,
                        class: i === search.at ? "current" : "",
                        onmousedown: (event) => (event.preventDefault(), choose(i)),
                    },
                    element("span", {}, item.values ? item.name : titleOf(item)),
                    element("small", {}, [handlers.shape(item), handlers.where(item)].filter(Boolean).join(" · ")),
                ),
            ),
            ...(search.hidden ? [element("p", {}, `${counted(search.hidden, "more update")}: switch on Updates`)] : []),
        );
        list.hidden = search.found.length + search.hidden === 0;
        input.setAttribute("aria-expanded", String(!list.hidden));
        list.querySelector(".current")?.scrollIntoView({ block: "nearest" });
    };
    const choose = (i) => {
        search.at = i;
        show();
        input.setAttribute("aria-activedescendant", `found-${i}`);
        if (search.found[i]) handlers.choose(search.found[i]);
    };
    const update = () => {
        search.texts ??= handlers.texts();
        const { items, hidden } = find(search.texts, input.value);
        Object.assign(search, { found: items, hidden, at: -1 });
        show();
    };
    input.addEventListener("input", update);
    input.addEventListener("keydown", (event) => {
        const shown = Math.min(search.found.length, MAX_RESULTS),
            step = { ArrowDown: 1, ArrowUp: -1, Enter: event.shiftKey ? -1 : 1 }[event.key];
        if (event.key === "Escape") (close(), handlers.leave());
        else if (step && shown) choose((search.at + step + shown + (search.at < 0 && step < 0)) % shown);
        else return;
        event.preventDefault();
        event.stopPropagation();
    });
    input.addEventListener("blur", close);
    input.addEventListener("focus", () => search.found.length + search.hidden && show());
    search.reset = () => {
        search.texts = null;
        if (input.value.trim()) (update(), close());
    };
    return search;
}
