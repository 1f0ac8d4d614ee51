/* Minimizers: making, running a method whole or not at all, printing, freeing. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kind.h"
#include "wengert/tape.h"

static wg_status cause(void)
{
    return wg_error_first() ? wg_error_first()->code : WG_E_MEMORY;
}

/* ---- making and freeing ---- */

static const char *name_of(wg_tensor_list params, size_t i)
{
    const char *name = params.name && params.name[i] ? params.name[i] : wg_name_of(params.tensor[i]);
    return name[0] ? name : "unnamed";
}

static wg_status check_parameter(wg_tensor_list params, size_t i, const char *op)
{
    const wg_tensor *t = params.tensor[i];
    if (!t)
        return wg_error_set(WG_E_NULL, op, "%s: parameter %zu is NULL", op, i);
    if (!wg_data(t)) /* released, dangling, another thread's, which is recorded now */
        return cause();
    if (wg_dtype_of(t) != WG_F32 && wg_dtype_of(t) != WG_F64)
        return wg_error_set(WG_E_DTYPE, op, "%s: parameter %zu is %s; expected f32 or f64", op, i, wg_dtype_name(wg_dtype_of(t)));
    for (size_t j = 0; j < i; j++)
        if (params.tensor[j] == t)
            return wg_error_set(WG_E_ARGUMENT, op, "%s: parameter %zu (%s) is given twice", op, i, name_of(params, i));
    if (!wg_requires_grad(t))
        return wg_error_set(
            WG_E_NO_GRAD, op,
            "%s: parameter %zu (%s) does not require a gradient: wg_set_requires_grad(t, true), or, if it is frozen, "
            "leave it out (wg_nn_trainable)",
            op, i, name_of(params, i));
    return WG_OK;
}

static wg_status borrow(wg_minimizer *m, wg_tensor_list params, const char *op)
{
    for (size_t i = 0; i < params.n; i++) {
        WG_TRY(check_parameter(params, i, op));
        m->tensor[i] = params.tensor[i];
        m->borrowed[i] = wg_borrow(params.tensor[i]);
        if (!m->borrowed[i])
            return cause();
        m->n_params++;
        if (m->borrowed[i] == WG_NONE)
            return wg_error_set(WG_E_ARGUMENT, op,
                                "%s: parameter %zu (%s) belongs to a tape and ends with it: take it out by wg_own first", op, i,
                                name_of(params, i));
        m->size += wg_numel(params.tensor[i]);
    }
    return m->size > 0 ? WG_OK : wg_error_set(WG_E_SHAPE, op, "%s: the parameters have no elements", op);
}

static wg_status fill(wg_minimizer *m, wg_tensor_list params, const void *options, const char *op)
{
    m->options = malloc(m->table.size);
    m->tensor = malloc(params.n * sizeof *m->tensor);
    m->borrowed = malloc(params.n * sizeof *m->borrowed);
    m->part = malloc(params.n * sizeof *m->part);
    if (!m->options || !m->tensor || !m->borrowed || !m->part)
        return wg_error_set(WG_E_MEMORY, op, "%s: out of memory", op);
    memcpy(m->options, options, m->table.size);
    return borrow(m, params, op);
}

wg_minimizer *minimize_create(const struct minimize_kind *kind, bool residuals, wg_option_table table, wg_tensor_list params,
                              const void *options, const char *op)
{
    if (params.n == 0 || !params.tensor) {
        (void)wg_error_set(params.n ? WG_E_NULL : WG_E_ARGUMENT, op, "%s: there are no parameters", op);
        return NULL;
    }
    if (wg_options_check(table, options, op) != WG_OK || (kind->check && kind->check(options, op) != WG_OK))
        return NULL;
    wg_minimizer *m = calloc(1, sizeof *m);
    if (!m) {
        (void)wg_error_set(WG_E_MEMORY, op, "%s: out of memory", op);
        return NULL;
    }
    *m = (wg_minimizer){.kind = kind, .residuals = residuals, .table = table};
    if (fill(m, params, options, op) == WG_OK)
        return m;
    wg_minimize_destroy(m);
    return NULL;
}

void wg_minimize_destroy(wg_minimizer *m)
{
    if (!m)
        return;
    if (m->running) {
        (void)wg_error_set(WG_E_STATE, "minimize_destroy", "minimize_destroy: the minimizer (%s) is running", m->kind->name);
        return;
    }
    for (size_t i = 0; i < m->n_params; i++)
        if (m->borrowed[i] != WG_NONE)
            wg_borrow_end(m->borrowed[i]);
    if (m->kind->state_free)
        m->kind->state_free(m->state);
    minimize_drop_saved(m);
    free(m->options), free(m->tensor), free(m->borrowed), free(m->part);
    free(m);
}

