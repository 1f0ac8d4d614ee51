/* wg_graph_of: the graph of a tape as data. */
#include <string.h>

#include "core/arena.h"
#include "microscope/graph/graph_memory.h"
#include "microscope/graph/scan.h"

struct making {
    struct wg_graph_memory *memory;
    struct wg_scan scan;
    struct wg_hash texts; /* of ops' names, by address: the graph's copies */
    wg_graph_node *node;
    wg_graph_value *value;
    size_t *numbers; /* the nodes' inputs, outputs and writes */
    bool elements;
};

/* The graph's copy of a text that many nodes share. */
static wg_status share_text(struct making *m, const char **text)
{
    struct wg_hash_slot *slot = wg_hash_slot_for(&m->texts, *text);
    if (!slot)
        return WG_E_MEMORY;
    if (!slot->key) {
        const char *copy = wg_arena_text(&m->memory->arena, *text);
        if (!copy)
            return WG_E_MEMORY;
        wg_hash_put(&m->texts, slot, *text);
        slot->value.pointer = (void *)(uintptr_t)copy;
    }
    *text = slot->value.pointer;
    return WG_OK;
}

static const size_t *keep_numbers(struct making *m, const size_t *from, size_t n)
{
    size_t *to = m->numbers;
    memcpy(to, from, n * sizeof *to);
    m->numbers += n;
    return to;
}

static wg_status read_elements(struct making *m, const wg_tensor *t, const wg_graph_elements **to)
{
    wg_graph_elements elements, *kept;
    if (!m->elements || !t || !wg_scan_elements(t, &elements))
        return WG_OK;
    if (!(kept = wg_arena_take(&m->memory->arena, sizeof *kept)))
        return WG_E_MEMORY;
    *kept = elements;
    *to = kept;
    return WG_OK;
}

/* The gradients that the node's vjp gave for its operands, if it gave any. */
static wg_status read_contributions(struct making *m, const struct wg_node *node, wg_graph_node *to)
{
    const wg_graph_elements **kept = NULL;
    const size_t bytes = node->call.n_in * sizeof *kept;
    for (unsigned i = 0; i < node->call.n_in && m->elements; i++) {
        const wg_tensor *t = wg_scan_contribution(&m->scan, node, i);
        if (!t)
            continue;
        if (!kept) {
            if (!(kept = wg_arena_take(&m->memory->arena, bytes)))
                return WG_E_MEMORY;
            to->gradient = memset(kept, 0, bytes);
        }
        WG_TRY(read_elements(m, t, &kept[i]));
    }
    return WG_OK;
}

static wg_status add_nodes(struct making *m)
{
    wg_graph_node *to = m->node;
    for (const struct wg_node *node = m->scan.tape->first; node; node = wg_scan_next(&m->scan, node), to++) {
        WG_TRY(wg_scan_node(&m->scan, node, to));
        WG_TRY(share_text(m, &to->op));
        if (!(to->options = wg_arena_text(&m->memory->arena, to->options)))
            return WG_E_MEMORY;
        to->in = keep_numbers(m, to->in, to->n_in);
        to->out = keep_numbers(m, to->out, to->n_out);
        to->writes = keep_numbers(m, to->writes, to->n_writes);
        WG_TRY(read_contributions(m, node, to));
    }
    return WG_OK;
}

static wg_status finish_value(struct making *m, wg_graph_value *to, const wg_tensor *t)
{
    to->name = wg_arena_text(&m->memory->arena, to->name);
    if (!to->name)
        return WG_E_MEMORY;
    WG_TRY(share_text(m, &to->outer));
    WG_TRY(read_elements(m, t, &to->elements));
    return read_elements(m, wg_scan_gradient(t), &to->gradient_elements);
}

static wg_status add_values(struct making *m)
{
    size_t at = 0, number = 0;
    for (const struct wg_node *node = m->scan.tape->first; node; node = wg_scan_next(&m->scan, node), at++)
        for (unsigned i = 0; i < node->call.n_out; i++, number++) {
            wg_scan_result(&m->scan, node, at, i, number, &m->value[number]);
            WG_TRY(finish_value(m, &m->value[number], node->call.out[i]));
        }
    for (size_t leaf = 0; leaf < wg_scan_n_leaves(&m->scan); leaf++, number++) {
        wg_scan_leaf(&m->scan, leaf, &m->value[number]);
        WG_TRY(finish_value(m, &m->value[number], wg_scan_leaf_tensor(&m->scan, leaf)));
    }
    return WG_OK;
}

static wg_status add_sections(struct making *m, wg_graph *graph)
{
    WG_TRY(wg_scan_sections(&m->scan));
    const size_t bytes = m->scan.sections.n * sizeof *graph->section;
    wg_cost_section *section = wg_arena_take(&m->memory->arena, bytes);
    if (!section)
        return WG_E_MEMORY;
    graph->section = memcpy(section, m->scan.sections.at, bytes);
    graph->n_sections = m->scan.sections.n;
    return WG_OK;
}

static wg_status fill(struct making *m)
{
    struct wg_scan *scan = &m->scan;
    wg_graph *graph = &m->memory->graph;
    WG_TRY(wg_scan_begin(scan));
    graph->n_nodes = scan->tape->n_nodes;
    graph->traced = scan->tape->trace;
    m->node = wg_arena_take(&m->memory->arena, graph->n_nodes * sizeof *m->node);
    m->numbers = wg_arena_take(&m->memory->arena, scan->n_operands * sizeof *m->numbers);
    if (!m->node || !m->numbers)
        return WG_E_MEMORY;
    WG_TRY(add_nodes(m));
    graph->n_values = scan->n_results + wg_scan_n_leaves(scan);
    m->value = wg_arena_take(&m->memory->arena, graph->n_values * sizeof *m->value);
    if (!m->value)
        return WG_E_MEMORY;
    WG_TRY(add_values(m));
    WG_TRY(add_sections(m, graph));
    graph->node = m->node;
    graph->value = m->value;
    return WG_OK;
}

wg_graph *wg_graph_of_with(const wg_tape *tape, wg_graph_options options)
{
    WG_OPERATION("graph_of");
    if (!tape) {
        (void)wg_fail(WG_E_NULL, "graph_of", "graph_of: expected a tape, got NULL");
        return NULL;
    }
    if (wg_check_open(tape, "graph_of") != WG_OK)
        return NULL;
    struct making m = {.memory = wg_graph_new(), .scan = {.tape = tape, .values = true}, .elements = options.values};
    if (m.memory)
        m.scan.arena = &m.memory->arena;
    const wg_status status = m.memory ? fill(&m) : WG_E_MEMORY;
    wg_scan_end(&m.scan);
    wg_hash_free(&m.texts);
    if (status == WG_OK)
        return &m.memory->graph;
    wg_graph_destroy(m.memory ? &m.memory->graph : NULL);
    return NULL;
}
