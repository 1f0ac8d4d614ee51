/* Gradient descent on an elongated bowl, f(x) = (x₁² + κ x₂²)/2: at the rate α a step multiplies x₁ by 1 - α and x₂ by 1 - ακ. Momentum
   helps where the two differ much. After F. Gogianu, Optimization (Bitdefender). */
#include <math.h>
#include <string.h>

#include "demo.h"

#define CONDITIONING_OPTIONS(X, T)                                                                 \
    X(T, REAL, rate, 0.1, "of a step, α", WG_BETWEEN(0, 10))                                       \
    X(T, REAL, momentum, 0, "β: the share of the last step that is repeated", WG_FROM_BELOW(0, 1)) \
    X(T, REAL, curvature, 15, "κ: the second axis over the first", WG_BETWEEN(0.01, 1000))
WG_OPTION_STRUCT(conditioning_options, CONDITIONING_OPTIONS);
WG_OPTION_TABLE(conditioning_table, conditioning_options, CONDITIONING_OPTIONS);

enum { COLUMNS = 61, LINES = 15 };
static const double start[] = {-4, 1}, half_width = 5, half_height = 1.5;

static bool begin(struct demo_state *state)
{
    state->params[0] = wg_from(start, WG_SHAPE(2));
    return state->params[0] != NULL;
}

static wg_tensor *loss(const struct demo_state *state)
{
    const conditioning_options *o = state->options;
    const double half[] = {0.5, o->curvature / 2};
    return wg_sum(wg_mul(wg_from(half, WG_SHAPE(2)), wg_square(state->params[0])));
}

static wg_optim *optimizer(const struct demo_state *state)
{
    const conditioning_options *o = state->options;
    return wg_optim_sgd(((wg_tensor_list){1, (wg_tensor *[]){state->params[0]}, NULL}), .lr = o->rate, .momentum = o->momentum);
}

/* SGD without momentum has no velocity, so that it takes another optimizer where momentum begins or ends. */
static bool adjust(struct demo_state *state)
{
    const conditioning_options *o = state->options;
    return (wg_optim_get(state->optim, 0, "momentum") > 0) == (o->momentum > 0) &&
           wg_optim_set_lr(state->optim, 0, o->rate) == WG_OK && wg_optim_set(state->optim, 0, "momentum", o->momentum) == WG_OK;
}

/* The bowl's level lines, the minimum and the current point. */
static void print_map(const double *x, double curvature)
{
    for (int i = 0; i < LINES; i++) {
        char line[COLUMNS + 1] = "";
        const double x2 = half_height * (1 - 2.0 * i / (LINES - 1)), height = 2 * half_height / (LINES - 1);
        for (int j = 0; j < COLUMNS; j++) {
            const double x1 = half_width * (2.0 * j / (COLUMNS - 1) - 1), width = 2 * half_width / (COLUMNS - 1);
            const int level = (int)floor(log2(x1 * x1 + curvature * x2 * x2 + 1e-9));
            const bool here = fabs(x1 - x[0]) <= width / 2 && fabs(x2 - x[1]) <= height / 2;
            line[j] = here ? '@' : i == LINES / 2 && j == COLUMNS / 2 ? '+' : level % 2 == 0 ? '.' : ' ';
        }
        printf("  %s\n", line);
    }
}

static bool print(struct demo_state *state)
{
    const conditioning_options *o = state->options;
    const double *x = wg_data(state->params[0]);
    double f;
    {
        WG_TAPE(tape);
        wg_tensor *value = loss(state);
        if (!value)
            return false;
        f = wg_item(value);
    }
    print_map(x, o->curvature);
    printf("step %lld   x = (%.6g, %.6g), the @   f = %.6g   gradient (%.6g, %.6g)\n", (long long)state->step, x[0], x[1], f, x[0],
           o->curvature * x[1]);
    printf("a step multiplies x1 by 1 - α = %.4g and x2 by 1 - ακ = %.4g%s; %s\n", 1 - o->rate, 1 - o->rate * o->curvature,
           o->momentum > 0 ? ", without momentum" : "",
           o->rate == 0                                              ? "it stays"
           : o->rate * fmax(1, o->curvature) < 2 * (1 + o->momentum) ? "it converges"
                                                                     : "it diverges");
    return true;
}

static void write_data(FILE *page)
{
    (void)page;
}

extern const char *const demo_conditioning_text;

const struct demo demo_conditioning = {
    .name = "conditioning",
    .summary = "gradient descent, with momentum or without, in a bowl that is longer than wide",
    .table = &conditioning_table,
    .n_params = 1,
    .script = &demo_conditioning_text,
    .begin = begin,
    .loss = loss,
    .optimizer = optimizer,
    .adjust = adjust,
    .print = print,
    .write_data = write_data,
};
