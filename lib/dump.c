/* A tape as a picture. Two passes over the list: the first finds the leaves, the sections in use, what each node's backward cost and
   who made each operand; the second writes. Everything is numbered by its place on the tape, so that the same computation gives the
   same text.

   Forward runs down the page. Edges among backward nodes are written the other way round (dir=back), so that a gradient flows up the
   page, beside the forward nodes that caused it. Text goes into HTML-like labels. */
#include <math.h>
#include <string.h>

#include "internal.h"
#include "wengert/dump.h"

/* ---- what is known of the tape ---- */

enum { NOWHERE = -1 };

/* Pointers and the numbers given to them; open addressing, made once for as many as there can be. */
struct numbers {
    const void **key;
    ptrdiff_t *number;
    size_t mask;
};

struct place { /* a section in use, a cluster of the picture */
    const wg_section *section;
    ptrdiff_t parent, next; /* next: the following child of the same parent */
    ptrdiff_t first_child, last_child;
    ptrdiff_t first_item, last_item;
};

/* A node of the tape or a leaf: what is drawn. */
struct item {
    const struct wg_node *node; /* NULL: a leaf */
    const wg_tensor *leaf;
    ptrdiff_t place, next; /* next: the following item of the same place */
    wg_cost backward;      /* a node's: what the nodes that it caused cost together */
    bool hidden, caused_any;
    bool late; /* a leaf that only backward reads, as the 1 that a walk begins with */
};

struct picture {
    FILE *stream;
    const wg_tape *tape;
    wg_dot_options options;
    struct item *items; /* the tape's nodes in their order, then leaves */
    struct place *places;
    size_t n_nodes, n_backward, n_items, n_places;
    struct numbers leaves;   /* tensors that no node of this tape made */
    struct numbers makers;   /* the storages of results, and the last node that filled each */
    struct numbers sections;
    wg_cost forward, backward;
};

static wg_status numbers_new(struct numbers *map, size_t room)
{
    size_t capacity = 16;
    while (capacity < 2 * room)
        capacity *= 2;
    map->key = wg_object_new(capacity * sizeof *map->key);
    map->number = wg_object_new(capacity * sizeof *map->number);
    map->mask = capacity - 1;
    return map->key && map->number ? WG_OK : WG_E_MEMORY;
}

