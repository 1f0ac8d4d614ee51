/* The state of a minimizer as named tensors, in the public format of optimizers: wg_minimize_state, wg_minimize_set_state. */
#include "state.h"

#include <stdlib.h>
#include <string.h>

static wg_status cause(void)
{
    return wg_error_first() ? wg_error_first()->code : WG_E_MEMORY;
}

/* ---- writing ---- */

void minimize_drop_saved(wg_minimizer *m)
{
    for (size_t i = 0; i < m->n_saved; i++)
        wg_disown(m->saved[i]);
    m->n_saved = 0;
}

double *state_write(struct state_writer *w, const char *name, int rank, int64_t rows)
{
    wg_minimizer *m = w->m;
    if (w->status != WG_OK)
        return NULL;
    const wg_shape shape = rank == 0 ? WG_SCALAR : rank == 1 ? WG_SHAPE(m->size) : WG_SHAPE(rows, m->size);
    wg_tensor *t = wg_zeros(WG_F64, shape), *own = t ? wg_adopt(t) : NULL;
    double *element = own ? wg_data_mut_as(own, double) : NULL;
    if (!own) {
        w->status = cause();
        return NULL;
    }
    m->saved[m->n_saved] = own;
    m->saved_name[m->n_saved++] = name;
    if (!element || wg_set_name(own, name) != WG_OK)
        w->status = cause();
    return w->status == WG_OK ? element : NULL;
}

void state_write_scalar(struct state_writer *w, const char *name, double value)
{
    double *element = state_write(w, name, 0, 0);
    if (element)
        *element = value;
}

void state_write_vector(struct state_writer *w, const char *name, const double *x)
{
    double *element = state_write(w, name, 1, 0);
    if (element)
        copy(element, x, w->m->size);
}

wg_tensor_list wg_minimize_state(wg_minimizer *m)
{
    const char *op = "minimize_state";
    const wg_tensor_list none = {0, NULL, NULL};
    if (!m || m->running) {
        (void)wg_error_set(m ? WG_E_STATE : WG_E_NULL, op, "%s: the minimizer is %s", op, m ? "running" : "NULL");
        return none;
    }
    minimize_drop_saved(m);
    struct state_writer w = {.m = m};
    if (m->state)
        m->kind->state_save(m->state, &w);
    if (w.status != WG_OK)
        minimize_drop_saved(m);
    return m->n_saved ? (wg_tensor_list){m->n_saved, m->saved, m->saved_name} : none;
}

/* ---- reading ---- */

static wg_status refuse(struct state_reader *r, const char *name, const char *expected)
{
    return r->status = wg_error_set(WG_E_ARGUMENT, r->op, "%s: expected %s as \"%s\"", r->op, expected, name);
}

/* The tensor of that name, if its rank and dtype are right. */
static const wg_tensor *find(struct state_reader *r, const char *name, int rank)
{
    const wg_tensor *found = NULL;
    for (size_t i = 0; r->status == WG_OK && i < r->list.n; i++)
        if (r->list.name[i] && strcmp(r->list.name[i], name) == 0)
            found = r->list.tensor[i];
    if (r->status != WG_OK)
        return NULL;
    if (found && !wg_data(found)) /* released, dangling, another thread's, which is recorded now */
        r->status = cause();
    else if (!found || wg_dtype_of(found) != WG_F64 || wg_rank(found) != rank || (rank > 0 && wg_extent(found, -1) != r->n))
        refuse(r, name,
               rank == 0   ? "an f64 scalar"
               : rank == 1 ? "an f64 vector of all parameters"
                           : "rows of f64 over all parameters");
    r->used++;
    return r->status == WG_OK ? found : NULL;
}

double state_read_scalar(struct state_reader *r, const char *name)
{
    const wg_tensor *t = find(r, name, 0);
    double value = 0;
    if (t && (r->status = wg_read_typed(t, &value, WG_F64)) == WG_OK && !isfinite(value))
        refuse(r, name, "a finite number");
    return value;
}

int64_t state_read_count(struct state_reader *r, const char *name)
{
    const double value = state_read_scalar(r, name);
    if (r->status == WG_OK && !(value >= 0 && value < 0x1p53 && value == floor(value)))
        refuse(r, name, "a whole number that is not negative");
    return r->status == WG_OK ? (int64_t)value : 0;
}

void state_read_vector(struct state_reader *r, const char *name, double *x)
{
    const wg_tensor *t = find(r, name, 1);
    if (t && (r->status = wg_read_typed(t, x, WG_F64)) == WG_OK && !isfinite(max_abs(x, r->n)))
        refuse(r, name, "finite elements");
}

double *state_read_matrix(struct state_reader *r, const char *name, int64_t *rows)
{
    const wg_tensor *t = find(r, name, 2);
    *rows = t ? wg_extent(t, 0) : 0;
    double *x = t ? malloc((size_t)(*rows * r->n) * sizeof *x + 1) : NULL;
    if (t && !x)
        r->status = wg_error_set(WG_E_MEMORY, r->op, "%s: out of memory", r->op);
    if (x && (r->status = wg_read_typed(t, x, WG_F64)) == WG_OK && !isfinite(max_abs(x, *rows * r->n)))
        refuse(r, name, "finite elements");
    return x;
}

wg_status wg_minimize_set_state(wg_minimizer *m, wg_tensor_list state)
{
    const char *op = "minimize_set_state";
    if (!m || (state.n > 0 && (!state.tensor || !state.name)))
        return wg_error_set(WG_E_NULL, op, "%s: the %s NULL", op, m ? "tensors or their names are" : "minimizer is");
    if (m->running)
        return wg_error_set(WG_E_STATE, op, "%s: the minimizer (%s) is running", op, m->kind->name);
    if (state.n > 0 && !m->kind->state_load)
        return wg_error_set(WG_E_ARGUMENT, op, "%s: %s keeps nothing from call to call, got %zu tensors", op, m->kind->name,
                            state.n);
    struct state_reader r = {.op = op, .list = state, .n = m->size};
    void *loaded = NULL;
    if (state.n > 0 && !(loaded = m->kind->state_copy(NULL, m->size)))
        return wg_error_set(WG_E_MEMORY, op, "%s: out of memory", op);
    if (loaded)
        m->kind->state_load(loaded, &r);
    if (r.status == WG_OK && r.used != state.n)
        r.status = wg_error_set(WG_E_ARGUMENT, op, "%s: expected the %zu tensors of a state of %s, got %zu", op, r.used,
                                m->kind->name, state.n);
    void *dropped = r.status == WG_OK ? m->state : loaded;
    if (r.status == WG_OK)
        m->state = loaded;
    if (m->kind->state_free)
        m->kind->state_free(dropped);
    return r.status;
}
