/* One pass over a tape: numbers of nodes and values, sections and their sums, what shares memory with what. */
#include <math.h>
#include <string.h>

#include "core/arena.h"
#include "microscope/graph/graph_memory.h"
#include "microscope/graph/numbers.h"
#include "microscope/graph/scan.h"

/* ---- numbers of nodes and results ---- */

struct found {
    size_t node, first_result;
};

/* The number of a node and of its first result: the last noted node that is not younger, and from there on. */
static struct found find_node(const struct wg_scan *scan, const struct wg_node *node)
{
    size_t low = 0, high = scan->n_marks;
    while (node && high - low > 1) {
        const size_t middle = low + (high - low) / 2;
        *(scan->mark[middle].node->seq <= node->seq ? &low : &high) = middle;
    }
    if (node && high > low) {
        const struct wg_node *at = scan->mark[low].node;
        struct found found = {low * WG_SCAN_STRIDE, scan->mark[low].first_result};
        for (; at && at->seq <= node->seq; at = at->next) {
            if (at == node)
                return found;
            found.node++;
            found.first_result += at->call.n_out;
        }
    }
    return (struct found){WG_GRAPH_NONE, WG_GRAPH_NONE};
}

static bool is_result(const struct wg_scan *scan, const wg_tensor *t)
{
    return t->tape == scan->tape && !(t->flags & WG_T_PROXY) && t->from.node;
}

/* A leaf has a number once a node that reads it was handed out. */
static size_t number_of(struct wg_scan *scan, const wg_tensor *t)
{
    if (is_result(scan, t))
        return find_node(scan, t->from.node).first_result + t->slot;
    return scan->n_results + wg_hash_find(&scan->leaf_numbers, t)->value.number;
}

/* ---- memory ---- */

/* The input in whose memory the result t lies, or NULL. */
static const wg_tensor *sharer(const wg_tensor *t)
{
    const wg_call *c = &t->from.node->call;
    if (c->op->flags & WG_OP_VIEW)
        return c->in[0];
    for (unsigned i = 0; i < c->n_in && t->storage; i++)
        if (c->in[i]->storage == t->storage)
            return c->in[i];
    return NULL;
}

/* The tensor whose memory t has: t itself, or what it is a view of or was written over. */
static const wg_tensor *root_of(struct wg_scan *scan, const wg_tensor *t)
{
    struct wg_scan_recent *recent = &scan->recent[(uintptr_t)t / sizeof(struct wg_slot) % WG_SCAN_RECENT];
    const wg_tensor *root = t, *next;
    while (is_result(scan, root) && (next = sharer(root))) {
        const struct wg_scan_recent *known = &scan->recent[(uintptr_t)next / sizeof(struct wg_slot) % WG_SCAN_RECENT];
        root = known->tensor == next ? known->root : next;
    }
    *recent = (struct wg_scan_recent){t, root};
    return root;
}

static struct wg_scan_memory *memory_of(struct wg_scan *scan, const struct wg_storage *storage)
{
    const struct wg_hash_slot *slot = storage ? wg_hash_find(&scan->memory_numbers, storage) : NULL;
    return slot ? WG_NTH(scan->memories, struct wg_scan_memory, slot->value.number) : NULL;
}

static wg_status note_memory(struct wg_scan *scan, const struct wg_storage *storage)
{
    if (!storage)
        return WG_OK;
    WG_TRY(wg_array_reserve(&scan->memories, 1, sizeof(struct wg_scan_memory)));
    struct wg_hash_slot *slot = wg_hash_slot_for(&scan->memory_numbers, storage);
    if (!slot)
        return WG_E_MEMORY;
    if (!slot->key) {
        wg_hash_put(&scan->memory_numbers, slot, storage);
        slot->value.number = scan->memories.n;
        *WG_NTH(scan->memories, struct wg_scan_memory, scan->memories.n++) = (struct wg_scan_memory){WG_GRAPH_NONE, WG_GRAPH_NONE};
    }
    return WG_OK;
}

/* The bytes that the tape must keep because backward reads t, unless an earlier node had them counted. Tensors of the caller's and
   of tapes below exist anyway. */
static double newly_saved(struct wg_scan *scan, const wg_tensor *t)
{
    const wg_tensor *root = root_of(scan, t);
    if (root->tape != scan->tape || (root->flags & WG_T_PROXY))
        return 0;
    const size_t number = number_of(scan, root);
    if (number >= scan->n_results) {
        bool *saved = &WG_NTH(scan->leaves, struct wg_scan_leaf, number - scan->n_results)->saved;
        const double bytes = *saved ? 0 : (double)wg_bytes_of(root);
        *saved = true;
        return bytes;
    }
    const uint8_t bit = (uint8_t)(1u << number % 8);
    const double bytes = scan->saved[number / 8] & bit ? 0 : (double)wg_bytes_of(root);
    scan->saved[number / 8] |= bit;
    return bytes;
}

