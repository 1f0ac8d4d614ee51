/* Running mean and variance of rows. */
#include "wengert/rl/normalizer.h"

#include <math.h>
#include <stdlib.h>

#include "../rl.h"
#include "wengert/error.h"

enum part { COUNT, MEAN, SQUARES, PARTS };

static const char *const part_name[PARTS] = {"count", "mean", "squares"};

struct wg_rl_normalizer {
    int64_t size;
    wg_rl_normalizer_options options;
    wg_tensor *part[PARTS];
};

static wg_status missing(const char *op, const char *what)
{
    return wg_error_set(WG_E_NULL, op, "%s: the %s NULL", op, what);
}

static bool make_parts(wg_rl_normalizer *normalizer)
{
    for (int i = 0; i < PARTS; i++) {
        const wg_shape shape = i == COUNT ? WG_SCALAR : WG_SHAPE(normalizer->size);
        if (rl_own(&normalizer->part[i], part_name[i], wg_zeros(i == COUNT ? WG_I64 : WG_F64, shape)) != WG_OK)
            return false;
    }
    return true;
}

wg_rl_normalizer *wg_rl_normalizer_create_with(int64_t size, wg_rl_normalizer_options options)
{
    const char *op = "rl_normalizer_create";
    const double values[] = {options.clip, options.epsilon};
    const char *const names[] = {"clip", "epsilon"};
    if (size < 1) {
        (void)wg_error_set(WG_E_ARGUMENT, op, "%s: expected a size of at least 1, got %lld", op, (long long)size);
        return NULL;
    }
    for (int i = 0; i < 2; i++)
        if (!(values[i] > 0 && isfinite(values[i]))) {
            (void)wg_error_set(WG_E_ARGUMENT, op, "%s: expected .%s above 0, got %g", op, names[i], values[i]);
            return NULL;
        }
    wg_rl_normalizer *normalizer = calloc(1, sizeof *normalizer);
    if (normalizer) {
        normalizer->size = size, normalizer->options = options;
        if (make_parts(normalizer))
            return normalizer;
    }
    (void)wg_error_set(WG_E_MEMORY, op, "%s: out of memory", op);
    wg_rl_normalizer_destroy(normalizer);
    return NULL;
}

void wg_rl_normalizer_destroy(wg_rl_normalizer *normalizer)
{
    if (!normalizer)
        return;
    for (int i = 0; i < PARTS; i++)
        wg_disown(normalizer->part[i]);
    free(normalizer);
}

static wg_status check_rows(const wg_rl_normalizer *normalizer, int64_t n, const double *rows, const char *op)
{
    if (!normalizer || (!rows && n != 0))
        return missing(op, normalizer ? "rows are" : "normaliser is");
    if (n < 0)
        return wg_error_set(WG_E_ARGUMENT, op, "%s: expected at least 0 rows, got %lld", op, (long long)n);
    return WG_OK;
}

static wg_status failure(void)
{
    return wg_error_first() ? wg_error_first()->code : WG_E_STATE;
}

/* Welford: each row moves the mean by its part of the distance. */
wg_status wg_rl_normalizer_update(wg_rl_normalizer *normalizer, int64_t n, const double *rows)
{
    const char *op = "rl_normalizer_update";
    WG_TRY(check_rows(normalizer, n, rows, op));
    const int64_t size = normalizer->size;
    for (int64_t i = 0; i < n * size; i++)
        if (!isfinite(rows[i]))
            return wg_error_set(WG_E_NUMERIC, op, "%s: number %lld of row %lld is %g", op, (long long)(i % size),
                                (long long)(i / size), rows[i]);
    void *at[PARTS];
    for (int i = 0; i < PARTS; i++)
        if (!(at[i] = wg_data_mut(normalizer->part[i])))
            return failure();
    int64_t *count = at[COUNT];
    double *mean = at[MEAN], *squares = at[SQUARES];
    for (int64_t row = 0; row < n; row++, rows += size) {
        const double share = 1 / (double)++*count;
        for (int64_t i = 0; i < size; i++) {
            const double distance = rows[i] - mean[i];
            mean[i] += distance * share;
            squares[i] += distance * (rows[i] - mean[i]);
        }
    }
    return WG_OK;
}

wg_status wg_rl_normalizer_apply(const wg_rl_normalizer *normalizer, int64_t n, const double *rows, double *to)
{
    const char *op = "rl_normalizer_apply";
    WG_TRY(check_rows(normalizer, n, rows, op));
    if (!to && n != 0)
        return missing(op, "result is");
    const int64_t *count = wg_data(normalizer->part[COUNT]);
    const double *mean = wg_data(normalizer->part[MEAN]), *squares = wg_data(normalizer->part[SQUARES]);
    if (!count || !mean || !squares)
        return failure();
    const double clip = normalizer->options.clip, epsilon = normalizer->options.epsilon;
    for (int64_t i = 0; i < normalizer->size; i++) {
        const double factor = *count > 0 ? 1 / sqrt(squares[i] / (double)*count + epsilon) : 1;
        for (int64_t k = i; k < n * normalizer->size; k += normalizer->size) {
            const double x = (rows[k] - mean[i]) * factor;
            to[k] = x < -clip ? -clip : x > clip ? clip : x;
        }
    }
    return WG_OK;
}

wg_tensor_list wg_rl_normalizer_state(const wg_rl_normalizer *normalizer)
{
    if (normalizer)
        return (wg_tensor_list){.n = PARTS, .tensor = normalizer->part, .name = part_name};
    (void)missing("rl_normalizer_state", "normaliser is");
    return (wg_tensor_list){.n = 0};
}
