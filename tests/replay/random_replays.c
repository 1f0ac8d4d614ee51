/* Replays of random programs have the bits of the programs: those of random_graphs, and wide ones (random_graphs/wide.h). Every
   plan is also checked (plan_check.h).
   usage: random_replays [SEED]     only the wide program of that seed, which a failure names */
#include "../grad/random_graphs/wide.h"
#include "plan_check.h"

static long only_seed;

enum { WIDE = 1000, MANY_WIDE = 20000, RUNS = 3 };

static bool same_bytes(const wg_tensor *a, const wg_tensor *b)
{
    if (!a || !b)
        return a == b; /* no gradient, if the result depends on no input */
    const size_t bytes = (size_t)wg_numel(a) * wg_dtype_size(wg_dtype_of(a));
    return wg_numel(a) == wg_numel(b) && memcmp(wg_data(a), wg_data(b), bytes) == 0;
}

/* Compares what the step left: NULL, or the name of what differs. */
static const char *difference(const struct wide *a, const struct wide *b)
{
    for (int i = 0; i < KEPT; i++)
        if (!same_bytes(a->kept[i], b->kept[i]))
            return i ? "a value" : "the total";
    for (int i = 0; i < STATES; i++)
        if (!same_bytes(a->state[i], b->state[i]))
            return "what it changed";
    for (int i = 0; i < INPUTS && a->gradients; i++)
        if (!same_bytes(wg_gradient(a->x[i]), wg_gradient(b->x[i])))
            return "a gradient";
    return wg_item(a->count) == wg_item(b->count) ? NULL : "the count";
}

/* Gives an input of both new elements, by writing or by binding. */
static void go_on(struct wide *eager, struct wide *replayed, wg_replay *replay, int run)
{
    wg_tensor *next = numbers(eager->dtype, eager->shape, eager->seed * 8 + 7 + (uint64_t)run);
    assert_ok(wg_write_raw(eager->x[0], wg_data(next)));
    const bool bound = run % 2 == 0 && wg_replay_bind(replay, replayed->x[0], next) == WG_OK;
    if (!bound) { /* an input that nothing reads cannot be bound */
        wg_error_take(NULL);
        assert_ok(wg_write_raw(replayed->x[0], wg_data(next)));
    }
    wg_free(next);
}

static bool check_wide(long seed)
{
    struct wide eager = wide_new((uint64_t)seed), replayed = wide_new((uint64_t)seed);
    const char *what = NULL;
    assert_ok(wg_set_threads(1 + (int)(seed % 2)));
    assert_ok(wide_step(&eager));
    wg_replay *replay = wg_replay_capture(wide_step, &replayed);
    if (!replay)
        fail_msg("wide program %ld: %s", seed, wg_error_first()->message);
    for (int run = 0; run < RUNS && !what; run++) {
        if (run > 0) {
            go_on(&eager, &replayed, replay, run);
            assert_ok(wide_step(&eager));
            assert_ok(wg_replay_run(replay));
        }
        what = difference(&eager, &replayed);
        if (what)
            print_error("wide program %ld, %d values of %lld %s: %s differs in run %d\n", seed, eager.live,
                        (long long)wg_numel(eager.x[0]), wg_dtype_name(eager.dtype), what, run);
    }
    wg_replay_destroy(replay);
    wide_end(&eager), wide_end(&replayed);
    return !what;
}

static void replays_of_wide_programs_have_their_bits(void **state)
{
    (void)state;
    const long last = only_seed ? only_seed : how_often(WIDE, MANY_WIDE), before = plans_checked;
    long different = 0;
    for (long seed = only_seed ? only_seed : 1; seed <= last; seed++)
        different += !check_wide(seed);
    assert_ok(wg_set_threads(1));
    print_message("%ld plans checked, %ld programs that differ\n", plans_checked - before, different);
    assert_int_equal(different, 0);
    assert_true(plans_checked - before >= (only_seed ? 1 : last));
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {TEST(replays_of_wide_programs_have_their_bits)};
    only_seed = argc > 1 ? strtol(argv[1], NULL, 10) : 0;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
