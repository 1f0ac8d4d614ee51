/* Makes a smaller graph from a joining: nodes, values and sections that are joined become one. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "microscope/dump/collapse.h"

struct making {
    const struct wg_joining *j;
    const wg_graph *from;
    struct wg_graph_memory *memory;
    struct wg_arena *arena; /* of the new graph */
    size_t *next;           /* of each node: the next of those it is joined with */
    size_t *box_of;         /* of each leaf: the box that alone reads it, in forward or else in updates; or one of the two below */
    bool *used;             /* of each value: it is in the new graph */
    size_t *value;          /* of each value: its new number, or WG_GRAPH_NONE */
    size_t *node;           /* of each node: its new number */
    size_t *seen, *written; /* of each value: the last node that was seen to read it, to write it */
    size_t *section;        /* of each section: its new number */
};
enum { SEVERAL_READERS, NO_READER }; /* node number n is n + 2 in box_of */

static bool is_box(const struct making *m, size_t node)
{
    return m->j->closed[m->j->place[m->j->node[node]]];
}

/* Whether the value, of a node of the same box, does not cross its border. What comes from a later node goes round. */
static bool is_inside(const struct making *m, size_t reader, size_t value)
{
    const size_t maker = m->from->value[value].node;
    return maker != WG_GRAPH_NONE && is_box(m, reader) && m->j->node[maker] == m->j->node[reader] && maker < reader;
}

/* ---- which values stay ---- */

/* Forward nodes are noted before updates, which count for leaves that no forward node reads, such as an optimizer's state. */
static void note_reader(struct making *m, size_t reader, size_t leaf)
{
    const size_t known = m->box_of[leaf], box = is_box(m, reader) ? m->j->node[reader] + 2 : SEVERAL_READERS;
    const bool forward = known == SEVERAL_READERS || (known > NO_READER && m->from->node[known - 2].part == WG_COST_FORWARD);
    if (m->from->node[reader].part == WG_COST_UPDATE && forward)
        return;
    m->box_of[leaf] = m->box_of[leaf] == NO_READER || m->box_of[leaf] == box ? box : SEVERAL_READERS;
}

static void note_readers(struct making *m, wg_cost_part part)
{
    for (size_t i = 0; i < m->from->n_nodes; i++) {
        const wg_graph_node *node = &m->from->node[i];
        for (size_t k = 0; k < node->n_in && node->part == part; k++)
            if (node->in[k] != WG_GRAPH_NONE)
                note_reader(m, i, m->j->value[node->in[k]]);
    }
}

/* Whether a leaf belongs to the one box that reads it: a parameter, a constant, or a tensor that is updated. */
static bool is_hidden(const struct making *m, size_t value, const bool *written)
{
    const wg_graph_value *v = &m->from->value[value];
    return v->node == WG_GRAPH_NONE && m->box_of[value] > NO_READER &&
           (v->requires_gradient || v->origin != WG_GRAPH_CALLER || written[value]);
}

static void mark_reads(struct making *m, const bool *written)
{
    for (size_t i = 0; i < m->from->n_nodes; i++)
        for (size_t k = 0; k < m->from->node[i].n_in; k++) {
            const size_t in = m->from->node[i].in[k];
            if (in == WG_GRAPH_NONE)
                continue;
            m->seen[in] = i;
            if (!is_inside(m, i, in) && !is_hidden(m, m->j->value[in], written))
                m->used[m->j->value[in]] = true;
        }
}

/* Results of nodes that are no boxes stay, and what a box computes for nobody: a result of the whole. */
static void mark_results(struct making *m)
{
    for (size_t i = 0; i < m->from->n_values; i++) {
        const wg_graph_value *v = &m->from->value[i];
        if (v->node == WG_GRAPH_NONE)
            continue;
        const bool result = m->seen[i] == WG_GRAPH_NONE && v->requires_gradient && m->from->node[v->node].part == WG_COST_FORWARD;
        if (!is_box(m, v->node) || result)
            m->used[m->j->value[i]] = true;
    }
    for (size_t i = 0; i < m->from->n_values; i++) { /* the memory and the gradient of a leaf in the graph */
        const wg_graph_value *v = &m->from->value[i];
        if (v->node != WG_GRAPH_NONE || !m->used[i])
            continue;
        m->used[m->j->value[v->base]] = true;
        if (v->gradient != WG_GRAPH_NONE)
            m->used[m->j->value[v->gradient]] = true;
    }
}

