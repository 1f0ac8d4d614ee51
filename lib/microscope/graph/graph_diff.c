/* wg_graph_diff: which nodes of two graphs correspond, and what changed in those that do. */
#include "core/arena.h"
#include "microscope/graph/graph_memory.h"
#include "microscope/graph/scan.h"

#include <string.h>

/* What two nodes have in common if they correspond. Texts are numbers, the same in both graphs. */
struct token {
    size_t op, path;
    wg_cost_part part;
};

struct changes {
    wg_graph_changes changes; /* first: wg_graph_changes_destroy takes its address */
    struct wg_arena arena;
};

/* One of the two graphs. */
struct side {
    const wg_graph *graph;
    struct token *token; /* of each node */
    size_t *partner;     /* of each node: that of the other graph, or WG_GRAPH_NONE */
    size_t n;
};

struct comparison {
    struct side a, b;
    struct wg_hash texts; /* of ops and paths: their numbers */
    struct wg_arena arena;
    size_t *path; /* of each section of the graph at hand: the number of its path */
};

static bool same(const struct token *a, const struct token *b)
{
    return a->op == b->op && a->path == b->path && a->part == b->part;
}

/* ---- tokens ---- */

static wg_status number_text(struct comparison *t, const char *text, size_t *number)
{
    struct wg_hash_slot *slot = wg_hash_slot_by(&t->texts, &wg_by_text, NULL, text);
    if (!slot)
        return WG_E_MEMORY;
    if (!slot->key) {
        slot->value.number = t->texts.n;
        wg_hash_put(&t->texts, slot, text);
    }
    *number = slot->value.number;
    return WG_OK;
}

static wg_status make_tokens(struct comparison *t, struct side *side, const wg_graph *graph)
{
    side->graph = graph;
    side->n = graph->n_nodes;
    side->token = wg_arena_take(&t->arena, side->n * sizeof *side->token);
    side->partner = wg_arena_take(&t->arena, side->n * sizeof *side->partner);
    t->path = wg_arena_take(&t->arena, graph->n_sections * sizeof *t->path);
    if (!side->token || !side->partner || !t->path)
        return WG_E_MEMORY;
    for (size_t i = 0; i < graph->n_sections; i++)
        WG_TRY(number_text(t, graph->section[i].path, &t->path[i]));
    for (size_t i = 0; i < side->n; i++) {
        side->token[i] = (struct token){.path = t->path[graph->node[i].section], .part = graph->node[i].part};
        side->partner[i] = WG_GRAPH_NONE;
        WG_TRY(number_text(t, graph->node[i].op, &side->token[i].op));
    }
    return WG_OK;
}

static void pair(struct comparison *t, size_t i, size_t j)
{
    t->a.partner[i] = j;
    t->b.partner[j] = i;
}

/* ---- Myers' algorithm ---- */

/* The nodes between what both graphs begin with and what both end with. Diagonal k has the pairs (x, y) with x - y = k. After d edits
   the furthest x on diagonal k is reach[d * d + d + k], or -1. */
struct middle {
    const struct token *a, *b;
    ptrdiff_t n, m;
    ptrdiff_t *reach;
};
enum { MAX_EDITS = 1000 };

static ptrdiff_t reached(const struct middle *t, ptrdiff_t d, ptrdiff_t k)
{
    return k < -d || k > d ? -1 : t->reach[d * d + d + k];
}

/* The furthest x on diagonal k after d edits, before what both have in common; -1: none. *removing: the last edit removes a node of a. */
static ptrdiff_t step(const struct middle *t, ptrdiff_t d, ptrdiff_t k, bool *removing)
{
    if (d == 0)
        return k == 0 ? 0 : -1;
    const ptrdiff_t left = reached(t, d - 1, k - 1), above = reached(t, d - 1, k + 1);
    const ptrdiff_t right = left >= 0 && left < t->n ? left + 1 : -1, down = above >= 0 && above - (k + 1) < t->m ? above : -1;
    *removing = right > down;
    return right > down ? right : down;
}

