/* The first pass of a picture: finds leaves, the sections in use, the source of each operand, and each node's cost, forward and
   backward. */
#include "microscope/dump/dump_graph.h"
#include "microscope/graph/scan.h"

/* ---- sections ---- */

/* The cluster of a section. Missing clusters are created from the section outwards, linked through `next`, then attached to their
   parents from the outermost inwards. */
static ptrdiff_t place_of(struct wg_dump_graph *p, size_t section)
{
    ptrdiff_t waiting = WG_NO_ITEM, parent = 0; /* the page */
    for (size_t at = section; at > 0; at = p->graph->section[at].parent) {
        ptrdiff_t *number = &p->sections[at];
        if (*number != WG_NO_ITEM) {
            parent = *number;
            break;
        }
        *number = (ptrdiff_t)p->n_clusters++;
        p->clusters[*number] = (struct wg_cluster){
            &p->graph->section[at], WG_NO_ITEM, waiting, WG_NO_ITEM, WG_NO_ITEM, WG_NO_ITEM, WG_NO_ITEM};
        waiting = *number;
    }
    while (waiting != WG_NO_ITEM) {
        struct wg_cluster *cluster = &p->clusters[waiting], *above = &p->clusters[parent];
        const ptrdiff_t inner = cluster->next;
        cluster->parent = parent;
        cluster->next = WG_NO_ITEM;
        *(above->last_child == WG_NO_ITEM ? &above->first_child : &p->clusters[above->last_child].next) = waiting;
        above->last_child = waiting;
        parent = waiting;
        waiting = inner;
    }
    return parent;
}

static size_t depth_of(const struct wg_dump_graph *p, ptrdiff_t cluster)
{
    size_t depth = 0;
    for (; cluster > 0; cluster = p->clusters[cluster].parent)
        depth++;
    return depth;
}

/* The innermost cluster that contains both. */
static ptrdiff_t common_place(const struct wg_dump_graph *p, ptrdiff_t a, ptrdiff_t b)
{
    size_t a_depth = depth_of(p, a), b_depth = depth_of(p, b);
    while (a != b)
        if (a_depth >= b_depth) {
            a = p->clusters[a].parent;
            a_depth--;
        } else {
            b = p->clusters[b].parent;
            b_depth--;
        }
    return a;
}

/* ---- the first pass ---- */

ptrdiff_t wg_dump_graph_maker(const struct wg_dump_graph *p, size_t value)
{
    const ptrdiff_t at = p->makers[p->graph->value[value].base];
    return at != WG_NO_ITEM && !p->items[at].hidden ? at : WG_NO_ITEM;
}

ptrdiff_t wg_dump_graph_source(const struct wg_dump_graph *p, size_t value)
{
    const wg_graph_value *v = &p->graph->value[value];
    ptrdiff_t at = WG_NO_ITEM;
    if (v->origin == WG_GRAPH_CALLER)
        at = wg_dump_graph_maker(p, value);
    else if (v->node != WG_GRAPH_NONE && !p->items[v->node].hidden)
        at = (ptrdiff_t)v->node;
    return at != WG_NO_ITEM ? at : p->leaves[value];
}

const char *wg_dump_graph_leaf_op(const struct wg_dump_graph *p, const wg_graph_value *v)
{
    return v->origin == WG_GRAPH_RESULT ? p->graph->node[v->node].op : v->outer[0] ? v->outer : NULL;
}

static void note_results(struct wg_dump_graph *p, size_t at)
{
    const wg_graph_node *node = p->items[at].node;
    for (size_t i = 0; i < node->n_out; i++) {
        const wg_graph_value *result = &p->graph->value[node->out[i]];
        if (!result->released && p->graph->value[result->base].node != WG_GRAPH_NONE) /* a leaf's memory keeps the leaf */
            p->makers[result->base] = (ptrdiff_t)at;
    }
}

static void note_leaf(struct wg_dump_graph *p, size_t value, size_t at)
{
    const struct wg_item *reader = &p->items[at];
    ptrdiff_t *number = &p->leaves[value];
    const bool backward = reader->node->part == WG_COST_BACKWARD;
    if (*number == WG_NO_ITEM) {
        *number = (ptrdiff_t)p->n_items++;
        p->items[*number] = (struct wg_item){.leaf = &p->graph->value[value],
                                             .cluster = reader->cluster,
                                             .next = WG_NO_ITEM,
                                             .reader = (ptrdiff_t)at,
                                             .late = backward};
    } else if (reader->node->part == WG_COST_FORWARD) {
        struct wg_item *leaf = &p->items[*number];
        leaf->cluster = leaf->late ? reader->cluster : common_place(p, leaf->cluster, reader->cluster);
        leaf->late = false;
    }
}

