/* The lander's dynamics: free fall, symmetry, standing, crashing, and what the reward adds up to. */
#include <math.h>
#include <stdlib.h>

#include "nn_check.h"
#include "rl_hands.h"

static wg_rl_env *env;
static const wg_rl_dynamics *d;

static int make(void **state)
{
    env = wg_rl_lander(.limit = 0);
    d = wg_rl_env_dynamics(env);
    return live_begin(state) || !env;
}

static int end(void **state)
{
    wg_rl_env_destroy(env);
    return live_end(state);
}

static wg_rl_outcome step(wg_rl_lander_state *s, double main_engine, double side)
{
    wg_rl_random random = {.seed = 0};
    return d->step(d->self, &random, s, (double[]){main_engine, side});
}

/* Four parts of Euler's rule a step, speeds first. */
static void without_engines_it_falls(void **state)
{
    (void)state;
    wg_rl_lander_state s = {.y = 12, .speed_x = 1.5, .spin = 0.25};
    for (int i = 1; i <= 40; i++) {
        const wg_rl_outcome outcome = step(&s, -1, 0.5); /* both are off */
        const double t = 0.05 * i, parts = 4.0 * i, dt = 0.0125;
        assert_false(outcome.terminated);
        assert_close(s.speed_y, -1.62 * t, 1e-12);
        assert_close(s.y, 12 - 1.62 * dt * dt * parts * (parts + 1) / 2, 1e-12);
        assert_close(s.x, 1.5 * t, 1e-12);
        assert_close(s.angle, 0.25 * t, 1e-12);
        assert_true(s.speed_x == 1.5 && s.spin == 0.25 && s.main == 0 && s.side == 0);
    }
}

static void engines_push_along_and_across_the_craft(void **state)
{
    (void)state;
    wg_rl_lander_state s = {.y = 12, .angle = 0};
    step(&s, 1, 0);
    assert_close(s.speed_y, (4 - 1.62) * 0.05, 1e-12);
    s = (wg_rl_lander_state){.y = 12};
    step(&s, 0x1p-60, 0); /* half of its power is the least */
    assert_close(s.speed_y, (2 - 1.62) * 0.05, 1e-12);
    s = (wg_rl_lander_state){.y = 12, .angle = M_PI / 2}; /* turned to the left: it pushes to the left */
    step(&s, 1, 0);
    assert_close(s.speed_x, -4 * 0.05, 1e-12);
    s = (wg_rl_lander_state){.y = 12};
    step(&s, 0, 1); /* to the right: that is the angle's negative sense */
    assert_close(s.spin, -1.5 * 0.05, 1e-12);
    assert_true(s.speed_x > 0 && s.side == 1);
    s = (wg_rl_lander_state){.y = 12};
    step(&s, 0, -0.75);
    assert_close(s.spin, 1.5 * 0.75 * 0.05, 1e-12);
    s = (wg_rl_lander_state){.y = 12, .angle = M_PI / 2}; /* on its side, what is across is upwards */
    step(&s, 0, 1);
    assert_close(s.speed_y, (0.3 - 1.62) * 0.05, 1e-4);
}

static wg_rl_lander_state mirrored(wg_rl_lander_state s)
{
    const bool left = s.left;
    s.x = -s.x, s.speed_x = -s.speed_x, s.angle = -s.angle, s.spin = -s.spin, s.side = -s.side;
    s.left = s.right, s.right = left;
    return s;
}

/* The mirror image flies the mirror image of the flight: with the same bits in the air, up to rounding on the ground. */
static void left_is_as_right(void **state)
{
    (void)state;
    for (int episode = 0; episode < 20; episode++) {
        wg_rl_random random = {.seed = 5, .stream = (uint64_t)episode};
        wg_rl_lander_state a = {0}, b;
        d->reset(d->self, &random, &a);
        b = mirrored(a);
        bool ends = false;
        for (int i = 0; i < 600 && !ends; i++) {
            double observation[8], action[2];
            d->observe(d->self, &a, observation);
            hand_land(observation, action);
            const bool air = !a.left && !a.right;
            const wg_rl_outcome p = step(&a, action[0], action[1]), q = step(&b, action[0], -action[1]);
            const wg_rl_lander_state image = mirrored(b);
            const double tolerance = air && !a.left && !a.right ? 0 : 1e-9;
            assert_close(a.x, image.x, tolerance), assert_close(a.y, image.y, tolerance);
            assert_close(a.angle, image.angle, tolerance), assert_close(a.spin, image.spin, tolerance);
            assert_close(p.reward, q.reward, tolerance);
            assert_true(p.terminated == q.terminated && a.left == image.left && a.right == image.right);
            ends = p.terminated;
        }
        assert_true(ends);
    }
}

