/* wg_graph_collapse: a smaller graph to look at. */
#include <limits.h>

#include "microscope/dump/collapse.h"

wg_status wg_joining_begin(struct wg_joining *j, const wg_graph *graph, struct wg_arena *arena, size_t more)
{
    const size_t n = graph->n_sections;
    *j = (struct wg_joining){.graph = graph, .arena = arena, .n_sections = n};
    j->node = wg_numbers(arena, graph->n_nodes, 0);
    j->value = wg_numbers(arena, graph->n_values, 0);
    j->place = wg_numbers(arena, graph->n_nodes, 0);
    j->section = wg_arena_take(arena, (n + more) * sizeof *j->section);
    j->closed = wg_arena_take(arena, (n + more) * sizeof *j->closed);
    if (!j->node || !j->value || !j->place || !j->section || !j->closed)
        return WG_E_MEMORY;
    for (size_t i = 0; i < graph->n_nodes; i++) {
        j->node[i] = i;
        j->place[i] = graph->node[i].section;
    }
    for (size_t i = 0; i < graph->n_values; i++)
        j->value[i] = i;
    for (size_t i = 0; i < n + more; i++) {
        j->closed[i] = false;
        j->section[i] = i < n ? graph->section[i] : (wg_cost_section){.times = 1};
    }
    return WG_OK;
}

size_t *wg_numbers(struct wg_arena *arena, size_t n, size_t value)
{
    size_t *number = wg_arena_take(arena, n * sizeof *number);
    for (size_t i = 0; number && i < n; i++)
        number[i] = value;
    return number;
}

/* ---- closing sections ---- */

/* Of each section the one that is closed around it, maybe itself; 0: none. */
static size_t *closed_around(const struct wg_joining *j, size_t depth)
{
    const wg_cost_section *section = j->graph->section;
    size_t *closed = wg_numbers(j->arena, j->graph->n_sections, 0), *level = wg_numbers(j->arena, j->graph->n_sections, 0);
    if (!closed || !level)
        return NULL;
    for (size_t i = 1; i < j->graph->n_sections; i++) {
        level[i] = level[section[i].parent] + 1;
        closed[i] = level[i] == depth + 1 ? i : closed[section[i].parent];
    }
    return closed;
}

/* Numbers the backward passes of a tape. Each begins with what its root caused, which is younger than all other causes in it. */
static size_t *passes_of(const wg_graph *graph, struct wg_arena *arena)
{
    size_t *pass = wg_numbers(arena, graph->n_nodes, 0), root = WG_GRAPH_NONE, last = WG_GRAPH_NONE, now = 0;
    for (size_t i = 0; pass && i < graph->n_nodes; i++) {
        const size_t cause = graph->node[i].cause;
        if (cause != WG_GRAPH_NONE) {
            const bool begins = root == WG_GRAPH_NONE || (cause >= root && cause > last);
            now += begins;
            root = begins ? cause : root;
            last = cause;
        }
        pass[i] = now;
    }
    return pass;
}

/* Joins the nodes of each closed section: its forward nodes, its updates, and its backward nodes of each pass. */
static wg_status close_sections(struct wg_joining *j, size_t depth, const size_t *pass)
{
    const wg_graph *graph = j->graph;
    size_t *closed = closed_around(j, depth);
    size_t *first = wg_numbers(j->arena, WG_COST_PARTS * graph->n_sections, WG_GRAPH_NONE); /* of each section and part */
    if (!closed || !first)
        return WG_E_MEMORY;
    for (size_t i = 0; i < graph->n_nodes; i++) {
        const wg_graph_node *node = &graph->node[i];
        const size_t at = closed[node->section];
        if (at == 0)
            continue;
        size_t *box = &first[WG_COST_PARTS * at + node->part];
        if (*box == WG_GRAPH_NONE || (node->part == WG_COST_BACKWARD && pass[*box] != pass[i]))
            *box = i;
        j->node[i] = *box;
        j->place[i] = at;
        j->closed[at] = true;
    }
    return WG_OK;
}

/* ---- updates ---- */

/* Joins updates of one section that follow one another with no forward node between them, as those of an optimizer's step do, into a box
   of their own. Backward nodes may lie between them. */
