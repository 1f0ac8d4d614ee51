/* Finds repeated runs of nodes and joins them.

   Nodes that are not backward form a sequence, each with a hash of its structure. A run is a place where as many nodes as its period are
   followed by equal ones. Periods to try at a place are the distances to the next nodes with the same hash; hashes of whole stretches
   come from sums over prefixes, so that a try takes constant time. What the hashes promise is then compared. */
#include <string.h>

#include "microscope/dump/collapse.h"

/* TRIES: periods that are tried at each place, the shortest first. IN_VAIN: comparisons for each node that may lead to nothing before the
   search ends, which keeps it linear for graphs that are made to be hard. */
enum { TRIES = 64, IN_VAIN = 64 };

struct run {
    size_t start, period, count; /* positions in the sequence; count copies of period nodes */
};

struct folding {
    struct wg_joining *j;
    const wg_graph *graph;
    size_t *sequence, n;       /* the nodes that are not backward, in order */
    size_t *position;          /* of each node: its position in the sequence; WG_GRAPH_NONE for backward nodes */
    uint64_t *hash;            /* of each position: the structure of its node */
    uint64_t *sum, *power;     /* sum[i]: of the hashes before i, weighted by powers of an odd number */
    size_t *again;             /* of each position: the next with the same hash */
    uint64_t *kinds;           /* of each section: its kind and those around it */
    size_t *depth;             /* of each section */
    size_t *n_inside;          /* of each section: how many nodes of the sequence it holds, with the sections inside it */
    size_t *n_of_run;          /* of each section: how many of them the run at hand holds; 0 between runs */
    size_t *copy;              /* of each section: the one that stands for it in the run at hand; 0: none */
    size_t *earliest, *latest; /* of each value: the positions that read it */
    size_t *n_readers;         /* of each value: how many nodes read it */
    bool *folded;              /* of each node: it is in a run */
    size_t in_vain;            /* nodes that were compared for runs that save too little */
};

/* ---- structure ---- */

/* A section without a kind is known by its name without digits: "layer3" is like "layer4". */
static uint64_t hash_section(uint64_t hash, const wg_cost_section *section)
{
    if (section->kind[0])
        return wg_hash_mix(wg_hash_text(hash, section->kind), section->times);
    for (const char *at = section->name; *at; at++)
        if (*at < '0' || *at > '9')
            hash = wg_hash_mix(hash, (unsigned char)*at);
    return wg_hash_mix(hash, section->times);
}

static uint64_t hash_value(const struct folding *f, uint64_t hash, size_t value)
{
    if (value == WG_GRAPH_NONE)
        return wg_hash_mix(hash, WG_GRAPH_NONE);
    const wg_graph_value *v = &f->graph->value[value];
    hash = wg_hash_mix(hash, (uint64_t)v->dtype << 8 | (uint64_t)v->shape.rank);
    for (int i = 0; i < v->shape.rank; i++)
        hash = wg_hash_mix(hash, (uint64_t)v->shape.extent[i]);
    return hash;
}

static uint64_t hash_node(const struct folding *f, const wg_graph_node *node)
{
    uint64_t hash = wg_hash_text(f->kinds[node->section], node->op);
    hash = wg_hash_mix(node->view ? hash : wg_hash_text(hash, node->options), node->part);
    hash = wg_hash_mix(wg_hash_mix(hash, node->nodes), node->n_in << 8 | node->n_out);
    for (size_t i = 0; i < node->n_out; i++)
        hash = hash_value(f, hash, node->out[i]);
    /* Of the inputs those that every copy has: a copy may read a tensor more than the first, what the one before passes on. */
    for (size_t i = 0; i < node->n_in; i++)
        hash = hash_value(f, hash, node->in[i]);
    return hash;
}

static uint64_t stretch(const struct folding *f, size_t from, size_t to)
{
    return f->sum[to] - f->sum[from] * f->power[to - from];
}

/* ---- comparing copies ---- */