/* Each foot bears half of the weight: 200 times its depth. */
static void it_stands_where_springs_bear_it(void **state)
{
    (void)state;
    const double height = 0.7 - 1.62 / 400;
    const wg_rl_lander_state stands = {.x = 1, .y = 0.7, .speed_x = 2, .speed_y = 3, .angle = 4, .spin = 5, .right = true};
    const double expected[] = {0.1, 0, 0.4, 0.6, 4, 5, 0, 1};
    double observation[8];
    d->observe(d->self, &stands, observation);
    for (int i = 0; i < 8; i++)
        assert_close(observation[i], expected[i], 1e-15);
    wg_rl_lander_state s = {.y = height, .left = true, .right = true};
    for (int i = 1; i <= 10; i++) {
        const wg_rl_outcome outcome = step(&s, 0, 0);
        assert_close(s.y, height, 1e-12);
        assert_true(s.x == 0 && s.left && s.right && s.rest == i);
        assert_int_equal(outcome.terminated, i == 10);
        assert_close(outcome.reward, i == 10 ? 100 : 0, 1e-9);
    }
    s = (wg_rl_lander_state){.y = 0.9, .angle = 0.05}; /* dropped a little: it comes to rest there */
    bool ends = false;
    for (int i = 0; i < 200 && !ends; i++) {
        ends = step(&s, 0, 0).terminated;
        assert_true(s.rest == 0 || (s.left && s.right));
    }
    assert_true(ends && s.rest == 10 && fabs(s.y - height) < 0.01 && fabs(s.angle) < 0.01);
}

static void fast_feet_and_the_hull_break(void **state)
{
    (void)state;
    wg_rl_lander_state fast = {.y = 0.75, .speed_y = -3.1}, slow = {.y = 0.75, .speed_y = -2.5},
                       upside_down = {.y = 0.401, .speed_y = -1, .angle = M_PI};
    const wg_rl_outcome broken = step(&fast, 0, 0), whole = step(&slow, 0, 0), hull = step(&upside_down, 0, 0);
    assert_true(broken.terminated && broken.reward == -100);
    assert_true(!whole.terminated && slow.left && slow.right);
    assert_true(hull.terminated && hull.reward == -100);
    wg_rl_lander_state out = {.x = 9.99, .y = 8, .speed_x = 4};
    assert_true(step(&out, 0, 0).terminated);
}

/* In units of the observation, where y is measured from where the craft stands. */
static double shaping(const wg_rl_lander_state *s)
{
    double o[8];
    d->observe(d->self, s, o);
    return -100 * hypot(o[0], o[1]) - 100 * hypot(o[2], o[3]) - 100 * fabs(o[4]) + 10 * (o[6] + o[7]);
}

static void rewards_add_up_to_the_change_of_shaping(void **state)
{
    (void)state;
    for (int episode = 0; episode < 20; episode++) {
        wg_rl_random random = {.seed = 6, .stream = (uint64_t)episode};
        wg_rl_lander_state s = {0};
        d->reset(d->self, &random, &s);
        const double first = shaping(&s);
        double total = 0, fuel = 0, last = 0;
        bool ends = false;
        while (!ends) {
            last = shaping(&s);
            double observation[8], action[2];
            d->observe(d->self, &s, observation);
            hand_land(observation, action);
            const wg_rl_outcome outcome = step(&s, action[0], action[1]);
            ends = outcome.terminated, total += outcome.reward;
            fuel += ends ? 0 : 0.3 * s.main + 0.03 * fabs(s.side);
        }
        assert_close(total, last - first - fuel + (s.rest >= 10 ? 100 : -100), 1e-10); /* the last step's reward is that alone */
    }
}

#define WITH_ENV(test) cmocka_unit_test_setup_teardown(test, make, end)

int main(void)
{
    const struct CMUnitTest tests[] = {WITH_ENV(without_engines_it_falls),
                                       WITH_ENV(engines_push_along_and_across_the_craft),
                                       WITH_ENV(left_is_as_right),
                                       WITH_ENV(it_stands_where_springs_bear_it),
                                       WITH_ENV(fast_feet_and_the_hull_break),
                                       WITH_ENV(rewards_add_up_to_the_change_of_shaping)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
