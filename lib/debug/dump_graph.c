/* The first pass of a dump: finds leaves, the sections in use, the source of each operand, and each node's cost, forward and
   backward. */
#include "debug/dump_graph.h"

static wg_status numbers_new(struct wg_numbers *map, size_t room)
{
    size_t capacity = 16;
    while (capacity < 2 * room)
        capacity *= 2;
    map->key = wg_object_new(capacity * sizeof *map->key);
    map->number = wg_object_new(capacity * sizeof *map->number);
    map->mask = capacity - 1;
    return map->key && map->number ? WG_OK : WG_E_MEMORY;
}

/* The number of key. A new key is added with WG_NO_ITEM. */
static ptrdiff_t *number_of(struct wg_numbers *map, const void *key)
{
    size_t i = ((uintptr_t)key >> 4) * 0x9E3779B97F4A7C15u >> 20 & map->mask;
    while (map->key[i] && map->key[i] != key)
        i = (i + 1) & map->mask;
    if (!map->key[i]) {
        map->key[i] = key;
        map->number[i] = WG_NO_ITEM;
    }
    return &map->number[i];
}

static void add_cost(wg_cost *sum, wg_cost more)
{
    sum->add += more.add;
    sum->mul += more.mul;
    sum->div += more.div;
    sum->compare += more.compare;
    sum->transcendental += more.transcendental;
    sum->bytes_read += more.bytes_read;
    sum->bytes_written += more.bytes_written;
}

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
        ptrdiff_t *number = number_of(&p->sections, at);
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
    const ptrdiff_t at = t->storage ? *number_of(&p->makers, t->storage) : WG_NO_ITEM;
    return at != WG_NO_ITEM && !p->items[at].hidden ? at : WG_NO_ITEM;
}

ptrdiff_t wg_dump_graph_source(struct wg_dump_graph *p, const wg_tensor *t)
{
    ptrdiff_t at = t->flags & WG_T_PROXY ? wg_dump_graph_maker(p, t) : wg_dump_graph_node(p, t->from.node);
    if (at != WG_NO_ITEM && p->items[at].hidden)
        at = WG_NO_ITEM;
    return at != WG_NO_ITEM ? at : *number_of(&p->leaves, t);
}

static void note_results(struct wg_dump_graph *p, ptrdiff_t at)
{
    const wg_call *c = &p->items[at].node->call;
    for (unsigned i = 0; i < c->n_out; i++) {
        if (!c->out[i]->storage)
            continue;
        ptrdiff_t *maker = number_of(&p->makers, c->out[i]->storage);
        if (!(c->op->flags & WG_OP_VIEW) || *maker != WG_NO_ITEM) /* a view of a leaf computes nothing */
            *maker = at;
    }
}

static void note_leaf(struct wg_dump_graph *p, const wg_tensor *t, ptrdiff_t at)
{
    const struct wg_item *reader = &p->items[at];
    ptrdiff_t *number = number_of(&p->leaves, t);
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

static wg_cost cost_of(const wg_call *c)
{
    wg_callback callback = {.op = c->op->name, .who = "its cost"};
    if (!c->op->cost)
        return (wg_cost){0};
    wg_callback_begin(&callback);
    const wg_cost cost = c->op->cost(c);
    return wg_callback_end(&callback, WG_OK) == WG_OK ? cost : (wg_cost){0};
}

/* Notes a node's cost, section, leaves and results. A leaf belongs to the innermost section that contains all forward nodes that
   read it; backward nodes and updates do not move it. */
static void survey_node(struct wg_dump_graph *p, ptrdiff_t at)
{
    struct wg_item *item = &p->items[at];
    const struct wg_node *node = item->node, *forward = node;
    const wg_call *c = &node->call;
    item->cost = cost_of(c);
    while (forward->cause)
        forward = forward->cause;
    const ptrdiff_t cause = wg_dump_graph_node(p, node->cause);
    if (cause != WG_NO_ITEM) {
        p->items[cause].caused_any = true;
        add_cost(&p->items[cause].backward, item->cost);
    }
    add_cost(node->cause ? &p->backward : wg_is_update(c) ? &p->updates : &p->forward, item->cost);
    p->n_backward += node->cause != NULL;
    p->n_updates += !node->cause && wg_is_update(c);
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
    if (!p->items || !p->clusters)
        return WG_E_MEMORY;
    WG_TRY(numbers_new(&p->leaves, n_in));
    WG_TRY(numbers_new(&p->makers, 2 * n_in + n_out));
    WG_TRY(numbers_new(&p->sections, n_sections));
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
    const struct wg_numbers *const maps[] = {&p->leaves, &p->makers, &p->sections};
    for (int i = 0; i < 3; i++) {
        wg_object_free(maps[i]->key);
        wg_object_free(maps[i]->number);
    }
    wg_object_free(p->items);
    wg_object_free(p->clusters);
}