/* Whether the operand of a copy's node comes from where that of the first copy comes from: the same place within, or outside. */
static bool same_source(const struct folding *f, const struct run *run, size_t offset, size_t a, size_t b)
{
    if (a == WG_GRAPH_NONE || b == WG_GRAPH_NONE)
        return a == b;
    const wg_graph_value *first = &f->graph->value[a], *other = &f->graph->value[b];
    const size_t from = first->node == WG_GRAPH_NONE ? WG_GRAPH_NONE : f->position[first->node],
                 at = other->node == WG_GRAPH_NONE ? WG_GRAPH_NONE : f->position[other->node];
    const bool within = from != WG_GRAPH_NONE && from >= run->start && from < run->start + run->period,
               other_within = at != WG_GRAPH_NONE && at >= run->start + offset && at < run->start + offset + run->period;
    return within == other_within && (!within || (at - offset == from && first->slot == other->slot));
}

static bool same_node(const struct folding *f, const struct run *run, size_t offset, size_t position)
{
    const wg_graph_node *a = &f->graph->node[f->sequence[position]], *b = &f->graph->node[f->sequence[position + offset]];
    if (f->hash[position] != f->hash[position + offset] || strcmp(a->op, b->op) != 0 || a->n_in != b->n_in ||
        a->n_out != b->n_out || f->depth[a->section] != f->depth[b->section])
        return false;
    for (size_t i = 0; i < a->n_in; i++)
        if (!same_source(f, run, offset, a->in[i], b->in[i]))
            return false;
    return true;
}

/* Copies that are equal to the first. */
static size_t equal_copies(const struct folding *f, const struct run *run)
{
    for (size_t copy = 1; copy < run->count; copy++)
        for (size_t i = 0; i < run->period; i++)
            if (!same_node(f, run, copy * run->period, run->start + i))
                return copy;
    return run->count;
}

/* ---- finding runs ---- */

static size_t section_at(const struct folding *f, size_t position)
{
    return f->graph->node[f->sequence[position]].section;
}

/* Where nodes before a run equal the last ones of its copies, it can begin at several places. Moves the start to where a section does. */
static void choose_start(const struct folding *f, struct run *run, size_t spare)
{
    for (size_t i = 0; i <= spare; i++) {
        const size_t at = run->start + i + run->period;
        if (section_at(f, at) == section_at(f, at - 1))
            continue;
        run->count = (run->count * run->period + spare - i) / run->period;
        run->start += i;
        return;
    }
}

/* How many nodes from start on equal, by their hashes, those that stand `period` later. */
static size_t periodic_length(const struct folding *f, size_t start, size_t period)
{
    size_t low = 0, high = f->n - start - period; /* so many are equal; at most so many */
    while (low < high) {
        const size_t middle = high - (high - low) / 2;
        if (stretch(f, start, start + middle) == stretch(f, start + period, start + period + middle))
            low = middle;
        else
            high = middle - 1;
    }
    return low;
}

static bool run_at(struct folding *f, size_t start, size_t period, struct run *run)
{
    if (start + 2 * period > f->n || stretch(f, start, start + period) != stretch(f, start + period, start + 2 * period))
        return false;
    const size_t length = period + periodic_length(f, start, period);
    *run = (struct run){start, period, length / period};
    choose_start(f, run, length % period);
    run->count = equal_copies(f, run);
    const bool saves = (run->count - 1) * run->period >= WG_FOLD_SAVES;
    f->in_vain += saves ? 0 : run->count * run->period;
    return saves;
}

/* A run that begins here, or just behind, with a period up to longest. */
static bool find_run(struct folding *f, size_t start, size_t longest, struct run *run)
{
    size_t next = f->again[start];
    for (int tries = 0; tries < TRIES && next != WG_GRAPH_NONE && next - start <= longest && f->in_vain < IN_VAIN * f->n;
         tries++, next = f->again[next])
        if (run_at(f, start, next - start, run))
            return true;
    return false;
}

/* ---- joining ---- */

/* The deepest section around all nodes of the run. */
static size_t section_around(const struct folding *f, const struct run *run)
{
    const wg_cost_section *section = f->graph->section;
    size_t around = section_at(f, run->start);
    for (size_t i = 1; i < run->count * run->period; i++)
        for (size_t at = section_at(f, run->start + i); at != around;)
            if (f->depth[at] >= f->depth[around])
                at = section[at].parent;
            else
                around = section[around].parent;
    return around;
}

/* The section in `around` in which another lies; `around` itself for itself. */
static size_t below(const struct folding *f, size_t section, size_t around)
{
    while (section != around && f->graph->section[section].parent != around)
        section = f->graph->section[section].parent;
    return section;
}

