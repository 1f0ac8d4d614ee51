/* Misuse of environments and of their copies. */
#include <math.h>

#include "misuse.h"

static int destroyed;

static void count_destroyed(void *self)
{
    (void)self;
    destroyed++;
}

static void reset(const void *self, wg_rl_random *random, void *state)
{
    (void)self, (void)random, (void)state;
}

static void observe(const void *self, const void *state, double *observation)
{
    (void)self;
    *observation = *(const double *)state;
}

static void observe_nan(const void *self, const void *state, double *observation)
{
    (void)self, (void)state;
    *observation = (double)NAN;
}

static wg_rl_outcome step(const void *self, wg_rl_random *random, void *state, const double *action)
{
    (void)self, (void)random;
    *(double *)state += *action;
    return (wg_rl_outcome){.reward = 1};
}

#define RIGHT                                                                                                         \
    .name = "right", .observation = {.size = 1}, .action = {.size = 1}, .state_size = sizeof(double), .reset = reset, \
    .observe = observe, .step = step, .destroy = count_destroyed
/* With these members no environment is made, and self is destroyed once. */
#define NOT_MADE(code, text, ...)                                                             \
    do {                                                                                      \
        _Pragma("GCC diagnostic push") _Pragma("GCC diagnostic ignored \"-Woverride-init\"")  \
            const wg_rl_dynamics dynamics = {RIGHT, __VA_ARGS__};                             \
        _Pragma("GCC diagnostic pop") const int before = destroyed;                           \
        assert_null_and_error(wg_rl_env_create_with(dynamics), code, "rl_env_create: " text); \
        assert_int_equal(destroyed, before + 1);                                              \
    } while (0)

static void misuse_making(void)
{
    const double zero = 0, one = 1, nan = (double)NAN;
    NOT_MADE(WG_E_NULL, "the name is NULL", .name = NULL);
    NOT_MADE(WG_E_ARGUMENT, "the name is empty", .name = "");
    NOT_MADE(WG_E_NULL, "right: the function reset is NULL", .reset = NULL);
    NOT_MADE(WG_E_NULL, "right: the function observe is NULL", .observe = NULL);
    NOT_MADE(WG_E_NULL, "right: the function step is NULL", .step = NULL);
    NOT_MADE(WG_E_ARGUMENT, "right: expected .state_size from 1 to 268435456, got 0", .state_size = 0);
    NOT_MADE(WG_E_ARGUMENT, "right: expected .state_size", .state_size = SIZE_MAX);
    NOT_MADE(WG_E_ARGUMENT, "right: expected observation.size from 1 to 268435456, got 0", .observation = {.size = 0});
    NOT_MADE(WG_E_ARGUMENT, "right: expected observation.size", .observation = {.size = INT64_MAX});
    NOT_MADE(WG_E_ARGUMENT, "right: expected action.size from 1 to 268435456, got -1", .action = {.size = -1});
    NOT_MADE(WG_E_ARGUMENT, "right: expected action.low below action.high, got 1 and 0 at 0",
             .action = {.size = 1, .low = &one, .high = &zero});
    NOT_MADE(WG_E_ARGUMENT, "right: expected action.low below action.high, got 1 and 1 at 0",
             .action = {.size = 1, .low = &one, .high = &one});
    NOT_MADE(WG_E_ARGUMENT, "right: expected observation.low below observation.high, got nan and inf at 0",
             .observation = {.size = 1, .low = &nan});
    assert_null_and_error(wg_rl_env_dynamics(NULL), WG_E_NULL, "rl_env_dynamics: the environment is NULL");
    wg_rl_env_destroy(NULL);
}

static void misuse_limits(void)
{
    const int before = destroyed;
    assert_null_and_error(wg_rl_time_limit(NULL, 5), WG_E_NULL, "rl_time_limit: the environment is NULL");
    assert_null_and_error(wg_rl_time_limit(wg_rl_env_create(RIGHT), 0), WG_E_ARGUMENT,
                          "rl_time_limit: right: expected at least 1 step, got 0");
    assert_null_and_error(wg_rl_time_limit(wg_rl_env_create(.name = ""), 0), WG_E_ARGUMENT, "rl_env_create: the name is empty");
    assert_int_equal(destroyed, before + 1); /* it takes env over on failure, too */
}