static wg_status choose_values(struct making *m)
{
    bool *written = wg_arena_take(m->j->arena, m->from->n_values * sizeof *written);
    m->used = wg_arena_take(m->j->arena, m->from->n_values * sizeof *m->used);
    m->box_of = wg_numbers(m->j->arena, m->from->n_values, NO_READER);
    m->seen = wg_numbers(m->j->arena, m->from->n_values, WG_GRAPH_NONE);
    if (!written || !m->used || !m->box_of || !m->seen)
        return WG_E_MEMORY;
    memset(written, 0, m->from->n_values * sizeof *written);
    memset(m->used, 0, m->from->n_values * sizeof *m->used);
    for (size_t i = 0; i < m->from->n_nodes; i++) {
        const wg_graph_node *node = &m->from->node[i];
        for (size_t k = 0; k < node->n_writes; k++)
            written[m->j->value[node->writes[k]]] = true;
    }
    note_readers(m, WG_COST_FORWARD);
    note_readers(m, WG_COST_UPDATE);
    mark_reads(m, written);
    mark_results(m);
    return WG_OK;
}

/* ---- numbers ---- */

/* Links the nodes that are joined, in their order, and numbers the new ones by the first of each. */
static wg_status number_nodes(struct making *m, size_t *n)
{
    m->next = wg_numbers(m->j->arena, m->from->n_nodes, WG_GRAPH_NONE);
    m->node = wg_numbers(m->j->arena, m->from->n_nodes, WG_GRAPH_NONE);
    size_t *last = wg_numbers(m->j->arena, m->from->n_nodes, WG_GRAPH_NONE);
    if (!m->next || !m->node || !last)
        return WG_E_MEMORY;
    *n = 0;
    for (size_t i = 0; i < m->from->n_nodes; i++) {
        const size_t first = m->j->node[i];
        if (first == i)
            m->node[i] = (*n)++;
        else
            m->next[last[first]] = i;
        m->node[i] = m->node[first];
        last[first] = i;
    }
    return WG_OK;
}

/* The results of the nodes in their order, then the leaves. */
static wg_status number_values(struct making *m, size_t *n)
{
    m->value = wg_numbers(m->j->arena, m->from->n_values, WG_GRAPH_NONE);
    if (!m->value)
        return WG_E_MEMORY;
    *n = 0;
    for (size_t i = 0; i < m->from->n_nodes; i++)
        for (size_t at = m->j->node[i] == i ? i : WG_GRAPH_NONE; at != WG_GRAPH_NONE; at = m->next[at])
            for (size_t k = 0; k < m->from->node[at].n_out; k++) {
                const size_t value = m->from->node[at].out[k];
                if (m->used[value] && m->j->value[value] == value)
                    m->value[value] = (*n)++;
            }
    for (size_t i = 0; i < m->from->n_values; i++)
        if (m->from->value[i].node == WG_GRAPH_NONE && m->used[i] && m->j->value[i] == i)
            m->value[i] = (*n)++;
    for (size_t i = 0; i < m->from->n_values; i++)
        m->value[i] = m->value[m->j->value[i]];
    return WG_OK;
}

/* ---- sections ---- */

static wg_status add_section(struct making *m, size_t from, wg_cost_section *all, wg_cost_section *to)
{
    const wg_cost_section *section = &m->j->section[from];
    *to = (wg_cost_section){.name = wg_arena_text(m->arena, section->name),
                            .kind = wg_arena_text(m->arena, section->kind),
                            .parent = m->section[section->parent],
                            .times = section->times};
    if (!to->name || !to->kind)
        return WG_E_MEMORY;
    to->path = wg_arena_path(m->arena, all[to->parent].path, to->name);
    return to->path ? WG_OK : WG_E_MEMORY;
}