/* "0 … 11" */
static wg_status name_copies(const struct folding *f, size_t first, size_t last)
{
    const char *a = f->graph->section[first].name, *b = f->graph->section[last].name;
    const size_t size = strlen(a) + strlen(b) + sizeof " … ";
    char *name = wg_arena_take(f->j->arena, size);
    if (!name)
        return WG_E_MEMORY;
    snprintf(name, size, "%s … %s", a, b);
    f->j->section[first].name = name;
    return WG_OK;
}

/* Counts the run's nodes in each section in `around`, or with a sign of -1 sets the counts back to 0. */
static void count_nodes(struct folding *f, const struct run *run, size_t around, int sign)
{
    for (size_t i = 0; i < run->count * run->period; i++)
        f->n_of_run[below(f, section_at(f, run->start + i), around)] += (size_t)sign;
}

/* A new section of the run's first copy for nodes of a section that has others, too: one that the program enters again elsewhere. */
static size_t copy_of(struct folding *f, size_t section, size_t parent)
{
    struct wg_joining *j = f->j;
    if (f->copy[section] == 0) {
        f->copy[section] = j->n_sections++;
        j->section[f->copy[section]] = f->graph->section[section];
        j->section[f->copy[section]].parent = parent;
    }
    return f->copy[section];
}

/* Puts the nodes of the first copy, with their sections, into a new section. */
static void add_section(struct folding *f, const struct run *run, size_t around)
{
    struct wg_joining *j = f->j;
    const size_t added = j->n_sections++;
    j->section[added] = (wg_cost_section){.name = "repeat", .kind = "repeat", .parent = around, .times = run->count};
    for (size_t i = 0; i < run->period; i++) {
        const size_t node = f->sequence[run->start + i], section = f->graph->node[node].section, inner = below(f, section, around);
        if (inner == around)
            j->place[node] = added;
        else if (f->n_of_run[inner] == f->n_inside[inner])
            j->section[inner].parent = added;
        else
            j->place[node] = copy_of(f, section, added);
    }
    for (size_t i = 0; i < run->period; i++)
        f->copy[section_at(f, run->start + i)] = 0;
}

/* The section of the run: the one that each copy has for itself, or a new one. */
static wg_status join_sections(struct folding *f, const struct run *run)
{
    struct wg_joining *j = f->j;
    const size_t around = section_around(f, run), first = below(f, section_at(f, run->start), around),
                 last = below(f, section_at(f, run->start + (run->count - 1) * run->period), around);
    bool own = first != around && first != last && f->n_inside[first] == run->period;
    for (size_t i = 0; i < run->period && own; i++)
        own = below(f, section_at(f, run->start + i), around) == first;
    if (own) {
        j->section[first].times *= run->count;
        return name_copies(f, first, last);
    }
    count_nodes(f, run, around, 1);
    add_section(f, run, around);
    count_nodes(f, run, around, -1);
    return WG_OK;
}

/* True if no forward node outside this copy reads the leaf. */
static bool is_of_copy(const struct folding *f, const struct run *run, size_t leaf, size_t copy)
{
    const size_t from = run->start + copy * run->period;
    return f->graph->value[leaf].node == WG_GRAPH_NONE && f->earliest[leaf] >= from && f->latest[leaf] < from + run->period;
}

/* Joins the leaf of a copy with that of the first. */
static void join_leaf(const struct folding *f, const struct run *run, size_t copy, size_t first, size_t leaf)
{
    const wg_graph_value *a = &f->graph->value[first], *b = &f->graph->value[leaf];
    if (is_of_copy(f, run, first, 0) && is_of_copy(f, run, leaf, copy) && a->origin == b->origin &&
        a->requires_gradient == b->requires_gradient)
        f->j->value[leaf] = f->j->value[first];
}

static void join_copy(const struct folding *f, const struct run *run, size_t copy)
{
    for (size_t i = 0; i < run->period; i++) {
        const size_t a = f->sequence[run->start + i], b = f->sequence[run->start + copy * run->period + i];
        const wg_graph_node *first = &f->graph->node[a], *node = &f->graph->node[b];
        f->j->node[b] = a;
        f->folded[a] = f->folded[b] = true;
        for (size_t k = 0; k < node->n_out; k++)
            f->j->value[node->out[k]] = first->out[k];
        for (size_t k = 0; k < node->n_in; k++)
            if (node->in[k] != WG_GRAPH_NONE && first->in[k] != WG_GRAPH_NONE)
                join_leaf(f, run, copy, first->in[k], node->in[k]);
    }
}