void wg_minimize_reset(wg_minimizer *m)
{
    const char *op = "minimize_reset";
    if (!m || m->running) {
        (void)wg_error_set(m ? WG_E_STATE : WG_E_NULL, op, "%s: the minimizer is %s", op, m ? "running" : "NULL");
        return;
    }
    if (m->kind->state_free)
        m->kind->state_free(m->state);
    m->state = NULL;
}

/* ---- running ---- */

struct block {
    struct block *next;
    double element[];
};

double *work_vector(struct work *w, int64_t n)
{
    struct block *block = NULL;
    if ((uint64_t)n < (SIZE_MAX - sizeof *block) / sizeof(double))
        block = calloc(1, sizeof *block + (size_t)n * sizeof(double));
    if (!block) {
        (void)wg_error_set(WG_E_MEMORY, w->op, "%s: out of memory: %lld doubles", w->op, (long long)n);
        return NULL;
    }
    block->next = w->blocks;
    w->blocks = block;
    return block->element;
}

double *work_matrix(struct work *w, int64_t rows, int64_t columns)
{
    if (rows == 0 || columns <= INT64_MAX / 8 / rows)
        return work_vector(w, rows * columns);
    (void)wg_error_set(WG_E_MEMORY, w->op, "%s: out of memory: a matrix of %lld times %lld doubles", w->op, (long long)rows,
                       (long long)columns);
    return NULL;
}

struct watch {
    const wg_minimizer *m;
    const wg_minimize_result *result;
    bool goes_on;
};

static wg_status call_watcher(void *context)
{
    struct watch *watch = context;
    watch->goes_on = watch->m->watcher(watch->result, watch->m->watching);
    return WG_OK;
}

bool work_watch(struct work *w)
{
    struct watch watch = {.m = w->m, .result = &w->result};
    if (!w->m->watcher)
        return false;
    w->status = work_move(w, w->x);
    if (w->status == WG_OK)
        w->status = wg_callback_run(w->op, "the watcher", NULL, call_watcher, &watch);
    if (w->status != WG_OK)
        return true;
    if (!watch.goes_on)
        w->result.reason = WG_MINIMIZE_STOPPED;
    return !watch.goes_on;
}

static void free_vectors(struct work *w)
{
    for (struct block *block = w->blocks, *next; block; block = next) {
        next = block->next;
        free(block);
    }
}

/* The parameters outlive the minimizer. */
static wg_status check_alive(const wg_minimizer *m, const char *op)
{
    for (size_t i = 0; i < m->n_params; i++)
        if (!wg_is_live(m->tensor[i]))
            return wg_error_set(WG_E_DANGLING, op,
                                "%s: parameter %zu was freed, or its module was destroyed, or wg_nn_tie replaced it: make the "
                                "minimizer after tying, and destroy it before its parameters",
                                op, i);
    return WG_OK;
}

/* The method, from a copy of the state, which replaces the state unless the method fails. */
static wg_status run(struct work *w)
{
    wg_minimizer *m = w->m;
    const struct minimize_kind *kind = m->kind;
    void *state = NULL;
    if (kind->state_copy && !(state = kind->state_copy(m->state, w->n)))
        return wg_error_set(WG_E_MEMORY, w->op, "%s: out of memory", w->op);
    wg_status status = kind->run(w, m->options, state);
    if (status == WG_OK)
        status = w->status;
    work_close(w);
    if (status == WG_OK)
        status = work_move(w, w->x);
    void *dropped = status == WG_OK ? m->state : state;
    if (status == WG_OK)
        m->state = state;
    if (kind->state_free)
        kind->state_free(dropped);
    return status;
}

/* Fills what a method finds, runs it, and puts the parameters back where it failed. */
static wg_status run_from_parameters(struct work *w)
{
    w->x = work_vector(w, w->n);
    w->start = work_vector(w, w->n);
    w->position = work_vector(w, w->n);
    if (!w->x || !w->start || !w->position)
        return WG_E_MEMORY;
    WG_TRY(work_position(w, w->start));
    copy(w->x, w->start, w->n);
    copy(w->position, w->start, w->n);
    const wg_status status = run(w);
    if (status != WG_OK)
        (void)work_move(w, w->start); /* it was written before, so it can be: where it could not, nothing was written */
    return status;
}

