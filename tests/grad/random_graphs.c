/* Random programs (random_graphs/): gradients against central differences, forward against reverse mode, Hessian-vector products
   against differences of gradients; and the same bits for any number of threads and for other choices that must not matter.
   usage: random_graphs [SEED]     only the program of that seed, which a failure names */
#include "random_graphs/kinds.h"

#ifdef TEST_ASAN
enum { GRAPHS = 200 };
#else
enum { GRAPHS = 1000 };
#endif
enum { MANY_GRAPHS = 100000, LARGE_EVERY = 100, HESSIAN_EVERY = 5, MOST_POINTS = 30, ALL_LEAVES = LEAVES };

static long only_seed;

static long first_seed(void)
{
    return only_seed ? only_seed : 1;
}

static long last_seed(void)
{
    return only_seed ? only_seed : how_often(GRAPHS, MANY_GRAPHS);
}

/* ---- a program at a point ---- */

struct subject {
    struct program program;
    wg_tensor *leaves[LEAVES], *direction[LEAVES];
    double *centre[LEAVES];
    double step;
    double slope[LEAVES + 1]; /* by differences, along the direction of each leaf alone, and of all together */
    long redrawn;
};

static void leave_point(struct subject *s)
{
    for (int i = 0; i < LEAVES; i++) {
        wg_free(s->leaves[i]);
        wg_free(s->direction[i]);
        free(s->centre[i]);
    }
}

static void enter_point(struct subject *s, int point)
{
    program_point(&s->program, point, s->leaves, s->direction);
    for (int i = 0; i < LEAVES; i++) {
        s->centre[i] = malloc((size_t)wg_numel(s->leaves[i]) * sizeof(double));
        assert_non_null(s->centre[i]);
        assert_ok(wg_read(s->leaves[i], s->centre[i]));
    }
}

/* Sets leaves = centre + t direction, for leaf `which` or for all. */
static void move(struct subject *s, int which, double t)
{
    for (int i = 0; i < LEAVES; i++) {
        double *to = wg_data_mut(s->leaves[i]);
        const double *by = wg_data(s->direction[i]), *from = s->centre[i], along = which == i || which == ALL_LEAVES ? t : 0;
        for (int64_t k = 0; k < wg_numel(s->leaves[i]); k++)
            to[k] = from[k] + along * by[k];
    }
}

static double value_now(struct subject *s, struct run *run)
{
    wg_tape_open();
    const double value = wg_item(run_program(s->leaves, LEAVES, run));
    close_tapes();
    return value;
}

static const double steps[] = {-2, -1, 1, 2};

/* The derivative from four values at multiples of the step: exact up to the fourth power of the step. */
static double four_point(const double *at, double step)
{
    return (8 * (at[2] - at[1]) - (at[3] - at[0])) / (12 * step);
}

/* Computes the slopes; false if a decision changes within two steps, i.e. a kink is near. */
static bool survey(struct subject *s)
{
    struct run centre = {.program = &s->program, .decide = true};
    value_now(s, &centre);
    for (int which = 0; which <= LEAVES; which++) {
        double at[4];
        for (int k = 0; k < 4; k++) {
            struct run run = {.program = &s->program, .decide = true};
            move(s, which, steps[k] * s->step);
            at[k] = value_now(s, &run);
            if (run.decisions != centre.decisions)
                return false;
        }
        s->slope[which] = four_point(at, s->step);
    }
    move(s, ALL_LEAVES, 0);
    return true;
}

/* The program of this seed, with its scales; counts the uses of each kind. */
static struct subject subject_new(long seed, int n_kinds, bool large, long *uses)
{
    struct subject s = {.program = program_new((uint64_t)seed, n_kinds, large), .step = 1e-4};
    struct run draft = {.program = &s.program, .draft = true, .uses = uses};
    enter_point(&s, 0);
    value_now(&s, &draft);
    return s;
}

/* Moves to other points until no kink is near. */
static void find_smooth_point(struct subject *s)
{
    while (!survey(s)) {
        if (++s->redrawn == MOST_POINTS) {
            print_program(&s->program, s->leaves);
            fail_msg("program %ld: a kink near each of %d points", (long)s->program.seed, MOST_POINTS);
        }
        leave_point(s);
        enter_point(s, (int)s->redrawn);
    }
}

/* ---- its derivatives ---- */