static void misuse_wrappers(void)
{
    const int before = destroyed;
    const double nan = (double)NAN, zero = 0;
    assert_null_and_error(wg_rl_repeat(NULL, 2), WG_E_NULL, "rl_repeat: the environment is NULL");
    assert_null_and_error(wg_rl_repeat(wg_rl_env_create(RIGHT), 0), WG_E_ARGUMENT,
                          "rl_repeat: right: expected at least 1 time, got 0");
    assert_null_and_error(wg_rl_rescale(NULL, NULL, NULL, 1), WG_E_NULL, "rl_rescale: the environment is NULL");
    assert_null_and_error(wg_rl_rescale(wg_rl_env_create(RIGHT), NULL, NULL, 0), WG_E_ARGUMENT,
                          "rl_rescale: right: expected reward above 0, got 0");
    assert_null_and_error(wg_rl_rescale(wg_rl_env_create(RIGHT), &nan, NULL, 1), WG_E_ARGUMENT,
                          "rl_rescale: right: expected shift to be finite, got nan");
    assert_null_and_error(wg_rl_rescale(wg_rl_env_create(RIGHT), NULL, &zero, 1), WG_E_ARGUMENT,
                          "rl_rescale: right: expected scale above 0, got 0");
    assert_int_equal(destroyed, before + 4);
}

static void misuse_normalizers(void)
{
    wg_rl_normalizer *normalizer = wg_rl_normalizer_create(2);
    double rows[] = {1, 2, 3, (double)NAN};
    assert_null_and_error(wg_rl_normalizer_create(0), WG_E_ARGUMENT, "rl_normalizer_create: expected a size of at least 1, got 0");
    assert_null_and_error(wg_rl_normalizer_create(1, .clip = 0), WG_E_ARGUMENT,
                          "rl_normalizer_create: expected .clip above 0, got 0");
    assert_null_and_error(wg_rl_normalizer_create(1, .epsilon = (double)NAN), WG_E_ARGUMENT,
                          "rl_normalizer_create: expected .epsilon above 0, got nan");
    assert_fails(wg_rl_normalizer_update(NULL, 2, rows), WG_E_NULL, "rl_normalizer_update: the normaliser is NULL");
    assert_fails(wg_rl_normalizer_update(normalizer, 2, NULL), WG_E_NULL, "rl_normalizer_update: the rows are NULL");
    assert_fails(wg_rl_normalizer_update(normalizer, -1, rows), WG_E_ARGUMENT,
                 "rl_normalizer_update: expected at least 0 rows, got -1");
    assert_fails(wg_rl_normalizer_update(normalizer, 2, rows), WG_E_NUMERIC, "rl_normalizer_update: number 1 of row 1 is nan");
    assert_int_equal(*(const int64_t *)wg_data(wg_rl_normalizer_state(normalizer).tensor[0]), 0);
    assert_fails(wg_rl_normalizer_apply(NULL, 2, rows, rows), WG_E_NULL, "rl_normalizer_apply: the normaliser is NULL");
    assert_fails(wg_rl_normalizer_apply(normalizer, 2, NULL, rows), WG_E_NULL, "rl_normalizer_apply: the rows are NULL");
    assert_fails(wg_rl_normalizer_apply(normalizer, 2, rows, NULL), WG_E_NULL, "rl_normalizer_apply: the result is NULL");
    assert_int_equal(wg_rl_normalizer_state(NULL).n, 0);
    expect_error(WG_E_NULL, "rl_normalizer_state: the normaliser is NULL");
    wg_rl_normalizer_destroy(NULL);
    wg_rl_normalizer_destroy(normalizer);
}

