/* Noise on the parameters of an actor. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../../module/module.h"
#include "../rl.h"
#include "wengert/error.h"
#include "wengert/ops.h"
#include "wengert/options.h"
#include "wengert/rl/agent.h"
#include "wengert/rl/noise.h"
#include "wengert/tape.h"

struct wg_rl_parameter_noise {
    wg_nn_module *actor;        /* the caller's */
    wg_nn_module *copy, *probe; /* what acts, and what is measured */
    bool *perturbed;            /* of each parameter of the actor: is it one that noise changes? */
    wg_rl_parameter_noise_options options;
    wg_tensor *sigma, *generator; /* f64 scalar */
    wg_tensor **state;
    char **name;
    size_t n_state;
};

/* ---- which parameters ---- */

static bool normalises(const wg_nn_module *module)
{
    const char *kind = wg_nn_kind_name(module);
    const size_t n = strlen(kind);
    return n > 5 && strcmp(kind + n - 5, "_norm") == 0;
}

static void mark(wg_rl_parameter_noise *noise, wg_tensor_list kept)
{
    const wg_tensor_list params = wg_nn_parameters(noise->actor);
    for (size_t i = 0; i < params.n; i++)
        for (size_t k = 0; k < kept.n; k++)
            if (params.tensor[i] == kept.tensor[k])
                noise->perturbed[i] = false;
}

/* All but those of modules that normalise and those that are frozen. The modules are visited with a stack of their children's indices. */
static void find_perturbed(wg_rl_parameter_noise *noise)
{
    const wg_nn_module *at[WG_MAX_DEPTH];
    size_t next[WG_MAX_DEPTH] = {0};
    int depth = 0;
    at[0] = noise->actor;
    const wg_tensor_list params = wg_nn_parameters(noise->actor);
    for (size_t i = 0; i < params.n; i++)
        noise->perturbed[i] = wg_requires_grad(params.tensor[i]); /* what is frozen stays */
    while (depth >= 0) {
        if (normalises(at[depth]))
            mark(noise, wg_nn_parameters(at[depth]));
        if (!normalises(at[depth]) && next[depth] < wg_nn_children(at[depth])) {
            at[depth + 1] = wg_nn_child(at[depth], next[depth]++);
            next[++depth] = 0;
        } else {
            depth--;
        }
    }
}

/* ---- making one ---- */

static const wg_option entries[] = {
    WG_OPTION_REAL_OF(wg_rl_parameter_noise_options, sigma, 0.2, "the first", WG_ABOVE(0)),
    WG_OPTION_REAL_OF(wg_rl_parameter_noise_options, target, 0.2, "change of actions", WG_ABOVE(0)),
    WG_OPTION_REAL_OF(wg_rl_parameter_noise_options, factor, 1.01, "of a change of σ", WG_ABOVE(1)),
};
static const wg_option_table table = {entries, sizeof entries / sizeof *entries, sizeof(wg_rl_parameter_noise_options)};

static wg_status make_state(wg_rl_parameter_noise *noise)
{
    const wg_tensor_list copy = wg_nn_state(noise->copy);
    noise->state = calloc(copy.n + 2, sizeof(wg_tensor *));
    noise->name = calloc(copy.n + 2, sizeof(char *));
    if (!noise->state || !noise->name)
        return nn_no_memory("rl_parameter_noise_create");
    for (size_t i = 0; i < copy.n + 2; i++) {
        noise->state[i] = i < copy.n ? copy.tensor[i] : i == copy.n ? noise->sigma : noise->generator;
        noise->name[i] = i < copy.n ? nn_path("actor", copy.name[i]) : strdup(i == copy.n ? "sigma" : "generator");
        if (!noise->name[i])
            return nn_no_memory("rl_parameter_noise_create");
        noise->n_state++;
    }
    return WG_OK;
}

static wg_status fill(wg_rl_parameter_noise *noise)
{
    noise->copy = wg_nn_copy(noise->actor);
    noise->probe = noise->copy ? wg_nn_copy(noise->actor) : NULL;
    if (!noise->probe)
        return nn_first_error(WG_E_MEMORY);
    noise->perturbed = calloc(wg_nn_parameters(noise->actor).n + 1, sizeof(bool));
    if (!noise->perturbed)
        return nn_no_memory("rl_parameter_noise_create");
    find_perturbed(noise);
    WG_TRY(nn_seed(&noise->options.seed));
    WG_TRY(rl_own(&noise->sigma, "sigma", wg_scalar(WG_F64, noise->options.sigma)));
    WG_TRY(rl_own(&noise->generator, "generator", wg_generator(noise->options.seed, WG_STREAM_RL_NOISE)));
    return make_state(noise);
}

