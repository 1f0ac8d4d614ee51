/* Noise on actions: independent, or an Ornstein-Uhlenbeck process. */
#include <math.h>
#include <stdlib.h>

#include "../../module/module.h"
#include "../rl.h"
#include "wengert/error.h"
#include "wengert/options.h"
#include "wengert/rl/noise.h"

enum { X, COUNTS, PARTS }; /* x, f64 (n, action); i64 {steps, seed} */

struct wg_rl_noise {
    int64_t n, action;
    bool remembers; /* an Ornstein-Uhlenbeck process */
    wg_rl_ornstein_uhlenbeck_options options;
    wg_tensor *part[PARTS];
};
static const char *const names[PARTS] = {"x", "counts"};

/* ---- making one ---- */

static wg_status fill(wg_rl_noise *noise)
{
    WG_TRY(nn_seed(&noise->options.seed));
    WG_TRY(rl_own(&noise->part[X], names[X], wg_full(WG_F64, WG_SHAPE(noise->n, noise->action), noise->options.mean)));
    return rl_own(&noise->part[COUNTS], names[COUNTS], wg_from(((const int64_t[]){0, (int64_t)noise->options.seed}), WG_SHAPE(2)));
}

static wg_rl_noise *make(wg_rl_noise from, const char *op)
{
    if (from.n < 1 || from.action < 1) {
        (void)wg_error_set(WG_E_ARGUMENT, op, "%s: expected at least 1 row and 1 number in an action, got %lld and %lld", op,
                           (long long)from.n, (long long)from.action);
        return NULL;
    }
    wg_rl_noise *noise = malloc(sizeof *noise);
    if (!noise) {
        (void)nn_no_memory(op);
        return NULL;
    }
    *noise = from;
    if (fill(noise) == WG_OK)
        return noise;
    wg_rl_noise_destroy(noise);
    return NULL;
}

static const wg_option gaussian_entries[] = {
    WG_OPTION_REAL_OF(wg_rl_gaussian_options, sigma, 0.1, "standard deviation", WG_AT_LEAST(0)),
    WG_OPTION_REAL_OF(wg_rl_gaussian_options, bound, 1, "of actions", WG_BETWEEN(0, __builtin_inf())),
};
static const wg_option_table gaussian_table = {gaussian_entries, 2, sizeof(wg_rl_gaussian_options)};

wg_rl_noise *wg_rl_gaussian_with(int64_t n, int64_t action, wg_rl_gaussian_options o)
{
    const char *op = "rl_gaussian";
    if (wg_options_check(gaussian_table, &o, op) != WG_OK)
        return NULL;
    return make((wg_rl_noise){.n = n, .action = action, .options = {.sigma = o.sigma, .bound = o.bound, .seed = o.seed}}, op);
}

static const wg_option process_entries[] = {
    WG_OPTION_REAL_OF(wg_rl_ornstein_uhlenbeck_options, sigma, 0.2, "of the steps, for dt = 1", WG_AT_LEAST(0)),
    WG_OPTION_REAL_OF(wg_rl_ornstein_uhlenbeck_options, theta, 0.15, "how fast it returns", WG_AT_LEAST(0)),
    WG_OPTION_REAL_OF(wg_rl_ornstein_uhlenbeck_options, dt, 1, "length of a step", WG_ABOVE(0)),
    WG_OPTION_REAL_OF(wg_rl_ornstein_uhlenbeck_options, mean, 0, "where to", WG_ANY_VALUE),
    WG_OPTION_REAL_OF(wg_rl_ornstein_uhlenbeck_options, bound, 1, "of actions", WG_BETWEEN(0, __builtin_inf())),
};
static const wg_option_table process_table = {process_entries, 5, sizeof(wg_rl_ornstein_uhlenbeck_options)};

wg_rl_noise *wg_rl_ornstein_uhlenbeck_with(int64_t n, int64_t action, wg_rl_ornstein_uhlenbeck_options o)
{
    const char *op = "rl_ornstein_uhlenbeck";
    if (wg_options_check(process_table, &o, op) != WG_OK)
        return NULL;
    if (!(o.theta * o.dt <= 2)) {
        (void)wg_error_set(WG_E_ARGUMENT, op,
                           "%s: expected theta times dt of at most 2, beyond which the process grows without end, got %g", op,
                           o.theta * o.dt);
        return NULL;
    }
    return make((wg_rl_noise){.n = n, .action = action, .remembers = true, .options = o}, op);
}