static void misuse_checks(void)
{
    wg_rl_env *env = wg_rl_env_create(RIGHT);
    assert_fails(wg_rl_env_check(NULL), WG_E_NULL, "rl_env_check: the environment is NULL");
    assert_fails(wg_rl_env_check(env, .steps = 0), WG_E_ARGUMENT, "rl_env_check: right: expected .steps of at least 1, got 0");
    wg_rl_env_destroy(env);
}

static void misuse_random_numbers(void)
{
    assert_true(isnan(wg_rl_uniform(NULL, 0, 1)));
    expect_error(WG_E_NULL, "rl_uniform: the random numbers are NULL");
    assert_true(isnan(wg_rl_normal(NULL)));
    expect_error(WG_E_NULL, "rl_normal: the random numbers are NULL");
}

static void misuse_making_vectors(void)
{
    wg_rl_env *env = wg_rl_env_create(RIGHT),
              *blind = wg_rl_env_create(.name = "blind", .observation = {.size = 1}, .action = {.size = 1}, .state_size = 8,
                                        .reset = reset, .observe = observe_nan, .step = step);
    assert_null_and_error(wg_rl_vector_create(NULL, 1), WG_E_NULL, "rl_vector_create: the environment is NULL");
    assert_null_and_error(wg_rl_vector_create(env, 0), WG_E_ARGUMENT, "rl_vector_create: right: expected 1 to 1048576 copies");
    assert_null_and_error(wg_rl_vector_create(env, INT64_MAX), WG_E_ARGUMENT, "rl_vector_create: right: expected 1 to");
    assert_null_and_error(wg_rl_vector_create(env, 1, .threads = -1), WG_E_ARGUMENT,
                          "rl_vector_create: right: expected 1 to 1048576 copies and .threads from 0 to 1024, got 1 and -1");
    assert_null_and_error(wg_rl_vector_create(env, 1, .threads = 1025), WG_E_ARGUMENT, "rl_vector_create: right: expected");
    assert_null_and_error(wg_rl_vector_create(blind, 2, .seed = 1), WG_E_NUMERIC,
                          "rl_vector_create: blind: copy 0: observation 0 of an episode's first state is nan");
    wg_rl_vector_destroy(NULL);
    wg_rl_env_destroy(env), wg_rl_env_destroy(blind);
}

static void misuse_vectors(void)
{
    wg_rl_env *env = wg_rl_env_create(RIGHT);
    wg_rl_vector *v = wg_rl_vector_create(env, 2, .seed = 1);
    const double bad[] = {0, (double)NAN}, state = (double)INFINITY;
    assert_fails(wg_rl_vector_reset(NULL), WG_E_NULL, "rl_vector_reset: the vector is NULL");
    assert_fails(wg_rl_vector_step(NULL, bad), WG_E_NULL, "rl_vector_step: the vector is NULL");
    assert_fails(wg_rl_vector_step(v, NULL), WG_E_NULL, "rl_vector_step: the actions are NULL");
    assert_fails(wg_rl_vector_step(v, bad), WG_E_ARGUMENT, "rl_vector_step: right: copy 1: expected action 0 finite");
    assert_int_equal(wg_rl_vector_last(v)->n, 0);
    assert_null_and_error(wg_rl_vector_observations(NULL), WG_E_NULL, "rl_vector_observations: the vector is NULL");
    assert_null_and_error(wg_rl_vector_last(NULL), WG_E_NULL, "rl_vector_last: the vector is NULL");
    assert_int_equal(wg_rl_vector_size(NULL), 0);
    expect_error(WG_E_NULL, "rl_vector_size: the vector is NULL");
    assert_null_and_error(wg_rl_vector_env(NULL), WG_E_NULL, "rl_vector_env: the vector is NULL");
    assert_int_equal(wg_rl_vector_state(NULL).n, 0);
    expect_error(WG_E_NULL, "rl_vector_state: the vector is NULL");
    assert_null_and_error(wg_rl_vector_state_of(NULL, 0), WG_E_NULL, "rl_vector_state_of: the vector is NULL");
    assert_null_and_error(wg_rl_vector_state_of(v, 2), WG_E_ARGUMENT,
                          "rl_vector_state_of: right: expected a copy from 0 to 1, got 2");
    assert_fails(wg_rl_vector_start(NULL, 0, &state), WG_E_NULL, "rl_vector_start: the vector is NULL");
    assert_fails(wg_rl_vector_start(v, -1, &state), WG_E_ARGUMENT, "rl_vector_start: right: expected a copy from 0 to 1, got -1");
    assert_fails(wg_rl_vector_start(v, 0, NULL), WG_E_NULL, "rl_vector_start: right: the state is NULL");
    assert_fails(wg_rl_vector_start(v, 0, &state), WG_E_NUMERIC, "rl_vector_start: right: observation 0 of the state is inf");
    assert_true(wg_rl_vector_observations(v)[0] == 0 && *(const double *)wg_rl_vector_state_of(v, 0) == 0);
    wg_rl_vector_destroy(v), wg_rl_env_destroy(env);
}