static wg_status join_updates(struct wg_joining *j, size_t *found)
{
    const wg_graph *graph = j->graph;
    for (size_t i = 0, end; i < graph->n_nodes; i = end) {
        size_t n = 0;
        for (end = i; end < graph->n_nodes; end++) {
            const wg_graph_node *node = &graph->node[end];
            const bool same = node->part == WG_COST_UPDATE && node->section == graph->node[i].section;
            if (!same && (node->part != WG_COST_BACKWARD || n == 0))
                break;
            n += same;
        }
        end = end > i ? end : i + 1;
        if (n <= WG_FOLD_SAVES)
            continue;
        const size_t added = j->n_sections++;
        j->section[added] = (wg_cost_section){.name = "updates", .kind = "updates", .parent = graph->node[i].section, .times = 1};
        j->closed[added] = true;
        for (size_t k = i; k < end; k++)
            if (graph->node[k].part == WG_COST_UPDATE) {
                j->node[k] = i;
                j->place[k] = added;
            }
        (*found)++;
    }
    return WG_OK;
}

/* ---- all, step by step ---- */

enum step { UPDATES, REPETITIONS, SECTIONS };

struct collapsing {
    const wg_graph *callers, *now;
    struct wg_arena arena;
    size_t *pass; /* of each node of now: the backward pass that recorded it */
};

/* Goes on with the joined graph, whose nodes are in the order of the first of each. */
static wg_status replace(struct collapsing *c, const struct wg_joining *j)
{
    wg_graph *smaller = wg_joined(j);
    if (!smaller)
        return WG_E_MEMORY;
    for (size_t i = 0, at = 0; i < c->now->n_nodes; i++)
        if (j->node[i] == i)
            c->pass[at++] = c->pass[i];
    if (c->now != c->callers)
        wg_graph_destroy((wg_graph *)(uintptr_t)c->now);
    c->now = smaller;
    return WG_OK;
}

/* A run of 12 nodes may add 7 sections: the one around it and one for each node of its first copy. No other adds more for each node. */
static size_t most_added(const wg_graph *graph)
{
    return graph->n_nodes / 12 * 7 + 7;
}

/* Joins updates or repetitions, or closes the sections below depth. *found: how many were joined. */
static wg_status step(struct collapsing *c, enum step what, int depth, size_t *found)
{
    struct wg_arena arena = {0}; /* freed after the step */
    struct wg_joining j;
    wg_status status = wg_joining_begin(&j, c->now, &arena, what == SECTIONS ? 0 : most_added(c->now));
    *found = 0;
    if (status == WG_OK)
        status = what == UPDATES       ? join_updates(&j, found)
                 : what == REPETITIONS ? wg_fold_repetitions(&j, found)
                                       : close_sections(&j, (size_t)depth, c->pass);
    if (status == WG_OK && (*found > 0 || what == SECTIONS))
        status = replace(c, &j);
    wg_arena_shrink(&arena, true);
    return status;
}

wg_graph *wg_graph_collapse_with(const wg_graph *graph, wg_graph_collapse_options options)
{
    WG_OPERATION("graph_collapse");
    if (!graph) {
        (void)wg_fail(WG_E_NULL, "graph_collapse", "graph_collapse: expected a graph, got NULL");
        return NULL;
    }
    struct collapsing c = {.callers = graph, .now = graph};
    size_t found = 0;
    c.pass = passes_of(graph, &c.arena);
    wg_status status = c.pass ? WG_OK : WG_E_MEMORY;
    if (status == WG_OK && options.fold)
        status = step(&c, UPDATES, 0, &found);
    for (found = options.fold; status == WG_OK && found > 0;)
        status = step(&c, REPETITIONS, 0, &found);
    if (status == WG_OK && (options.depth >= 0 || c.now == graph)) /* the result is never the caller's graph itself */
        status = step(&c, SECTIONS, options.depth < 0 ? INT_MAX : options.depth, &found);
    wg_arena_shrink(&c.arena, true);
    if (status == WG_OK)
        return (wg_graph *)(uintptr_t)c.now;
    if (c.now != graph)
        wg_graph_destroy((wg_graph *)(uintptr_t)c.now);
    return NULL;
}