/* The number of edits, or -1 if there are more than MAX_EDITS. */
static ptrdiff_t count_edits(const struct middle *t)
{
    bool removing;
    for (ptrdiff_t d = 0; d <= MAX_EDITS; d++)
        for (ptrdiff_t k = -d; k <= d; k++) {
            ptrdiff_t x = (k + d) % 2 == 0 ? step(t, d, k, &removing) : -1;
            for (; x >= 0 && x < t->n && x - k < t->m && same(&t->a[x], &t->b[x - k]); x++)
                continue;
            t->reach[d * d + d + k] = x;
            if (k == t->n - t->m && x == t->n)
                return d;
        }
    return -1;
}

/* Goes back from the ends of both, edit by edit, and pairs what was passed without one. */
static void pair_middle(struct comparison *t, const struct middle *middle, ptrdiff_t edits, size_t begin)
{
    ptrdiff_t x = middle->n, k = middle->n - middle->m;
    for (ptrdiff_t d = edits; d >= 0; d--) {
        bool removing = false;
        const ptrdiff_t from = step(middle, d, k, &removing);
        for (; x > from; x--)
            pair(t, begin + (size_t)(x - 1), begin + (size_t)(x - 1 - k));
        x = removing ? x - 1 : x;
        k = removing ? k - 1 : k + 1;
    }
}

/* ---- the rough comparison ---- */

static uint64_t hash_token(const void *context, const void *key)
{
    (void)context;
    const struct token *token = key;
    return wg_hash_mix(wg_hash_mix(wg_hash_mix(0, token->op), token->path), token->part);
}

static bool same_token(const void *context, const void *a, const void *b)
{
    (void)context;
    return same(a, b);
}

/* Pairs the k-th node of each token with the k-th of the other graph. next: of each node of b, the next one with its token. */
static wg_status pair_by_count(struct comparison *t, size_t begin, size_t end_a, size_t end_b)
{
    static const struct wg_hash_kind kind = {hash_token, same_token};
    struct wg_hash first = {0};
    size_t *next = wg_arena_take(&t->arena, t->b.n * sizeof *next);
    wg_status status = next ? wg_hash_reserve(&first, 1) : WG_E_MEMORY;
    for (size_t j = end_b; j-- > begin && status == WG_OK;) {
        struct wg_hash_slot *slot = wg_hash_slot_by(&first, &kind, NULL, &t->b.token[j]);
        if (!slot) {
            status = WG_E_MEMORY;
            break;
        }
        next[j] = slot->key ? slot->value.number : WG_GRAPH_NONE;
        if (!slot->key)
            wg_hash_put(&first, slot, &t->b.token[j]);
        slot->value.number = j;
    }
    for (size_t i = begin; i < end_a && status == WG_OK; i++) {
        struct wg_hash_slot *slot = wg_hash_slot_by(&first, &kind, NULL, &t->a.token[i]);
        if (!slot)
            status = WG_E_MEMORY;
        else if (slot->key && slot->value.number != WG_GRAPH_NONE) {
            pair(t, i, slot->value.number);
            slot->value.number = next[slot->value.number];
        }
    }
    wg_hash_free(&first);
    return status;
}

/* ---- pairs and changes ---- */

static wg_status pair_nodes(struct comparison *t)
{
    size_t begin = 0, end_a = t->a.n, end_b = t->b.n;
    for (; begin < end_a && begin < end_b && same(&t->a.token[begin], &t->b.token[begin]); begin++)
        pair(t, begin, begin);
    for (; end_a > begin && end_b > begin && same(&t->a.token[end_a - 1], &t->b.token[end_b - 1]); end_a--, end_b--)
        pair(t, end_a - 1, end_b - 1);
    struct middle middle = {
        .a = t->a.token + begin, .b = t->b.token + begin, .n = (ptrdiff_t)(end_a - begin), .m = (ptrdiff_t)(end_b - begin)};
    const size_t most = (size_t)(middle.n + middle.m) < MAX_EDITS ? (size_t)(middle.n + middle.m) : MAX_EDITS;
    middle.reach = wg_arena_take(&t->arena, (most + 1) * (most + 1) * sizeof *middle.reach);
    if (!middle.reach)
        return WG_E_MEMORY;
    const ptrdiff_t edits = count_edits(&middle);
    if (edits < 0)
        return pair_by_count(t, begin, end_a, end_b);
    pair_middle(t, &middle, edits, begin);
    return WG_OK;
}

