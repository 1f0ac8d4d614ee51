/* Element-wise ops give an element the same bits wherever it stands: whatever the length, the alignment, the strides, the number of
   threads, and whether the vectors are AVX2's or AVX-512's. Every WG_UNARY and WG_BINARY op of ops.def, f32 and f64. */
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common.h"
#include "wengert/runtime.h"

typedef wg_tensor *of_one(wg_tensor *a);
typedef wg_tensor *of_two(wg_tensor *a, wg_tensor *b);
static const struct op {
    const char *name;
    of_one *one;
    of_two *two;
} ops[] = {
#define WG_UNARY(name) {#name, wg_##name, NULL},
#define WG_BINARY(name) {#name, NULL, wg_##name},
#define WG_REDUCTION(name)
#define WG_OP(name, arguments)
#define WG_OP_WITH(name, operands, options)
#define WG_OP_MANY(name, arguments)
#define WG_CORE(name)
#include "wengert/ops.def"
};
enum { OPS = sizeof ops / sizeof *ops, MANY = 100000, LONGEST = 70, OFFSETS = 17 };

static double number_at(int64_t i, int salt)
{
    static const double special[] = {0,       -0.0, 1,   -1, (double)INFINITY, -(double)INFINITY, (double)NAN, 1e-40,
                                     -1e-310, 90,   -90, 700};
    const uint64_t mixed = (uint64_t)(i + 1) * UINT64_C(0x9E3779B97F4A7C15) + (uint64_t)salt * UINT64_C(0xBF58476D1CE4E5B9);
    const double u = (double)(mixed >> 11) * 0x1p-53;
    if ((i + salt) % 29 == 0)
        return special[i / 29 % (int64_t)(sizeof special / sizeof *special)];
    return i % 3 == 0 ? 2 * u : (u - 0.5) * (i % 3 == 1 ? 8 : 200);
}

static wg_tensor *values_of(wg_dtype dtype, int64_t n, int salt)
{
    wg_tensor *t = made(wg_zeros(dtype, WG_SHAPE(n)));
    for (int64_t i = 0; i < n; i++)
        if (dtype == WG_F32)
            ((float *)wg_data_mut(t))[i] = (float)number_at(i, salt);
        else
            ((double *)wg_data_mut(t))[i] = number_at(i, salt);
    return t;
}

static wg_tensor *apply(const struct op *op, wg_tensor *a, wg_tensor *b)
{
    return made(op->one ? op->one(a) : op->two(a, b));
}

static bool is_nan_f32(const void *at)
{
    float x;
    memcpy(&x, at, sizeof x);
    return isnan(x);
}

static bool is_nan_f64(const void *at)
{
    double x;
    memcpy(&x, at, sizeof x);
    return isnan(x);
}

/* Elements of part are those of whole from first, every step-th; what kind of NaN does not matter. */
static void assert_part(const struct op *op, const char *what, wg_tensor *part, const wg_tensor *whole, int64_t first, int64_t step)
{
    const size_t size = wg_dtype_size(wg_dtype_of(whole));
    wg_tensor *dense = made(wg_copy(part));
    const char *got = wg_data(dense), *want = wg_data(whole);
    for (int64_t i = 0; i < wg_numel(part); i++) {
        const char *g = got + (size_t)i * size, *w = want + (size_t)(first + i * step) * size;
        const bool nan = size == 4 ? is_nan_f32(g) && is_nan_f32(w) : is_nan_f64(g) && is_nan_f64(w);
        if (memcmp(g, w, size) != 0 && !nan)
            fail_msg("%s, %s: element %lld of those from %lld differs", op->name, what, (long long)i, (long long)first);
    }
    wg_free(dense);
}

/* Part of a: n elements from first, every step-th, as a view. */
static wg_tensor *view(wg_tensor *a, int64_t first, int64_t n, int64_t step)
{
    return made(wg_slice(a, 0, first, first + (n - 1) * step + 1, step));
}

static void check_part(const struct op *op, wg_tensor *const *in, const wg_tensor *whole, int64_t first, int64_t n, int64_t step)
{
    wg_tensor *a = view(in[0], first, n, step), *b = view(in[1], first, n, step), *y = apply(op, a, b);
    assert_part(op, step == 1 ? "dense" : "strided", y, whole, first, step);
    wg_free(y), wg_free(b), wg_free(a);
}

static void check_number(const struct op *op, wg_tensor *const *in, int64_t n, bool first)
{
    wg_tensor *number = view(in[first], 1, 1, 1), *all = view(in[!first], 0, n, 1);
    wg_tensor *seen = made(wg_broadcast_to(number, WG_SHAPE(n))), *wide = made(wg_copy(seen));
    wg_tensor *y = first ? apply(op, number, all) : apply(op, all, number),
              *want = first ? apply(op, wide, all) : apply(op, all, wide);
    assert_part(op, "a number", y, want, 0, 1);
    wg_free(want), wg_free(y), wg_free(wide), wg_free(seen), wg_free(all), wg_free(number);
}

