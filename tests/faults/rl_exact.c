/* Allocation failures in exact answers and in policy gradients with linear critics. */
#include "failing_malloc.h"
#include "sweep.h"

struct world {
    wg_rl_mdp mdp;
    wg_tensor *policy, *start, *gain, *s, *a, *r, *x, *w;
    wg_rl_lqr_problem problem;
    wg_nn_module *actor;
    wg_rl_copdac *copdac;
    wg_rl_tiles *tiles;
    wg_rl_tiled *tiled;
};

static wg_tensor *matrix(double a, double b, double c, double d)
{
    return made(wg_from(((const double[]){a, b, c, d}), WG_SHAPE(2, 2)));
}

static void *prepare(void)
{
    const double low[] = {0, 0}, high[] = {1, 1};
    const wg_rl_box box = {2, low, high};
    struct world *w = calloc(1, sizeof *w);
    if (!w || wg_seed(1, 0) != WG_OK)
        return NULL;
    w->mdp = (wg_rl_mdp){wg_full(WG_F64, WG_SHAPE(2, 2, 2), 0.5), matrix(1, 2, 3, 1), 0.9};
    w->policy = matrix(0.5, 0.5, 0.25, 0.75), w->start = wg_from(((const double[]){0.5, 0.5}), WG_SHAPE(2));
    w->problem = (wg_rl_lqr_problem){matrix(1, 0.1, 0, 1), matrix(0.1, 0, 0, 0.1), matrix(1, 0, 0, 1), matrix(1, 0, 0, 1), 0.9};
    w->gain = matrix(1, 0, 0, 1), w->s = matrix(1, 2, 3, 4), w->a = matrix(0.5, 1, 1, 0);
    w->r = wg_from(((const double[]){1, -1}), WG_SHAPE(2)), w->x = matrix(1, 0, 1, 1), w->w = wg_ones(WG_F64, WG_SHAPE(6));
    w->actor = wg_nn_linear(2, 2, .dtype = WG_F64);
    w->copdac = wg_rl_copdac_create(w->actor, 2);
    w->tiles = wg_rl_tiles_create(&box, .tilings = 2, .divisions = 2);
    w->tiled = wg_rl_tiled_create(w->tiles, 2, .seed = 1);
    wg_memory_trim();
    return w->tiled && w->copdac ? w : NULL;
}

/* Frees what was made. */
static bool done_with(wg_tensor *made)
{
    wg_free(made);
    return made != NULL;
}

static bool tables(void *state)
{
    const struct world *w = state;
    return done_with(wg_rl_mdp_values(w->mdp, w->policy)) && done_with(wg_rl_mdp_action_values(w->mdp, w->policy)) &&
           done_with(wg_rl_mdp_return(w->mdp, w->policy, w->start)) && done_with(wg_rl_mdp_visits(w->mdp, w->policy, w->start));
}

static bool chain(void *state)
{
    const struct world *w = state;
    wg_tensor *p, *r;
    const bool done = wg_rl_mdp_chain(w->mdp, w->policy, &p, &r) == WG_OK;
    wg_free(p), wg_free(r);
    return done;
}

static bool optimum(void *state)
{
    const struct world *w = state;
    wg_tensor *policy, *values = wg_rl_mdp_optimum(w->mdp, &policy);
    const bool done = values && policy;
    wg_free(values), wg_free(policy);
    return done;
}

static bool riccati(void *state)
{
    const struct world *w = state;
    wg_tensor *gain, *value;
    const bool done = wg_rl_lqr_solve(w->problem, &gain, &value) == WG_OK;
    wg_free(gain), wg_free(value);
    return done;
}

static bool gradient(void *state)
{
    const struct world *w = state;
    return done_with(wg_rl_lqr_gradient(w->problem, w->gain, .start = w->problem.q, .noise = w->problem.r)) &&
           done_with(wg_rl_lqr_action_value(w->problem, w->gain));
}

static wg_tensor *q(wg_tensor *s, wg_tensor *a, void *context)
{
    (void)context;
    return wg_sum(wg_mul(s, wg_square(a)), .axis = 1);
}

static bool policy(void *state)
{
    const struct world *w = state;
    return done_with(wg_rl_policy_gradient(w->actor, w->s, q, NULL)) &&
           done_with(wg_rl_compatible_features(w->actor, w->s, w->a)) &&
           done_with(wg_rl_compatible_advantage(w->actor, w->s, w->a, w->w));
}