/* Returns a row-major copy of t, so that results can be read as arrays, and frees t. */
static wg_tensor *row_major(wg_tensor *t)
{
    wg_tensor *copy = made(wg_copy(made(t)));
    wg_free(t);
    return copy;
}

static double dot(const wg_tensor *a, const wg_tensor *b)
{
    double total = 0;
    for (int64_t i = 0; i < wg_numel(a); i++)
        total += ((const double *)wg_data(a))[i] * ((const double *)wg_data(b))[i];
    return total;
}

static double norm(const wg_tensor *a)
{
    return sqrt(dot(a, a));
}

/* Returns the value and, in g, gradients by backward, to be freed. */
static double gradients(struct subject *s, struct run run, bool trace, wg_tensor **g)
{
    run.program = &s->program;
    wg_tape *tape = wg_tape_open(.trace = trace);
    wg_tensor *y = run_program(s->leaves, LEAVES, &run);
    assert_ok(wg_backward(y));
    if (trace)
        assert_ok(wg_tape_rerun(tape));
    for (int i = 0; i < LEAVES; i++)
        g[i] = made(wg_keep(wg_gradient(s->leaves[i])));
    const double value = wg_item(y);
    close_tapes();
    for (int i = 0; i < LEAVES; i++) {
        g[i] = row_major(g[i]);
        wg_clear_gradient(s->leaves[i]);
    }
    return value;
}

static void free_all(wg_tensor **t)
{
    for (int i = 0; i < LEAVES; i++)
        wg_free(t[i]);
}

static void complain(struct subject *s, const char *what, double got, double want, double tolerance)
{
    print_program(&s->program, s->leaves);
    fail_msg("program %ld: %s: %.17g is not within %g of %.17g", (long)s->program.seed, what, got, tolerance, want);
}

static void expect_near(struct subject *s, const char *what, double got, double want, double tolerance)
{
    if (!(fabs(got - want) <= tolerance))
        complain(s, what, got, want, tolerance);
}

static void expect_same_bits(struct subject *s, const char *what, wg_tensor *const *a, wg_tensor *const *b)
{
    for (int i = 0; i < LEAVES; i++)
        if (memcmp(wg_data(a[i]), wg_data(b[i]), (size_t)wg_numel(a[i]) * sizeof(double)) != 0)
            complain(s, what, norm(a[i]), norm(b[i]), 0);
}

/* The largest difference between the slopes and those that g gives, in units of the leaf's gradient. */
static double slope_error(const struct subject *s, wg_tensor *const *g)
{
    double worst = 0, along_all = 0, scale = 0;
    for (int i = 0; i < LEAVES; i++) {
        const double along = dot(g[i], s->direction[i]), error = fabs(along - s->slope[i]) / norm(g[i]);
        worst = worse(worst, error);
        along_all += along;
        scale = fmax(scale, norm(g[i]));
    }
    return worse(worst, fabs(along_all - s->slope[LEAVES]) / scale);
}

static void check_forward_mode(struct subject *s, wg_tensor *const *g)
{
    struct run run = {.program = &s->program};
    wg_tensor *y, *ty, *vg[LEAVES];
    assert_ok(wg_jvp(run_program, &run, s->leaves, LEAVES, s->direction, &y, &ty));
    double along = 0, scale = 1;
    for (int i = 0; i < LEAVES; i++) {
        along += dot(g[i], s->direction[i]);
        scale += norm(g[i]) * norm(s->direction[i]);
    }
    expect_near(s, "jvp against vjp", wg_item(ty), along, 1e-10 * scale);
    wg_free(y);
    wg_free(ty);
    assert_ok(wg_vjp(run_program, &run, s->leaves, LEAVES, WG_NONE, NULL, vg));
    for (int i = 0; i < LEAVES; i++)
        vg[i] = row_major(vg[i]);
    expect_same_bits(s, "wg_vjp against wg_backward", vg, g);
    free_all(vg);
}

static void check_threads(struct subject *s, double one, wg_tensor *const *g)
{
    wg_tensor *other[LEAVES];
    assert_ok(wg_set_threads(2));
    const double two = gradients(s, (struct run){0}, false, other);
    assert_ok(wg_set_threads(1));
    expect_near(s, "the value on two threads", two, one, 0);
    expect_same_bits(s, "gradients on two threads", other, g);
    free_all(other);
}

