/* Checks of memory, for each allocation, and of the work done, for each operation. */
#include "checks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- memory ---- */

static int64_t live_bytes(void)
{
    wg_memory_trim();
    return wg_memory_now().live;
}

static void check_one_failure(const struct check_case *c, struct run run, const struct result *plain, int64_t live)
{
    struct result failed, again;
    char what[80];
    snprintf(what, sizeof what, "allocation %lld %s", (long long)run.fail_at, run.persistent ? "and all later ones" : "once");
    run.fail = true;
    live_bytes(); /* gives the pool the same state each time, so the same allocations follow */
    run_op(c, &run, &failed);
    if (failed.status == WG_OK)
        check_fail(c->report, "memory", "%s: %s fails, the op does not", c->name, what);
    else if (failed.error.code != WG_E_MEMORY)
        check_fail(c->report, "memory", "%s: %s fails with %s: %s", c->name, what, wg_status_name(failed.error.code),
                   failed.error.message);
    if (failed.status != WG_OK && failed.input_changed)
        check_fail(c->report, "memory", "%s: %s fails, and an operand has changed", c->name, what);
    result_free(&failed);
    const int64_t after = live_bytes();
    if (after != live)
        check_fail(c->report, "memory", "%s: %s fails: %lld bytes live, not %lld", c->name, what, (long long)after,
                   (long long)live);
    run.fail = false;
    run_op(c, &run, &again);
    compare_results(c, "memory", what, &again, plain, (struct tolerance){0});
    result_free(&again);
}

/* Fails every allocation of forward and backward in turn: each time there is an error, nothing is changed or lost, and the retry
   has the same bits. */
void check_memory(const struct check_case *c, wg_dtype dtype)
{
    struct result plain;
    struct run run = {.dtype = dtype};
    run_op(c, &run, &plain);
    if (plain.status == WG_OK && has_derivative(c, &plain))
        run.way = PROJECTED;
    result_free(&plain);
    run.fail = true;
    run.fail_at = INT64_MAX; /* counts the allocations, on the path of a failing run */
    for (int i = 0; i < 2; i++) {
        if (i)
            result_free(&plain);
        live_bytes();
        run_op(c, &run, &plain);
    }
    const int64_t requests = plain.requests, live = live_bytes();
    if (plain.status != WG_OK)
        check_fail(c->report, "memory", "%s: %s", c->name, plain.error.message);
    for (int persistent = 0; persistent < 2 && plain.status == WG_OK; persistent++)
        for (int64_t k = 0; k < requests; k++) {
            run.fail_at = k;
            run.persistent = persistent;
            check_one_failure(c, run, &plain, live);
        }
    result_free(&plain);
}

/* ---- cost ---- */

static bool same_cost(const wg_cost *a, const wg_cost *b)
{
    return a->add == b->add && a->mul == b->mul && a->div == b->div && a->compare == b->compare &&
           a->transcendental == b->transcendental && a->bytes_read == b->bytes_read && a->bytes_written == b->bytes_written;
}

static const char *cost_text(const wg_cost *a, char *text, size_t size)
{
    snprintf(text, size, "+%g *%g /%g <%g f%g read %g written %g", a->add, a->mul, a->div, a->compare, a->transcendental,
             a->bytes_read, a->bytes_written);
    return text;
}

/* ---- kernels that only move elements, whose work cannot be counted: the bytes they touch are observed ---- */

static double whole_bytes(const wg_tensor *t)
{
    double n = 1;
    for (int axis = 0; axis < t->rank; axis++)
        n *= wg_strides(t)[axis] == 0 && wg_extents(t)[axis] > 0 ? 1 : (double)wg_extents(t)[axis];
    return n * (double)wg_dtype_size((wg_dtype)t->dtype);
}

static size_t dense_bytes(const wg_tensor *t)
{
    return (size_t)t->numel * wg_dtype_size((wg_dtype)t->dtype);
}

/* The results of one run, one after another, then the operands that it wrote. */
struct watched {
    const wg_call *c;
    char *before[WG_SAMPLE_MAX]; /* the values of written operands before the run */
    size_t bytes;
    char *first, *second;
};

/* Runs the kernel with results filled with one byte and written operands restored. */
static wg_status run_watched(const struct watched *w, int fill, char *snapshot)
{
    const wg_call *c = w->c;
    for (unsigned i = 0; i < c->n_in; i++)
        if (w->before[i])
            memcpy(c->in[i]->data, w->before[i], dense_bytes(c->in[i]));
    for (unsigned i = 0; i < c->n_out; i++)
        memset(c->out[i]->data, fill, dense_bytes(c->out[i]));
    const wg_status status = c->op->kernels[WG_PORTABLE].run[c->dtype == WG_F64](c);
    for (unsigned i = 0; i < c->n_out; snapshot += dense_bytes(c->out[i]), i++)
        memcpy(snapshot, c->out[i]->data, dense_bytes(c->out[i]));
    for (unsigned i = 0; i < c->n_in; i++)
        if (w->before[i]) {
            memcpy(snapshot, c->in[i]->data, dense_bytes(c->in[i]));
            snapshot += dense_bytes(c->in[i]);
        }
    return status;
}

/* Does changing the element change the results? An error after the change means that it was read too. */
static bool matters(const struct watched *w, char *element, size_t size)
{
    char value[8];
    memcpy(value, element, size);
    memset(element, 0x33, size);
    const wg_status status = run_watched(w, 0x55, w->second);
    memcpy(element, value, size);
    return status != WG_OK || memcmp(w->first, w->second, w->bytes) != 0;
}

