/* Counted costs of a tape. Everything that shows costs reads this table. */
#include <string.h>

#include "debug/cost_count.h"
#include "debug/numbers.h"

/* What is needed to fill a table. */
struct count {
    const wg_tape *tape;
    const struct wg_node **nodes; /* in the order of the tape */
    const wg_section **sections;  /* by number; section 0 is NULL */
    struct wg_hash numbers;       /* of sections */
    wg_cost_node *node;
    wg_cost_section *section;
    size_t n_nodes, n_sections;
};

/* ---- one node ---- */

wg_cost wg_cost_add(wg_cost a, wg_cost b)
{
    return (wg_cost){a.add + b.add,
                     a.mul + b.mul,
                     a.div + b.div,
                     a.compare + b.compare,
                     a.transcendental + b.transcendental,
                     a.bytes_read + b.bytes_read,
                     a.bytes_written + b.bytes_written};
}

/* The stated cost of a call; a view costs nothing. False if it is unknown, as where the cost function of a user's op failed. */
static bool stated_cost(const wg_call *c, wg_cost *cost)
{
    wg_callback callback = {.op = c->op->name, .who = "its cost"};
    *cost = (wg_cost){0};
    if (!c->op->cost)
        return (c->op->flags & WG_OP_VIEW) != 0;
    wg_callback_begin(&callback);
    const wg_cost stated = c->op->cost(c);
    if (wg_callback_end(&callback, WG_OK) != WG_OK)
        return false;
    *cost = stated;
    return true;
}

/* The position of a node on the tape. */
static size_t position(const struct count *t, const struct wg_node *node)
{
    size_t low = 0, high = t->n_nodes;
    while (node && low < high) {
        const size_t middle = low + (high - low) / 2;
        if (t->nodes[middle] == node)
            return middle;
        if (t->nodes[middle]->seq < node->seq)
            low = middle + 1;
        else
            high = middle;
    }
    return WG_COST_NO_NODE;
}

/* ---- sections ---- */

/* The number of a section. Those around it that have none yet get numbers first, the outermost the lowest. */
static size_t section_number(struct count *t, const wg_section *section)
{
    const wg_section *at = section;
    size_t missing = 0;
    while (at && *wg_number_of(&t->numbers, at) == WG_NO_ITEM)
        missing++, at = at->parent;
    size_t parent = at ? (size_t)*wg_number_of(&t->numbers, at) : 0, number = t->n_sections + missing;
    t->n_sections += missing;
    for (at = section; missing > 0; at = at->parent, missing--) {
        *wg_number_of(&t->numbers, at) = (ptrdiff_t)--number;
        t->sections[number] = at;
        t->section[number].parent = missing > 1 ? number - 1 : parent;
    }
    return section ? (size_t)*wg_number_of(&t->numbers, section) : 0;
}

static size_t path_bytes(const struct count *t, size_t i)
{
    size_t bytes = 1; /* of the NUL, or of the slash before the name */
    for (const wg_section *at = t->sections[i]; at; at = at->parent)
        bytes += strlen(at->name) + 1;
    return bytes;
}

/* All paths in one block. A section's path begins with its parent's. */
static wg_status make_paths(struct count *t)
{
    size_t bytes = 0;
    for (size_t i = 0; i < t->n_sections; i++)
        bytes += path_bytes(t, i);
    char *at = wg_object_new(bytes);
    if (!at)
        return WG_E_MEMORY;
    *at = 0;
    t->section[0].path = at++;
    for (size_t i = 1; i < t->n_sections; i++) {
        const char *outer = t->section[t->section[i].parent].path;
        t->section[i].path = at;
        at = stpcpy(at, outer);
        if (outer[0])
            *at++ = '/';
        at = stpcpy(at, t->sections[i]->name) + 1;
    }
    return WG_OK;
}

/* ---- sums ---- */

static void add_node(wg_cost_sum *sum, const wg_cost_node *node)
{
    sum->cost = wg_cost_add(sum->cost, node->cost);
    sum->nodes++;
    sum->unknown += !node->known;
}