void wg_rl_noise_destroy(wg_rl_noise *noise)
{
    if (!noise)
        return;
    wg_disown(noise->part[X]), wg_disown(noise->part[COUNTS]);
    free(noise);
}

/* ---- steps ---- */

static double clip(double x, double bound)
{
    return x < -bound ? -bound : x > bound ? bound : x;
}

static wg_status check_actions(const wg_rl_noise *noise, const double *actions, const char *op)
{
    const double bound = noise->options.bound;
    for (int64_t i = 0; i < noise->n * noise->action; i++) {
        const long long row = (long long)(i / noise->action), component = (long long)(i % noise->action);
        if (!isfinite(actions[i]))
            return wg_error_set(WG_E_NUMERIC, op, "%s: the action is %g in row %lld, component %lld", op, actions[i], row,
                                component);
        if (fabs(actions[i]) > bound)
            return wg_error_set(
                WG_E_ARGUMENT, op,
                "%s: expected actions in ±%g, got %g in row %lld, component %lld: an actor ends in tanh, or .bound = INFINITY", op,
                bound, actions[i], row, component);
    }
    return WG_OK;
}

wg_status wg_rl_noise_add(wg_rl_noise *noise, double *actions)
{
    const char *op = "rl_noise_add";
    if (!noise || !actions)
        return nn_null_argument(op, noise ? "the array of actions" : "the noise");
    const int64_t n = noise->n * noise->action;
    WG_TRY(check_actions(noise, actions, op));
    double *x = wg_data_mut(noise->part[X]);
    int64_t *counts = x ? wg_data_mut(noise->part[COUNTS]) : NULL;
    if (!counts)
        return nn_first_error(WG_E_STATE);
    wg_dataset_random random = {.seed = (uint64_t)counts[1], .stream = WG_STREAM_RL_NOISE + (uint64_t)counts[0]++};
    const wg_rl_ornstein_uhlenbeck_options *o = &noise->options;
    for (int64_t i = 0; i < n; i++) {
        const double draw = wg_dataset_normal(&random);
        if (noise->remembers)
            x[i] += o->theta * (o->mean - x[i]) * o->dt + o->sigma * sqrt(o->dt) * draw;
        else
            x[i] = o->sigma * draw;
        actions[i] = clip(actions[i] + x[i], o->bound);
    }
    return WG_OK;
}

wg_status wg_rl_noise_follow(wg_rl_noise *noise, const wg_rl_transitions *t)
{
    const char *op = "rl_noise_follow";
    if (!noise || !t || !t->terminated || !t->truncated)
        return nn_null_argument(op, noise ? "the struct of transitions" : "the noise");
    if (t->n != noise->n)
        return wg_error_set(WG_E_SHAPE, op, "%s: expected %lld transitions, got %lld", op, (long long)noise->n, (long long)t->n);
    double *x = wg_data_mut(noise->part[X]);
    if (!x)
        return nn_first_error(WG_E_STATE);
    for (int64_t i = 0; i < noise->n * noise->action; i++)
        if (t->terminated[i / noise->action] || t->truncated[i / noise->action])
            x[i] = noise->options.mean;
    return WG_OK;
}

wg_status wg_rl_noise_set_sigma(wg_rl_noise *noise, double sigma)
{
    const char *op = "rl_noise_set_sigma";
    if (!noise)
        return nn_null_argument(op, "the noise");
    if (!(sigma >= 0) || !isfinite(sigma))
        return wg_error_set(WG_E_ARGUMENT, op, "%s: expected σ of at least 0, got %g", op, sigma);
    noise->options.sigma = sigma;
    return WG_OK;
}

wg_tensor_list wg_rl_noise_state(const wg_rl_noise *noise)
{
    if (noise)
        return (wg_tensor_list){PARTS, noise->part, names};
    (void)nn_null_argument("rl_noise_state", "the noise");
    return (wg_tensor_list){0, NULL, NULL};
}
