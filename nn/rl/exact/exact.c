/* Checks of tables, results, and the returns of an episode. */
#include "exact.h"

#include <math.h>
#include <stdlib.h>

#include "wengert/error.h"
#include "wengert/ops.h"
#include "wengert/tape.h"

static bool fits(wg_shape got, wg_shape expected)
{
    if (got.rank != expected.rank)
        return false;
    for (int i = 0; i < got.rank; i++)
        if (expected.extent[i] < 0 ? got.extent[i] < 1 : got.extent[i] != expected.extent[i])
            return false;
    return true;
}

/* "(3, any, 3)" */
static void describe(wg_shape shape, char *text, size_t size)
{
    size_t used = (size_t)snprintf(text, size, "(");
    for (int i = 0; i < shape.rank && used < size; i++) {
        const char *comma = i > 0 ? ", " : "";
        used += (size_t)(shape.extent[i] < 0 ? snprintf(text + used, size - used, "%sany", comma)
                                             : snprintf(text + used, size - used, "%s%lld", comma, (long long)shape.extent[i]));
    }
    if (used < size)
        (void)snprintf(text + used, size - used, ")");
}

wg_status exact_check(const wg_tensor *t, wg_shape shape, const char *op, const char *what)
{
    char got[200], expected[200];
    if (t == WG_NONE)
        return wg_error_set(WG_E_ARGUMENT, op, "%s: expected %s, got WG_NONE", op, what);
    WG_TRY(nn_check_value(t, op, "%s", what));
    if (wg_dtype_of(t) != WG_F64)
        return wg_error_set(WG_E_DTYPE, op, "%s: expected %s of dtype f64, got %s", op, what, wg_dtype_name(wg_dtype_of(t)));
    if (fits(wg_shape_of(t), shape))
        return WG_OK;
    describe(shape, expected, sizeof expected);
    return wg_error_set(WG_E_SHAPE, op, "%s: expected %s of shape %s, got %s", op, what, expected,
                        wg_shape_text(wg_shape_of(t), got, sizeof got));
}

double *exact_read(const wg_tensor *t, const char *op, const char *what)
{
    const int64_t n = wg_numel(t);
    double *to = malloc((size_t)n * sizeof *to + 1);
    if (!to) {
        (void)nn_no_memory(op);
        return NULL;
    }
    const uint64_t before = nn_count_errors();
    if (wg_read(t, to) != WG_OK) {
        nn_name_error(before, op);
        free(to);
        return NULL;
    }
    for (int64_t i = 0; i < n; i++)
        if (!isfinite(to[i])) {
            (void)wg_error_set(WG_E_ARGUMENT, op, "%s: expected %s to be finite, got %g at element %lld", op, what, to[i],
                               (long long)i);
            free(to);
            return NULL;
        }
    return to;
}

wg_status exact_check_finite(const wg_tensor *t, const char *op, const char *what)
{
    double *x = exact_read(t, op, what);
    free(x);
    return x ? WG_OK : nn_first_error(WG_E_MEMORY);
}

wg_status exact_check_rows(const wg_tensor *t, int64_t n, const char *op, const char *what)
{
    double *x = exact_read(t, op, what);
    if (!x)
        return nn_first_error(WG_E_MEMORY);
    wg_status status = WG_OK;
    const int64_t rows = wg_numel(t) / n;
    for (int64_t i = 0; i < rows && status == WG_OK; i++) {
        double sum = 0;
        for (int64_t k = 0; k < n && status == WG_OK; k++) {
            sum += x[i * n + k];
            if (x[i * n + k] < 0)
                status = wg_error_set(WG_E_ARGUMENT, op, "%s: expected %s of at least 0, got %g at element %lld", op, what,
                                      x[i * n + k], (long long)(i * n + k));
        }
        if (status == WG_OK && !(fabs(sum - 1) <= 1e-9))
            status = wg_error_set(WG_E_ARGUMENT, op, "%s: expected %s that sum to 1, got %.12g in row %lld", op, what, sum,
                                  (long long)i);
    }
    free(x);
    return status;
}

/* What a tape that ends now has made, taken out of it. */
static wg_status keep_all(wg_tensor **out, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        wg_tensor *kept = wg_keep(out[i]);
        if (!kept) {
            while (i-- > 0)
                wg_free(out[i]);
            return nn_first_error(WG_E_MEMORY);
        }
        out[i] = kept;
    }
    return WG_OK;
}

wg_status exact_run(exact_maker *make, const void *arguments, wg_tensor **out, size_t n, const char *op)
{
    const uint64_t before = nn_count_errors();
    wg_status status = WG_E_MEMORY;
    if (wg_tape_top()) {
        status = make(arguments, out);
    } else {
        WG_TAPE(tape, .keep_error = true);
        if (tape)
            status = make(arguments, out);
        if (status == WG_OK)
            status = keep_all(out, n);
    }
    if (status == WG_OK)
        return WG_OK;
    nn_name_error(before, op);
    for (size_t i = 0; i < n; i++)
        out[i] = NULL;
    return status;
}

wg_tensor *exact_eye(int64_t n)
{
    return wg_diag(wg_ones(WG_F64, WG_SHAPE(n)));
}

wg_tensor *exact_column(wg_tensor *vector)
{
    return vector ? wg_reshape(vector, WG_SHAPE(wg_numel(vector), 1)) : NULL;
}

wg_status wg_rl_returns(const double *reward, int64_t n, double gamma, double last, double *z)
{
    const char *op = "rl_returns";
    if (n < 0)
        return wg_error_set(WG_E_ARGUMENT, op, "%s: expected n of at least 0, got %lld", op, (long long)n);
    if (!(gamma >= 0 && gamma <= 1))
        return wg_error_set(WG_E_ARGUMENT, op, "%s: expected gamma in [0, 1], got %g", op, gamma);
    if (n > 0 && !reward)
        return nn_null_argument(op, "reward");
    if (n > 0 && !z)
        return nn_null_argument(op, "z");
    for (int64_t i = n - 1; i >= 0; i--)
        z[i] = last = reward[i] + gamma * last;
    return WG_OK;
}