/* The sections in use, each behind the one around it. */
static wg_status make_sections(struct making *m)
{
    wg_graph *graph = &m->memory->graph;
    wg_cost_section *all = wg_arena_take(m->arena, m->j->n_sections * sizeof *all);
    size_t *chain = wg_numbers(m->j->arena, m->j->n_sections, 0);
    m->section = wg_numbers(m->j->arena, m->j->n_sections, WG_GRAPH_NONE);
    if (!all || !chain || !m->section)
        return WG_E_MEMORY;
    all[0] = (wg_cost_section){.path = "", .name = "", .kind = "", .times = m->j->section[0].times};
    m->section[0] = 0;
    graph->n_sections = 1;
    for (size_t i = 0; i < m->from->n_nodes; i++) {
        size_t n = 0;
        for (size_t at = m->j->place[i]; m->j->node[i] == i && m->section[at] == WG_GRAPH_NONE; at = m->j->section[at].parent)
            chain[n++] = at;
        while (n-- > 0) {
            m->section[chain[n]] = graph->n_sections;
            WG_TRY(add_section(m, chain[n], all, &all[graph->n_sections]));
            graph->n_sections++;
        }
    }
    graph->section = all;
    return WG_OK;
}

/* ---- nodes ---- */

/* Adds to a node's list the new number of a value, unless it is in the list already. seen: of each value the last node that listed it. */
static void add_number(const struct making *m, size_t *seen, size_t node, size_t value, size_t *list, size_t *n)
{
    size_t *last = &seen[m->j->value[value]];
    if (m->value[value] == WG_GRAPH_NONE || *last == node)
        return;
    *last = node;
    list[(*n)++] = m->value[value];
}

/* The gradients that the vjp of a node gave. They are not known for nodes that were joined. */
static wg_status copy_gradients(struct making *m, const wg_graph_node *node, wg_graph_node *to)
{
    if (!node->gradient)
        return WG_OK;
    const wg_graph_elements **gradient = wg_arena_take(m->arena, node->n_in * sizeof *gradient);
    wg_graph_elements *elements = wg_arena_take(m->arena, node->n_in * sizeof *elements);
    if (!gradient || !elements)
        return WG_E_MEMORY;
    for (size_t i = 0; i < node->n_in; i++) {
        gradient[i] = node->gradient[i] ? &elements[i] : NULL;
        if (node->gradient[i])
            elements[i] = *node->gradient[i];
    }
    to->gradient = gradient;
    return WG_OK;
}

/* What the joined nodes read: the operands of the first node by position if it is no box, then what others read beside. */
static wg_status join_inputs(struct making *m, size_t first, wg_graph_node *to)
{
    const wg_graph_node *node = &m->from->node[first];
    const bool box = is_box(m, first);
    size_t capacity = 0, n = 0;
    for (size_t at = first; at != WG_GRAPH_NONE; at = m->next[at])
        capacity += m->from->node[at].n_in;
    size_t *in = wg_arena_take(m->arena, capacity * sizeof *in);
    if (!in)
        return WG_E_MEMORY;
    for (size_t k = 0; k < node->n_in && !box; k++) {
        const size_t value = node->in[k];
        in[n++] = value == WG_GRAPH_NONE ? WG_GRAPH_NONE : m->value[value];
        if (value != WG_GRAPH_NONE)
            m->seen[m->j->value[value]] = first;
    }
    for (size_t at = box ? first : m->next[first]; at != WG_GRAPH_NONE; at = m->next[at])
        for (size_t k = 0; k < m->from->node[at].n_in; k++)
            if (m->from->node[at].in[k] != WG_GRAPH_NONE && !is_inside(m, at, m->from->node[at].in[k]))
                add_number(m, m->seen, first, m->from->node[at].in[k], in, &n);
    to->in = in;
    to->n_in = n;
    return m->next[first] == WG_GRAPH_NONE && !box ? copy_gradients(m, node, to) : WG_OK;
}

static wg_status join_outputs(struct making *m, size_t first, wg_graph_node *to)
{
    size_t n_out = 0, n_writes = 0;
    for (size_t at = first; at != WG_GRAPH_NONE; at = m->next[at]) {
        n_out += m->from->node[at].n_out;
        n_writes += m->from->node[at].n_writes;
    }
    size_t *out = wg_arena_take(m->arena, n_out * sizeof *out), *writes = wg_arena_take(m->arena, n_writes * sizeof *writes);
    if (!out || !writes)
        return WG_E_MEMORY;
    for (size_t at = first; at != WG_GRAPH_NONE; at = m->next[at])
        for (size_t k = 0; k < m->from->node[at].n_out; k++) {
            const size_t value = m->from->node[at].out[k];
            if (m->used[value] && m->j->value[value] == value)
                out[to->n_out++] = m->value[value];
        }
    for (size_t at = first; at != WG_GRAPH_NONE; at = m->next[at])
        for (size_t k = 0; k < m->from->node[at].n_writes; k++)
            add_number(m, m->written, first, m->from->node[at].writes[k], writes, &to->n_writes);
    to->out = out;
    to->writes = writes;
    return WG_OK;
}

