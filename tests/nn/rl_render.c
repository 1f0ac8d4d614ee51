/* Episodes as animated SVG. usage: rl_render, or rl_render FOLDER: writes a picture of each environment. */
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "nn_check.h"
#include "rl_hands.h"

struct film {
    const char *name;
    wg_rl_env *(*make)(void);
    void (*control)(const double *observation, double *action);
    int64_t every;
    double seconds;
    uint64_t seed;
    const char *head; /* what its pictures begin with */
};

static wg_rl_env *pendulum(void)
{
    return wg_rl_pendulum();
}

static wg_rl_env *car(void)
{
    return wg_rl_mountain_car_continuous();
}

static wg_rl_env *pole(void)
{
    return wg_rl_cart_pole_continuous(.limit = 200);
}

static wg_rl_env *craft(void)
{
    return wg_rl_lander();
}

static wg_rl_env *puddles(void)
{
    return wg_rl_puddle_world();
}

static const struct film films[] = {
    {"pendulum", pendulum, hand_swing_up, 2, 0.1, 3, "viewBox=\"-1.2 -1.2 2.4 2.4\" width=\"480\" height=\"480\" font"},
    {"mountain_car_continuous", car, hand_rock, 2, 0.08, 3, "viewBox=\"-1.25 -0.75 1.9 1.35\" width=\"480\" height=\"342\" font"},
    {"cart_pole_continuous", pole, hand_balance, 4, 0.08, 3, "viewBox=\"-2.7 -1.4 5.4 1.8\" width=\"480\" height=\"160\" font"},
    {"lander", craft, hand_land, 3, 0.15, 3, "viewBox=\"-10 -14 20 15\" width=\"480\" height=\"360\" font"},
    {"puddle_world", puddles, hand_go_around, 1, 0.1, 29, "viewBox=\"0 0 1 1\" width=\"480\" height=\"480\" font"}};
enum { FILMS = 5, MAX_STATES = 1000 };

/* The states of one episode; how many. */
static int64_t play(const wg_rl_env *env, void (*control)(const double *, double *), uint64_t seed, char **states)
{
    const size_t size = wg_rl_env_dynamics(env)->state_size;
    wg_rl_vector *v = wg_rl_vector_create(env, 1, .seed = seed);
    int64_t n = 0;
    double action[2];
    *states = malloc(MAX_STATES * size);
    for (bool ends = false; !ends && n < MAX_STATES; n++) {
        memcpy(*states + (size_t)n * size, wg_rl_vector_state_of(v, 0), size);
        control(wg_rl_vector_observations(v), action);
        assert_int_equal(wg_rl_vector_step(v, action), WG_OK);
        ends = wg_rl_vector_last(v)->terminated[0] || wg_rl_vector_last(v)->truncated[0];
    }
    wg_rl_vector_destroy(v);
    return n;
}

static int write_films(const char *folder)
{
    for (int i = 0; i < FILMS; i++) {
        char path[1000], *states;
        wg_rl_env *env = films[i].make();
        const int64_t n = play(env, films[i].control, films[i].seed, &states);
        snprintf(path, sizeof path, "%s/rl-%s.svg", folder, films[i].name);
        FILE *file = fopen(path, "w");
        if (!file ||
            wg_rl_render(env, states, n, file, .every = films[i].every, .seconds = films[i].seconds, .width = 320) != WG_OK)
            return wg_error_report(stderr) + 1;
        fclose(file), free(states);
        wg_rl_env_destroy(env);
    }
    return 0;
}

/* ---- checks ---- */

static char *picture(const wg_rl_env *env, const char *states, int64_t n, int64_t every, size_t *size)
{
    char *text = NULL;
    FILE *file = open_memstream(&text, size);
    assert_int_equal(wg_rl_render(env, states, n, file, .every = every), WG_OK);
    fclose(file);
    return text;
}

static int count(const char *text, const char *part)
{
    int n = 0;
    for (; (text = strstr(text, part)); text++)
        n++;
    return n;
}

/* Elements that are opened are closed, in order, and no number is none. */
static void assert_well_formed(const char *text)
{
    char open[16][16];
    int depth = 0;
    for (const char *at = strchr(text, '<'); at; at = strchr(at + 1, '<')) {
        const char *end = strchr(at, '>');
        assert_non_null(end);
        if (at[1] == '/') {
            assert_true(depth > 0 && strncmp(at + 2, open[depth - 1], strlen(open[depth - 1])) == 0);
            depth--;
        } else if (end[-1] != '/') {
            assert_true(depth < 16);
            snprintf(open[depth++], 16, "%.*s", (int)strcspn(at + 1, " >"), at + 1);
        }
    }
    assert_int_equal(depth, 0);
    assert_null(strstr(text, "nan"));
    assert_null(strstr(text, "inf\""));
}