static wg_status join_run(struct folding *f, const struct run *run)
{
    WG_TRY(join_sections(f, run));
    for (size_t copy = 1; copy < run->count; copy++)
        join_copy(f, run, copy);
    return WG_OK;
}

/* ---- backward nodes, which follow their causes ---- */

/* Two tables: (cause, op) to how many backward nodes there were; (joined cause, op, which of them) to the first of the joined. */
struct backward_key {
    size_t cause, which;
    const char *op;
};

static uint64_t hash_key(const void *context, const void *key)
{
    const struct backward_key *k = key;
    (void)context;
    return wg_hash_mix(wg_hash_mix(wg_hash_text(0, k->op), k->cause), k->which);
}

static bool same_key(const void *context, const void *a, const void *b)
{
    const struct backward_key *x = a, *y = b;
    (void)context;
    return x->cause == y->cause && x->which == y->which && strcmp(x->op, y->op) == 0;
}

static const struct wg_hash_kind by_key = {hash_key, same_key};

/* The number that the table has for a key; a new key is added with `preset`. NULL: no memory. */
static size_t *number_at(struct folding *f, struct wg_hash *table, struct backward_key key, size_t preset)
{
    struct wg_hash_slot *slot = wg_hash_slot_by(table, &by_key, NULL, &key);
    if (slot && !slot->key) {
        struct backward_key *kept = wg_arena_take(f->j->arena, sizeof *kept);
        if (!kept)
            return NULL;
        *kept = key;
        wg_hash_put(table, slot, kept);
        slot->value.number = preset;
    }
    return slot ? &slot->value.number : NULL;
}

/* Constants that a vjp made for itself. */
static void join_constants(struct folding *f, const wg_graph_node *first, const wg_graph_node *node)
{
    for (size_t i = 0; i < node->n_in && i < first->n_in; i++) {
        const size_t a = first->in[i], b = node->in[i];
        if (a == WG_GRAPH_NONE || b == WG_GRAPH_NONE || a == b || f->n_readers[a] != 1 || f->n_readers[b] != 1)
            continue;
        if (f->graph->value[a].origin == WG_GRAPH_CONSTANT && f->graph->value[b].origin == WG_GRAPH_CONSTANT)
            f->j->value[b] = f->j->value[a];
    }
}

static wg_status join_backward(struct folding *f, struct wg_hash *counts, struct wg_hash *firsts)
{
    for (size_t i = 0; i < f->graph->n_nodes; i++) {
        const wg_graph_node *node = &f->graph->node[i];
        if (node->cause == WG_GRAPH_NONE || !f->folded[node->cause])
            continue;
        size_t *count = number_at(f, counts, (struct backward_key){node->cause, 0, node->op}, 0);
        size_t *first = !count ? NULL
                               : number_at(f, firsts, (struct backward_key){f->j->node[node->cause], (*count)++, node->op}, i);
        if (!first)
            return WG_E_MEMORY;
        f->folded[i] = true;
        f->j->place[i] = f->j->place[f->j->node[node->cause]];
        if (f->graph->node[*first].n_out != node->n_out)
            continue;
        f->j->node[i] = *first;
        join_constants(f, &f->graph->node[*first], node);
        for (size_t k = 0; k < node->n_out; k++)
            f->j->value[node->out[k]] = f->j->value[f->graph->node[*first].out[k]];
    }
    return WG_OK;
}

/* ---- the whole ---- */