/* ---- leaves ---- */

wg_tensor *wg_scan_gradient(const wg_tensor *t)
{
    if (t->flags & WG_T_REQUIRES)
        return wg_gradient(t);
    const struct wg_hash_slot *slot = t->tape ? wg_hash_find(&t->tape->adjoints, t) : NULL;
    return slot ? slot->value.pointer : NULL;
}

const wg_tensor *wg_scan_contribution(const struct wg_scan *scan, const struct wg_node *node, unsigned i)
{
    const struct wg_hash_slot *slot = wg_hash_find(&scan->tape->contributions, &node->call.in[i]);
    return slot ? slot->value.pointer : NULL;
}

static wg_status note_leaf(struct wg_scan *scan, const wg_tensor *t)
{
    WG_TRY(wg_array_reserve(&scan->leaves, 1, sizeof(struct wg_scan_leaf)));
    struct wg_hash_slot *slot = wg_hash_slot_for(&scan->leaf_numbers, t);
    if (!slot)
        return WG_E_MEMORY;
    if (slot->key)
        return WG_OK;
    if (scan->values) {
        const wg_tensor *gradient = wg_scan_gradient(t);
        WG_TRY(note_memory(scan, t->storage));
        WG_TRY(note_memory(scan, gradient ? gradient->storage : NULL));
    }
    wg_hash_put(&scan->leaf_numbers, slot, t);
    slot->value.number = scan->leaves.n;
    *WG_NTH(scan->leaves, struct wg_scan_leaf, scan->leaves.n++) = (struct wg_scan_leaf){t, false};
    return WG_OK;
}

const wg_tensor *wg_scan_leaf_tensor(const struct wg_scan *scan, size_t leaf)
{
    return WG_NTH(scan->leaves, struct wg_scan_leaf, leaf)->tensor;
}

/* ---- sections ---- */

/* The number of a section. Those around it that have none yet get numbers first, the outermost the lowest. */
static size_t section_number(struct wg_scan *scan, const wg_section *section)
{
    const wg_section *at = section;
    size_t missing = 0;
    while (at && *wg_number_of(&scan->section_numbers, at) == WG_NO_ITEM)
        missing++, at = at->parent;
    size_t parent = at ? (size_t)*wg_number_of(&scan->section_numbers, at) : 0, number = scan->sections.n + missing;
    scan->sections.n += missing;
    for (at = section; missing > 0; at = at->parent, missing--) {
        *wg_number_of(&scan->section_numbers, at) = (ptrdiff_t)--number;
        *WG_NTH(scan->origins, const wg_section *, number) = at;
        *WG_NTH(scan->sections, wg_cost_section, number) = (wg_cost_section){.parent = missing > 1 ? number - 1 : parent,
                                                                             .times = 1};
    }
    return section ? (size_t)*wg_number_of(&scan->section_numbers, section) : 0;
}

/* A section's path begins with its parent's. */
static wg_status make_texts(struct wg_scan *scan)
{
    wg_cost_section *section = scan->sections.at;
    section[0].path = section[0].name = section[0].kind = "";
    for (size_t i = 1; i < scan->sections.n; i++) {
        const wg_section *from = *WG_NTH(scan->origins, const wg_section *, i);
        section[i].path = wg_arena_path(scan->arena, section[section[i].parent].path, from->name);
        section[i].kind = wg_arena_text(scan->arena, from->kind);
        if (!section[i].path || !section[i].kind)
            return WG_E_MEMORY;
        section[i].name = section[i].path + strlen(section[i].path) - strlen(from->name);
    }
    return WG_OK;
}

wg_status wg_scan_sections(struct wg_scan *scan)
{
    wg_cost_sum_inner(scan->sections.at, scan->sections.n);
    return make_texts(scan);
}

/* ---- nodes ---- */

static bool is_count(double x)
{
    return x >= 0 && isfinite(x);
}

static bool are_counts(const wg_cost *cost)
{
    bool are = true;
    for (size_t i = 0; i < WG_COST_MEMBERS; i++)
        are = are && is_count(wg_cost_number(*cost, i));
    return are && isfinite(wg_cost_operations(*cost) + cost->bytes_read + cost->bytes_written);
}

/* Runs the op's cost function. */
static wg_status ask_cost(const struct wg_thread *th, const wg_callback *callback, const wg_call *c, wg_cost *cost)
{
    const size_t nodes = th->top ? th->top->n_nodes : 0, errors = th->has_error + th->error.later;
    *cost = c->op->cost(c);
    if (callback->top && callback->top->n_nodes != nodes)
        return wg_callback_fail(callback, WG_E_STATE, "ran ops on the tape: it may only read its call");
    return th->has_error + th->error.later == errors ? WG_OK : th->error.code;
}

