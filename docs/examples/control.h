/* Tasks of control for dpg.c: their environments, settings, fixed starts, and what is kept of a policy. */
#ifndef EXAMPLE_CONTROL_H
#define EXAMPLE_CONTROL_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <wengert.h>

/* The same for all tasks: units of a hidden layer; average: rate of the actor's average, which is what is judged. */
enum { HIDDEN = 64 };
static const double discount = 0.99, critic_rate = 1e-3, average = 1e-3;

enum { MAX_OBSERVATION = 8, MAX_ACTION = 4, MAX_EPISODE = 1000 };

/* scale, reward: factors of observations and of rewards in training, so that what networks see and say is of about one size. warm_up: steps
   with nothing but noise. n_step: steps of a return. sigma, last_sigma: of the noise on actions, at first and at last, between which it falls
   in a line; theta above 0: an Ornstein-Uhlenbeck process, else independent. every: steps between two reports, of so many episodes. */
struct task {
    const char *name;
    double scale[MAX_OBSERVATION];
    int64_t steps, warm_up, n_step, batch, every, episodes;
    double reward, actor_rate, sigma, last_sigma, theta;
};

static const struct task tasks[] = {
    {.name = "pendulum",
     .scale = {1, 1, 0.125},
     .steps = 50000,
     .warm_up = 1000,
     .n_step = 1,
     .batch = 128,
     .every = 2500,
     .episodes = 1000,
     .reward = 0.1,
     .actor_rate = 1e-3,
     .sigma = 0.5,
     .last_sigma = 0.05},
    {.name = "mountain_car",
     .scale = {1, 10},
     .steps = 60000,
     .warm_up = 5000,
     .n_step = 1,
     .batch = 128,
     .every = 10000,
     .episodes = 100,
     .reward = 1,
     .actor_rate = 1e-4,
     .sigma = 0.5,
     .last_sigma = 0.5,
     .theta = 0.15},
    {.name = "cart_pole",
     .scale = {1, 1, 4, 1},
     .steps = 30000,
     .warm_up = 1000,
     .n_step = 5,
     .batch = 64,
     .every = 10000,
     .episodes = 100,
     .reward = 0.1,
     .actor_rate = 1e-3,
     .sigma = 0.1,
     .last_sigma = 0.05,
     .theta = 0.15},
    {.name = "lander",
     .scale = {1, 1, 1, 1, 1, 1, 1, 1},
     .steps = 200000,
     .warm_up = 5000,
     .n_step = 1,
     .batch = 128,
     .every = 20000,
     .episodes = 100,
     .reward = 1,
     .actor_rate = 1e-3,
     .sigma = 0.5,
     .last_sigma = 0.05},
};

/* The task of that name, with other steps than its own if they are above 0. */
static inline bool find_task(const char *name, long steps, struct task *task)
{
    for (size_t i = 0; i < sizeof tasks / sizeof *tasks; i++)
        if (strcmp(tasks[i].name, name) == 0) {
            *task = tasks[i];
            task->steps = steps > 0 ? steps : task->steps;
            task->every = task->every < task->steps ? task->every : task->steps;
            return true;
        }
    return false;
}

static inline wg_rl_env *make_env(const struct task *t, double reward)
{
    wg_rl_env *env = strcmp(t->name, "pendulum") == 0       ? wg_rl_pendulum()
                     : strcmp(t->name, "mountain_car") == 0 ? wg_rl_mountain_car_continuous()
                     : strcmp(t->name, "cart_pole") == 0    ? wg_rl_cart_pole_continuous()
                                                            : wg_rl_lander();
    return wg_rl_rescale(env, NULL, t->scale, reward);
}

/* For the pendulum: the first points of the sequence (i/g, i/g²) mod 1, g³ = g + 1 (Roberts, 2018), which fill the square of angles -π … π and
   speeds -1 … 1 evenly; i = 1, 2, … For the other tasks NULL: starts that a fixed seed draws. */
static inline void *fixed_starts(const struct task *t, const wg_rl_env *env)
{
    const double g = 1.32471795724474602596, pi = 3.14159265358979323846;
    const size_t size = wg_rl_env_dynamics(env)->state_size;
    char *starts = strcmp(t->name, "pendulum") == 0 ? calloc((size_t)t->episodes, size) : NULL;
    for (int64_t i = 0; starts && i < t->episodes; i++) {
        const double x = 0.5 + (double)(i + 1) / g, y = 0.5 + (double)(i + 1) / (g * g);
        const wg_rl_pendulum_state state = {pi * (2 * (x - floor(x)) - 1), 2 * (y - floor(y)) - 1};
        memcpy(starts + (size_t)i * size, &state, sizeof state);
    }
    return starts;
}

/* The policy for observations in the environment's own units: their scale becomes part of the first weight. */
static inline wg_status save_policy(const char *path, const wg_nn_module *actor, const struct task *t)
{
    wg_nn_module *own = wg_nn_copy(actor);
    WG_TRY(wg_error_if_null(own));
    wg_tensor *first = wg_nn_parameter(own, "0.weight");
    float *weight = wg_data_mut_as(first, float);
    for (int64_t i = 0; i < wg_numel(first); i++)
        weight[i] *= (float)t->scale[i % wg_extent(first, 1)];
    const wg_status status = wg_save(path, wg_nn_state(own));
    wg_nn_destroy(own);
    return status;
}

/* One episode, from a start that seed 0 draws. */
static inline wg_status write_film(const char *path, const wg_rl_env *env, wg_rl_actor *actor)
{
    const size_t size = wg_rl_env_dynamics(env)->state_size;
    wg_rl_vector *envs = wg_rl_vector_create(env, 1, .seed = 0);
    char *states = malloc((MAX_EPISODE + 1) * size);
    int64_t n = 0;
    wg_status status = envs && states ? WG_OK : WG_E_MEMORY;
    for (bool ended = false; status == WG_OK && !ended && n < MAX_EPISODE;) {
        double action[MAX_ACTION];
        memcpy(states + (size_t)n++ * size, wg_rl_vector_state_of(envs, 0), size);
        status = wg_rl_act(actor, 1, wg_rl_vector_observations(envs), action);
        status = status == WG_OK ? wg_rl_vector_step(envs, action) : status;
        ended = status == WG_OK && (wg_rl_vector_last(envs)->terminated[0] || wg_rl_vector_last(envs)->truncated[0]);
    }
    FILE *file = status == WG_OK ? fopen(path, "w") : NULL;
    if (status == WG_OK)
        status = file ? wg_rl_render(env, states, n, file) : wg_error_set(WG_E_IO, "dpg", "dpg: cannot write %s", path);
    if (file)
        fclose(file);
    wg_rl_vector_destroy(envs), free(states);
    return status;
}

#endif
