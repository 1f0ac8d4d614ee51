/* What the unit tests share: small tensors, reading values, checking errors. */
#ifndef TEST_COMMON_H
#define TEST_COMMON_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "live.h"
#include "wengert.h"

/* The number of repetitions: `usually` in tests/run, `at_length` in tests/run --long. */
static inline long how_often(long usually, long at_length)
{
    return getenv("WENGERT_LONG") ? at_length : usually;
}

#if defined(__SANITIZE_ADDRESS__)
#define TEST_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define TEST_ASAN 1
#endif
#endif
#ifdef TEST_ASAN
#include <sanitizer/asan_interface.h>
#endif
#if defined(__SANITIZE_THREAD__)
#define TEST_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define TEST_TSAN 1
#endif
#endif

/* The condition is written so that NaN fails. */
static inline void assert_near(double got, double want, double tolerance)
{
    if (!(fabs(got - want) <= tolerance))
        fail_msg("%.17g is not within %g of %.17g", got, tolerance, want);
}

static inline void assert_ok(wg_status status)
{
    const wg_error *first = wg_error_first();
    if (status != WG_OK)
        fail_msg("%s: %s", wg_status_name(status), first ? first->message : "no error recorded");
}

/* Returns t and fails the test if it is NULL. */
static inline wg_tensor *made(wg_tensor *t)
{
    const wg_error *first = wg_error_first();
    if (!t)
        fail_msg("%s", first ? first->message : "NULL, and no error recorded");
    return t;
}

/* Checks the code of the first error and that its message contains text, and clears it. */
static inline void expect_error(wg_status code, const char *text)
{
    wg_error error;
    const wg_status got = wg_error_take(&error);
    if (got != code)
        fail_msg("%s where %s is due: %s", wg_status_name(got), wg_status_name(code), error.message);
    if (!strstr(error.message, text))
        fail_msg("\"%s\" does not say \"%s\"", error.message, text);
}

#define assert_fails(expression, code, text)    \
    do {                                        \
        assert_int_equal((expression), (code)); \
        expect_error((code), (text));           \
    } while (0)

#define assert_null_and_error(expression, code, text) \
    do {                                              \
        assert_null((expression));                    \
        expect_error((code), (text));                 \
    } while (0)

/* Checks that the handle t is recognised as dangling: by poisoned memory under AddressSanitizer, otherwise by an error of the
   function that reads it. */
static inline void assert_dangling(const wg_tensor *t)
{
#ifdef TEST_ASAN
    assert_true(__asan_address_is_poisoned(t));
#else
    assert_null(wg_data(t));
    expect_error(WG_E_DANGLING, "data: ");
#endif
}

/* For tests that give the library a dead handle: AddressSanitizer would stop its look at the handle, which without it is an error. */
static inline void let_dead_handle_be_read(wg_tensor *t)
{
#ifdef TEST_ASAN
    __asan_unpoison_memory_region(t, 64);
    __asan_unpoison_memory_region((char *)t + 64, 64);
#else
    (void)t;
#endif
}

/* Element i in row-major order. */
static inline double element(const wg_tensor *t, int64_t i)
{
    const int64_t n = wg_numel(t);
    assert_true(i < n);
    char *copy = malloc((size_t)n * 8);
    assert_non_null(copy);
    assert_ok(wg_read_raw(t, copy));
    double value = NAN;
    switch (wg_dtype_of(t)) {
    case WG_F32:
        value = (double)((float *)(void *)copy)[i];
        break;
    case WG_F64:
        value = ((double *)(void *)copy)[i];
        break;
    case WG_I64:
        value = (double)((int64_t *)(void *)copy)[i];
        break;
    case WG_U8:
        value = ((uint8_t *)copy)[i];
        break;
    }
    free(copy);
    return value;
}

/* The same shape and the same bits. */
static inline void assert_same_bits(const wg_tensor *a, const wg_tensor *b)
{
    const size_t bytes = (size_t)wg_numel(a) * wg_dtype_size(wg_dtype_of(a));
    assert_int_equal(wg_numel(a), wg_numel(b));
    assert_int_equal(wg_dtype_of(a), wg_dtype_of(b));
    char *left = malloc(bytes + 1), *right = malloc(bytes + 1);
    assert_true(left && right);
    assert_ok(wg_read_raw(a, left));
    assert_ok(wg_read_raw(b, right));
    assert_memory_equal(left, right, bytes);
    free(left);
    free(right);
}

/* A tensor with pseudo-random elements in (-1, 1), none closer to 0 than 0.05; they depend on the seed alone. */
static inline wg_tensor *numbers(wg_dtype dtype, wg_shape shape, uint64_t seed)
{
    wg_tensor *t = made(wg_zeros(dtype, shape));
    uint64_t state = seed * 2654435761u + 88172645463325252u;
    void *data = wg_data_mut(t);
    for (int64_t i = 0; i < wg_numel(t); i++) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        const double unit = (double)(state >> 11) * 0x1p-53;
        const double value = (state & 1 ? -1 : 1) * (0.05 + 0.95 * unit);
        if (dtype == WG_F32)
            ((float *)data)[i] = (float)value;
        else
            ((double *)data)[i] = value;
    }
    return t;
}

/* The same, as a leaf that requires a gradient. */
static inline wg_tensor *leaf(wg_dtype dtype, wg_shape shape, uint64_t seed)
{
    return made(wg_set_requires_grad(numbers(dtype, shape, seed), true));
}

static inline wg_tensor *scalar_leaf(double value)
{
    return made(wg_set_requires_grad(wg_scalar(WG_F64, value), true));
}

/* Teardown, after success or failure: no open tape, no recorded error, default modes, no memory in use that was not in use
   before. */
static inline int clean_up(void **state)
{
    wg_memory_fail(-1, false);
    wg_update_cancel();
    while (wg_tape_top() && wg_tape_close(wg_tape_top()) == WG_OK)
        ;
    wg_grad_mode_set(true);
    wg_train_mode_set(true);
    wg_anomaly_set(WG_ANOMALY_OFF);
    wg_error_set_hook(NULL, NULL);
    wg_error_take(NULL);
    return live_end(state);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, live_begin, clean_up)

#endif
