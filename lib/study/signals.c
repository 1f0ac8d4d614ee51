/* The signal of a sequential network, and its gradient, layer by layer. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "frame.h"

struct signals {
    const char *op;
    const wg_nn_module *net;
    wg_tensor *x;
    wg_function *f;
    void *context;
    size_t n;
    wg_tensor **result, **gradient; /* of each child */
    wg_tensor *y;
};

static wg_status check(struct signals *g)
{
    if (!g->net || !g->f)
        return wg_error_set(WG_E_NULL, g->op, "%s: the %s is NULL", g->op, g->net ? "function" : "network");
    if (!g->x || !wg_data(g->x))
        return g->x ? study_cause() : wg_error_set(WG_E_NULL, g->op, "%s: x is NULL", g->op);
    const char *kind = wg_nn_kind_name(g->net);
    g->n = wg_nn_children(g->net);
    if (g->n == 0 || (strcmp(kind, "sequential") != 0 && strcmp(kind, "mlp") != 0))
        return wg_error_set(WG_E_ARGUMENT, g->op, "%s: expected a sequential network with layers, got %s with %zu", g->op, kind,
                            g->n);
    return WG_OK;
}

/* Applies the children, then the loss. x is a leaf here, so each result has a gradient even if nothing before it is trained. */
static wg_status forward(void *context)
{
    struct signals *g = context;
    wg_tensor *h = wg_copy(g->x);
    if (h && wg_dtype_of(h) <= WG_F64)
        h = wg_set_requires_grad(wg_detach(h), true);
    for (size_t i = 0; i < g->n && h; i++)
        g->result[i] = h = wg_nn_apply(wg_nn_child(g->net, i), h);
    g->y = h ? g->f(&h, 1, g->context) : NULL;
    return g->y ? WG_OK : study_cause();
}

/* One row, of n elements of value and gradient. */
static void fill_row(double *row, const double *value, const double *gradient, int64_t n)
{
    double sum = 0, squares = 0;
    int64_t zeros = 0;
    for (int64_t i = 0; i < n; i++) {
        sum += value[i];
        zeros += value[i] == 0;
    }
    row[0] = sum / (double)n;
    for (int64_t i = 0; i < n; i++)
        squares += (value[i] - row[0]) * (value[i] - row[0]);
    row[1] = sqrt(squares / (double)n);
    row[2] = (double)zeros / (double)n;
    row[3] = study_norm(gradient, n) / sqrt((double)n);
}

static wg_tensor *wide(wg_tensor *t)
{
    return wg_copy(wg_cast(t, WG_F64));
}

static wg_tensor *table_of(struct signals *g)
{
    wg_tensor *table = NULL;
    g->result = malloc(2 * g->n * sizeof *g->result);
    g->gradient = g->result ? g->result + g->n : NULL;
    if (!g->result)
        (void)wg_error_set(WG_E_MEMORY, g->op, "%s: out of memory", g->op);
    else if (wg_callback_run(g->op, "the loss", NULL, forward, g) == WG_OK &&
             wg_grad_many(g->y, g->result, g->n, g->gradient, .unused = WG_UNUSED_ZEROS) == WG_OK)
        table = wg_zeros(WG_F64, WG_SHAPE((int64_t)g->n, 4));
    for (size_t i = 0; i < g->n && table; i++) {
        WG_NO_GRAD;
        const wg_tensor *value = wide(g->result[i]), *gradient = wide(g->gradient[i]);
        if (value && gradient)
            fill_row(wg_data_mut_as(table, double) + 4 * i, wg_data_as(value, double), wg_data_as(gradient, double),
                     wg_numel(value));
        else
            table = NULL;
    }
    free(g->result);
    return table;
}

wg_tensor *wg_study_signals(const wg_nn_module *net, wg_tensor *x, wg_function *f, void *context)
{
    struct signals g = {.op = "study_signals", .net = net, .x = x, .f = f, .context = context};
    if (check(&g) != WG_OK)
        return NULL;
    struct study s = {.op = g.op, .grad = wg_grad_mode(), .train = wg_train_mode(), .opened = true};
    s.tape = wg_tape_open(.undo = true, .keep_error = true);
    wg_grad_mode_set(true);
    wg_tensor *table = s.tape ? table_of(&g) : NULL;
    return study_end(&s, table);
}
