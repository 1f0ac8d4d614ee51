/* Anomaly mode: checks the results of each op before anything else reads them, so that the first NaN (or infinity) is reported at
   the op that made it, in forward or inside a derivative. */
#include <math.h>
#include <string.h>

#include "core/internal.h"
#include "wengert/check.h"

/* ---- what a tensor holds ---- */

static bool is_bad(double value, wg_anomaly mode)
{
    return isnan(value) || (mode == WG_ANOMALY_NAN_OR_INF && isinf(value));
}

static double element(const wg_tensor *t, int64_t at)
{
    return t->dtype == WG_F32 ? (double)((const float *)(const void *)t->data)[at] : ((const double *)(const void *)t->data)[at];
}

static bool readable(const wg_tensor *t)
{
    return !wg_absent(t) && t->dtype <= WG_F64 && t->storage;
}

/* True if the dense tensor t has a bad element. Reads the memory in order, since the order of the elements does not matter. */
static bool holds(const wg_tensor *t, wg_anomaly mode)
{
    bool found = false;
    for (int64_t i = 0; i < t->numel && !found; i++)
        found = is_bad(element(t, i), mode);
    return found;
}

struct contents {
    double low, high; /* of the finite elements */
    int64_t finite, nan, inf;
    int64_t index[WG_MAX_RANK]; /* of the first bad element in row-major order */
    double bad;                 /* the value of that element */
    bool any_bad;
};

static struct contents look_through(const wg_tensor *t, wg_anomaly mode)
{
    struct contents c = {.low = INFINITY, .high = -INFINITY};
    int64_t index[WG_MAX_RANK] = {0}, at = 0;
    for (int64_t i = 0; i < t->numel; i++) {
        const double value = element(t, at);
        if (!c.any_bad && is_bad(value, mode)) {
            memcpy(c.index, index, sizeof index);
            c.bad = value;
            c.any_bad = true;
        }
        c.nan += isnan(value) != 0;
        c.inf += isinf(value) != 0;
        if (isfinite(value)) {
            c.finite++;
            c.low = fmin(c.low, value);
            c.high = fmax(c.high, value);
        }
        for (int axis = t->rank - 1; axis >= 0; axis--) {
            at += wg_strides(t)[axis];
            if (++index[axis] < wg_extents(t)[axis])
                break;
            at -= wg_extents(t)[axis] * wg_strides(t)[axis];
            index[axis] = 0;
        }
    }
    return c;
}

/* ---- where a bad operand came from ---- */

/* The first operand with a NaN or, if none has one, the first with an infinity. NULL if all are good. */
static const wg_tensor *bad_operand(const wg_call *c)
{
    for (int mode = WG_ANOMALY_NAN; mode <= WG_ANOMALY_NAN_OR_INF; mode++)
        for (unsigned i = 0; i < c->n_in; i++)
            if (readable(c->in[i]) && look_through(c->in[i], (wg_anomaly)mode).any_bad)
                return c->in[i];
    return NULL;
}

/* Follows bad operands back from t to the node that made bad values of good ones. NULL if they came from outside the tape. */
static const struct wg_node *source_of(const wg_tensor *t)
{
    const struct wg_node *node = NULL;
    while (t && t->tape && !(t->flags & WG_T_PROXY)) {
        if (!t->from.node)
            return NULL;
        node = t->from.node;
        t = bad_operand(&node->call);
    }
    return t ? NULL : node;
}

/* ---- the message, cut at the size of the error record ---- */

static void say_node(struct wg_text *text, const struct wg_node *node)
{
    char section[96];
    wg_section_path(node->section, section, sizeof section);
    wg_say(text, "%s%s%s%s", node->call.op->name, section[0] ? " (in " : "", section, section[0] ? ")" : "");
}

static void say_source(struct wg_text *text, const wg_tensor *t)
{
    const struct wg_node *source = source_of(t);
    if (source) {
        wg_say(text, ", from ");
        say_node(text, source);
    } else if (!(t->flags & WG_T_SCRATCH)) {
        wg_say(text, ", from outside");
    }
}

/* "0 (weight) f32 [2, 3] in 0..2.5 and 1 nan, from log (in encoder)"; was: the elements before the op, or NULL. */
static void say_operand(struct wg_text *text, unsigned i, const wg_tensor *t, char *was, bool source)
{
    char shape[200];
    const char *name = t->state == WG_LIVE ? wg_name_of(t) : "";
    wg_say(text, " %u%s%s%s %s %s", i, name[0] ? " (" : "", name, name[0] ? ")" : "", wg_dtype_name((wg_dtype)t->dtype),
           wg_shape_text(wg_shape_of(t), shape, sizeof shape));
    if (!readable(t))
        return;
    wg_tensor then = *t;
    then.data = was ? was : t->data;
    const struct contents c = look_through(&then, WG_ANOMALY_NAN_OR_INF);
    if (c.finite)
        wg_say(text, " in %g..%g", c.low, c.high);
    if (c.nan)
        wg_say(text, "%s %lld nan", c.finite ? " and" : " all", (long long)c.nan);
    if (c.inf)
        wg_say(text, "%s %lld inf", c.finite || c.nan ? " and" : " all", (long long)c.inf);
    if (source && c.any_bad)
        say_source(text, t);
}

