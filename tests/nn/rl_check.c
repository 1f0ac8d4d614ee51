/* wg_rl_env_check: environments that keep their contract, and one for each way to break it. */
#include <math.h>
#include <stdlib.h>

#include "nn_check.h"

/* What an environment does wrong. */
enum fault {
    NOTHING,
    RESET_REMEMBERS,
    STEP_REMEMBERS,
    REWARD_REMEMBERS,
    DRAWS_REMEMBER,
    WRITES_BEHIND_STATE,
    WRITES_BEHIND_OBSERVATION,
    LEAVES_OUT,
    OBSERVE_CHANGES,
    OUT_OF_BOUNDS,
    NAN_OBSERVED,
    NAN_REWARD,
    FAULTS
};

static const char *const messages[FAULTS] = {
    [RESET_REMEMBERS] = "rl_env_check: faulty: step 0: reset gives different states for the same one",
    [STEP_REMEMBERS] = "step gives different states for the same one",
    [REWARD_REMEMBERS] = "step gives different rewards or ends for the same state and action",
    [DRAWS_REMEMBER] = "step draws different numbers from the same state",
    [WRITES_BEHIND_STATE] = "step writes behind the state",
    [WRITES_BEHIND_OBSERVATION] = "observe writes behind the observation",
    [LEAVES_OUT] = "observe gives two observations of one state, or leaves a number out",
    [OBSERVE_CHANGES] = "observe changes the state",
    [OUT_OF_BOUNDS] = "expected observation 0 finite and in [-1, 1], got",
    [NAN_OBSERVED] = "expected observation 0 finite and in [-1, 1], got nan",
    [NAN_REWARD] = "expected a finite reward, got nan",
};

struct faulty {
    enum fault fault;
    int calls; /* what a function must not remember */
};

static void reset(const void *self, wg_rl_random *random, void *state)
{
    struct faulty *f = (struct faulty *)(uintptr_t)self;
    *(double *)state = wg_rl_uniform(random, -0.5, 0.5) + (f->fault == RESET_REMEMBERS ? 1e-3 * f->calls++ : 0);
}

static void observe(const void *self, const void *state, double *observation)
{
    const struct faulty *f = self;
    double *x = (double *)(uintptr_t)state;
    observation[0] = f->fault == NAN_OBSERVED ? (double)NAN : f->fault == OUT_OF_BOUNDS ? 4 * *x : *x;
    if (f->fault != LEAVES_OUT)
        observation[1] = 1;
    if (f->fault == WRITES_BEHIND_OBSERVATION)
        observation[2] = 1;
    if (f->fault == OBSERVE_CHANGES && observation[1] == 1 && *x > 0)
        *x -= 1e-9 * ++((struct faulty *)(uintptr_t)self)->calls;
}

static wg_rl_outcome step(const void *self, wg_rl_random *random, void *state, const double *action)
{
    struct faulty *f = (struct faulty *)(uintptr_t)self;
    double *x = state;
    f->calls++;
    *x = 0.9 * *x + 0.01 * action[0] + 0.01 * wg_rl_uniform(random, -1, 1);
    if (f->fault == STEP_REMEMBERS)
        *x += 1e-6 * f->calls;
    if (f->fault == DRAWS_REMEMBER && f->calls % 2)
        (void)wg_rl_uniform(random, 0, 1);
    if (f->fault == WRITES_BEHIND_STATE)
        x[1] = 0;
    return (wg_rl_outcome){.reward = f->fault == NAN_REWARD         ? (double)NAN
                                     : f->fault == REWARD_REMEMBERS ? f->calls
                                                                    : 1,
                           .terminated = wg_rl_uniform(random, 0, 1) < 0.1};
}

static void each_fault_is_named(void **state)
{
    (void)state;
    for (int fault = NOTHING; fault < FAULTS; fault++) {
        struct faulty f = {.fault = (enum fault)fault};
        wg_rl_env *env = wg_rl_env_create(.name = "faulty", .state_size = sizeof(double), .reset = reset, .observe = observe,
                                          .step = step, .self = &f, .action = {.size = 2},
                                          .observation = {.size = 2, .low = (double[]){-1, -1}, .high = (double[]){1, 1}});
        assert_int_equal(wg_rl_env_check(env), fault == NOTHING ? WG_OK : WG_E_BUG);
        if (fault != NOTHING)
            assert_error(WG_E_BUG, messages[fault]);
        wg_rl_env_destroy(env);
    }
    assert_no_error();
}

#define WG_ENVIRONMENT(name, made, limit) {#name, made},
static void those_with_names_keep_their_contract(void **state)
{
    (void)state;
    struct {
        const char *name;
        wg_rl_env *env;
    } all[] = {
#include <wengert/rl/environments.def>
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        for (uint64_t seed = 1; seed < 4; seed++)
            if (wg_rl_env_check(all[i].env, .seed = seed) != WG_OK)
                fail_msg("%s", wg_error_first()->message);
        wg_rl_env_destroy(all[i].env);
    }
    assert_no_error();
}

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(each_fault_is_named), TEST(those_with_names_keep_their_contract)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
