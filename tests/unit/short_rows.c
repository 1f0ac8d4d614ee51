/* Reductions over short last axes transpose blocks of rows first. The order of a combination is one of logical indices alone, so the
   result has the bits of the same reduction over columns, which are not transposed; and of one row after the other. */
#include "common.h"

static const char *name;
static int64_t rows, columns;

static wg_tensor *reduced(int op, wg_tensor *x, int axis)
{
    static const char *names[] = {"sum", "mean", "max", "min", "var", "std", "norm", "logsumexp", "argmax", "argmin", "any", "all"};
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
        return wg_argmax(x, axis, false);
    case 9:
        return wg_argmin(x, axis, false);
    case 10:
        return wg_any(wg_gt(x, wg_scalar(wg_dtype_of(x), 1.5)), axis, false);
    default:
        return wg_all(wg_gt(x, wg_scalar(wg_dtype_of(x), -1.5)), axis, false);
    }
}

enum { OPS = 12 };

/* Elements of result from number first on, against all of part. */
static void assert_same_part(const char *how, wg_tensor *result, int64_t first, wg_tensor *part)
{
    const size_t size = wg_dtype_size(wg_dtype_of(result));
    const char *at = (const char *)wg_data(made(result)) + (size_t)first * size;
    if (memcmp(at, wg_data(made(part)), (size_t)wg_numel(part) * size) != 0)
        fail_msg("%s of (%lld,%lld), %s: other bits", name, (long long)rows, (long long)columns, how);
}

/* Numbers of which, for what only chooses among them, some are NaN, infinite or a zero of either sign. */
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

static void check(wg_tensor *g, wg_dtype dtype)
{
    for (int op = 0; op < OPS; op++) {
        WG_TAPE(tape);
        WG_NO_GRAD;
        wg_tensor *x = filled(g, dtype, op == 2 || op == 3 || op >= 8);
        wg_tensor *y = reduced(op, x, 1), *turned = made(wg_copy(wg_permute(x, (const int[]){1, 0})));
        assert_same_part("over columns", y, 0, reduced(op, turned, 0));
        for (int64_t row = 0; row < rows; row++)
            assert_same_part("one row alone", y, row, reduced(op, wg_slice(x, 0, row, row + 1, 1), 1));
        wg_free(x);
    }
}

static void reductions_of_short_rows_have_the_bits_of_one_row_alone(void **state)
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
        }
    wg_free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(reductions_of_short_rows_have_the_bits_of_one_row_alone)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