/* before[i]: the elements of operand i before the op changed them, or NULL; before itself may be NULL. */
static void say_operands(struct wg_text *text, const wg_call *c, char *const *before, bool source)
{
    bool first = true;
    for (unsigned i = 0; i < c->n_in && text->used < text->size; i++) {
        if (wg_absent(c->in[i]))
            continue;
        wg_say(text, "%s", first ? "" : ";");
        say_operand(text, i, c->in[i], before ? before[i] : NULL, source);
        first = false;
    }
}

static void say_place(struct wg_text *text, const wg_tensor *t, const struct contents *c)
{
    char place[200];
    wg_shape index = {.rank = t->rank};
    memcpy(index.extent, c->index, sizeof index.extent);
    wg_say(text, "%s at %s", isnan(c->bad) ? "nan" : c->bad > 0 ? "inf" : "-inf", wg_shape_text(index, place, sizeof place));
}

static wg_status report(const struct wg_thread *th, const wg_call *c, const wg_tensor *t, unsigned i, char *const *before)
{
    const struct contents found = look_through(t, th->anomaly);
    char message[sizeof(((wg_error *)NULL)->message)];
    struct wg_text text = {message, sizeof message, 0};
    wg_say(&text, "%s: ", c->op->name);
    say_place(&text, t, &found);
    if (before)
        wg_say(&text, " of operand %u, which it changes", i);
    else if (c->n_out > 1)
        wg_say(&text, " of result %u", i);
    int depth = 0;
    for (const struct wg_node *cause = th->mode.cause; cause && depth < 3; cause = cause->cause, depth++) {
        wg_say(&text, ", in the derivative of ");
        say_node(&text, cause);
    }
    if (c->n_in > 0) {
        wg_say(&text, "; operands:");
        say_operands(&text, c, before, true);
    }
    if (th->mode.cause) {
        wg_say(&text, "; %s's:", th->mode.cause->call.op->name);
        say_operands(&text, &th->mode.cause->call, NULL, false);
    }
    return wg_fail(WG_E_NUMERIC, c->op->name, "%s", message);
}

/* ---- running ---- */

static wg_status look_at_results(const struct wg_thread *th, const wg_call *c)
{
    for (unsigned i = 0; i < c->n_out; i++)
        if (c->out[i]->dtype <= WG_F64 && holds(c->out[i], th->anomaly))
            return report(th, c, c->out[i], i, NULL);
    return WG_OK;
}

static size_t bytes_of(const wg_tensor *t)
{
    return (size_t)t->numel * wg_dtype_size((wg_dtype)t->dtype);
}

static wg_status run_on_copies(const struct wg_thread *th, struct wg_node *node, char **before)
{
    const wg_call *c = &node->call;
    for (unsigned i = 0; i < c->n_in; i++) {
        if (!wg_bit(c->op->writes, i) || wg_absent(c->in[i]))
            continue;
        before[i] = wg_object_new(bytes_of(c->in[i]));
        if (!before[i])
            return WG_E_MEMORY;
        memcpy(before[i], c->in[i]->data, bytes_of(c->in[i]));
    }
    WG_TRY(wg_node_run(th, node));
    WG_TRY(look_at_results(th, c));
    for (unsigned i = 0; i < c->n_in; i++)
        if (before[i] && c->in[i]->dtype <= WG_F64 && holds(c->in[i], th->anomaly))
            return report(th, c, c->in[i], i, before);
    return WG_OK;
}

/* Runs an op that changes operands. On failure the operands are restored at once, because there may be no tape to do it. */
static wg_status run_changing(const struct wg_thread *th, struct wg_node *node)
{
    const wg_call *c = &node->call;
    char **before = wg_object_new(c->n_in * sizeof *before);
    const wg_status status = before ? run_on_copies(th, node, before) : WG_E_MEMORY;
    for (unsigned i = 0; i < c->n_in && before; i++) {
        if (!before[i])
            continue;
        if (status != WG_OK) {
            memcpy(c->in[i]->data, before[i], bytes_of(c->in[i]));
            c->in[i]->storage->version++;
        }
        wg_object_free(before[i]);
    }
    wg_object_free(before);
    return status;
}

static wg_status inspect(const struct wg_thread *th, struct wg_node *node)
{
    if (node->call.op->flags & WG_OP_VIEW)
        return WG_OK;
    if (th->capture) /* a capture computes no elements yet */
        return wg_node_run(th, node);
    if (node->call.op->writes)
        return run_changing(th, node);
    WG_TRY(wg_node_run(th, node));
    return look_at_results(th, &node->call);
}

/* ---- the mode ---- */

wg_anomaly wg_anomaly_set(wg_anomaly mode)
{
    struct wg_thread *th = wg_self();
    if (!th)
        return WG_ANOMALY_OFF;
    const wg_anomaly before = th->anomaly;
    if ((unsigned)mode > WG_ANOMALY_NAN_OR_INF) {
        wg_fail(WG_E_ARGUMENT, "anomaly_set", "anomaly_set: %d is no mode", (int)mode);
        return before;
    }
    th->anomaly = mode;
    th->inspect = mode == WG_ANOMALY_OFF ? NULL : inspect;
    wg_watch_by(th);
    return before;
}

void wg_anomaly_leave(wg_anomaly *before)
{
    if (before)
        wg_anomaly_set(*before);
}
