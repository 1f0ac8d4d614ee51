/* Reductions over short last axes, and softmax and related ops on short rows, first transpose blocks of rows. The order of
   summation depends on logical indices alone, so the result has the bits of the same op over columns, which are not transposed,
   and of one row at a time. */
#include "common.h"

static const char *name;
static int64_t rows, columns;

static wg_tensor *reduced(int op, wg_tensor *x, int axis)
{
    static const char *names[] = {"sum",       "mean",   "max",    "min", "var", "std", "norm",
                                  "logsumexp", "argmax", "argmin", "any", "all", "prod"};
    name = names[op];
    switch (op) {
    case 0:
        return wg_sum(x, .axis = axis);
    case 1:
        return wg_mean(x, .axis = axis);
    case 2:
        return wg_max(x, .axis = axis);
    case 3:
        return wg_min(x, .axis = axis);
    case 4:
        return wg_var(x, .axis = axis, .correction = 0.5);
    case 5:
        return wg_std(x, .axis = axis);
    case 6:
        return wg_norm(x, .axis = axis, .p = 2);
    case 7:
        return wg_logsumexp(x, .axis = axis);
    case 8:
        return wg_argmax(x, .axis = axis);
    case 9:
        return wg_argmin(x, .axis = axis);
    case 10:
        return wg_any(wg_gt(x, wg_scalar(wg_dtype_of(x), 1.5)), .axis = axis);
    case 12:
        return wg_prod(x, .axis = axis);
    default:
        return wg_all(wg_gt(x, wg_scalar(wg_dtype_of(x), -1.5)), .axis = axis);
    }
}

enum { OPS = 13 };

/* Compares the elements of result from index first on with all of part. */
static void assert_same_part(const char *how, wg_tensor *result, int64_t first, wg_tensor *part)
{
    const size_t size = wg_dtype_size(wg_dtype_of(result));
    const char *at = (const char *)wg_data(made(result)) + (size_t)first * size;
    if (memcmp(at, wg_data(made(part)), (size_t)wg_numel(part) * size) != 0)
        fail_msg("%s of (%lld,%lld), %s: other bits", name, (long long)rows, (long long)columns, how);
}

/* Random elements. For ops that only select (chooses), some are NaN, infinite, or a zero of either sign. */
static wg_tensor *filled(wg_tensor *g, wg_dtype dtype, bool chooses)
{
    static const double special[] = {0.0, -0.0, NAN, INFINITY, -INFINITY};
    wg_tensor *x = made(wg_normal(g, dtype, WG_SHAPE(rows, columns), 0, 1));
    for (int64_t i = 0; chooses && i < rows * columns; i++)
        if (i * 2654435761u % 1000 < 60) {
            const double value = special[i * 40503u % 5];
            if (dtype == WG_F64)
                ((double *)wg_data_mut(x))[i] = value;
            else
                ((float *)wg_data_mut(x))[i] = (float)value;
        }
    return x;
}

static wg_tensor *transposed(wg_tensor *x)
{
    return made(wg_copy(wg_permute(x, WG_AXES(1, 0))));
}

static void check(wg_tensor *g, wg_dtype dtype)
{
    for (int op = 0; op < OPS; op++) {
        WG_TAPE(tape);
        WG_NO_GRAD;
        wg_tensor *x = filled(g, dtype, op == 2 || op == 3 || (op >= 8 && op < 12));
        wg_tensor *y = reduced(op, x, 1);
        assert_same_part("over columns", y, 0, reduced(op, transposed(x), 0));
        wg_tensor *wide = made(wg_concat((wg_tensor *[]){x, x}, 2, 1)); /* rows that are not adjacent in memory */
        assert_same_part("of a slice", y, 0, reduced(op, wg_slice(wide, 1, 0, columns, 1), 1));
        for (int64_t row = 0; row < rows; row++)
            assert_same_part("one row alone", y, row, reduced(op, wg_slice(x, 0, row, row + 1, 1), 1));
        wg_free(x);
    }
}

/* An op whose result has x's shape. */
static wg_tensor *along(int op, wg_tensor *x, wg_tensor *other, int axis)
{
    static const char *names[] = {"softmax", "log_softmax", "softmax_grad", "log_softmax_grad", "cumsum", "cumsum from the last"};
    name = names[op];
    switch (op) {
    case 0:
        return wg_softmax(x, .axis = axis);
    case 1:
        return wg_log_softmax(x, .axis = axis);
    case 2:
        return wg_softmax_grad(x, other, axis);
    case 3:
        return wg_log_softmax_grad(x, other, axis);
    default:
        return wg_cumsum(x, axis, .reverse = op == 5);
    }
}

static void check_along(wg_tensor *g, wg_dtype dtype)
{
    for (int op = 0; op < 6; op++) {
        WG_TAPE(tape);
        WG_NO_GRAD;
        wg_tensor *x = filled(g, dtype, false), *other = filled(g, dtype, false), *y = along(op, x, other, 1);
        assert_same_part("over columns", y, 0, transposed(along(op, transposed(x), transposed(other), 0)));
        wg_tensor *wide = wg_concat((wg_tensor *[]){x, other}, 2, 1); /* rows that are not adjacent in memory */
        assert_same_part(
            "of a slice", y, 0,
            along(op, wg_slice(wide, 1, 0, columns, 1), wg_slice(wg_concat((wg_tensor *[]){other, x}, 2, 1), 1, 0, columns, 1), 1));
        for (int64_t row = 0; row < rows; row++)
            assert_same_part("one row alone", y, row * columns,
                             along(op, wg_slice(x, 0, row, row + 1, 1), wg_slice(other, 0, row, row + 1, 1), 1));
        wg_free(x), wg_free(other);
    }
}

static void ops_on_short_rows_have_the_bits_of_one_row_alone(void **state)
{
    static const int64_t lengths[] = {1,  2,  3,  4,  5,  7,  8,  9,  12, 15, 16,  17,  23,
                                      24, 25, 31, 32, 33, 40, 63, 64, 65, 80, 255, 256, 257};
    static const int64_t counts[] = {1, 2, 5, 8, 15, 16, 31, 32, 33, 70};
    wg_tensor *g = made(wg_generator(3, 0));
    (void)state;
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++)
        for (size_t k = 0; k < sizeof counts / sizeof *counts; k++) {
            columns = lengths[i];
            rows = counts[k];
            check(g, WG_F32);
            check(g, WG_F64);
            check_along(g, WG_F32);
            check_along(g, WG_F64);
        }
    wg_free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(ops_on_short_rows_have_the_bits_of_one_row_alone)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
