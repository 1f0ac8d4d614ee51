/* wg_flush_denormals applies to the thread and to the workers that run its kernels, so results do not depend on the number of
   threads. */
#include "common.h"

enum { N = 1 << 20 };

/* The number of zeros among N products of 1e-30 and 1e-10. */
static int zeros_among(int threads)
{
    WG_TAPE(tape);
    int zeros = 0;
    assert_ok(wg_set_threads(threads));
    const float *y = wg_data(made(wg_mul_scalar(wg_full(WG_F32, WG_SHAPE(N), 1e-30), 1e-10)));
    for (int i = 0; i < N; i++) {
        uint32_t bits;
        memcpy(&bits, &y[i], sizeof bits); /* bits, because a float comparison would flush too */
        zeros += bits == 0;
    }
    return zeros;
}

static void for_the_workers_too(void **state)
{
    (void)state;
    if (wg_flush_denormals(true) != WG_OK) {
        expect_error(WG_E_STATE, "flush_denormals: this CPU has no such mode");
        skip();
    }
    for (int round = 0; round < 2; round++) {
        assert_ok(wg_flush_denormals(true));
        assert_true(wg_flushes_denormals());
        for (int threads = 1; threads <= 4; threads++)
            assert_int_equal(zeros_among(threads), N);
        assert_ok(wg_flush_denormals(false));
        assert_false(wg_flushes_denormals());
        for (int threads = 1; threads <= 4; threads++)
            assert_int_equal(zeros_among(threads), 0);
    }
}

static void off_at_first(void **state)
{
    (void)state;
    assert_false(wg_flushes_denormals());
}

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(off_at_first), TEST(for_the_workers_too)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
