/* The first pass of a dump: finds leaves, the sections in use, the source of each operand, and each node's cost, forward and
   backward. */
#include "debug/dump_graph.h"

ptrdiff_t wg_dump_graph_node(const struct wg_dump_graph *p, const struct wg_node *node)
{
    size_t low = 0, high = p->n_nodes;
    while (node && low < high) {
        const size_t middle = low + (high - low) / 2;
        if (p->items[middle].node == node)
            return (ptrdiff_t)middle;
        if (p->items[middle].node->seq < node->seq)
            low = middle + 1;
        else
            high = middle;
    }
    return WG_NO_ITEM;
}

/* ---- sections ---- */

/* The cluster of a section. Missing clusters are created from the section outwards, linked through `next`, then attached to their
   parents from the outermost inwards. */
static ptrdiff_t place_of(struct wg_dump_graph *p, const wg_section *section)
{
    ptrdiff_t waiting = WG_NO_ITEM;
    const wg_section *at = section;
    ptrdiff_t parent = 0; /* the page */
    for (; at; at = at->parent) {
        ptrdiff_t *number = wg_number_of(&p->sections, at);
        if (*number != WG_NO_ITEM) {
            parent = *number;
            break;
        }
        *number = (ptrdiff_t)p->n_clusters++;
        p->clusters[*number] = (struct wg_cluster){at, WG_NO_ITEM, waiting, WG_NO_ITEM, WG_NO_ITEM, WG_NO_ITEM, WG_NO_ITEM};
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

ptrdiff_t wg_dump_graph_maker(struct wg_dump_graph *p, const wg_tensor *t)
{
    const ptrdiff_t at = t->storage ? *wg_number_of(&p->makers, t->storage) : WG_NO_ITEM;
    return at != WG_NO_ITEM && !p->items[at].hidden ? at : WG_NO_ITEM;
}

ptrdiff_t wg_dump_graph_source(struct wg_dump_graph *p, const wg_tensor *t)
{
    ptrdiff_t at = t->flags & WG_T_PROXY ? wg_dump_graph_maker(p, t) : wg_dump_graph_node(p, t->from.node);
    if (at != WG_NO_ITEM && p->items[at].hidden)
        at = WG_NO_ITEM;
    return at != WG_NO_ITEM ? at : *wg_number_of(&p->leaves, t);
}

static void note_results(struct wg_dump_graph *p, ptrdiff_t at)
{
    const wg_call *c = &p->items[at].node->call;
    for (unsigned i = 0; i < c->n_out; i++) {
        if (!c->out[i]->storage)
            continue;
        ptrdiff_t *maker = wg_number_of(&p->makers, c->out[i]->storage);
        if (!(c->op->flags & WG_OP_VIEW) || *maker != WG_NO_ITEM) /* a view of a leaf computes nothing */
            *maker = at;
    }
}

static void note_leaf(struct wg_dump_graph *p, const wg_tensor *t, ptrdiff_t at)
{
    const struct wg_item *reader = &p->items[at];
    ptrdiff_t *number = wg_number_of(&p->leaves, t);
    const bool backward = reader->node->cause != NULL;
    if (*number == WG_NO_ITEM) {
        *number = (ptrdiff_t)p->n_items++;
        p->items[*number] = (struct wg_item){
            .leaf = t, .cluster = reader->cluster, .next = WG_NO_ITEM, .reader = at, .late = backward};
    } else if (!backward && !wg_is_update(&reader->node->call)) {
        struct wg_item *leaf = &p->items[*number];
        leaf->cluster = leaf->late ? reader->cluster : common_place(p, leaf->cluster, reader->cluster);
        leaf->late = false;
    }
}

static void add_cost(wg_cost_sum *sum, const wg_cost_node *node)
{
    sum->cost = wg_cost_add(sum->cost, node->cost);
    sum->nodes++;
    sum->unknown += !node->known;
}

/* Notes a node's cost, section, leaves and results. A leaf belongs to the innermost section that contains all forward nodes that
   read it; backward nodes and updates do not move it. */
static void survey_node(struct wg_dump_graph *p, ptrdiff_t at)
{
    struct wg_item *item = &p->items[at];
    const struct wg_node *node = item->node, *forward = node;
    const wg_call *c = &node->call;
    const wg_cost_node *cost = &p->costs->node[at];
    add_cost(&item->cost, cost);
    if (cost->cause != WG_COST_NO_NODE)
        add_cost(&p->items[cost->cause].backward, cost);
    while (forward->cause)
        forward = forward->cause;
    item->hidden = node->cause && !p->options.backward;
    if (!item->hidden) {
        item->cluster = place_of(p, forward->section);
        for (unsigned i = 0; i < c->n_in; i++)
            if (!wg_absent(c->in[i]) && !wg_dump_graph_is_node(p, wg_dump_graph_source(p, c->in[i])))
                note_leaf(p, c->in[i], at);
    }
    note_results(p, at);
}

wg_status wg_dump_graph_begin(struct wg_dump_graph *p)
{
    size_t n_nodes = p->tape->n_nodes, n_in = 0, n_out = 0, n_sections = 1;
    for (const struct wg_node *node = p->tape->first; node; node = node->next) {
        n_in += node->call.n_in;
        n_out += node->call.n_out;
    }
    for (const wg_section *section = p->tape->thread->sections; section; section = section->next)
        n_sections++;
    p->items = wg_object_new((n_nodes + n_in + 1) * sizeof *p->items);
    p->clusters = wg_object_new(n_sections * sizeof *p->clusters);
    p->costs = wg_cost_count(p->tape);
    if (!p->items || !p->clusters || !p->costs)
        return WG_E_MEMORY;
    WG_TRY(wg_hash_reserve(&p->leaves, n_in + 1));
    WG_TRY(wg_hash_reserve(&p->makers, 2 * n_in + n_out + 1));
    WG_TRY(wg_hash_reserve(&p->sections, n_sections));
    p->clusters[p->n_clusters++] = (struct wg_cluster){NULL,       WG_NO_ITEM, WG_NO_ITEM, WG_NO_ITEM,
                                                       WG_NO_ITEM, WG_NO_ITEM, WG_NO_ITEM};
    for (const struct wg_node *node = p->tape->first; node; node = node->next)
        p->items[p->n_nodes++] = (struct wg_item){.node = node, .next = WG_NO_ITEM};
    p->n_items = p->n_nodes;
    for (size_t i = 0; i < p->n_nodes; i++)
        survey_node(p, (ptrdiff_t)i);
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
    wg_hash_free(&p->leaves);
    wg_hash_free(&p->makers);
    wg_hash_free(&p->sections);
    wg_cost_destroy(p->costs);
    wg_object_free(p->items);
    wg_object_free(p->clusters);
}
