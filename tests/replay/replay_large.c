/* Large steps: more values than the planner compares pairwise, more layouts than its first table holds, results written past the
   caches, and more live values in one group than fit on a thread's stack. */
#include "plan_check.h"

#include "common.h"

struct step {
    wg_tensor *x, *y;
};

static wg_status keep(struct step *s, wg_tensor *y)
{
    wg_tensor *kept = y ? wg_keep(y) : NULL;
    if (!kept)
        return wg_error_first()->code;
    wg_free(s->y);
    s->y = kept;
    return WG_OK;
}

/* Checks that the replayed step leaves what the step leaves. */
static void check(wg_step *step, wg_tensor *x)
{
    const long before = plans_checked;
    struct step eager = {.x = x}, replayed = {.x = x};
    assert_ok(step(&eager));
    wg_replay *replay = wg_replay_capture(step, &replayed);
    assert_non_null(replay);
    assert_int_equal(plans_checked, before + 1);
    assert_same_bits(eager.y, replayed.y);
    assert_ok(wg_replay_run(replay));
    assert_same_bits(eager.y, replayed.y);
    wg_replay_destroy(replay);
    wg_free(eager.y), wg_free(replayed.y);
}

enum { ALIVE = 24, VALUES = 2600, LENGTH = 97 };

/* Values of many lengths, each live until it is replaced; sometimes neighbours end together, so that free blocks are merged. */
static wg_status many(void *context)
{
    struct step *s = context;
    wg_tensor *v[ALIVE], *sum;
    WG_TAPE(tape);
    for (int i = 0; i < ALIVE; i++)
        v[i] = wg_cumsum(s->x, 0, .reverse = i % 2);
    sum = wg_sum(s->x);
    for (int i = 0; i < VALUES; i++) {
        const int at = i * 7 % ALIVE, length = 1 + i * 31 % LENGTH;
        sum = wg_add(sum, wg_mean(v[at]));
        v[at] = wg_cumsum(wg_slice(s->x, 0, 0, length, 1), 0, .reverse = i % 3 == 0);
        if (i % 5 == 0) { /* this value and its neighbour */
            sum = wg_add(sum, wg_mean(wg_concat((wg_tensor *[]){v[(at + 1) % ALIVE], v[at]}, 2, 0)));
            v[(at + 1) % ALIVE] = wg_cumsum(v[at], 0, .reverse = true);
        }
    }
    for (int i = 0; i < ALIVE; i++)
        sum = wg_add(sum, wg_mean(v[i]));
    return keep(s, sum);
}

static void values_beyond_the_largest_find_holes(void **state)
{
    (void)state;
    wg_tensor *x = numbers(WG_F64, WG_SHAPE(LENGTH), 1);
    check(many, x);
    wg_free(x);
}

static wg_status streams(void *context)
{
    struct step *s = context;
    WG_TAPE(tape);
    wg_tensor *y = wg_add_scalar(wg_mul_scalar(s->x, 3), 1);
    return keep(s, wg_mul(wg_tanh(y), y));
}

/* A result of more than 32 MiB whose last tile is not a whole number of cache lines. */
static void results_that_no_cache_holds(void **state)
{
    (void)state;
    for (int threads = 1; threads <= 2; threads++) {
        assert_ok(wg_set_threads(threads));
        wg_tensor *x = numbers(WG_F32, WG_SHAPE(((int64_t)1 << 23) + 1003), 1);
        check(streams, x);
        wg_free(x);
    }
    assert_ok(wg_set_threads(1));
}

enum { ABREAST = 40, LONG = 60007 };

/* Values that all live until the last one is computed. */
static wg_status abreast(void *context)
{
    struct step *s = context;
    WG_TAPE(tape);
    wg_tensor *v[ABREAST], *y = s->x;
    for (int i = 0; i < ABREAST; i++)
        v[i] = wg_add_scalar(wg_mul_scalar(s->x, i + 1), 1.0 / (i + 3));
    for (int i = 0; i < ABREAST; i++)
        y = wg_fma(y, v[i], v[ABREAST - 1 - i]);
    return keep(s, y);
}

/* They need no memory beyond the slots of tiles, for any number of threads, which may change between runs. */
static void values_abreast_stay_in_tiles(void **state)
{
    (void)state;
    wg_tensor *x = numbers(WG_F64, WG_SHAPE(LONG), 1);
    struct step eager = {.x = x}, replayed = {.x = x};
    assert_ok(abreast(&eager));
    wg_replay *replay = wg_replay_capture(abreast, &replayed);
    assert_non_null(replay);
    assert_true(wg_replay_inspect(replay).planned < 4 * LONG * sizeof(double));
    for (int run = 0; run < 4; run++) {
        assert_ok(wg_set_threads((int[]){1, 3, 2, 1}[run]));
        assert_ok(wg_assign(replayed.y, x));
        assert_ok(wg_replay_run(replay));
        assert_same_bits(eager.y, replayed.y);
    }
    wg_replay_destroy(replay);
    wg_free(eager.y), wg_free(replayed.y), wg_free(x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(values_beyond_the_largest_find_holes),
        TEST(results_that_no_cache_holds),
        TEST(values_abreast_stay_in_tiles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