static void every_environment_is_drawn(void **state)
{
    (void)state;
    for (int i = 0; i < FILMS; i++) {
        char *states;
        size_t size, other_size;
        wg_rl_env *env = films[i].make();
        const int64_t n = play(env, films[i].control, films[i].seed, &states);
        char *all = picture(env, states, n, 1, &size), *some = picture(env, states, n, 7, &other_size);
        assert_int_equal(count(all, "class=\"f\""), n);
        assert_int_equal(count(some, "class=\"f\""), (n - 1) / 7 + 1);
        assert_int_equal(count(some, "\"visibility:visible"), 1);
        assert_non_null(strstr(all, "infinite}@keyframes f{0%{visibility:visible}"));
        assert_int_equal(count(all, ">0</text>"), 1);
        assert_well_formed(all), assert_well_formed(some);
        assert_non_null(strstr(all, films[i].head));
        free(all), free(some), free(states);
        wg_rl_env_destroy(env);
    }
    assert_no_error();
}

/* A state is where it is drawn, in the direction that it has. */
static void assert_drawn(wg_rl_env *env, const void *state, int n, const char *const *parts)
{
    char *text = NULL;
    size_t size;
    FILE *file = open_memstream(&text, &size);
    wg_rl_env_dynamics(env)->draw(wg_rl_env_dynamics(env)->self, state, file);
    fclose(file);
    for (int i = 0; i < n; i++)
        if (!strstr(text, parts[i]))
            fail_msg("%s: expected \"%s\" in %s", wg_rl_env_dynamics(env)->name, parts[i], text);
    free(text);
    wg_rl_env_destroy(env);
}

static void states_are_drawn_as_they_are(void **state)
{
    (void)state;
    const wg_rl_pendulum_state right = {.angle = M_PI / 2};
    assert_drawn(wg_rl_pendulum(), &right, 2, (const char *const[]){"M0 0L1.0000 -0.0000", "<circle r=\".05\"/>"});
    const wg_rl_mountain_car_continuous_state car_at = {.position = -0.5}; /* height 0.45 sin(-1.5), slope 1.35 cos(-1.5) */
    assert_drawn(wg_rl_mountain_car_continuous(), &car_at, 3,
                 (const char *const[]){"translate(-0.5000 0.4489)rotate(-5.45)", "M.45 -0.439v-.2",
                                       "C-1.100 -0.078 -1.000 0.070 -0.900 0.192"});
    const wg_rl_cart_pole_continuous_state pole_at = {.position = 0.5, .angle = 0.1};
    assert_drawn(wg_rl_cart_pole_continuous(), &pole_at, 2,
                 (const char *const[]){"translate(0.5000 0)", "V-1.080\" transform=\"rotate(5.730 0 -.08)"});
    const wg_rl_lander_state flies = {.x = 1, .y = 2, .angle = 0.5, .main = 1, .side = -1}, falls = {.x = -1, .y = 3, .side = 0.75};
    assert_drawn(wg_rl_lander(), &flies, 3,
                 (const char *const[]){"translate(1.000 -2.000)rotate(-28.65)", "L0 1.40z", "M0.42 -.28v.2l0.60 -.1z"});
    const wg_rl_puddle_world_state corner = {.x = 1, .y = 0.75};
    assert_drawn(wg_rl_puddle_world(), &corner, 2, (const char *const[]){"cx=\"1.0000\" cy=\"0.2500\"", "M0.1 0.25L0.45 0.25"});
    assert_drawn(wg_rl_lander(), &falls, 2,
                 (const char *const[]){"translate(-1.000 -3.000)rotate(-0.00)", "M-0.42 -.28v.2l-0.45 -.1z"});
    assert_no_error();
}

