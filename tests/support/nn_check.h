/* What the tests of nn and optim share. */
#ifndef CHECK_H
#define CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>
#include <wengert.h>

#include "live.h"

/* The thread's first error has this code and a message with text in it; it is taken. */
static inline void assert_error(wg_status code, const char *text)
{
    wg_error error;
    wg_error_take(&error);
    if (error.code != code || !strstr(error.message, text))
        fail_msg("wanted %s \"%s\", got %s \"%s\"", wg_status_name(code), text, wg_status_name(error.code), error.message);
}

static inline void assert_no_error(void)
{
    wg_error error;
    if (wg_error_take(&error) != WG_OK)
        fail_msg("%s \"%s\"", wg_status_name(error.code), error.message);
}

/* NaN fails. */
static inline void assert_close(double got, double wanted, double tolerance)
{
    const double size = wanted < 0 ? -wanted : wanted, error = got < wanted ? wanted - got : got - wanted;
    if (!(error <= tolerance * (1 + size)))
        fail_msg("got %.17g, wanted %.17g", got, wanted);
}

static inline void read_all(const wg_tensor *t, double *to)
{
    const int64_t n = wg_numel(t);
    if (wg_dtype_of(t) == WG_F64) {
        assert_int_equal(wg_read(t, to), WG_OK);
        return;
    }
    assert_true(wg_is_contiguous(t));
    const float *data = wg_data(t);
    assert_non_null(data);
    for (int64_t i = 0; i < n; i++)
        to[i] = data[i];
}

static inline void assert_values(const wg_tensor *t, const double *wanted, double tolerance)
{
    double got[256];
    assert_true(wg_numel(t) <= 256);
    read_all(t, got);
    for (int64_t i = 0; i < wg_numel(t); i++)
        assert_close(got[i], wanted[i], tolerance);
}

static inline void assert_same_bits(const wg_tensor *a, const wg_tensor *b)
{
    assert_int_equal(wg_numel(a), wg_numel(b));
    assert_int_equal(wg_dtype_of(a), wg_dtype_of(b));
    assert_memory_equal(wg_data(a), wg_data(b), (size_t)wg_numel(a) * wg_dtype_size(wg_dtype_of(a)));
}

/* A test that leaves nothing in use behind. */
#define TEST(function) cmocka_unit_test_setup_teardown(function, live_begin, live_end)

#endif