wg_rl_parameter_noise *wg_rl_parameter_noise_create_with(wg_nn_module *actor, wg_rl_parameter_noise_options options)
{
    const char *op = "rl_parameter_noise_create";
    if (!actor)
        (void)nn_null_argument(op, "the actor");
    if (!actor || wg_options_check(table, &options, op) != WG_OK)
        return NULL;
    wg_rl_parameter_noise *noise = calloc(1, sizeof *noise);
    if (!noise) {
        (void)nn_no_memory(op);
        return NULL;
    }
    noise->actor = actor, noise->options = options;
    if (fill(noise) == WG_OK)
        return noise;
    wg_rl_parameter_noise_destroy(noise);
    return NULL;
}

void wg_rl_parameter_noise_destroy(wg_rl_parameter_noise *noise)
{
    if (!noise)
        return;
    for (size_t i = 0; i < noise->n_state; i++)
        free(noise->name[i]);
    free(noise->name), free(noise->state), free(noise->perturbed);
    wg_nn_destroy(noise->copy), wg_nn_destroy(noise->probe);
    wg_disown(noise->sigma), wg_disown(noise->generator);
    free(noise);
}

wg_nn_module *wg_rl_parameter_noise_actor(const wg_rl_parameter_noise *noise)
{
    if (!noise)
        (void)nn_null_argument("rl_parameter_noise_actor", "the noise");
    return noise ? noise->copy : NULL;
}

/* ---- perturbing ---- */

/* On the open tape: if what follows there fails, the draws are taken back. */
static wg_status perturb(wg_rl_parameter_noise *noise, wg_nn_module *net)
{
    WG_NO_GRAD;
    const wg_tensor_list from = wg_nn_parameters(noise->actor), to = wg_nn_parameters(net);
    const double sigma = wg_item(noise->sigma);
    WG_TRY(wg_rl_target_update(net, noise->actor, 1));
    for (size_t i = 0; i < from.n; i++) {
        if (!noise->perturbed[i])
            continue;
        wg_tensor *x = wg_normal(noise->generator, wg_dtype_of(from.tensor[i]), wg_shape_of(from.tensor[i]), 0, sigma);
        WG_TRY(wg_accumulate(to.tensor[i], x));
    }
    return WG_OK;
}

wg_status wg_rl_parameter_noise_perturb(wg_rl_parameter_noise *noise)
{
    if (!noise)
        return nn_null_argument("rl_parameter_noise_perturb", "the noise");
    WG_TAPE(tape, .keep_error = true);
    return tape ? perturb(noise, noise->copy) : nn_first_error(WG_E_MEMORY);
}

/* √(mean (μ(s) - μ̃(s))²), on the open tape. */
static wg_status measure(const wg_rl_parameter_noise *noise, wg_tensor *observation, double *change)
{
    WG_NO_GRAD;
    WG_EVAL_MODE;
    wg_tensor *plain = wg_nn_apply(noise->actor, observation);
    wg_tensor *distance = plain ? wg_sqrt(wg_mean(wg_square(wg_sub(plain, wg_nn_apply(noise->probe, observation))))) : NULL;
    if (!distance)
        return nn_first_error(WG_E_MEMORY);
    *change = wg_item(distance);
    return WG_OK;
}

static wg_status perturb_and_measure(wg_rl_parameter_noise *noise, wg_tensor *observation, double *change)
{
    WG_TAPE(tape, .keep_error = true);
    if (!tape)
        return nn_first_error(WG_E_MEMORY);
    WG_TRY(perturb(noise, noise->probe));
    return measure(noise, observation, change);
}

wg_status wg_rl_parameter_noise_adapt(wg_rl_parameter_noise *noise, wg_tensor *observation)
{
    const char *op = "rl_parameter_noise_adapt";
    double change = 0;
    if (!noise || !observation)
        return nn_null_argument(op, noise ? "the observation" : "the noise");
    WG_TRY(perturb_and_measure(noise, observation, &change));
    if (!isfinite(change))
        return wg_error_set(WG_E_NUMERIC, op, "%s: the change of actions is %g", op, change);
    const double sigma = wg_item(noise->sigma), factor = noise->options.factor;
    return wg_write(noise->sigma, (double[]){change > noise->options.target ? sigma / factor : sigma * factor});
}

double wg_rl_parameter_noise_sigma(const wg_rl_parameter_noise *noise)
{
    if (noise)
        return wg_item(noise->sigma);
    (void)nn_null_argument("rl_parameter_noise_sigma", "the noise");
    return NAN;
}

wg_tensor_list wg_rl_parameter_noise_state(const wg_rl_parameter_noise *noise)
{
    if (noise)
        return (wg_tensor_list){noise->n_state, noise->state, (const char *const *)noise->name};
    (void)nn_null_argument("rl_parameter_noise_state", "the noise");
    return (wg_tensor_list){0, NULL, NULL};
}