/* The fields that are sums. */
static void add_costs(const struct making *m, size_t first, wg_graph_node *to)
{
    bool timed = true;
    double nanoseconds = 0;
    to->known = true;
    for (size_t at = first; at != WG_GRAPH_NONE; at = m->next[at]) {
        const wg_graph_node *node = &m->from->node[at];
        to->nodes += node->nodes;
        to->known = to->known && node->known;
        to->unknown += node->unknown;
        to->cost = wg_cost_add(to->cost, node->cost);
        to->bytes_saved += node->bytes_saved;
        to->allocations += node->allocations;
        to->bytes_allocated += node->bytes_allocated;
        timed = timed && node->nanoseconds >= 0;
        nanoseconds += node->nanoseconds;
    }
    to->nanoseconds = timed ? nanoseconds : -1;
}

static const char *same_options(const struct making *m, size_t first)
{
    for (size_t at = m->next[first]; at != WG_GRAPH_NONE; at = m->next[at])
        if (strcmp(m->from->node[at].options, m->from->node[first].options) != 0)
            return "";
    return m->from->node[first].options;
}

static wg_status make_node(struct making *m, size_t first, wg_graph_node *to)
{
    const wg_graph_node *node = &m->from->node[first];
    const wg_cost_section *section = &m->j->section[m->j->place[first]];
    const bool box = is_box(m, first);
    const char *op = !box ? node->op : section->kind[0] ? section->kind : section->name;
    *to = (wg_graph_node){.op = wg_arena_text(m->arena, op),
                          .options = wg_arena_text(m->arena, box ? "" : same_options(m, first)),
                          .part = node->part,
                          .cause = node->cause == WG_GRAPH_NONE ? WG_GRAPH_NONE : m->node[node->cause],
                          .section = m->section[m->j->place[first]],
                          .view = node->view && !box,
                          .gate = box ? WG_GRAPH_OTHER : node->gate,
                          .box = box || node->box};
    if (!to->op || !to->options)
        return WG_E_MEMORY;
    if (to->cause != WG_GRAPH_NONE && to->cause >= m->node[first])
        to->cause = WG_GRAPH_NONE; /* a box that caused a part of itself */
    add_costs(m, first, to);
    WG_TRY(join_inputs(m, first, to));
    return join_outputs(m, first, to);
}

static wg_status make_nodes(struct making *m)
{
    wg_graph *graph = &m->memory->graph;
    wg_graph_node *node = wg_arena_take(m->arena, graph->n_nodes * sizeof *node);
    if (!node)
        return WG_E_MEMORY;
    m->seen = wg_numbers(m->j->arena, m->from->n_values, WG_GRAPH_NONE);
    m->written = wg_numbers(m->j->arena, m->from->n_values, WG_GRAPH_NONE);
    if (!m->seen || !m->written)
        return WG_E_MEMORY;
    wg_cost_section *section = (wg_cost_section *)(uintptr_t)graph->section;
    for (size_t i = 0; i < m->from->n_nodes; i++)
        if (m->j->node[i] == i) {
            wg_graph_node *to = &node[m->node[i]];
            WG_TRY(make_node(m, i, to));
            wg_cost_sum_node(&section[to->section].sum[to->part], to);
        }
    wg_cost_sum_inner(section, graph->n_sections);
    graph->node = node;
    return WG_OK;
}

/* ---- values ---- */

/* The elements of both. */
static wg_graph_elements both(const wg_graph_elements *a, const wg_graph_elements *b, double share)
{
    if (isnan(a->min) || isnan(b->min)) {
        wg_graph_elements one = isnan(a->min) ? *b : *a;
        one.nan = a->nan + b->nan;
        return one;
    }
    return (wg_graph_elements){.min = fmin(a->min, b->min),
                               .max = fmax(a->max, b->max),
                               .mean = a->mean + (b->mean - a->mean) * share,
                               .norm = hypot(a->norm, b->norm),
                               .nan = a->nan + b->nan};
}