/* The number of key, which is NOWHERE at first. */
static ptrdiff_t *number_of(struct numbers *map, const void *key)
{
    size_t i = ((uintptr_t)key >> 4) * 0x9E3779B97F4A7C15u >> 20 & map->mask;
    while (map->key[i] && map->key[i] != key)
        i = (i + 1) & map->mask;
    if (!map->key[i]) {
        map->key[i] = key;
        map->number[i] = NOWHERE;
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

static wg_cost cost_of(const struct wg_node *node)
{
    return node->call.op->cost ? node->call.op->cost(&node->call) : (wg_cost){0};
}

/* The node's place in the order of the tape, or NOWHERE if it is on another. */
static ptrdiff_t find_node(const struct picture *p, const struct wg_node *node)
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
    return NOWHERE;
}

/* ---- sections ---- */

/* A section's number, its parents' made before it; innermost first they are threaded through `next` until they have one. */
static ptrdiff_t place_of(struct picture *p, const wg_section *section)
{
    ptrdiff_t waiting = NOWHERE;
    const wg_section *at = section;
    ptrdiff_t parent = 0; /* the page itself */
    for (; at; at = at->parent) {
        ptrdiff_t *number = number_of(&p->sections, at);
        if (*number != NOWHERE) {
            parent = *number;
            break;
        }
        *number = (ptrdiff_t)p->n_places++;
        p->places[*number] = (struct place){at, NOWHERE, waiting, NOWHERE, NOWHERE, NOWHERE, NOWHERE};
        waiting = *number;
    }
    while (waiting != NOWHERE) {
        struct place *place = &p->places[waiting], *above = &p->places[parent];
        const ptrdiff_t inner = place->next;
        place->parent = parent;
        place->next = NOWHERE;
        *(above->last_child == NOWHERE ? &above->first_child : &p->places[above->last_child].next) = waiting;
        above->last_child = waiting;
        parent = waiting;
        waiting = inner;
    }
    return parent;
}

static size_t depth_of(const struct picture *p, ptrdiff_t place)
{
    size_t depth = 0;
    for (; place > 0; place = p->places[place].parent)
        depth++;
    return depth;
}

/* The innermost place that holds both. */
static ptrdiff_t common_place(const struct picture *p, ptrdiff_t a, ptrdiff_t b)
{
    size_t a_depth = depth_of(p, a), b_depth = depth_of(p, b);
    while (a != b)
        if (a_depth >= b_depth) {
            a = p->places[a].parent;
            a_depth--;
        } else {
            b = p->places[b].parent;
            b_depth--;
        }
    return a;
}

/* ---- the first pass ---- */

/* The item that an operand comes from: the node that made it, or a leaf; NOWHERE for a leaf not met before. A leaf may hold what a node
   computed, as a gradient does that an optimizer reads. */
static ptrdiff_t source_of(struct picture *p, const wg_tensor *t)
{
    if (!(t->flags & WG_T_PROXY)) {
        const ptrdiff_t at = find_node(p, t->from.node);
        if (at != NOWHERE && !p->items[at].hidden)
            return at;
    } else if (t->storage) {
        const ptrdiff_t at = *number_of(&p->makers, t->storage);
        if (at != NOWHERE && !p->items[at].hidden)
            return at;
    }
    return *number_of(&p->leaves, t);
}

static bool is_node(const struct picture *p, ptrdiff_t item)
{
    return item != NOWHERE && item < (ptrdiff_t)p->n_nodes;
}

static void note_results(struct picture *p, ptrdiff_t at)
{
    const wg_call *c = &p->items[at].node->call;
    for (unsigned i = 0; i < c->n_out; i++) {
        if (!c->out[i]->storage)
            continue;
        ptrdiff_t *maker = number_of(&p->makers, c->out[i]->storage);
        if (!(c->op->flags & WG_VIEW) || *maker != NOWHERE) /* a view of a leaf makes nothing */
            *maker = at;
    }
}

static void note_leaf(struct picture *p, const wg_tensor *t, const struct item *reader)
{
    ptrdiff_t *number = number_of(&p->leaves, t);
    const bool backward = reader->node->cause != NULL;
    if (*number == NOWHERE) {
        *number = (ptrdiff_t)p->n_items++;
        p->items[*number] = (struct item){.leaf = t, .place = reader->place, .next = NOWHERE, .late = backward};
    } else if (!backward && !reader->node->call.op->writes) {
        struct item *leaf = &p->items[*number];
        leaf->place = leaf->late ? reader->place : common_place(p, leaf->place, reader->place);
        leaf->late = false;
    }
}

/* A leaf belongs to the section of the forward nodes that read it; backward nodes and updates do not move it. */
static void survey_node(struct picture *p, ptrdiff_t at)
{
    struct item *item = &p->items[at];
    const struct wg_node *node = item->node, *forward = node;
    const wg_call *c = &node->call;
    const wg_cost cost = cost_of(node);
    while (forward->cause)
        forward = forward->cause;
    const ptrdiff_t cause = find_node(p, node->cause);
    if (cause != NOWHERE) {
        p->items[cause].caused_any = true;
        add_cost(&p->items[cause].backward, cost);
    }
    add_cost(node->cause ? &p->backward : &p->forward, cost);
    p->n_backward += node->cause != NULL;
    item->hidden = node->cause && !p->options.backward;
    if (!item->hidden) {
        item->place = place_of(p, forward->section);
        for (unsigned i = 0; i < c->n_in; i++)
            if (!wg_absent(c->in[i]) && !is_node(p, source_of(p, c->in[i])))
                note_leaf(p, c->in[i], item);
    }
    note_results(p, at);
}

static wg_status survey(struct picture *p)
{
    size_t n_nodes = p->tape->n_nodes, n_in = 0, n_out = 0, n_sections = 1;
    for (const struct wg_node *node = p->tape->first; node; node = node->next) {
        n_in += node->call.n_in;
        n_out += node->call.n_out;
    }
    for (const wg_section *section = p->tape->thread->sections; section; section = section->next)
        n_sections++;
    p->items = wg_object_new((n_nodes + n_in + 1) * sizeof *p->items);
    p->places = wg_object_new(n_sections * sizeof *p->places);
    if (!p->items || !p->places)
        return WG_E_MEMORY;
    WG_TRY(numbers_new(&p->leaves, n_in));
    WG_TRY(numbers_new(&p->makers, 2 * n_in + n_out));
    WG_TRY(numbers_new(&p->sections, n_sections));
    p->places[p->n_places++] = (struct place){NULL, NOWHERE, NOWHERE, NOWHERE, NOWHERE, NOWHERE, NOWHERE};
    for (const struct wg_node *node = p->tape->first; node; node = node->next)
        p->items[p->n_nodes++] = (struct item){.node = node, .next = NOWHERE};
    p->n_items = p->n_nodes;
    for (size_t i = 0; i < p->n_nodes; i++)
        survey_node(p, (ptrdiff_t)i);
    for (size_t i = 0; i < p->n_items; i++) {
        if (p->items[i].hidden)
            continue;
        struct place *place = &p->places[p->items[i].place];
        *(place->last_item == NOWHERE ? &place->first_item : &p->items[place->last_item].next) = (ptrdiff_t)i;
        place->last_item = (ptrdiff_t)i;
    }
    return WG_OK;
}

/* ---- text ---- */

/* Names are the user's bytes: what HTML-like labels give a meaning to is escaped, and what is not printable UTF-8 becomes '?'. */
static void write_text(FILE *stream, const char *text)
{
    for (const unsigned char *at = (const unsigned char *)text; *at; at++) {
        int more = *at >= 0xf0 && *at < 0xf5 ? 3 : *at >= 0xe0 && *at < 0xf0 ? 2 : *at >= 0xc2 && *at < 0xe0 ? 1 : 0;
        bool whole = more > 0;
        for (int i = 1; i <= more && whole; i++)
            whole = (at[i] & 0xc0) == 0x80;
        if (whole) {
            fwrite(at, 1, (size_t)more + 1, stream);
            at += more;
        } else if (*at == '&' || *at == '<' || *at == '>' || *at == '"') {
            fprintf(stream, "&#%d;", *at);
        } else {
            fputc(*at >= 0x20 && *at < 0x7f ? *at : '?', stream);
        }
    }
}

static const char *scaled(double n, const char *unit, char *text, size_t size)
{
    static const char *const prefix[] = {"", "k", "M", "G", "T", "P"};
    int i = 0;
    for (; n >= 999.5 && i < 5; i++)
        n /= 1000;
    snprintf(text, size, i ? "%.3g %s%s" : "%.0f %s%s", n, prefix[i], unit);
    return text;
}

static void write_cost(FILE *stream, const char *what, wg_cost cost)
{
    const double n[] = {WG_COST_FLOPS(cost), cost.transcendental, cost.compare, cost.bytes_read + cost.bytes_written};
    static const char *const unit[] = {"FLOP", "fn", "cmp", "B"};
    const char *before = what;
    char text[48];
    for (int i = 0; i < 4; i++)
        if (n[i] > 0) {
            fprintf(stream, "%s%s", before, scaled(n[i], unit[i], text, sizeof text));
            before = " · ";
        }
    if (before == what)
        fprintf(stream, "%s0 FLOP", what);
}

static double element(const wg_tensor *t, int64_t at)
{
    switch ((wg_dtype)t->dtype) {
    case WG_F32:
        return (double)((const float *)(const void *)t->data)[at];
    case WG_F64:
        return ((const double *)(const void *)t->data)[at];
    case WG_I64:
        return (double)((const int64_t *)(const void *)t->data)[at];
    case WG_U8:
    default:
        return (double)((const uint8_t *)(const void *)t->data)[at];
    }
}

struct range {
    double low, high;
    int64_t nans;
};

/* Over all elements, axis by axis like an odometer. */
static struct range range_of(const wg_tensor *t)
{
    struct range range = {INFINITY, -INFINITY, 0};
    int64_t index[WG_MAX_RANK] = {0}, at = 0;
    for (int64_t i = 0; i < t->numel; i++) {
        const double x = element(t, at);
        range.nans += isnan(x);
        range.low = x < range.low ? x : range.low;
        range.high = x > range.high ? x : range.high;
        for (int axis = t->rank - 1; axis >= 0; axis--) {
            at += wg_strides(t)[axis];
            if (++index[axis] < wg_extents(t)[axis])
                break;
            at -= index[axis] * wg_strides(t)[axis];
            index[axis] = 0;
        }
    }
    return range;
}

static void write_range(const struct picture *p, const wg_tensor *t)
{
    if (!p->options.values || !t->storage || t->numel == 0 || (t->state != WG_LIVE && t->state != WG_DROPPED))
        return;
    const struct range range = range_of(t);
    if (range.low == range.high)
        fprintf(p->stream, "<BR/>= %.4g", range.low);
    else if (range.low < range.high)
        fprintf(p->stream, "<BR/>%.3g … %.3g", range.low, range.high);
    if (range.nans)
        fprintf(p->stream, "<BR/><FONT COLOR=\"#c0392b\"><B>%lld NaN</B></FONT>", (long long)range.nans);
}

static void write_tensor(const struct picture *p, const wg_tensor *t)
{
    char shape[200];
    fprintf(p->stream, "<BR/>%s", wg_dtype_name((wg_dtype)t->dtype));
    if (t->rank > 0)
        fprintf(p->stream, " %s", wg_shape_text(wg_shape_of(t), shape, sizeof shape));
    write_range(p, t);
}

/* ---- the second pass ---- */

static void indent(const struct picture *p, size_t depth)
{
    fprintf(p->stream, "%*s", (int)(2 * (depth + 1)), "");
}

static void write_node(const struct picture *p, size_t at, size_t depth)
{
    const struct item *item = &p->items[at];
    const wg_call *c = &item->node->call;
    const char *color = item->node->cause ? "color=\"#c58b4a\", fillcolor=\"#fdf3e7\""
                        : c->op->writes   ? "color=\"#8a6fb5\", fillcolor=\"#f3eefa\""
                                          : "color=\"#5b7db1\", fillcolor=\"#eef3fb\"";
    indent(p, depth);
    fprintf(p->stream, "n%zu [%s, label=<<B>", at, color);
    write_text(p->stream, c->op->name);
    fputs("</B>", p->stream);
    for (unsigned i = 0; i < c->n_out; i++) {
        if (wg_name_of(c->out[i])[0]) {
            fputs("<BR/><I>", p->stream);
            write_text(p->stream, wg_name_of(c->out[i]));
            fputs("</I>", p->stream);
        }
        write_tensor(p, c->out[i]);
    }
    fputs("<BR/><FONT POINT-SIZE=\"8\" COLOR=\"#666666\">", p->stream);
    write_cost(p->stream, item->node->cause ? "" : "forward ", cost_of(item->node));
    if (item->caused_any && p->tape->trace) {
        fputs("<BR/>", p->stream);
        write_cost(p->stream, "backward ", item->backward);
    }
    fputs("</FONT>>];\n", p->stream);
}

/* Leaves that want a gradient, other tensors of the caller's, constants, and what another tape or a hidden node made. */
static void write_leaf(const struct picture *p, size_t at, size_t depth)
{
    const wg_tensor *t = p->items[at].leaf;
    const char *name = wg_name_of(t);
    indent(p, depth);
    fprintf(p->stream, "l%zu [shape=ellipse, %s, label=<", at - p->n_nodes,
            t->flags & WG_T_REQUIRES ? "color=\"#3f8f5f\", fillcolor=\"#e4f3e9\"" : "color=\"#999999\", fillcolor=\"#f6f6f6\"");
    fputs(name[0] ? "<B>" : "<I>", p->stream);
    if (name[0])
        write_text(p->stream, name);
    else if ((t->flags & WG_T_PROXY) || !t->from.node)
        fputs(t->flags & WG_T_REQUIRES ? "parameter" : "constant", p->stream);
    else
        write_text(p->stream, t->from.node->call.op->name);
    fputs(name[0] ? "</B>" : "</I>", p->stream);
    write_tensor(p, t);
    fputs(">];\n", p->stream);
}

static void write_items(const struct picture *p, ptrdiff_t place, size_t depth)
{
    for (ptrdiff_t i = p->places[place].first_item; i != NOWHERE; i = p->items[i].next)
        if (p->items[i].node)
            write_node(p, (size_t)i, depth);
        else
            write_leaf(p, (size_t)i, depth);
}

/* The sections, each inside its parent: down to children first, then along, then up. */
static void write_places(const struct picture *p)
{
    ptrdiff_t at = 0;
    size_t depth = 0;
    write_items(p, at, depth);
    for (;;) {
        ptrdiff_t to = p->places[at].first_child;
        depth += to != NOWHERE;
        while (to == NOWHERE && at > 0) {
            indent(p, depth - 1);
            fputs("}\n", p->stream);
            to = p->places[at].next;
            at = p->places[at].parent;
            depth -= to == NOWHERE;
        }
        if (to == NOWHERE)
            return;
        at = to;
        indent(p, depth - 1);
        fprintf(p->stream, "subgraph cluster_%td {\n", at);
        indent(p, depth);
        fputs("label=<<B>", p->stream);
        write_text(p->stream, p->places[at].section->name);
        fputs("</B>>;\n", p->stream);
        write_items(p, at, depth);
    }
}

static const char *item_name(const struct picture *p, ptrdiff_t at, char text[32])
{
    const bool node = is_node(p, at);
    snprintf(text, 32, "%c%zu", node ? 'n' : 'l', node ? (size_t)at : (size_t)at - p->n_nodes);
    return text;
}

static void write_edge(struct picture *p, size_t to, const wg_tensor *t, bool written)
{
    const ptrdiff_t from = source_of(p, t);
    const struct item *source = &p->items[from];
    const bool backward = p->items[to].node->cause != NULL, up = backward && (source->node ? source->node->cause != NULL : source->late);
    char name[32];
    item_name(p, from, name);
    if (up)
        fprintf(p->stream, "  n%zu -> %s [dir=back, color=\"#c58b4a\"", to, name);
    else
        fprintf(p->stream, "  %s -> n%zu [%s", name, to,
                written    ? "dir=both, color=\"#8a6fb5\""
                : backward ? "constraint=false, color=\"#dccbb3\""
                           : "color=\"#555555\"");
    if (source->node && source->node->call.n_out > 1)
        fprintf(p->stream, ", %s=\"%u\"", up ? "headlabel" : "taillabel", t->slot);
    fputs("];\n", p->stream);
}

/* The gradient that a leaf holds, where a node of this tape made it. */
static void write_gradient_edge(struct picture *p, size_t at)
{
    const wg_tensor *t = p->items[at].leaf, *gradient = t->flags & WG_T_REQUIRES ? wg_gradient(t) : NULL;
    if (!gradient || !gradient->storage)
        return;
    const ptrdiff_t maker = *number_of(&p->makers, gradient->storage);
    char name[32];
    if (maker != NOWHERE && !p->items[maker].hidden)
        fprintf(p->stream, "  n%td -> %s [constraint=false, arrowhead=vee, label=\"gradient\", color=\"#3f8f5f\", fontcolor=\"#3f8f5f\"];\n",
                maker, item_name(p, (ptrdiff_t)at, name));
}

static void write_edges(struct picture *p)
{
    for (size_t i = 0; i < p->n_nodes; i++) {
        const struct item *item = &p->items[i];
        if (item->hidden)
            continue;
        const wg_call *c = &item->node->call;
        for (unsigned k = 0; k < c->n_in; k++)
            if (!wg_absent(c->in[k]))
                write_edge(p, i, c->in[k], c->op->writes >> k & 1);
        const ptrdiff_t cause = find_node(p, item->node->cause);
        if (cause != NOWHERE && !p->items[cause].hidden)
            fprintf(p->stream, "  n%td -> n%zu [style=dashed, arrowhead=open, minlen=0, color=\"#b9b9b9\"];\n", cause, i);
    }
    for (size_t i = p->n_nodes; i < p->n_items; i++)
        write_gradient_edge(p, i);
}

static void write_picture(struct picture *p)
{
    FILE *stream = p->stream;
    fputs("digraph tape {\n"
          "  graph [rankdir=TB, nodesep=0.3, ranksep=0.4, fontname=\"Helvetica\", fontsize=11, labelloc=t, color=\"#cccccc\",\n"
          "         style=rounded, fontcolor=\"#444444\"];\n"
          "  node [shape=box, style=\"rounded,filled\", fontname=\"Helvetica\", fontsize=10, margin=\"0.12,0.08\", height=0.3];\n"
          "  edge [fontname=\"Helvetica\", fontsize=8, arrowsize=0.6];\n  label=<", stream);
    if (p->options.title && p->options.title[0]) {
        fputs("<FONT POINT-SIZE=\"15\"><B>", stream);
        write_text(stream, p->options.title);
        fputs("</B></FONT><BR/>", stream);
    }
    fprintf(stream, "%zu nodes · ", p->n_nodes);
    write_cost(stream, "forward ", p->forward);
    if (p->tape->trace) {
        fputs(" · ", stream);
        write_cost(stream, "backward ", p->backward);
    }
    fputs("<BR/><FONT POINT-SIZE=\"8\"><FONT COLOR=\"#5b7db1\"><B>forward</B></FONT>", stream);
    if (p->n_backward && p->options.backward)
        fputs(" · <FONT COLOR=\"#c58b4a\"><B>backward</B></FONT>, dashed from the node that caused it", stream);
    fputs(" · <FONT COLOR=\"#8a6fb5\"><B>update</B></FONT> · <FONT COLOR=\"#3f8f5f\"><B>wants a gradient</B></FONT> · constant<BR/>"
          "FLOP: additions, multiplications, divisions · fn: exp, log, tanh, √ … · cmp: comparisons · B: bytes read and written"
          "</FONT><BR/> >;\n", stream);
    write_places(p);
    write_edges(p);
    fputs("}\n", stream);
}

/* Only an open tape can be read; whether a pointer is one is asked of the thread, not of what it points to. */
static wg_status check_tape(const wg_tape *tape)
{
    const struct wg_thread *th = wg_self();
    if (!th)
        return WG_E_MEMORY;
    const wg_tape *open = th->top;
    while (open && open != tape)
        open = open->below;
    return open ? WG_OK : wg_fail(WG_E_DANGLING, "write_dot", "write_dot: the tape is closed, or it is another thread's");
}

wg_status wg_write_dot_with(const wg_tape *tape, FILE *stream, wg_dot_options options)
{
    if (!tape || !stream)
        return wg_fail(WG_E_NULL, "write_dot", "write_dot: the %s is NULL", tape ? "stream" : "tape");
    WG_TRY(check_tape(tape));
    struct picture p = {.stream = stream, .tape = tape, .options = options};
    wg_status status = survey(&p);
    if (status == WG_OK) {
        write_picture(&p);
        if (fflush(stream) != 0 || ferror(stream))
            status = wg_fail(WG_E_IO, "write_dot", "write_dot: the stream could not be written");
    }
    void *const made[] = {p.items, p.places, p.leaves.key, p.leaves.number, p.makers.key, p.makers.number, p.sections.key, p.sections.number};
    for (size_t i = 0; i < sizeof made / sizeof *made; i++)
        wg_object_free(made[i]);
    return status;
}