static wg_status run_checked(const char *op, wg_minimizer *m, wg_function *f, void *context, void *sample, bool sampled,
                             wg_minimize_result *result)
{
    if (!m || !f)
        return wg_error_set(WG_E_NULL, op, "%s: the %s is NULL", op, m ? "function" : "minimizer");
    if (m->running)
        return wg_error_set(WG_E_STATE, op, "%s: the minimizer (%s) is running already", op, m->kind->name);
    WG_TRY(check_alive(m, op));
    struct work w = {.op = op, .m = m, .function = f, .context = context, .sample = sample, .sampled = sampled, .n = m->size};
    m->running = true;
    const wg_status status = run_from_parameters(&w);
    m->running = false;
    free_vectors(&w);
    if (status == WG_OK && result)
        *result = w.result;
    return status;
}

wg_status wg_minimize_run(wg_minimizer *m, wg_function *f, void *context, wg_minimize_result *result)
{
    return run_checked("minimize_run", m, f, context, context, false, result);
}

wg_status wg_minimize_run_sampled(wg_minimizer *m, wg_function *f, void *context, void *sample, wg_minimize_result *result)
{
    const char *op = "minimize_run_sampled";
    if (m && !m->kind->products)
        return wg_error_set(WG_E_ARGUMENT, op, "%s: %s uses no Hessian-vector products, which the sample is for", op,
                            m->kind->name);
    return run_checked(op, m, f, context, sample, true, result);
}

wg_status wg_minimize_watch(wg_minimizer *m, wg_minimize_watcher *watcher, void *context)
{
    const char *op = "minimize_watch";
    if (!m)
        return wg_error_set(WG_E_NULL, op, "%s: the minimizer is NULL", op);
    if (m->running)
        return wg_error_set(WG_E_STATE, op, "%s: the minimizer (%s) is running", op, m->kind->name);
    m->watcher = watcher;
    m->watching = context;
    return WG_OK;
}

/* ---- options ---- */

double wg_minimize_get(const wg_minimizer *m, const char *option)
{
    const char *op = "minimize_get";
    double value = NAN;
    if (m && option)
        return wg_options_get(m->table, m->options, option, &value, op) == WG_OK ? value : NAN;
    (void)wg_error_set(WG_E_NULL, op, "%s: the %s is NULL", op, m ? "option" : "minimizer");
    return NAN;
}

wg_status wg_minimize_set(wg_minimizer *m, const char *option, double value)
{
    const char *op = "minimize_set";
    if (!m || !option)
        return wg_error_set(WG_E_NULL, op, "%s: the %s is NULL", op, m ? "option" : "minimizer");
    if (m->running)
        return wg_error_set(WG_E_STATE, op, "%s: the minimizer (%s) is running", op, m->kind->name);
    void *draft = malloc(m->table.size);
    if (!draft)
        return wg_error_set(WG_E_MEMORY, op, "%s: out of memory", op);
    memcpy(draft, m->options, m->table.size);
    wg_status status = wg_options_set(m->table, draft, option, value, op);
    if (status == WG_OK && m->kind->check)
        status = m->kind->check(draft, op);
    if (status == WG_OK)
        memcpy(m->options, draft, m->table.size);
    free(draft);
    return status;
}

/* ---- text ---- */

const char *wg_minimize_reason_text(wg_minimize_reason reason)
{
    static const char *const text[] = {
#define REASON(name, phrase) phrase,
        WG_MINIMIZE_REASON_LIST(REASON)
#undef REASON
    };
    return (size_t)reason < sizeof text / sizeof *text ? text[reason] : "?";
}

wg_status wg_minimize_print(const wg_minimizer *m, FILE *stream)
{
    const char *op = "minimize_print";
    char text[800];
    if (!m || !stream)
        return wg_error_set(WG_E_NULL, op, "%s: the %s is NULL", op, m ? "stream" : "minimizer");
    fprintf(stream, "%s(%s): %zu parameter%s, %lld elements\n", m->kind->name,
            wg_options_text(m->table, m->options, true, text, sizeof text), m->n_params, m->n_params == 1 ? "" : "s",
            (long long)m->size);
    return fflush(stream) != 0 || ferror(stream) ? wg_error_set(WG_E_IO, op, "%s: the stream could not be written", op) : WG_OK;
}