static void lengths_and_alignments(void **state)
{
    (void)state;
    for (int k = 0; k < 2 * OPS; k++) {
        const struct op *op = &ops[k / 2];
        wg_tensor *in[2] = {values_of((wg_dtype)(k % 2), 2000, 1), values_of((wg_dtype)(k % 2), 2000, 2)};
        wg_tensor *whole = apply(op, in[0], in[1]);
        for (int64_t first = 0; first < OFFSETS; first++)
            for (int64_t n = 1; n <= LONGEST; n++)
                check_part(op, in, whole, first, n, 1);
        for (int64_t step = 2; step < 5; step++)
            for (int64_t n = 1; n <= 400; n += 57)
                check_part(op, in, whole, step, n, step);
        for (int number = 0; number < 2 && op->two; number++)
            check_number(op, in, 75, number);
        wg_free(whole), wg_free(in[1]), wg_free(in[0]);
    }
}

static void threads(void **state)
{
    (void)state;
    for (int k = 0; k < 2 * OPS; k++) {
        const struct op *op = &ops[k / 2];
        wg_tensor *in[2] = {values_of((wg_dtype)(k % 2), MANY, 1), values_of((wg_dtype)(k % 2), MANY, 2)}, *one = NULL;
        for (int n = 1; n <= 3; n++) {
            assert_ok(wg_set_threads(n));
            wg_tensor *y = apply(op, in[0], in[1]);
            if (one)
                assert_part(op, "threads", y, one, 0, 1), wg_free(y);
            else
                one = y;
        }
        wg_free(one), wg_free(in[1]), wg_free(in[0]);
    }
    assert_ok(wg_set_threads(1));
}

/* A result that is streamed past the caches, from an address in the midst of a line. */
static void streamed(void **state)
{
    const int64_t n = 9000001;
    (void)state;
    wg_tensor *a = made(wg_zeros(WG_F32, WG_SHAPE(n + 3))), *x = view(a, 3, n, 1);
    float *in = wg_data_mut(a);
    for (int64_t i = 0; i < n + 3; i++)
        in[i] = (float)(i % 1000);
    for (int t = 1; t <= 2; t++) {
        assert_ok(wg_set_threads(t));
        wg_tensor *y = made(wg_square(x));
        const float *got = wg_data(y);
        for (int64_t i = 0; i < n; i++)
            if (got[i] != in[i + 3] * in[i + 3])
                fail_msg("element %lld is %g", (long long)i, (double)got[i]);
        wg_free(y);
    }
    assert_ok(wg_set_threads(1));
    wg_free(x), wg_free(a);
}

/* ---- instruction sets: another process says what it gets with AVX2 ---- */

enum { SHARED = 3000 };

static void write_results(int to)
{
    for (int k = 0; k < 2 * OPS; k++) {
        wg_tensor *a = values_of((wg_dtype)(k % 2), SHARED, 1), *b = values_of((wg_dtype)(k % 2), SHARED, 2),
                  *y = apply(&ops[k / 2], a, b);
        const size_t bytes = (size_t)SHARED * wg_dtype_size(wg_dtype_of(y));
        if (write(to, wg_data(y), bytes) != (ssize_t)bytes)
            _exit(1);
        wg_free(y), wg_free(b), wg_free(a);
    }
    _exit(0);
}

static int results;

static void read_all(void *to, size_t bytes)
{
    for (size_t at = 0; at < bytes;) {
        const ssize_t got = read(results, (char *)to + at, bytes - at);
        assert_true(got > 0);
        at += (size_t)got;
    }
}

static void instruction_sets(void **state)
{
    (void)state;
    for (int k = 0; k < 2 * OPS; k++) {
        wg_tensor *a = values_of((wg_dtype)(k % 2), SHARED, 1), *b = values_of((wg_dtype)(k % 2), SHARED, 2),
                  *y = apply(&ops[k / 2], a, b);
        wg_tensor *other = made(wg_zeros(wg_dtype_of(y), WG_SHAPE(SHARED)));
        read_all(wg_data_mut(other), (size_t)SHARED * wg_dtype_size(wg_dtype_of(y)));
        if (strcmp(wg_instruction_set(), "portable") != 0) /* which may have no fused multiplication */
            assert_part(&ops[k / 2], "avx2", other, y, 0, 1);
        wg_free(other), wg_free(y), wg_free(b), wg_free(a);
    }
}

int main(void)
{
    int ends[2];
    if (pipe(ends) != 0)
        return 1;
    const pid_t child = fork(); /* before the library has asked for its instruction set */
    if (child < 0)
        return 1;
    if (child == 0) {
        const char *wanted = getenv("WENGERT_ISA");
        if (!wanted)
            setenv("WENGERT_ISA", "avx2", 1);
        close(ends[0]);
        write_results(ends[1]);
    }
    close(ends[1]);
    results = ends[0];
    const struct CMUnitTest tests[] = {cmocka_unit_test(instruction_sets), cmocka_unit_test(lengths_and_alignments),
                                       cmocka_unit_test(threads), cmocka_unit_test(streamed)};
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    int status = 0;
    waitpid(child, &status, 0);
    return failed || !WIFEXITED(status) || WEXITSTATUS(status) != 0;
}