/* Adds the elements of one more tensor to those of `times` others. Not known of one: not known. */
static wg_status add_elements(struct making *m, const wg_graph_elements **to, const wg_graph_elements *from, size_t times)
{
    wg_graph_elements *kept = NULL;
    if (from && (times == 0 || *to)) {
        kept = wg_arena_take(m->arena, sizeof *kept);
        if (!kept)
            return WG_E_MEMORY;
        *kept = times == 0 ? *from : both(*to, from, 1 / ((double)times + 1));
    }
    *to = kept;
    return WG_OK;
}

static wg_status make_value(struct making *m, size_t from, wg_graph_value *to)
{
    const wg_graph_value *v = &m->from->value[from];
    *to = *v;
    to->times = 0;
    to->elements = to->gradient_elements = NULL;
    to->name = wg_arena_text(m->arena, v->name);
    to->outer = wg_arena_text(m->arena, v->outer);
    if (!to->name || !to->outer)
        return WG_E_MEMORY;
    if (v->node != WG_GRAPH_NONE)
        to->node = m->node[v->node];
    to->gradient = v->gradient == WG_GRAPH_NONE ? WG_GRAPH_NONE : m->value[v->gradient];
    return WG_OK;
}

/* A base is its own base. If the first value of a memory is not in the graph, then the next one is the base. */
static wg_status set_bases(struct making *m, wg_graph_value *value)
{
    size_t *base = wg_numbers(m->j->arena, m->from->n_values, WG_GRAPH_NONE);
    if (!base)
        return WG_E_MEMORY;
    for (size_t i = 0; i < m->from->n_values; i++) {
        const size_t from = m->from->value[i].base;
        if (m->value[i] == WG_GRAPH_NONE || m->j->value[i] != i)
            continue;
        if (base[from] == WG_GRAPH_NONE)
            base[from] = m->value[from] != WG_GRAPH_NONE && m->j->value[from] == from ? m->value[from] : m->value[i];
        value[m->value[i]].base = base[from];
    }
    return WG_OK;
}

static wg_status make_values(struct making *m)
{
    wg_graph *graph = &m->memory->graph;
    wg_graph_value *value = wg_arena_take(m->arena, graph->n_values * sizeof *value);
    if (!value)
        return WG_E_MEMORY;
    for (size_t i = 0; i < m->from->n_values; i++)
        if (m->value[i] != WG_GRAPH_NONE && m->j->value[i] == i)
            WG_TRY(make_value(m, i, &value[m->value[i]]));
    for (size_t i = 0; i < m->from->n_values; i++) {
        if (m->value[i] == WG_GRAPH_NONE)
            continue;
        const wg_graph_value *v = &m->from->value[i];
        wg_graph_value *to = &value[m->value[i]];
        WG_TRY(add_elements(m, &to->elements, v->elements, to->times));
        WG_TRY(add_elements(m, &to->gradient_elements, v->gradient_elements, to->times));
        to->times += v->times;
    }
    for (size_t i = 0; i < graph->n_nodes; i++)
        for (size_t k = 0; k < graph->node[i].n_out; k++)
            value[graph->node[i].out[k]].slot = k;
    WG_TRY(set_bases(m, value));
    graph->value = value;
    return WG_OK;
}

static wg_status fill(struct making *m)
{
    wg_graph *graph = &m->memory->graph;
    WG_TRY(choose_values(m));
    WG_TRY(number_nodes(m, &graph->n_nodes));
    WG_TRY(number_values(m, &graph->n_values));
    WG_TRY(make_sections(m));
    WG_TRY(make_nodes(m));
    graph->traced = m->from->traced;
    return make_values(m);
}

wg_graph *wg_joined(const struct wg_joining *j)
{
    struct making m = {.j = j, .from = j->graph, .memory = wg_graph_new()};
    if (!m.memory)
        return NULL;
    m.arena = &m.memory->arena;
    if (fill(&m) == WG_OK)
        return &m.memory->graph;
    wg_graph_destroy(&m.memory->graph);
    return NULL;
}