static bool same_results(const struct side *a, const wg_graph_node *one, const struct side *b, const wg_graph_node *other)
{
    bool are = one->n_out == other->n_out;
    for (size_t i = 0; i < one->n_out && are; i++) {
        const wg_graph_value *v = &a->graph->value[one->out[i]], *w = &b->graph->value[other->out[i]];
        are = v->dtype == w->dtype && v->shape.rank == w->shape.rank;
        for (int k = 0; k < v->shape.rank && are; k++)
            are = v->shape.extent[k] == w->shape.extent[k];
    }
    return are;
}

static bool same_cost(const wg_graph_node *one, const wg_graph_node *other)
{
    bool are = one->known == other->known;
    for (size_t i = 0; i < WG_COST_MEMBERS; i++)
        are = are && wg_cost_number(one->cost, i) == wg_cost_number(other->cost, i);
    return are;
}

static void compare_pair(const struct comparison *t, size_t i, wg_graph_changes *to, wg_graph_change *list)
{
    const wg_graph_node *one = &t->a.graph->node[i], *other = &t->b.graph->node[t->a.partner[i]];
    const wg_graph_change change = {.kind = WG_GRAPH_CHANGED,
                                    .before = i,
                                    .after = t->a.partner[i],
                                    .shape = !same_results(&t->a, one, &t->b, other),
                                    .cost = !same_cost(one, other),
                                    .options = strcmp(one->options, other->options) != 0};
    if (change.shape || change.cost || change.options)
        list[to->n_changes++] = change;
    else
        to->n_same++;
}

static void add_new(const struct comparison *t, size_t from, size_t until, wg_graph_changes *to, wg_graph_change *list)
{
    for (size_t j = from; j < until; j++)
        if (t->b.partner[j] == WG_GRAPH_NONE)
            list[to->n_changes++] = (wg_graph_change){.kind = WG_GRAPH_ADDED, .before = WG_GRAPH_NONE, .after = j};
}

/* In the order of a; a new node of b before the next node of b that corresponds to one of a. */
static wg_status list_changes(const struct comparison *t, struct changes *to)
{
    wg_graph_change *list = wg_arena_take(&to->arena, (t->a.n + t->b.n) * sizeof *list);
    size_t next = 0; /* of b */
    if (!list)
        return WG_E_MEMORY;
    for (size_t i = 0; i < t->a.n; i++) {
        const size_t partner = t->a.partner[i];
        if (partner == WG_GRAPH_NONE) {
            list[to->changes.n_changes++] = (wg_graph_change){.kind = WG_GRAPH_REMOVED, .before = i, .after = WG_GRAPH_NONE};
            continue;
        }
        add_new(t, next, partner, &to->changes, list);
        next = next > partner ? next : partner;
        compare_pair(t, i, &to->changes, list);
    }
    add_new(t, next, t->b.n, &to->changes, list);
    to->changes.change = list;
    return WG_OK;
}

static wg_status compare(struct comparison *t, const wg_graph *before, const wg_graph *after, struct changes *to)
{
    WG_TRY(make_tokens(t, &t->a, before));
    WG_TRY(make_tokens(t, &t->b, after));
    WG_TRY(pair_nodes(t));
    return list_changes(t, to);
}

wg_graph_changes *wg_graph_diff(const wg_graph *before, const wg_graph *after)
{
    WG_OPERATION("graph_diff");
    if (!before || !after) {
        (void)wg_fail(WG_E_NULL, "graph_diff", "graph_diff: expected two graphs, got NULL for the %s", before ? "second" : "first");
        return NULL;
    }
    struct comparison t = {.path = NULL};
    struct changes *to = wg_object_new(sizeof *to);
    const wg_status status = to ? compare(&t, before, after, to) : WG_E_MEMORY;
    wg_hash_free(&t.texts);
    wg_arena_shrink(&t.arena, true);
    if (status == WG_OK)
        return &to->changes;
    wg_graph_changes_destroy(to ? &to->changes : NULL);
    return NULL;
}

void wg_graph_changes_destroy(wg_graph_changes *changes)
{
    struct changes *c = (struct changes *)(void *)changes;
    if (!c)
        return;
    wg_arena_shrink(&c->arena, true);
    wg_object_free(c);
}