static void count_node(struct count *t, size_t i)
{
    const struct wg_node *node = t->nodes[i], *forward = node;
    wg_cost_node *to = &t->node[i];
    while (forward->cause)
        forward = forward->cause;
    to->op = node->call.op->name;
    to->known = stated_cost(&node->call, &to->cost);
    to->part = node->cause ? WG_COST_BACKWARD : wg_is_update(&node->call) ? WG_COST_UPDATE : WG_COST_FORWARD;
    to->cause = position(t, node->cause);
    to->section = section_number(t, forward->section);
    add_node(&t->section[to->section].sum[to->part], to);
}

/* Each section's sums go to the one around it, which has a lower number. */
static void add_inner_sums(struct count *t)
{
    for (size_t i = t->n_sections; i-- > 1;)
        for (int part = 0; part < WG_COST_PARTS; part++) {
            const wg_cost_sum *inner = &t->section[i].sum[part];
            wg_cost_sum *outer = &t->section[t->section[i].parent].sum[part];
            outer->cost = wg_cost_add(outer->cost, inner->cost);
            outer->nodes += inner->nodes;
            outer->unknown += inner->unknown;
        }
}

static wg_status fill(struct count *t)
{
    size_t n_sections = 1;
    for (const wg_section *section = t->tape->thread->sections; section; section = section->next)
        n_sections++;
    t->nodes = wg_object_new((t->tape->n_nodes + 1) * sizeof *t->nodes);
    t->node = wg_object_new((t->tape->n_nodes + 1) * sizeof *t->node);
    t->sections = wg_object_new(n_sections * sizeof *t->sections);
    t->section = wg_object_new(n_sections * sizeof *t->section);
    if (!t->nodes || !t->node || !t->sections || !t->section)
        return WG_E_MEMORY;
    WG_TRY(wg_hash_reserve(&t->numbers, n_sections));
    for (const struct wg_node *node = t->tape->first; node; node = node->next)
        t->nodes[t->n_nodes++] = node;
    t->n_sections = 1;
    for (size_t i = 0; i < t->n_nodes; i++)
        count_node(t, i);
    add_inner_sums(t);
    return make_paths(t);
}

/* ---- the table ---- */

wg_cost_table *wg_cost_count(const wg_tape *tape)
{
    struct count t = {.tape = tape};
    wg_cost_table *table = wg_object_new(sizeof *table);
    const wg_status status = table ? fill(&t) : WG_E_MEMORY;
    wg_hash_free(&t.numbers);
    wg_object_free(t.nodes);
    wg_object_free(t.sections);
    if (status != WG_OK) {
        wg_object_free(t.node);
        wg_object_free(t.section);
        wg_object_free(table);
        return NULL;
    }
    *table = (wg_cost_table){t.node, t.n_nodes, t.section, t.n_sections, tape->trace};
    return table;
}

wg_cost_table *wg_cost_of(const wg_tape *tape)
{
    WG_OPERATION("cost_of");
    if (!tape) {
        (void)wg_fail(WG_E_NULL, "cost_of", "cost_of: the tape is NULL");
        return NULL;
    }
    return wg_check_open(tape, "cost_of") == WG_OK ? wg_cost_count(tape) : NULL;
}

void wg_cost_destroy(wg_cost_table *table)
{
    if (!table)
        return;
    wg_object_free((void *)(uintptr_t)table->section[0].path); /* the block of all paths */
    wg_object_free((void *)(uintptr_t)table->section);
    wg_object_free((void *)(uintptr_t)table->node);
    wg_object_free(table);
}

wg_status wg_check_open(const wg_tape *tape, const char *op)
{
    const struct wg_thread *th = wg_self();
    if (!th)
        return WG_E_MEMORY;
    const wg_tape *open = th->top;
    while (open && open != tape)
        open = open->below;
    return open ? WG_OK : wg_fail(WG_E_DANGLING, op, "%s: the tape is closed, or it is another thread's", op);
}