/* Iterates over an operand's elements; those that stride 0 repeats count once. */
static int64_t next_element(const wg_tensor *t, int64_t *index, int64_t at)
{
    for (int axis = t->rank - 1; axis >= 0; axis--) {
        if (wg_strides(t)[axis] == 0)
            continue;
        at += wg_strides(t)[axis];
        if (++index[axis] < wg_extents(t)[axis])
            return at;
        at -= wg_strides(t)[axis] * index[axis];
        index[axis] = 0;
    }
    return INT64_MIN;
}

/* An element is read if changing it changes a result; plain operands and a generator count completely. */
static double bytes_read(const struct watched *w, unsigned plain)
{
    double bytes = 0;
    for (unsigned i = 0; i < w->c->n_in; i++) {
        const wg_tensor *t = w->c->in[i];
        int64_t index[WG_MAX_RANK] = {0};
        const size_t size = wg_dtype_size((wg_dtype)t->dtype);
        if (wg_absent(t) || (w->c->op->flags & WG_OP_RANDOM) || (plain >> i & 1)) {
            bytes += wg_absent(t) ? 0 : whole_bytes(t);
            continue;
        }
        char *data = w->before[i] ? w->before[i] : t->data;
        for (int64_t k = t->numel ? 0 : INT64_MIN; k != INT64_MIN; k = next_element(t, index, k))
            bytes += matters(w, data + k * (int64_t)size, size) ? (double)size : 0;
    }
    return bytes;
}

/* A byte is written if it differs from what it was filled with. */
static void watch(const wg_call *c, unsigned plain, wg_cost *cost)
{
    struct watched w = {.c = c};
    size_t at = 0;
    for (unsigned i = 0; i < c->n_in; i++)
        if (c->op->writes >> i & 1) {
            w.before[i] = (char *)numbers(c->in[i]->numel);
            memcpy(w.before[i], c->in[i]->data, dense_bytes(c->in[i]));
            w.bytes += dense_bytes(c->in[i]);
            cost->bytes_written += whole_bytes(c->in[i]);
        }
    for (unsigned i = 0; i < c->n_out; i++)
        w.bytes += dense_bytes(c->out[i]);
    w.first = (char *)numbers((int64_t)w.bytes);
    w.second = (char *)numbers((int64_t)w.bytes);
    if (run_watched(&w, 0xaa, w.second) != WG_OK || run_watched(&w, 0x55, w.first) != WG_OK)
        abort();
    for (unsigned i = 0; i < c->n_out; at += dense_bytes(c->out[i]), i++)
        for (size_t k = 0; k < dense_bytes(c->out[i]); k += wg_dtype_size((wg_dtype)c->out[i]->dtype))
            if (w.first[at + k] == w.second[at + k])
                cost->bytes_written += (double)wg_dtype_size((wg_dtype)c->out[i]->dtype);
    cost->bytes_read = bytes_read(&w, plain);
    (void)run_watched(&w, 0, w.second);
    free(w.first);
    free(w.second);
    for (unsigned i = 0; i < c->n_in; i++)
        free(w.before[i]);
}

/* Operands whose dtype the sample fixes (rates, step counts) have plain elements, not the number type under test. */
static unsigned plain_operands(const struct check_case *c)
{
    unsigned plain = 0;
    for (int i = 0; i < c->n && dtype_matters(c); i++)
        plain |= c->in[i].tested ? 0 : 1u << i;
    return plain;
}

static void compare_cost(const struct check_case *c, const wg_call *call, const char *what)
{
    wg_cost counted = {0}, stated = {0};
    char a[160], b[160];
    if (!c->op->cost && !(c->op->flags & WG_OP_VIEW)) {
        check_fail(c->report, "cost", "the op has no cost rule");
        return;
    }
    if (c->op->cost)
        stated = c->op->cost(call);
    if (!(c->op->flags & WG_OP_VIEW) && !check_count(c->op->name, call, plain_operands(c), &counted)) {
        if (c->op->flags & WG_OP_UNCOUNTED) {
            check_skip(c->report, "cost", "WG_OP_UNCOUNTED: its arithmetic is stated, not counted; its bytes are watched");
            counted = stated;
            counted.bytes_read = counted.bytes_written = 0;
        } else {
            check_skip(c->report, "cost",
                       "no kernel between #ifdef REAL and #else: it may state no arithmetic, and its bytes are watched");
        }
        watch(call, plain_operands(c), &counted);
    }
    c->report->comparisons += 7;
    if (!same_cost(&counted, &stated))
        check_fail(c->report, "cost", "%s, %s: stated %s, counted %s", c->name, what, cost_text(&stated, a, sizeof a),
                   cost_text(&counted, b, sizeof b));
}

void check_cost(const struct check_case *c, wg_dtype dtype, enum layout layout)
{
    wg_tensor *in[WG_SAMPLE_MAX], *out[MAX_RESULTS];
    char what[40];
    if (layout == REPEATED && (c->op->flags & WG_OP_UNCOUNTED))
        return; /* with equal values a change of a read element need not show */
    wg_error_take(NULL);
    wg_set_threads(1);
    operands_make(c, &(struct run){.dtype = dtype, .layout = layout, .where = ~0u}, false, in);
    {
        WG_TAPE(tape);
        snprintf(what, sizeof what, "%s %s", wg_dtype_name(dtype), layout_names[layout]);
        if (wg_invoke(c->op, c->params, in, (size_t)c->n, out, c->op->n_out) == WG_OK && tape)
            compare_cost(c, &tape->last->call, what);
        else if (layout == ROW_MAJOR)
            check_fail(c->report, "cost", "%s: %s", c->name, wg_error_first() ? wg_error_first()->message : "?");
    }
    wg_error_take(NULL);
    operands_free(c, in);
}