/* Notes a node's cost, section, leaves and results. A leaf belongs to the innermost section that contains all forward nodes that
   read it; backward nodes and updates do not move it. */
static void survey_node(struct wg_dump_graph *p, size_t at)
{
    struct wg_item *item = &p->items[at];
    const wg_graph_node *node = item->node;
    wg_cost_sum_node(&item->cost, node);
    if (node->cause != WG_GRAPH_NONE)
        wg_cost_sum_node(&p->items[node->cause].backward, node);
    item->hidden = (node->part == WG_COST_BACKWARD && !p->options.backward) ||
                   (node->part == WG_COST_UPDATE && !p->options.updates);
    if (!item->hidden) {
        item->cluster = place_of(p, node->box ? p->graph->section[node->section].parent : node->section);
        for (size_t i = 0; i < node->n_in && !wg_dump_graph_is_update_box(node); i++)
            if (node->in[i] != WG_GRAPH_NONE && !wg_dump_graph_is_node(p, wg_dump_graph_source(p, node->in[i])))
                note_leaf(p, node->in[i], at);
    }
    note_results(p, at);
}

/* n numbers, each WG_NO_ITEM; NULL: no memory. */
static ptrdiff_t *numbers_new(size_t n)
{
    ptrdiff_t *number = wg_object_new((n + 1) * sizeof *number);
    for (size_t i = 0; number && i < n; i++)
        number[i] = WG_NO_ITEM;
    return number;
}

/* Marks the leaves that boxes of updates change. */
static void note_updated(struct wg_dump_graph *p)
{
    for (size_t i = 0; i < p->graph->n_nodes; i++) {
        const wg_graph_node *node = &p->graph->node[i];
        for (size_t k = 0; k < node->n_writes && wg_dump_graph_is_update_box(node) && !p->items[i].hidden; k++)
            if (p->leaves[node->writes[k]] != WG_NO_ITEM)
                p->items[p->leaves[node->writes[k]]].updated = p->any_updated = true;
    }
}

static void note_passed(struct wg_dump_graph *p)
{
    const wg_graph *graph = p->graph;
    for (size_t i = 0; i < graph->n_values; i++)
        p->passed[i] = true;
    for (int same = 0; same < 2; same++) /* first what is read at all, then what is read by the same part */
        for (size_t i = 0; i < graph->n_nodes; i++)
            for (size_t k = 0; k < graph->node[i].n_in; k++) {
                const size_t value = graph->node[i].in[k], maker = value == WG_GRAPH_NONE ? i : graph->value[value].node;
                if (maker != i && maker != WG_GRAPH_NONE && (!same || graph->node[maker].part == graph->node[i].part))
                    p->passed[value] = same;
            }
}

wg_status wg_dump_graph_begin(struct wg_dump_graph *p)
{
    const wg_graph *graph = p->graph;
    p->items = wg_object_new((graph->n_nodes + graph->n_values + 1) * sizeof *p->items);
    p->clusters = wg_object_new(graph->n_sections * sizeof *p->clusters);
    p->leaves = numbers_new(graph->n_values);
    p->makers = numbers_new(graph->n_values);
    p->sections = numbers_new(graph->n_sections);
    p->edges = wg_object_new((graph->n_nodes + graph->n_values + 1) * sizeof *p->edges);
    p->passed = wg_object_new(graph->n_values + 1);
    if (!p->passed || !p->edges || !p->items || !p->clusters || !p->leaves || !p->makers || !p->sections)
        return WG_E_MEMORY;
    p->clusters[p->n_clusters++] = (struct wg_cluster){NULL,       WG_NO_ITEM, WG_NO_ITEM, WG_NO_ITEM,
                                                       WG_NO_ITEM, WG_NO_ITEM, WG_NO_ITEM};
    for (; p->n_items < graph->n_nodes; p->n_items++)
        p->items[p->n_items] = (struct wg_item){.node = &graph->node[p->n_items], .next = WG_NO_ITEM};
    for (size_t i = 0; i < graph->n_nodes; i++)
        survey_node(p, i);
    note_passed(p);
    note_updated(p);
    for (size_t i = 0; i < p->n_items; i++) {
        if (p->items[i].hidden)
            continue;
        struct wg_cluster *cluster = &p->clusters[p->items[i].cluster];
        *(cluster->last_item == WG_NO_ITEM ? &cluster->first_item : &p->items[cluster->last_item].next) = (ptrdiff_t)i;
        cluster->last_item = (ptrdiff_t)i;
    }
    return WG_OK;
}

void wg_dump_graph_end(struct wg_dump_graph *p)
{
    wg_object_free(p->items);
    wg_object_free(p->clusters);
    wg_object_free(p->leaves);
    wg_object_free(p->makers);
    wg_object_free(p->sections);
    wg_object_free(p->edges);
    wg_object_free(p->passed);
}