static void misuse_environments(void)
{
    assert_null_and_error(wg_rl_pendulum(.limit = -1), WG_E_ARGUMENT, "rl_pendulum: expected .limit of at least 1, or 0 for none");
    assert_null_and_error(wg_rl_pendulum(.gravity = (double)NAN), WG_E_ARGUMENT,
                          "rl_pendulum: expected .gravity to be finite, got nan");
    assert_null_and_error(wg_rl_mountain_car_continuous(.limit = -1), WG_E_ARGUMENT,
                          "rl_mountain_car_continuous: expected .limit of at least 1, or 0 for none");
    assert_null_and_error(wg_rl_cart_pole_continuous(.limit = INT64_MIN), WG_E_ARGUMENT,
                          "rl_cart_pole_continuous: expected .limit of at least 1");
    assert_null_and_error(wg_rl_cart_pole_continuous(.force = 0), WG_E_ARGUMENT,
                          "rl_cart_pole_continuous: expected .force above 0, got 0");
    assert_null_and_error(wg_rl_cart_pole_continuous(.force = (double)INFINITY), WG_E_ARGUMENT,
                          "rl_cart_pole_continuous: expected .force above 0, got inf");
    assert_null_and_error(wg_rl_lander(.limit = -1), WG_E_ARGUMENT, "rl_lander: expected .limit of at least 1, or 0 for none");
    assert_null_and_error(wg_rl_puddle_world(.limit = -1), WG_E_ARGUMENT, "rl_puddle_world: expected .limit of at least 1");
    assert_null_and_error(wg_rl_puddle_world(.noise = -1), WG_E_ARGUMENT, "rl_puddle_world: expected .noise of at least 0, got -1");
    assert_null_and_error(wg_rl_quadratic_bandit(.actions = 0), WG_E_ARGUMENT,
                          "rl_quadratic_bandit: expected .actions from 1 to 1000, got 0");
    assert_null_and_error(wg_rl_lqr(.limit = -1), WG_E_ARGUMENT, "rl_lqr: expected .limit of at least 1, or 0 for none");
    assert_null_and_error(wg_rl_lqr(.noise = (double)NAN), WG_E_ARGUMENT, "rl_lqr: expected .noise of at least 0");
    assert_null_and_error(wg_rl_lqr(.start = 0), WG_E_ARGUMENT, "rl_lqr: expected .start above 0, got 0");
    const wg_rl_lqr_problem none = {.gamma = 1}, wrong = {fx.wide, fx.wide, fx.wide, fx.wide, 1};
    assert_null_and_error(wg_rl_lqr(.problem = &none), WG_E_NULL, "rl_lqr: ");
    assert_null_and_error(wg_rl_lqr(.problem = &wrong), WG_E_SHAPE, "rl_lqr: expected a of shape (2, 2), got [2, 3]");
}

static void draw(const void *self, const void *state, FILE *svg)
{
    (void)self, (void)state, (void)svg;
}

