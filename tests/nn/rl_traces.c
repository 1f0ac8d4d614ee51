/* Environments that Gymnasium has, step by step against its formulas in Python (rl_traces.py).

   usage: rl_traces              compares single steps with rl_traces.txt, up to the C library's last digits: sin, cos and pow of another one may differ
          rl_traces --trace      reads "NAME STEPS STATE … ACTION …" in hexadecimal and prints states, rewards and ends: rl_traces.py compares bits */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "nn_check.h"

/* Their states are doubles. */
static wg_rl_env *env_of(const char *name)
{
    if (strcmp(name, "pendulum") == 0)
        return wg_rl_pendulum(.limit = 0);
    if (strcmp(name, "mountain_car_continuous") == 0)
        return wg_rl_mountain_car_continuous(.limit = 0);
    if (strcmp(name, "mountain_car_f64") == 0)
        return wg_rl_mountain_car_continuous(.limit = 0, .f32 = false);
    return strcmp(name, "cart_pole_continuous") == 0 ? wg_rl_cart_pole_continuous(.limit = 0) : NULL;
}

static double next_number(FILE *file)
{
    double x;
    if (fscanf(file, "%la", &x) != 1)
        fail_msg("expected a number");
    return x;
}

static int trace(void)
{
    char name[64];
    int steps;
    double state[4];
    wg_rl_random random = {.seed = 0};
    if (scanf("%63s %d", name, &steps) != 2)
        return 2;
    wg_rl_env *env = env_of(name);
    if (!env)
        return wg_error_report(stderr);
    const wg_rl_dynamics *d = wg_rl_env_dynamics(env);
    const size_t n = d->state_size / sizeof *state;
    for (size_t i = 0; i < n; i++)
        state[i] = next_number(stdin);
    for (int at = 0; at < steps; at++) {
        const double action = next_number(stdin);
        const wg_rl_outcome outcome = d->step(d->self, &random, state, &action);
        for (size_t i = 0; i < n; i++)
            printf("%a ", state[i]);
        printf("%a %d\n", outcome.reward, outcome.terminated);
    }
    wg_rl_env_destroy(env);
    return 0;
}

/* One line; false at the end. */
static bool compare_line(FILE *file)
{
    char name[64];
    double state[4];
    wg_rl_random random = {.seed = 0};
    if (fscanf(file, "%63s", name) != 1)
        return false;
    wg_rl_env *env = env_of(name);
    assert_non_null(env);
    const wg_rl_dynamics *d = wg_rl_env_dynamics(env);
    const size_t n = d->state_size / sizeof *state;
    for (size_t i = 0; i < n; i++)
        state[i] = next_number(file);
    const double action = next_number(file);
    const wg_rl_outcome outcome = d->step(d->self, &random, state, &action);
    for (size_t i = 0; i < n; i++)
        assert_close(state[i], next_number(file), 4e-16); /* of f32, too: another last digit of f64 seldom rounds to another f32 */
    assert_close(outcome.reward, next_number(file), 4e-16);
    assert_true(outcome.terminated == (next_number(file) != 0));
    wg_rl_env_destroy(env);
    return true;
}

static void steps_are_those_of_the_formulas(void **state)
{
    (void)state;
    int lines = 0;
    FILE *file = fopen(RL_TRACES, "r");
    assert_non_null(file);
    while (fgetc(file) != '\n')
        ; /* the comment */
    while (compare_line(file))
        lines++;
    assert_int_equal(lines, 4 * 3 * 30);
    fclose(file);
    assert_no_error();
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {TEST(steps_are_those_of_the_formulas)};
    if (argc == 2 && strcmp(argv[1], "--trace") == 0)
        return trace();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