static wg_status prepare(struct folding *f)
{
    struct wg_arena *arena = f->j->arena;
    const wg_graph *graph = f->graph;
    const size_t n_nodes = graph->n_nodes;
    f->sequence = wg_numbers(arena, n_nodes, 0);
    f->position = wg_numbers(arena, n_nodes, WG_GRAPH_NONE);
    f->again = wg_numbers(arena, n_nodes, WG_GRAPH_NONE);
    f->depth = wg_numbers(arena, graph->n_sections, 0);
    f->n_inside = wg_numbers(arena, graph->n_sections, 0);
    f->n_of_run = wg_numbers(arena, graph->n_sections, 0);
    f->copy = wg_numbers(arena, graph->n_sections, 0);
    f->earliest = wg_numbers(arena, graph->n_values, WG_GRAPH_NONE);
    f->latest = wg_numbers(arena, graph->n_values, 0);
    f->n_readers = wg_numbers(arena, graph->n_values, 0);
    f->hash = wg_arena_take(arena, n_nodes * sizeof *f->hash);
    f->sum = wg_arena_take(arena, (n_nodes + 1) * sizeof *f->sum);
    f->power = wg_arena_take(arena, (n_nodes + 1) * sizeof *f->power);
    f->kinds = wg_arena_take(arena, graph->n_sections * sizeof *f->kinds);
    f->folded = wg_arena_take(arena, n_nodes * sizeof *f->folded);
    if (!f->sequence || !f->position || !f->again || !f->depth || !f->n_inside || !f->n_of_run || !f->copy || !f->earliest ||
        !f->latest || !f->n_readers || !f->hash || !f->sum || !f->power || !f->kinds || !f->folded)
        return WG_E_MEMORY;
    memset(f->folded, 0, n_nodes * sizeof *f->folded);
    for (size_t i = 0; i < graph->n_sections; i++) {
        const size_t parent = graph->section[i].parent;
        f->depth[i] = i ? f->depth[parent] + 1 : 0;
        f->kinds[i] = i ? hash_section(f->kinds[parent], &graph->section[i]) : 0;
    }
    return WG_OK;
}

/* The sequence, its hashes and who reads what. */
static void read_sequence(struct folding *f)
{
    f->sum[0] = 0;
    f->power[0] = 1;
    for (size_t i = 0; i < f->graph->n_nodes; i++) {
        const wg_graph_node *node = &f->graph->node[i];
        for (size_t k = 0; k < node->n_in; k++)
            if (node->in[k] != WG_GRAPH_NONE)
                f->n_readers[node->in[k]]++;
        if (node->part == WG_COST_BACKWARD)
            continue;
        const size_t at = f->n++;
        f->sequence[at] = i;
        f->position[i] = at;
        f->n_inside[node->section]++;
        f->hash[at] = hash_node(f, node);
        f->sum[at + 1] = f->sum[at] * WG_GOLDEN_RATIO + f->hash[at];
        f->power[at + 1] = f->power[at] * WG_GOLDEN_RATIO;
        for (size_t k = 0; k < node->n_in; k++)
            if (node->in[k] != WG_GRAPH_NONE) {
                size_t *earliest = &f->earliest[node->in[k]];
                *earliest = at < *earliest ? at : *earliest;
                f->latest[node->in[k]] = at;
            }
    }
    for (size_t i = f->graph->n_sections; i-- > 1;)
        f->n_inside[f->graph->section[i].parent] += f->n_inside[i];
}

/* Links equal hashes, from the last to the first. */
static wg_status link_hashes(struct folding *f)
{
    struct wg_hash last = {0};
    for (size_t i = f->n; i-- > 0;) {
        struct wg_hash_slot *slot = wg_hash_slot_for(&last, (const void *)(uintptr_t)(f->hash[i] | 1));
        if (!slot) {
            wg_hash_free(&last);
            return WG_E_MEMORY;
        }
        if (slot->key)
            f->again[i] = slot->value.number;
        else
            wg_hash_put(&last, slot, (const void *)(uintptr_t)(f->hash[i] | 1));
        slot->value.number = i;
    }
    wg_hash_free(&last);
    return WG_OK;
}

wg_status wg_fold_repetitions(struct wg_joining *j, size_t *found)
{
    struct folding f = {.j = j, .graph = j->graph};
    struct wg_hash counts = {0}, firsts = {0};
    struct run run;
    WG_TRY(prepare(&f));
    read_sequence(&f);
    WG_TRY(link_hashes(&f));
    for (size_t longest = 1; *found == 0 && longest < f.n; longest *= 2) /* what repeats within copies folds before them */
        for (size_t i = 0; i < f.n;)
            if (find_run(&f, i, longest, &run)) {
                WG_TRY(join_run(&f, &run));
                i = run.start + run.count * run.period;
                (*found)++;
            } else {
                i++;
            }
    const wg_status status = *found > 0 ? join_backward(&f, &counts, &firsts) : WG_OK;
    wg_hash_free(&counts);
    wg_hash_free(&firsts);
    return status;
}