static void misuse_pictures(void)
{
    wg_rl_env *env = wg_rl_pendulum(.limit = 0), *undrawn = wg_rl_env_create(RIGHT), *empty = wg_rl_env_create(RIGHT, .draw = draw);
    const wg_rl_pendulum_state states[2] = {{0, 0}, {1, 0}};
    assert_fails(wg_rl_render(NULL, states, 2, stderr), WG_E_NULL, "rl_render: the environment is NULL");
    assert_fails(wg_rl_render(env, NULL, 2, stderr), WG_E_NULL, "rl_render: the states are NULL");
    assert_fails(wg_rl_render(env, states, 2, NULL), WG_E_NULL, "rl_render: the stream is NULL");
    assert_fails(wg_rl_render(undrawn, states, 2, stderr), WG_E_ARGUMENT,
                 "rl_render: right: expected an environment with a function draw");
    assert_fails(wg_rl_render(empty, states, 2, stderr), WG_E_ARGUMENT,
                 "rl_render: right: expected a view of a width and height above 0, got 0 by 0");
    assert_fails(wg_rl_render(env, states, 0, stderr), WG_E_ARGUMENT, "rl_render: pendulum: expected at least 1 state, got 0");
    assert_fails(wg_rl_render(env, states, 2, stderr, .every = 0), WG_E_ARGUMENT, "rl_render: pendulum: expected .every");
    assert_fails(wg_rl_render(env, states, 2, stderr, .seconds = 0), WG_E_ARGUMENT, "rl_render: pendulum: expected .seconds in");
    assert_fails(wg_rl_render(env, states, 2, stderr, .seconds = (double)NAN), WG_E_ARGUMENT,
                 "rl_render: pendulum: expected .seconds");
    assert_fails(wg_rl_render(env, states, 2, stderr, .width = 0), WG_E_ARGUMENT, "rl_render: pendulum: expected .width from 16");
    assert_fails(wg_rl_render(env, states, 2, stderr, .still = 2), WG_E_ARGUMENT,
                 "rl_render: pendulum: expected .still from -1 to 1, got 2");
    wg_rl_env_destroy(env), wg_rl_env_destroy(undrawn), wg_rl_env_destroy(empty);
}

static const struct misuse table[] = {
    {"wg_rl_env_create_with", misuse_making},
    {"wg_rl_env_destroy", misuse_making},
    {"wg_rl_env_dynamics", misuse_making},
    {"wg_rl_time_limit", misuse_limits},
    {"wg_rl_env_check_with", misuse_checks},
    {"wg_rl_repeat", misuse_wrappers},
    {"wg_rl_rescale", misuse_wrappers},
    {"wg_rl_normalizer_create_with", misuse_normalizers},
    {"wg_rl_normalizer_destroy", misuse_normalizers},
    {"wg_rl_normalizer_update", misuse_normalizers},
    {"wg_rl_normalizer_apply", misuse_normalizers},
    {"wg_rl_normalizer_state", misuse_normalizers},
    {"wg_rl_uniform", misuse_random_numbers},
    {"wg_rl_normal", misuse_random_numbers},
    {"wg_rl_vector_create_with", misuse_making_vectors},
    {"wg_rl_vector_destroy", misuse_making_vectors},
    {"wg_rl_vector_reset", misuse_vectors},
    {"wg_rl_vector_step", misuse_vectors},
    {"wg_rl_vector_observations", misuse_vectors},
    {"wg_rl_vector_last", misuse_vectors},
    {"wg_rl_vector_size", misuse_vectors},
    {"wg_rl_vector_env", misuse_vectors},
    {"wg_rl_vector_state", misuse_vectors},
    {"wg_rl_vector_state_of", misuse_vectors},
    {"wg_rl_vector_start", misuse_vectors},
    {"wg_rl_pendulum_with", misuse_environments},
    {"wg_rl_mountain_car_continuous_with", misuse_environments},
    {"wg_rl_cart_pole_continuous_with", misuse_environments},
    {"wg_rl_lander_with", misuse_environments},
    {"wg_rl_render_with", misuse_pictures},
    {"wg_rl_lqr_with", misuse_environments},
    {"wg_rl_puddle_world_with", misuse_environments},
    {"wg_rl_quadratic_bandit_with", misuse_environments},
};

MISUSE_MAIN(table)