/* Checks the Hessian-vector product against differences of the gradient along the direction. */
static void check_hessian(struct subject *s)
{
    struct run run = {.program = &s->program};
    wg_tensor *hv[LEAVES], *at[4][LEAVES];
    assert_ok(wg_hvp(run_program, &run, s->leaves, LEAVES, s->direction, NULL, NULL, hv));
    for (int k = 0; k < 4; k++) {
        move(s, ALL_LEAVES, steps[k] * s->step);
        gradients(s, (struct run){0}, false, at[k]);
    }
    move(s, ALL_LEAVES, 0);
    for (int i = 0; i < LEAVES; i++) {
        hv[i] = row_major(hv[i]);
        const double *got = wg_data(hv[i]), tolerance = 1e-5 * (norm(hv[i]) + norm(at[0][i]));
        for (int64_t k = 0; k < wg_numel(hv[i]); k++) {
            double values[4];
            for (int j = 0; j < 4; j++)
                values[j] = ((const double *)wg_data(at[j][i]))[k];
            expect_near(s, "Hessian product", got[k], four_point(values, s->step), tolerance);
        }
    }
    for (int k = 0; k < 4; k++)
        free_all(at[k]);
    free_all(hv);
}

/* ---- the tests ---- */

static void derivatives_of_random_graphs(void **state)
{
    (void)state;
    long uses[KINDS_PLANTED] = {0}, programs = 0, redrawn = 0;
    assert_ok(wg_set_threads(1));
    for (long seed = first_seed(); seed <= last_seed(); seed++, programs++) {
        const bool large = seed % LARGE_EVERY == 0;
        struct subject s = subject_new(seed, KINDS, large, uses);
        wg_tensor *g[LEAVES];
        if (!large)
            find_smooth_point(&s);
        const double value = gradients(&s, (struct run){0}, false, g);
        if (!large)
            expect_near(&s, "gradient against differences, in its own scale", slope_error(&s, g), 0, 1e-6);
        check_forward_mode(&s, g);
        check_threads(&s, value, g);
        if (!large && seed % HESSIAN_EVERY == 0)
            check_hessian(&s);
        redrawn += s.redrawn;
        free_all(g);
        leave_point(&s);
    }
    print_message("%ld programs, %ld points redrawn near a kink\n", programs, redrawn);
    assert_true(only_seed || redrawn * 20 <= programs);
    for (int i = 0; i < KINDS && !only_seed; i++)
        if (uses[i] * 50 < programs)
            fail_msg("%s was used %ld times in %ld programs", kinds[i].name, uses[i], programs);
}

/* The planted gradient without its factor 3 is found in the first programs that contain it. */
static void wrong_gradients_are_found(void **state)
{
    (void)state;
    enum { WITH = 20 };
    int with = 0, found = 0;
    for (long seed = 1; with < WITH; seed++) {
        long uses[KINDS_PLANTED] = {0};
        struct subject s = subject_new(seed, KINDS_PLANTED, false, uses);
        if (uses[KINDS] > 0) {
            wg_tensor *g[LEAVES];
            find_smooth_point(&s);
            gradients(&s, (struct run){0}, false, g);
            with++;
            found += !(slope_error(&s, g) <= 1e-6);
            free_all(g);
        }
        leave_point(&s);
    }
    assert_int_equal(found, with);
}

/* With steps a thousand times as long, most programs have a kink within the step. */
static void kinks_are_seen(void **state)
{
    (void)state;
    enum { PROGRAMS = 100 };
    int seen = 0;
    for (long seed = 1; seed <= PROGRAMS; seed++) {
        struct subject s = subject_new(seed, KINDS, false, NULL);
        s.step = 0.1;
        seen += !survey(&s);
        leave_point(&s);
    }
    assert_true(seen > PROGRAMS / 2 && seen < PROGRAMS); /* the short programs may have none */
}

