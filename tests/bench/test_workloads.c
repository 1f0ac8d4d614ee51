/* The workloads of wg-bench compute what PyTorch computes (losses.txt, made by torch_bench.py --losses from the same numbers),
   with the same bits for any number of threads, eager or replayed. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bench.h"
#include "live.h"

#define TEST(function) cmocka_unit_test_setup_teardown(function, live_begin, live_end)

enum { STEPS = 4 };

static struct subject *begin_captured(const struct workload *w, int threads, bool captured)
{
    struct subject *s = calloc(1, w->size);
    assert_non_null(s);
    s->captured = captured;
    assert_int_equal(wg_set_threads(threads), WG_OK);
    assert_int_equal(w->make(s, w->settings), WG_OK);
    s->report = true;
    return s;
}

static struct subject *begin(const struct workload *w, int threads)
{
    return begin_captured(w, threads, false);
}

static void end(const struct workload *w, struct subject *s)
{
    w->finish(s);
    free(s);
    assert_null(wg_error_first());
}

static const struct workload *named(const char *name)
{
    for (const struct workload *const *w = workloads; *w; w++)
        if (strcmp((*w)->name, name) == 0)
            return *w;
    fail_msg("there is no workload %s", name);
    return NULL;
}

/* The rules of W16 on ten million parameters run the code that they run on 2,000, and take minutes under a sanitizer; tests/optim/optimizers.c
   has tensors of many tiles. */
static bool is_long_rule(const struct workload *w)
{
    return strncmp(w->name, "W16_", 4) == 0 && w->count > 1e6;
}

/* The comparison is written so that NaN fails. */
static void check_losses(const struct workload *w, const double *want)
{
    struct subject *s = begin(w, 2);
    for (int i = 0; i < STEPS; i++) {
        assert_int_equal(w->step(s), WG_OK);
        const double loss = wg_item(s->loss);
        if (!(fabs(loss - want[i]) <= 1e-4 * fabs(want[i])))
            fail_msg("%s, step %d: the loss is %.9g, PyTorch's %.9g", w->name, i, loss, want[i]);
    }
    end(w, s);
}

static void losses_are_pytorchs(void **state)
{
    (void)state;
    char line[256], name[32];
    double want[STEPS];
    int checked = 0;
    FILE *file = fopen(LOSSES, "r");
    assert_non_null(file);
    while (fgets(line, sizeof line, file)) {
        if (line[0] == '#')
            continue;
        assert_int_equal(sscanf(line, "%31s %lf %lf %lf %lf", name, &want[0], &want[1], &want[2], &want[3]), 1 + STEPS);
        if (is_long_rule(named(name)))
            continue;
        check_losses(named(name), want);
        checked++;
    }
    fclose(file);
    assert_true(checked >= 12);
}

static uint64_t bits_after_steps(const struct workload *w, int threads)
{
    struct subject *s = begin(w, threads);
    for (int i = 0; i < 2; i++)
        assert_int_equal(w->step(s), WG_OK);
    const uint64_t bits = subject_fingerprint(s);
    assert_int_equal(subject_reset(s), WG_OK);
    end(w, s);
    return bits;
}

static bool too_large(const struct workload *w)
{
    return w->memory || w == &w8_1e7 || w == &w7b || is_long_rule(w);
}

static void bits_do_not_depend_on_threads(void **state)
{
    (void)state;
    for (const struct workload *const *w = workloads; *w; w++) {
        if (too_large(*w))
            continue;
        const uint64_t bits = bits_after_steps(*w, 1);
        for (int threads = 2; threads <= 3; threads++)
            if (bits_after_steps(*w, threads) != bits)
                fail_msg("%s: other bits with %d threads than with one", (*w)->name, threads);
    }
}

/* A replay of the step leaves what the step itself leaves. */
static void replay_has_eagers_bits(void **state)
{
    (void)state;
    for (const struct workload *const *w = workloads; *w; w++) {
        if (too_large(*w))
            continue;
        const uint64_t bits = bits_after_steps(*w, 2);
        struct subject *s = begin_captured(*w, 2, (*w)->captures);
        wg_replay *replay = (*w)->captures ? NULL : wg_replay_capture((*w)->step, s);
        assert_true(replay || (*w)->captures);
        assert_int_equal(subject_reset(s), WG_OK);
        for (int i = 0; i < 2; i++)
            assert_int_equal(replay ? wg_replay_run(replay) : (*w)->step(s), WG_OK);
        if (subject_fingerprint(s) != bits)
            fail_msg("%s: other bits replayed than eager", (*w)->name);
        wg_replay_destroy(replay);
        end(*w, s);
    }
}

/* Otherwise equal fingerprints would prove nothing. */
static void fingerprints_see_each_step(void **state)
{
    (void)state;
    const struct workload *w = named("W1");
    struct subject *s = begin(w, 1);
    const uint64_t before = subject_fingerprint(s);
    assert_int_equal(w->step(s), WG_OK);
    const uint64_t first = subject_fingerprint(s);
    assert_int_equal(w->step(s), WG_OK);
    assert_true(first != before && subject_fingerprint(s) != first);
    assert_int_equal(subject_reset(s), WG_OK);
    assert_int_equal(w->step(s), WG_OK);
    assert_true(subject_fingerprint(s) == first);
    end(w, s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(losses_are_pytorchs),
        TEST(bits_do_not_depend_on_threads),
        TEST(replay_has_eagers_bits),
        TEST(fingerprints_see_each_step),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
