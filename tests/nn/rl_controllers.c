/* Environments under controllers made by hand: what returns can be reached, and what doing nothing gives. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "nn_check.h"
#include "rl_hands.h"

typedef void controller(const double *observation, double *action);

struct result {
    double mean, lowest;
    int64_t terminated, length; /* length: the longest episode */
};

/* The first episode of each copy. */
static struct result play(wg_rl_env *env, controller *control, int64_t n)
{
    wg_rl_vector *v = wg_rl_vector_create(env, n, .seed = 2026);
    const int64_t seen = wg_rl_env_dynamics(env)->observation.size, size = wg_rl_env_dynamics(env)->action.size;
    double *actions = malloc((size_t)(n * size) * sizeof *actions);
    bool *over = calloc((size_t)n, sizeof *over);
    struct result result = {.lowest = (double)INFINITY};
    for (int64_t left = n; left > 0;) {
        for (int64_t i = 0; i < n; i++)
            control(wg_rl_vector_observations(v) + i * seen, actions + i * size);
        assert_int_equal(wg_rl_vector_step(v, actions), WG_OK);
        const wg_rl_transitions *last = wg_rl_vector_last(v);
        for (int64_t i = 0; i < n; i++) {
            if (over[i] || !(last->terminated[i] || last->truncated[i]))
                continue;
            over[i] = true, left--;
            result.mean += last->total[i] / (double)n;
            result.lowest = fmin(result.lowest, last->total[i]);
            result.terminated += last->terminated[i];
            result.length = last->length[i] > result.length ? last->length[i] : result.length;
        }
    }
    free(actions), free(over);
    wg_rl_vector_destroy(v), wg_rl_env_destroy(env);
    return result;
}

static void nothing(const double *observation, double *action)
{
    (void)observation;
    action[0] = 0;
}

static void a_pendulum_is_swung_up(void **state)
{
    (void)state;
    const struct result hanging = play(wg_rl_pendulum(), nothing, 1000), upright = play(wg_rl_pendulum(), hand_swing_up, 1000);
    assert_true(hanging.terminated == 0 && hanging.length == 200 && upright.terminated == 0);
    assert_true(hanging.mean > -1300 && hanging.mean < -1130);
    assert_true(upright.mean > -170 && upright.mean < -134); /* the optimum is about -137 */
    print_message("pendulum: nothing %.1f, by hand %.1f\n", hanging.mean, upright.mean);
}

static void a_car_rocks_out_of_the_valley(void **state)
{
    (void)state;
    const struct result still = play(wg_rl_mountain_car_continuous(), nothing, 100);
    const struct result out = play(wg_rl_mountain_car_continuous(), hand_rock, 100);
    assert_true(still.mean == 0 && still.terminated == 0 && still.length == 999);
    assert_true(out.terminated == 100 && out.lowest > 85 && out.mean < 99.65);
    print_message("mountain car: by hand %.2f\n", out.mean);
}

static void a_pole_is_balanced(void **state)
{
    (void)state;
    const struct result held = play(wg_rl_cart_pole_continuous(), hand_balance, 200);
    const struct result fallen = play(wg_rl_cart_pole_continuous(), nothing, 200);
    assert_true(held.lowest == 500 && held.mean == 500 && held.terminated == 0);
    assert_true(fallen.terminated == 200 && fallen.mean < 100);
    print_message("cart and pole: nothing %.1f, by hand %.1f\n", fallen.mean, held.mean);
}

/* Every start but those in a puddle, which pay for leaving it. */
static void a_walker_goes_around_the_puddles(void **state)
{
    (void)state;
    const struct result around = play(wg_rl_puddle_world(), hand_go_around, 500);
    print_message("puddle world: by hand %.1f, worst %.1f\n", around.mean, around.lowest);
    assert_true(around.terminated == 500 && around.length < 70 && around.mean > -50);
}

static void do_nothing(const double *o, double *action)
{
    (void)o;
    action[0] = action[1] = 0;
}

static void a_craft_lands(void **state)
{
    (void)state;
    const struct result fallen = play(wg_rl_lander(), do_nothing, 200), landed = play(wg_rl_lander(), hand_land, 200);
    print_message("lander: nothing %.1f, by hand %.1f, worst %.1f, %d of 200 end, longest %d\n", fallen.mean, landed.mean,
                  landed.lowest, (int)landed.terminated, (int)landed.length);
    assert_true(fallen.terminated == 200 && fallen.mean < 0);
    assert_true(landed.mean > 200 && landed.terminated == 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(a_pendulum_is_swung_up), TEST(a_car_rocks_out_of_the_valley), TEST(a_pole_is_balanced),
                                       TEST(a_walker_goes_around_the_puddles), TEST(a_craft_lands)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