/* Values dropped, tapes nested, traced and run again, recorded for a second derivative: one bit of the mode each. */
static void what_must_not_matter_does_not(void **state)
{
    (void)state;
    for (long seed = first_seed(); seed <= last_seed(); seed++) {
        const bool traceable = seed % 2;
        struct subject s = subject_new(seed, traceable ? KINDS_TRACEABLE : KINDS, false, NULL);
        wg_tensor *plain[LEAVES], *other[LEAVES];
        gradients(&s, (struct run){0}, false, plain);
        for (int manner = 1; manner < (traceable ? 6 : 4); manner++) { /* not traced and nested at once: a rerun covers the top
                                                                          tape only */
            gradients(&s, (struct run){.drop = manner & 1, .nested = manner & 2}, manner & 4, other);
            expect_same_bits(&s, manner & 4 ? "gradients traced" : "gradients dropped or nested", other, plain);
            free_all(other);
        }
        wg_tape_open();
        struct run run = {.program = &s.program};
        assert_ok(wg_grad_many(run_program(s.leaves, LEAVES, &run), s.leaves, LEAVES, other, .create_graph = true));
        for (int i = 0; i < LEAVES; i++)
            assert_same_bits(plain[i], other[i]);
        close_tapes();
        free_all(plain);
        leave_point(&s);
    }
}

/* ---- replayed ---- */

struct replayed {
    struct subject *s;
    struct shared *shared;
    wg_tensor *y;
};

static wg_status value_and_gradients(void *context)
{
    struct replayed *r = context;
    struct run run = {.program = &r->s->program, .shared = r->shared};
    WG_TAPE(tape);
    r->shared->at = 0;
    wg_tensor *y = run_program(r->s->leaves, LEAVES, &run), *kept = y ? wg_keep(y) : NULL;
    if (!kept)
        return wg_error_first()->code;
    wg_free(r->y);
    r->y = kept;
    for (int i = 0; i < LEAVES; i++)
        wg_clear_gradient(r->s->leaves[i]);
    return wg_backward(y);
}

/* Resets the shared generators to the states in copy. */
static void rewind_shared(struct shared *shared, wg_tensor *const *copy)
{
    for (int i = 0; i < shared->n; i++)
        assert_ok(wg_assign(shared->t[i], copy[i]));
}

/* Captured at one point and run at another, a replay gives the bits of the program. */
static void replays_have_the_bits_of_programs(void **state)
{
    (void)state;
    enum { REPLAYED = 200 };
    const long last = only_seed ? only_seed : how_often(REPLAYED, MANY_GRAPHS);
    for (long seed = first_seed(); seed <= last; seed++) {
        struct subject s = subject_new(seed, KINDS, seed % LARGE_EVERY == 0, NULL);
        struct shared shared = {.n = 0};
        struct replayed replayed = {.s = &s, .shared = &shared}, eager = replayed;
        assert_ok(wg_set_threads(1 + (int)(seed % 2)));
        assert_ok(value_and_gradients(&eager));
        wg_tensor *copy[MOST_SHARED];
        for (int i = 0; i < shared.n; i++)
            copy[i] = made(wg_copy(shared.t[i]));
        move(&s, ALL_LEAVES, 0.01);
        wg_replay *replay = wg_replay_capture(value_and_gradients, &replayed);
        if (!replay)
            fail_msg("program %ld: %s", seed, wg_error_first()->message);
        wg_tensor *of_run[LEAVES], *of_program[LEAVES];
        move(&s, ALL_LEAVES, 0);
        rewind_shared(&shared, copy);
        assert_ok(wg_replay_run(replay));
        for (int i = 0; i < LEAVES; i++)
            of_run[i] = made(wg_copy(wg_gradient(s.leaves[i])));
        rewind_shared(&shared, copy);
        assert_ok(value_and_gradients(&eager));
        for (int i = 0; i < LEAVES; i++)
            of_program[i] = made(wg_copy(wg_gradient(s.leaves[i])));
        expect_same_bits(&s, "gradients replayed", of_run, of_program);
        assert_same_bits(replayed.y, eager.y);
        wg_replay_destroy(replay);
        free_all(of_run);
        free_all(of_program);
        wg_free(eager.y), wg_free(replayed.y);
        while (shared.n > 0) {
            wg_free(shared.t[--shared.n]);
            wg_free(copy[shared.n]);
        }
        leave_point(&s);
    }
    assert_ok(wg_set_threads(1));
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        TEST(derivatives_of_random_graphs),  TEST(wrong_gradients_are_found),         TEST(kinks_are_seen),
        TEST(what_must_not_matter_does_not), TEST(replays_have_the_bits_of_programs),
    };
    only_seed = argc > 1 ? strtol(argv[1], NULL, 10) : 0;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
