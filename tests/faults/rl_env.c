/* Memory that runs out in environments, their wrappers, copies and normalisers. */
#include "malloc_sweep.h"

/* Steps of a vector: makes env's copies, and destroys env. */
static bool steps(uint64_t *hash, wg_rl_env *env, int64_t n, int threads)
{
    wg_rl_vector *v = env ? wg_rl_vector_create(env, n, .seed = 4, .threads = threads) : NULL;
    bool done = v != NULL;
    double actions[80];
    for (int step = 0; step < 4 && done; step++) {
        for (int64_t i = 0; i < 2 * n; i++)
            actions[i] = 0.1 * (double)(i % 9) - 0.4;
        done = wg_rl_vector_step(v, actions) == WG_OK;
    }
    for (int step = 0; done && step < 1; step++)
        add_bytes(hash, wg_rl_vector_last(v)->next, (size_t)n * sizeof(double)), done = wg_rl_vector_reset(v) == WG_OK;
    for (size_t i = 0; done && i < wg_rl_vector_state(v).n; i++) {
        add_tensor(hash, wg_rl_vector_state(v).tensor[i]);
    }
    wg_rl_vector_destroy(v), wg_rl_env_destroy(env);
    return done;
}

static bool copies(uint64_t *hash)
{
    return steps(hash, wg_rl_pendulum(), 5, 1);
}

static bool copies_by_threads(uint64_t *hash)
{
    return steps(hash, wg_rl_lander(), 40, 3);
}

static bool drawn_seed(uint64_t *hash)
{
    wg_rl_env *env = wg_seed(3, 0) == WG_OK ? wg_rl_cart_pole_continuous() : NULL;
    wg_rl_vector *v = env ? wg_rl_vector_create(env, 2) : NULL;
    if (v)
        add_bytes(hash, wg_rl_vector_observations(v), 8 * sizeof(double));
    const bool done = v != NULL;
    wg_rl_vector_destroy(v), wg_rl_env_destroy(env);
    return done;
}

static bool wrappers(uint64_t *hash)
{
    const double scale[] = {1, 10};
    return steps(hash, wg_rl_rescale(wg_rl_repeat(wg_rl_mountain_car_continuous(), 3), NULL, scale, 0.5), 2, 1);
}

static bool normaliser(uint64_t *hash)
{
    double rows[] = {1, 2, 3, 5};
    wg_rl_normalizer *n = wg_rl_normalizer_create(2);
    const bool done = n && wg_rl_normalizer_update(n, 2, rows) == WG_OK && wg_rl_normalizer_apply(n, 2, rows, rows) == WG_OK;
    if (done)
        add_bytes(hash, rows, sizeof rows);
    wg_rl_normalizer_destroy(n);
    return done;
}

static bool picture(uint64_t *hash)
{
    static char text[1 << 16];
    const wg_rl_pendulum_state states[] = {{0, 0}, {1, 0}};
    FILE *file = fmemopen(text, sizeof text, "w");
    wg_rl_env *env = wg_rl_pendulum(.limit = 0);
    const bool done = env && file && wg_rl_render(env, states, 2, file) == WG_OK;
    if (done)
        add_bytes(hash, text, (size_t)ftell(file));
    wg_rl_env_destroy(env);
    if (file)
        fclose(file);
    return done;
}

static bool contract(uint64_t *hash)
{
    wg_rl_env *env = wg_rl_puddle_world();
    const bool done = env && wg_rl_env_check(env, .steps = 10) == WG_OK;
    add_bytes(hash, "", 1);
    wg_rl_env_destroy(env);
    return done;
}

/* ---- the sweep ---- */

static const struct scenario scenarios[] = {
    {"copies", copies, 12},           {"copies by threads", copies_by_threads, 12},
    {"a drawn seed", drawn_seed, 12}, {"wrappers", wrappers, 20},
    {"normaliser", normaliser, 4},    {"picture", picture, 5},
    {"contract", contract, 10},
};

static void every_call_of_malloc_may_fail(void **state)
{
    (void)state;
    sweep_malloc(scenarios, sizeof scenarios / sizeof *scenarios);
}

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(every_call_of_malloc_may_fail)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
