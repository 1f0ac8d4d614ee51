/* Memory that runs out in environments, their wrappers, copies and normalisers: every call of malloc, calloc, aligned_alloc and strdup that the
   library makes in the calling thread fails in turn, that one alone or all later ones too. Either what was called says E_MEMORY by its
   name, or it did without; then, and when it is tried again, it gives the bits of a run without failure. */
#include <stdio.h>

#include "common.h"

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
char *__real_strdup(const char *text);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
char *__wrap_strdup(const char *text);

static _Thread_local int64_t fail_at = -1, calls;
static _Thread_local bool persistent;

static bool fails(void)
{
    const int64_t call = calls++;
    return fail_at >= 0 && (call == fail_at || (persistent && call > fail_at));
}

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
    return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
    return fails() ? NULL : __real_aligned_alloc(alignment, size);
}

char *__wrap_strdup(const char *text)
{
    return fails() ? NULL : __real_strdup(text);
}

/* ---- what may run out of memory: each frees what it made, and adds the bits of its results to *hash ---- */

static void add(uint64_t *hash, const void *data, size_t size)
{
    const unsigned char *bytes = data;
    for (size_t i = 0; i < size; i++)
        *hash = (*hash ^ bytes[i]) * 1099511628211u;
}

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
        add(hash, wg_rl_vector_last(v)->next, (size_t)n * sizeof(double)), done = wg_rl_vector_reset(v) == WG_OK;
    for (size_t i = 0; done && i < wg_rl_vector_state(v).n; i++) {
        const wg_tensor *t = wg_rl_vector_state(v).tensor[i];
        add(hash, wg_data(t), (size_t)wg_numel(t) * wg_dtype_size(wg_dtype_of(t)));
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
        add(hash, wg_rl_vector_observations(v), 8 * sizeof(double));
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
        add(hash, rows, sizeof rows);
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
        add(hash, text, (size_t)ftell(file));
    wg_rl_env_destroy(env);
    if (file)
        fclose(file);
    return done;
}

static bool contract(uint64_t *hash)
{
    wg_rl_env *env = wg_rl_puddle_world();
    const bool done = env && wg_rl_env_check(env, .steps = 10) == WG_OK;
    add(hash, "", 1);
    wg_rl_env_destroy(env);
    return done;
}

/* ---- the sweep ---- */

static const struct scenario {
    const char *name;
    bool (*act)(uint64_t *hash);
    int64_t at_least; /* calls that fail */
} scenarios[] = {
    {"copies", copies, 12},           {"copies by threads", copies_by_threads, 12},
    {"a drawn seed", drawn_seed, 12}, {"wrappers", wrappers, 20},
    {"normaliser", normaliser, 4},    {"picture", picture, 5},
    {"contract", contract, 10},
};

static const uint64_t first_hash = 14695981039346656037u;

/* The error is that memory ran out, and its message begins with the name of what was called. */
static void check_error(const char *name, int64_t k)
{
    wg_error error;
    const wg_status code = wg_error_take(&error);
    const size_t n = strlen(error.op);
    if (code != WG_E_MEMORY || n == 0 || strcmp(error.op, "memory") == 0 || strncmp(error.message, error.op, n) != 0)
        fail_msg("%s, call %lld: %s", name, (long long)k, error.message);
}

/* One run with the k-th call failing, and a second one. Returns whether there was such a call. */
static bool run_with_failure(const struct scenario *scenario, uint64_t expected, int64_t k, bool from_then_on)
{
    uint64_t hash = first_hash, again = first_hash;
    wg_memory_trim(); /* so that tensors need malloc */
    calls = 0, fail_at = k, persistent = from_then_on;
    const bool done = scenario->act(&hash);
    const bool failed = calls > k;
    fail_at = -1;
    if (!done)
        check_error(scenario->name, k);
    if ((done && hash != expected) || (!done && !failed))
        fail_msg("%s, call %lld: other bits, or an error without a cause", scenario->name, (long long)k);
    if (!scenario->act(&again) || again != expected)
        fail_msg("%s, call %lld: other bits when it was tried again", scenario->name, (long long)k);
    return failed;
}

static void every_call_of_malloc_may_fail(void **state)
{
    (void)state;
    for (size_t s = 0; s < sizeof scenarios / sizeof *scenarios; s++) {
        uint64_t expected = first_hash;
        assert_true(scenarios[s].act(&expected));
        for (int from_then_on = 0; from_then_on < 2; from_then_on++) {
            int64_t k = 0;
            while (run_with_failure(&scenarios[s], expected, k, from_then_on))
                k++;
            if (k < scenarios[s].at_least)
                fail_msg("%s: only %lld calls", scenarios[s].name, (long long)k);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(every_call_of_malloc_may_fail)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
