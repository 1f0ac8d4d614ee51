/* Filling the tensors of a synthetic set. */
#include "maker.h"

#include "wengert/tape.h"

enum { BLOCK_BITS = 24 }; /* blocks of random words of a row */

wg_status maker_check(const char *op, const char *option, double value, double low, double high)
{
    if (value >= low && value <= high)
        return WG_OK;
    return wg_error_set(WG_E_ARGUMENT, op, "%s: expected %s from %g to %g, got %g", op, option, low, high, value);
}

double *maker_normals(const char *op, wg_dataset_random *random, int64_t n)
{
    double *z = malloc(((size_t)n + 1) * sizeof *z);
    for (int64_t i = 0; z && i < n; i++)
        z[i] = wg_dataset_normal(random);
    if (!z)
        (void)wg_error_set(WG_E_MEMORY, op, "%s: out of memory", op);
    return z;
}

static void store(void *to, wg_dtype dtype, int64_t at, const double *from, int64_t n)
{
    for (int64_t k = 0; k < n; k++)
        if (dtype == WG_F64)
            ((double *)to)[at + k] = from[k];
        else
            ((float *)to)[at + k] = (float)from[k];
}

static wg_status fill(const struct maker *m, wg_tensor *x, wg_tensor *y)
{
    double *row = calloc((size_t)(m->features + m->targets), sizeof *row);
    void *to_x = wg_data_mut(x), *to_y = to_x ? wg_data_mut(y) : NULL;
    if (!row || !to_y) {
        free(row);
        return wg_error_first() ? wg_error_first()->code : wg_error_set(WG_E_MEMORY, m->op, "%s: out of memory", m->op);
    }
    for (int64_t i = 0; i < m->rows; i++) {
        int64_t label = 0;
        wg_dataset_random random = {
            .seed = m->seed, .stream = WG_STREAM_SYNTHETIC + (uint64_t)m->set, .block = (uint64_t)i << BLOCK_BITS};
        m->row(m->context, i, &random, row, row + m->features, &label);
        store(to_x, m->dtype, i * m->features, row, m->features);
        if (m->targets == 0)
            ((int64_t *)to_y)[i] = label;
        else
            store(to_y, m->dtype, i * m->targets, row + m->features, m->targets);
    }
    free(row);
    return WG_OK;
}

wg_status maker_begin(const char *op, wg_tensor **x, wg_tensor **y)
{
    if (x)
        *x = NULL;
    if (y)
        *y = NULL;
    return x && y ? WG_OK : wg_error_set(WG_E_NULL, op, "%s: expected where to put x and y, got NULL", op);
}

wg_status maker_run(const struct maker *m, wg_tensor **x, wg_tensor **y)
{
    if (m->dtype != WG_F32 && m->dtype != WG_F64)
        return wg_error_set(WG_E_DTYPE, m->op, "%s: expected f32 or f64, got %s", m->op, wg_dtype_name(m->dtype));
    WG_TRY(maker_check(m->op, "rows", (double)m->rows, 1, MAKER_MAX));
    wg_tensor *features = wg_zeros(m->dtype, WG_SHAPE(m->rows, m->features)), *targets = NULL;
    if (features)
        targets = m->targets == 0 ? wg_zeros(WG_I64, WG_SHAPE(m->rows)) : wg_zeros(m->dtype, WG_SHAPE(m->rows, m->targets));
    const wg_status status = targets ? fill(m, features, targets) : wg_error_first() ? wg_error_first()->code : WG_E_MEMORY;
    if (status == WG_OK) {
        *x = features;
        *y = targets;
        return WG_OK;
    }
    if (!wg_tape_top()) {
        wg_free(features);
        wg_free(targets);
    }
    return status;
}