static const char its_cost[] = "its cost";

bool wg_cost_is_asked(const struct wg_thread *th)
{
    const wg_callback *callback = th->callback;
    while (callback && callback->who != its_cost)
        callback = callback->outer;
    return callback;
}

bool wg_cost_stated(const wg_call *c, wg_cost *cost)
{
    const struct wg_thread *th = wg_self();
    wg_callback callback = {.op = c->op->name, .who = its_cost};
    wg_cost stated;
    *cost = (wg_cost){0};
    if (!c->op->cost)
        return (c->op->flags & WG_OP_VIEW) != 0;
    if (!th || wg_cost_is_asked(th)) /* an op run by a cost function under a recording: it would ask without end */
        return false;
    wg_callback_begin(&callback);
    if (wg_callback_end(&callback, ask_cost(th, &callback, c, &stated)) != WG_OK || !are_counts(&stated))
        return false;
    *cost = stated;
    return true;
}

/* The numbers of what the node reads, makes and changes. */
static wg_status note_operands(struct wg_scan *scan, const wg_call *c, size_t first_result, wg_graph_node *to)
{
    WG_TRY(wg_array_reserve(&scan->numbers, 2 * (size_t)c->n_in + c->n_out, sizeof(size_t)));
    size_t *in = scan->numbers.at, *out = in + c->n_in, *writes = out + c->n_out;
    for (unsigned i = 0; i < c->n_in; i++) {
        const wg_tensor *t = c->in[i];
        if (!wg_absent(t) && !is_result(scan, t))
            WG_TRY(note_leaf(scan, t));
        in[i] = wg_absent(t) ? WG_GRAPH_NONE : number_of(scan, t);
        if (wg_bit(c->op->writes, i) && !wg_absent(t))
            writes[to->n_writes++] = in[i];
    }
    for (unsigned i = 0; i < c->n_out; i++)
        out[i] = first_result + i;
    to->in = in;
    to->out = out;
    to->writes = writes;
    to->n_in = c->n_in;
    to->n_out = c->n_out;
    return WG_OK;
}

static void count_memory(struct wg_scan *scan, const struct wg_node *node, wg_graph_node *to)
{
    const wg_call *c = &node->call;
    for (unsigned i = 0; i < c->n_in && node->needs; i++)
        if (wg_bit(c->op->saves & WG_ALL_IN, i) && !wg_absent(c->in[i]))
            to->bytes_saved += newly_saved(scan, c->in[i]);
    for (unsigned i = 0; i < c->n_out; i++) {
        if (node->needs && c->op->saves & WG_OUT(i))
            to->bytes_saved += newly_saved(scan, c->out[i]);
        if (!sharer(c->out[i])) {
            to->allocations++;
            to->bytes_allocated += (double)wg_bytes_of(c->out[i]);
        }
    }
}

wg_status wg_scan_node(struct wg_scan *scan, const struct wg_node *node, wg_graph_node *to)
{
    const wg_call *c = &node->call;
    *to = (wg_graph_node){
        .op = c->op->name, .options = scan->options, .nodes = 1, .nanoseconds = scan->tape->timed ? node->nanoseconds : -1};
    wg_params_text(c->op, c->params, scan->options, sizeof scan->options);
    to->part = node->cause ? WG_COST_BACKWARD : wg_is_update(c) ? WG_COST_UPDATE : WG_COST_FORWARD;
    to->cause = find_node(scan, node->cause).node;
    to->section = section_number(scan, wg_scan_forward(node)->section);
    to->view = (c->op->flags & WG_OP_VIEW) != 0;
    to->gate = c->op->flags & WG_OP_DISTRIBUTES ? WG_GRAPH_ADD
               : c->op->flags & WG_OP_SWAPS     ? WG_GRAPH_MULTIPLY
               : c->op->flags & WG_OP_ROUTES    ? WG_GRAPH_ROUTE
                                                : WG_GRAPH_OTHER;
    to->known = wg_cost_stated(c, &to->cost);
    to->unknown = !to->known;
    WG_TRY(note_operands(scan, c, scan->next_result, to));
    scan->next_result += c->n_out;
    count_memory(scan, node, to);
    wg_cost_sum_node(&WG_NTH(scan->sections, wg_cost_section, to->section)->sum[to->part], to);
    return WG_OK;
}

/* ---- values ---- */

