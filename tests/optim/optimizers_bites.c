/* The checks of optimizers.c bite: a rule with a planted fault fails in the check that is there for it, and the same rule without
   one in none. What a rule writes too early is undone by the tape, so there is no fault for the check of failing steps. */
#define PLANTED_FAULTS
#include "optimizers.c"

#include <sys/wait.h>
#include <unistd.h>

#include "optim/rule/rule.h"

/* ---- p ← p - lr m, m ← 0.9 m + g, and what can be wrong with it ---- */

typedef struct faulty_options {
    double lr;
    bool keep_grads;
} faulty_options;

static wg_tensor *sound(struct step *s)
{
    return step_away(s, step_momentum(s, 0, s->g, 0.9, 0, false));
}

/* What a rule remembers is a state; this one is the program's. */
static wg_tensor *remembers_in_c(struct step *s)
{
    static double calls;
    return step_away(s, wg_mul_scalar(sound(s) ? s->state[0] : NULL, calls++ / 8 + 1));
}

static wg_tensor *ignores_the_rate(struct step *s)
{
    return wg_sub(s->p, wg_mul_scalar(s->g, 0.01));
}

static wg_tensor *divides_by_zero(struct step *s)
{
    return step_away(s, wg_div(s->g, wg_abs(s->g)));
}

static wg_tensor *is_another_in_f32(struct step *s)
{
    return wg_dtype_of(s->p) == WG_F32 ? wg_mul_scalar(sound(s), 1.001) : sound(s);
}

static wg_tensor *depends_on_threads(struct step *s)
{
    return wg_mul_scalar(sound(s), 1 + 0.01 * wg_threads());
}

/* A replay would keep the number of the step that it captured, so that asking is an error. */
static wg_status asks_for_the_step(const struct step *s)
{
    const double t = wg_item(s->t);
    return isnan(t) ? WG_E_STATE : wg_sgd_update(s->p, WG_NONE, s->g, s->lr, s->t, 0, 0, 1 / (1 + t), false);
}

/* √0 has no finite derivative. */
static wg_tensor *takes_a_root_of_0(struct step *s)
{
    s->state[0] = step_mixed(s->state[0], 0.9, wg_square(s->g));
    return step_away(s, wg_div(s->g, wg_add_scalar(wg_sqrt(s->state[0]), 1e-8)));
}

/* What is recorded is another step than what is taken. */
static wg_tensor *is_another_if_recorded(struct step *s)
{
    return s->is_recorded ? wg_mul_scalar(sound(s), 1.001) : sound(s);
}

static const struct fault {
    struct optim_rule rule;
    const char *found_by; /* NULL: by no check */
} faults[] = {
    {{.name = "sound", .state = {{.name = "m"}}, .move = sound}, NULL},
    {{.name = "remembers_in_c", .state = {{.name = "m"}}, .move = remembers_in_c}, "state_and_parameters_are_all_that_a_run_needs"},
    {{.name = "asks_for_the_step", .update = asks_for_the_step}, "a_replayed_step_has_the_same_bits"},
    {{.name = "ignores_the_rate", .move = ignores_the_rate}, "a_group_has_its_own_rate"},
    {{.name = "depends_on_threads", .state = {{.name = "m"}}, .move = depends_on_threads}, "long_tensors_have_the_same_bits"},
    {{.name = "divides_by_zero", .move = divides_by_zero}, "zero_gradients_and_none"},
    {{.name = "divides_by_zero", .move = divides_by_zero}, "a_matrix_with_zero_gradients_stays_finite"},
    {{.name = "is_another_in_f32", .state = {{.name = "m"}}, .move = is_another_in_f32}, "f32_follows_f64"},
    {{.name = "takes_a_root_of_0", .state = {{.name = "v"}}, .move = takes_a_root_of_0},
     "recorded_steps_have_finite_gradients_where_gradients_are_0"},
    {{.name = "is_another_if_recorded", .state = {{.name = "m"}}, .move = is_another_if_recorded},
     "recorded_steps_have_finite_gradients_where_gradients_are_0"},
};
enum { FAULTS = sizeof faults / sizeof *faults, CHECKS = sizeof checks / sizeof *checks };

static const struct fault *planted;

static wg_optim *make_planted(wg_tensor_list params)
{
    static const wg_option option[] = {WG_OPTION_REAL_OF(faulty_options, lr, 0.01, "learning rate", WG_AT_LEAST(0))};
    const wg_option_table table = {option, 1, sizeof(faulty_options)};
    const faulty_options options = {.lr = 0.01};
    return optim_create(&planted->rule, table, params, &options, false, NULL, 0, "optim_planted");
}

/* Whether the check fails, in a process of its own: a check that fails leaves tensors and errors behind. */
static bool fails(const struct CMUnitTest *check)
{
    const pid_t child = fork();
    if (child == 0) {
        const struct CMUnitTest one[] = {*check};
        if (!freopen("/dev/null", "w", stdout) || !freopen("/dev/null", "w", stderr))
            _exit(2);
        entries[0] = (struct entry){planted->rule.name, make_planted, NULL};
        _exit(cmocka_run_group_tests(one, make_rows, free_rows) != 0);
    }
    int status = 0;
    assert_true(child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) < 2);
    return WEXITSTATUS(status) == 1;
}

/* Not those of the list's options, and of the text that shows them. */
static bool is_of_steps(const struct CMUnitTest *check)
{
    return strncmp(check->name, "options_", 8) != 0 && strncmp(check->name, "printing_", 9) != 0;
}

static void every_fault_is_found(void **state)
{
    (void)state;
    for (int i = 0; i < FAULTS; i++) {
        planted = &faults[i];
        bool found = false;
        for (int k = 0; k < CHECKS; k++) {
            if (!is_of_steps(&checks[k]) || (planted->found_by && strcmp(checks[k].name, planted->found_by) != 0))
                continue;
            const bool failed = fails(&checks[k]);
            if (failed && !planted->found_by)
                fail_msg("%s fails for a sound rule", checks[k].name);
            found = found || failed;
        }
        if (planted->found_by && !found)
            fail_msg("%s: %s does not find it", planted->rule.name, planted->found_by);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_fault_is_found)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