static bool least_squares(void *state)
{
    const struct world *w = state;
    return done_with(wg_rl_lstd(w->x, w->x, w->r, .gamma = 0.5, .ridge = 0.1)) && done_with(wg_rl_quadratic_features(w->s, w->a));
}

static bool step(void *state)
{
    const struct world *w = state;
    const wg_rl_copdac_batch batch = {w->s, w->a, w->r, w->x, w->x, WG_NONE};
    return wg_rl_copdac_step(w->copdac, batch, NULL) == WG_OK;
}

static bool make(void *state)
{
    struct world *w = state;
    wg_rl_copdac *copdac = wg_rl_copdac_create(w->actor, 3);
    wg_rl_tiled *tiled = copdac ? wg_rl_tiled_create(w->tiles, 1, .seed = 1) : NULL;
    wg_rl_env *env = tiled ? wg_rl_lqr(.problem = &w->problem) : NULL;
    const double at[] = {0.5, 0.5};
    wg_tensor *features = env ? wg_rl_tiles_features(w->tiles, at, 1) : NULL;
    const bool done = features != NULL;
    wg_free(features), wg_rl_env_destroy(env), wg_rl_tiled_destroy(tiled), wg_rl_copdac_destroy(copdac);
    return done;
}

static size_t save(void *state, char *bytes, size_t size)
{
    const struct world *w = state;
    size_t used = put_tensors(bytes, 0, size, wg_nn_state(w->actor));
    used = put_tensors(bytes, used, size, wg_rl_copdac_state(w->copdac));
    return put_tensors(bytes, used, size, wg_rl_tiled_state(w->tiled));
}

static void finish(void *state)
{
    struct world *w = state;
    wg_tensor *all[] = {w->mdp.transitions, w->mdp.rewards, w->policy,    w->start,    w->gain, w->s, w->a, w->r, w->x, w->w,
                        w->problem.a,       w->problem.b,   w->problem.q, w->problem.r};
    wg_rl_tiled_destroy(w->tiled), wg_rl_tiles_destroy(w->tiles), wg_rl_copdac_destroy(w->copdac), wg_nn_destroy(w->actor);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        wg_free(all[i]);
    free(w);
}

static const struct scenario scenarios[] = {
    {"values", prepare, tables, save, finish},
    {"a chain", prepare, chain, save, finish},
    {"an optimum", prepare, optimum, save, finish},
    {"a Riccati equation", prepare, riccati, save, finish},
    {"a closed form", prepare, gradient, save, finish},
    {"a policy gradient", prepare, policy, save, finish},
    {"least squares", prepare, least_squares, save, finish},
    {"a step of COPDAC", prepare, step, save, finish},
    {"making", prepare, make, save, finish},
};

static void whatever_allocation_fails_nothing_changes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++)
        assert_true(sweep(&scenarios[i]) > 3);
}

/* Calls of malloc outside the pool: each fails once. Either the function says so, or it did without. */
static int64_t fail_each(const struct scenario *scenario)
{
    static char before[SWEEP_BYTES], after[SWEEP_BYTES];
    for (int k = 0;; k++) {
        void *world = scenario->prepare();
        assert_non_null(world);
        const size_t size = scenario->save(world, before, sizeof before);
        fail_at = k;
        const bool done = scenario->act(world), failed = fail_at < 0;
        fail_at = -1;
        if (!done) {
            assert_true(failed && wg_error_first() && is_named(wg_error_first()));
            expect_error(WG_E_MEMORY, ": ");
            assert_int_equal(scenario->save(world, after, sizeof after), size);
            assert_memory_equal(before, after, size);
            assert_true(scenario->act(world));
        }
        scenario->finish(world);
        assert_true(done || failed);
        if (!failed)
            return k;
    }
}

static void whatever_malloc_fails_nothing_changes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++)
        assert_true(fail_each(&scenarios[i]) > 0);
}

int main(void)
{
    if (wg_warmup(1) != WG_OK)
        return 1;
    const struct CMUnitTest tests[] = {cmocka_unit_test_setup_teardown(whatever_allocation_fails_nothing_changes, NULL, clean_up),
                                       cmocka_unit_test_setup_teardown(whatever_malloc_fails_nothing_changes, NULL, clean_up)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