/* The same bytes in a locale with commas, where the system has one. */
static void the_locale_does_not_matter(void **state)
{
    (void)state;
    char *states;
    size_t size, again_size;
    wg_rl_env *env = wg_rl_pendulum();
    const int64_t n = play(env, hand_swing_up, 3, &states);
    char *text = picture(env, states, n, 9, &size);
    const locale_t german = newlocale(LC_ALL_MASK, "de_DE.UTF-8", (locale_t)0), before = german ? uselocale(german) : (locale_t)0;
    char *again = picture(env, states, n, 9, &again_size);
    if (german)
        uselocale(before), freelocale(german);
    assert_int_equal(size, again_size);
    assert_memory_equal(text, again, size);
    free(text), free(again), free(states);
    wg_rl_env_destroy(env);
    assert_no_error();
}

/* Which frame programs that do not animate show: that of the state which is asked for. */
static void one_frame_stands_still(void **state)
{
    (void)state;
    const wg_rl_pendulum_state states[9] = {{0, 0}};
    const int64_t still[] = {-1, 0, 1, 5, 8}, every[] = {1, 1, 2, 2, 3};
    const char *const frame[] = {">4</text>", ">0</text>", ">0</text>", ">4</text>", ">6</text>"};
    wg_rl_env *env = wg_rl_pendulum(.limit = 0);
    for (int i = 0; i < 5; i++) {
        char *text = NULL;
        size_t size;
        FILE *file = open_memstream(&text, &size);
        assert_int_equal(wg_rl_render(env, states, 9, file, .every = every[i], .still = still[i]), WG_OK);
        fclose(file);
        const char *at = strstr(text, "\"visibility:visible"), *label = at ? strstr(at, "\">") : NULL;
        assert_non_null(label);
        label = strchr(strstr(label, "<text"), '>');
        assert_memory_equal(label, frame[i], strlen(frame[i]));
        free(text);
    }
    wg_rl_env_destroy(env);
    assert_no_error();
}

static void wrappers_draw_what_they_wrap(void **state)
{
    (void)state;
    const wg_rl_pendulum_state at = {.angle = 1};
    const struct {
        wg_rl_pendulum_state pendulum;
        int64_t steps;
    } limited = {.pendulum = at, .steps = 7};
    size_t size[3];
    wg_rl_env *envs[] = {wg_rl_pendulum(.limit = 0), wg_rl_pendulum(),
                         wg_rl_rescale(wg_rl_repeat(wg_rl_pendulum(.limit = 0), 2), NULL, NULL, 2)};
    char *text[3];
    for (int i = 0; i < 3; i++)
        text[i] = picture(envs[i], i == 1 ? (const char *)&limited : (const char *)&at, 1, 1, &size[i]);
    assert_string_equal(text[0], text[1]);
    assert_string_equal(text[0], text[2]);
    assert_non_null(strstr(text[0], "stroke=\"#c33\""));
    for (int i = 0; i < 3; i++)
        free(text[i]), wg_rl_env_destroy(envs[i]);
    assert_no_error();
}

static void a_name_may_have_any_letter(void **state)
{
    (void)state;
    const wg_rl_pendulum_state still = {0, 0};
    wg_rl_env *pendulum_env = wg_rl_pendulum(.limit = 0);
    wg_rl_dynamics dynamics = *wg_rl_env_dynamics(pendulum_env);
    dynamics.name = "a<b & c>\"", dynamics.destroy = NULL;
    wg_rl_env *env = wg_rl_env_create_with(dynamics);
    size_t size;
    char *text = picture(env, (const char *)&still, 1, 1, &size);
    assert_non_null(strstr(text, "<title>a&lt;b &amp; c>\"</title>"));
    free(text);
    wg_rl_env_destroy(env), wg_rl_env_destroy(pendulum_env);
    assert_no_error();
}

static void a_full_disk_is_an_error(void **state)
{
    (void)state;
    char *states;
    wg_rl_env *env = wg_rl_pendulum();
    const int64_t n = play(env, hand_swing_up, 3, &states);
    FILE *full = fopen("/dev/full", "w");
    if (full) {
        assert_int_equal(wg_rl_render(env, states, n, full), WG_E_IO);
        assert_error(WG_E_IO, "rl_render: pendulum: the picture could not be written");
        fclose(full);
    }
    free(states);
    wg_rl_env_destroy(env);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {TEST(every_environment_is_drawn),   TEST(states_are_drawn_as_they_are),
                                       TEST(the_locale_does_not_matter),   TEST(one_frame_stands_still),
                                       TEST(wrappers_draw_what_they_wrap), TEST(a_name_may_have_any_letter),
                                       TEST(a_full_disk_is_an_error)};
    return argc == 2 ? write_films(argv[1]) : cmocka_run_group_tests(tests, NULL, NULL);
}
