/* Checks on memory, allocation by allocation, and on the work done, operation by operation. */
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
    live_bytes(); /* the pool's state is the same each time, and so is what is asked for */
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
        check_fail(c->report, "memory", "%s: %s fails: %lld bytes live, not %lld", c->name, what, (long long)after, (long long)live);
    run.fail = false;
    run_op(c, &run, &again);
    compare_results(c, "memory", what, &again, plain, (struct tolerance){0});
    result_free(&again);
}

/* Every allocation of forward and backward fails in turn: an error each time, nothing changed, nothing lost, and the retry is the
   same bit by bit. */
void check_memory(const struct check_case *c, wg_dtype dtype)
{
    struct result plain;
    struct run run = {.dtype = dtype};
    run_op(c, &run, &plain);
    if (plain.status == WG_OK && has_derivative(c, &plain))
        run.way = PROJECTED;
    result_free(&plain);
    run.fail = true;
    run.fail_at = INT64_MAX; /* counts them; the same path as a run that fails */
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
    snprintf(text, size, "+%g *%g /%g <%g f%g read %g written %g", a->add, a->mul, a->div, a->compare, a->transcendental, a->bytes_read,
             a->bytes_written);
    return text;
}

/* ---- kernels that only move numbers, whose work cannot be counted: their bytes are watched ---- */

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

/* Runs the kernel on results full of a byte and on written operands as they were; snapshot: the results' bytes, one after another. */
static void run_watched(const wg_call *c, char *const *before, int fill, char *snapshot)
{
    for (unsigned i = 0; i < c->n_in; i++)
        if (before[i])
            memcpy(c->in[i]->data, before[i], dense_bytes(c->in[i]));
    for (unsigned i = 0; i < c->n_out; i++)
        memset(c->out[i]->data, fill, dense_bytes(c->out[i]));
    if (c->op->kernel[c->dtype == WG_F64](c) != WG_OK)
        abort();
    for (unsigned i = 0; i < c->n_out; snapshot += dense_bytes(c->out[i]), i++)
        memcpy(snapshot, c->out[i]->data, dense_bytes(c->out[i]));
}

/* Does the element change the results if it changes? */
static bool matters(const wg_call *c, char *const *before, char *element, const char *first, char *second, size_t bytes)
{
    const size_t size = wg_dtype_size((wg_dtype)c->dtype);
    char value[8];
    memcpy(value, element, size);
    memset(element, 0x33, size);
    run_watched(c, before, 0x55, second);
    memcpy(element, value, size);
    return memcmp(first, second, bytes) != 0;
}

/* An operand's elements, those that stride 0 repeats once. */
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

/* Written: what no longer is what it was filled with. Read: what changes a result when it changes. What is of another dtype than the
   call's counts whole. */
static void watch(const wg_call *c, wg_cost *watched)
{
    const size_t size = wg_dtype_size((wg_dtype)c->dtype);
    char *before[WG_SAMPLE_MAX] = {NULL};
    size_t bytes = 0, at = 0;
    for (unsigned i = 0; i < c->n_in; i++)
        if (c->op->writes >> i & 1) {
            before[i] = (char *)numbers(c->in[i]->numel);
            memcpy(before[i], c->in[i]->data, dense_bytes(c->in[i]));
            watched->bytes_written += whole_bytes(c->in[i]);
        }
    for (unsigned i = 0; i < c->n_out; i++)
        bytes += dense_bytes(c->out[i]);
    char *first = (char *)numbers((int64_t)bytes), *second = (char *)numbers((int64_t)bytes);
    run_watched(c, before, 0xaa, second);
    run_watched(c, before, 0x55, first);
    for (unsigned i = 0; i < c->n_out; at += dense_bytes(c->out[i]), i++)
        for (size_t k = 0; k < dense_bytes(c->out[i]); k += wg_dtype_size((wg_dtype)c->out[i]->dtype))
            if (first[at + k] == second[at + k])
                watched->bytes_written += (double)wg_dtype_size((wg_dtype)c->out[i]->dtype);
    for (unsigned i = 0; i < c->n_in; i++) {
        const wg_tensor *t = c->in[i];
        int64_t index[WG_MAX_RANK] = {0};
        if (wg_absent(t) || t->dtype != c->dtype) {
            watched->bytes_read += wg_absent(t) ? 0 : whole_bytes(t);
            continue;
        }
        for (int64_t k = t->numel ? 0 : INT64_MIN; k != INT64_MIN; k = next_element(t, index, k))
            if (matters(c, before, t->data + k * (int64_t)size, first, second, bytes))
                watched->bytes_read += (double)size;
    }
    run_watched(c, before, 0, second);
    free(first);
    free(second);
    for (unsigned i = 0; i < c->n_in; i++)
        free(before[i]);
}

static void compare_cost(const struct check_case *c, const wg_call *call, const char *what)
{
    wg_cost counted = {0}, stated = {0};
    char a[160], b[160];
    if (!c->op->cost && !(c->op->flags & WG_VIEW)) {
        check_fail(c->report, "cost", "the op has no cost rule");
        return;
    }
    if (c->op->cost)
        stated = c->op->cost(call);
    if (!(c->op->flags & WG_VIEW) && !check_count(c->op->name, call, &counted)) {
        check_skip(c->report, "cost", "no kernel between #ifdef REAL and #else: it may state no arithmetic, and its bytes are watched");
        watch(call, &counted);
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