static void describe(const wg_tensor *t, wg_graph_value *to)
{
    *to = (wg_graph_value){.name = wg_name_of(t),
                           .node = WG_GRAPH_NONE,
                           .outer = "",
                           .dtype = (wg_dtype)t->dtype,
                           .shape = wg_shape_of(t),
                           .times = 1,
                           .requires_gradient = (t->flags & WG_T_NEEDS) != 0,
                           .saved = (t->flags & WG_T_SAVED) != 0,
                           .released = !t->storage,
                           .gradient = WG_GRAPH_NONE};
}

/* The number of a result's gradient, if a node made it or read it. */
static size_t gradient_number(struct wg_scan *scan, const wg_tensor *gradient)
{
    return gradient && (is_result(scan, gradient) || wg_hash_find(&scan->leaf_numbers, gradient)) ? number_of(scan, gradient)
                                                                                                  : WG_GRAPH_NONE;
}

void wg_scan_result(struct wg_scan *scan, const struct wg_node *node, size_t at, unsigned slot, size_t number, wg_graph_value *to)
{
    const wg_tensor *t = node->call.out[slot], *root = root_of(scan, t);
    struct wg_scan_memory *memory = memory_of(scan, t->storage);
    describe(t, to);
    to->origin = WG_GRAPH_RESULT;
    to->node = at;
    to->slot = slot;
    to->base = root == t ? number : number_of(scan, root);
    to->gradient = gradient_number(scan, wg_scan_gradient(t));
    if (!memory)
        return;
    if (memory->base == WG_GRAPH_NONE)
        memory->base = to->base;
    to->base = memory->base;
    if (!(node->call.op->flags & WG_OP_VIEW) || memory->last != WG_GRAPH_NONE) /* a view of a leaf computes nothing */
        memory->last = number;
}

void wg_scan_leaf(struct wg_scan *scan, size_t leaf, wg_graph_value *to)
{
    const wg_tensor *t = wg_scan_leaf_tensor(scan, leaf), *gradient = wg_scan_gradient(t);
    struct wg_scan_memory *memory = memory_of(scan, t->storage);
    const size_t number = scan->n_results + leaf;
    describe(t, to);
    to->origin = t->flags & WG_T_PROXY ? WG_GRAPH_CALLER : t->tape == scan->tape ? WG_GRAPH_CONSTANT : WG_GRAPH_OUTER;
    if (to->origin == WG_GRAPH_OUTER && t->from.node)
        to->outer = t->from.node->call.op->name;
    if (memory && memory->base == WG_GRAPH_NONE)
        memory->base = number;
    to->base = memory ? memory->base : number;
    memory = gradient ? memory_of(scan, gradient->storage) : NULL;
    if (memory)
        to->gradient = memory->last != WG_GRAPH_NONE ? memory->last : memory->base;
}

/* ---- begin and end ---- */

wg_status wg_scan_begin(struct wg_scan *scan)
{
    const wg_tape *tape = scan->tape;
    size_t n_sections = 1, i = 0;
    for (const wg_section *section = tape->thread->sections; section; section = section->next)
        n_sections++;
    scan->last = tape->last;
    scan->mark = wg_object_new((tape->n_nodes / WG_SCAN_STRIDE + 1) * sizeof *scan->mark);
    if (!scan->mark)
        return WG_E_MEMORY;
    for (const struct wg_node *node = tape->first; node; node = wg_scan_next(scan, node), i++) {
        if (i % WG_SCAN_STRIDE == 0)
            scan->mark[scan->n_marks++] = (struct wg_scan_mark){node, scan->n_results};
        scan->n_results += node->call.n_out;
        scan->n_operands += 2 * (size_t)node->call.n_in + node->call.n_out;
    }
    if (!(scan->saved = wg_object_new(scan->n_results / 8 + 1)))
        return WG_E_MEMORY;
    WG_TRY(wg_hash_reserve(&scan->section_numbers, n_sections));
    WG_TRY(wg_array_reserve(&scan->sections, n_sections, sizeof(wg_cost_section)));
    WG_TRY(wg_array_reserve(&scan->origins, n_sections, sizeof(const wg_section *)));
    *WG_NTH(scan->sections, wg_cost_section, 0) = (wg_cost_section){.path = "", .times = 1};
    *WG_NTH(scan->origins, const wg_section *, 0) = NULL;
    scan->sections.n = scan->origins.n = 1;
    return WG_OK;
}

void wg_scan_end(struct wg_scan *scan)
{
    wg_object_free(scan->mark);
    wg_object_free(scan->saved);
    wg_hash_free(&scan->leaf_numbers);
    wg_hash_free(&scan->memory_numbers);
    wg_hash_free(&scan->section_numbers);
    wg_array_free(&scan->leaves);
    wg_array_free(&scan->memories);
    wg_array_free(&scan->sections);
    wg_array_free(&scan->origins);
    wg_array_free(&scan->numbers);
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
