/* ADBench's LSTM (Šrajer, Kukelova and Fitzgibbon, 2018): a diagonal LSTM over characters of 14 bits, whose gates are
   element-wise products of weights with the input or the state, and the gradient with respect to all weights. The objective is
   written twice, by hand in C and as a Wengert program. The result is the time of the gradient divided by that of the objective
   by hand.

   usage: adbench-lstm [check]   check: that both give the same value, and that the gradient is that of central differences; as TAP */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <wengert.h>

enum { WIDE = 14, GATES = 4, MOST_LAYERS = 4, MOST_STEPS = 1024, MOST_WEIGHTS = 8 * MOST_LAYERS * WIDE + 3 * WIDE };

/* weight: for each layer 4 rows of weights and 4 of biases (forget, in, out, change), then the weights into the first layer, out
   of the last layer, and the output's bias. state: for each layer the hidden values and the cells. text: a row for each
   character. */
struct problem {
    int layers, steps;
    double weight[MOST_WEIGHTS], state[2 * MOST_LAYERS * WIDE], text[(MOST_STEPS + 1) * WIDE];
};

static int weights(const struct problem *p)
{
    return (8 * p->layers + 3) * WIDE;
}

static void fill(double *x, int n, uint64_t *seed)
{
    for (int i = 0; i < n; i++) {
        *seed = *seed * 6364136223846793005u + 1442695040888963407u;
        x[i] = (double)(*seed >> 40) / (1 << 23) - 1;
    }
}

static void make(struct problem *p, int layers, int steps)
{
    uint64_t seed = 1;
    p->layers = layers;
    p->steps = steps;
    fill(p->weight, weights(p), &seed);
    fill(p->state, 2 * layers * WIDE, &seed);
    fill(p->text, (steps + 1) * WIDE, &seed);
    for (int i = 0; i < (steps + 1) * WIDE; i++)
        p->text[i] = p->text[i] > 0;
}

/* ---- the objective in plain C ---- */

static double sigmoid(double x)
{
    return 1 / (1 + exp(-x));
}

static void layer_by_hand(const double *weight, double *hidden, double *cell, const double *x)
{
    const double *bias = weight + GATES * WIDE;
    for (int i = 0; i < WIDE; i++) {
        const double forget = sigmoid(x[i] * weight[i] + bias[i]);
        const double in = sigmoid(hidden[i] * weight[WIDE + i] + bias[WIDE + i]);
        const double out = sigmoid(x[i] * weight[2 * WIDE + i] + bias[2 * WIDE + i]);
        const double change = tanh(hidden[i] * weight[3 * WIDE + i] + bias[3 * WIDE + i]);
        cell[i] = cell[i] * forget + in * change;
        hidden[i] = out * tanh(cell[i]);
    }
}

static double by_hand(const struct problem *p)
{
    const double *last = p->weight + 8 * p->layers * WIDE;
    double state[2 * MOST_LAYERS * WIDE], x[WIDE], y[WIDE], total = 0;
    memcpy(state, p->state, sizeof state);
    for (int t = 0; t < p->steps; t++) {
        const double *now = p->text + t * WIDE, *next = now + WIDE, *from = x;
        double sum = 2;
        for (int i = 0; i < WIDE; i++)
            x[i] = now[i] * last[i];
        for (int l = 0; l < p->layers; l++) {
            layer_by_hand(p->weight + 8 * l * WIDE, state + 2 * l * WIDE, state + (2 * l + 1) * WIDE, from);
            from = state + 2 * l * WIDE;
        }
        for (int i = 0; i < WIDE; i++)
            sum += exp(y[i] = from[i] * last[WIDE + i] + last[2 * WIDE + i]);
        for (int i = 0; i < WIDE; i++)
            total += next[i] * (y[i] - log(sum));
    }
    return -total / (p->steps * WIDE);
}

/* ---- the objective in Wengert ---- */

struct program {
    const struct problem *problem;
    wg_tensor *weight, *state, *now, *next; /* (8 layers + 3, 14), (2 layers, 14), (T, 14) twice */
    wg_tensor *value, *gradient;            /* of the last step */
};

/* Passes x (T,14) through a layer. The terms that depend on x alone are computed for all time steps at once. */
static wg_tensor *layer(wg_tensor *const *w, wg_tensor *h, wg_tensor *c, wg_tensor *x, int steps)
{
    static wg_tensor *forget[MOST_STEPS], *out[MOST_STEPS], *hidden[MOST_STEPS];
    if (wg_unbind(wg_sigmoid(wg_fma(x, w[0], w[4])), 0, forget, (size_t)steps) != WG_OK ||
        wg_unbind(wg_sigmoid(wg_fma(x, w[2], w[6])), 0, out, (size_t)steps) != WG_OK)
        return NULL;
    for (int t = 0; t < steps; t++) {
        wg_tensor *in = wg_sigmoid(wg_fma(h, w[1], w[5])), *change = wg_tanh(wg_fma(h, w[3], w[7]));
        c = wg_fma(c, forget[t], wg_mul(in, change));
        h = hidden[t] = wg_mul(out[t], wg_tanh(c));
    }
    return wg_stack(hidden, (size_t)steps, 0);
}

static wg_tensor *objective(const struct program *p)
{
    wg_tensor *w[8 * MOST_LAYERS + 3];
    const int layers = p->problem->layers, steps = p->problem->steps;
    if (wg_unbind(p->weight, 0, w, (size_t)(8 * layers + 3)) != WG_OK)
        return NULL;
    wg_tensor *const *last = w + 8 * layers, *x = wg_mul(p->now, last[0]);
    for (int l = 0; l < layers; l++)
        x = layer(w + 8 * l, wg_select(p->state, 0, 2 * l), wg_select(p->state, 0, 2 * l + 1), x, steps);
    wg_tensor *y = wg_fma(x, last[1], last[2]);
    wg_tensor *norm = wg_log(wg_add_scalar(wg_sum(wg_exp(y), .axis = 1, .keepdims = true), 2));
    return wg_mul_scalar(wg_sum(wg_mul(p->next, wg_sub(y, norm))), -1.0 / (steps * WIDE));
}

static wg_status step(void *context)
{
    struct program *p = context;
    WG_TAPE(tape);
    wg_tensor *value = objective(p), *gradient = value ? wg_grad(value, p->weight) : NULL;
    if (!gradient)
        return WG_E_NULL;
    WG_TRY(wg_assign(p->value, value));
    return wg_assign(p->gradient, gradient);
}

static wg_status begin(struct program *p, const struct problem *problem)
{
    const int rows = 8 * problem->layers + 3;
    *p = (struct program){.problem = problem,
                          .weight = wg_set_requires_grad(wg_from(problem->weight, WG_SHAPE(rows, WIDE)), true),
                          .state = wg_from(problem->state, WG_SHAPE(2 * problem->layers, WIDE)),
                          .now = wg_from(problem->text, WG_SHAPE(problem->steps, WIDE)),
                          .next = wg_from(problem->text + WIDE, WG_SHAPE(problem->steps, WIDE)),
                          .value = wg_zeros(WG_F64, WG_SCALAR),
                          .gradient = wg_zeros(WG_F64, WG_SHAPE(rows, WIDE))};
    return p->weight && p->state && p->now && p->next && p->value && p->gradient ? WG_OK : WG_E_MEMORY;
}

static void end(struct program *p)
{
    wg_free(p->weight), wg_free(p->state), wg_free(p->now), wg_free(p->next), wg_free(p->value), wg_free(p->gradient);
}

/* ---- the check ---- */

/* The largest difference between the gradient and central differences of the objective by hand. */
static double worst_gradient(struct problem *p, const double *gradient)
{
    const double h = 1e-6;
    double worst = 0;
    for (int i = 0; i < weights(p); i++) {
        const double before = p->weight[i];
        p->weight[i] = before + h;
        const double above = by_hand(p);
        p->weight[i] = before - h;
        worst = fmax(worst, fabs(gradient[i] - (above - by_hand(p)) / (2 * h)));
        p->weight[i] = before;
    }
    return worst;
}

static int check_one(int number, struct problem *p, bool replayed)
{
    struct program program;
    wg_replay *replay = NULL;
    wg_status status = begin(&program, p);
    if (status == WG_OK && replayed)
        status = (replay = wg_replay_capture(step, &program)) ? wg_replay_run(replay) : WG_E_NULL;
    else if (status == WG_OK)
        status = step(&program);
    const double value = status == WG_OK ? fabs(wg_item(program.value) - by_hand(p)) : INFINITY;
    const double slope = status == WG_OK ? worst_gradient(p, wg_data(program.gradient)) : INFINITY;
    const bool good = value < 1e-12 && slope < 1e-8;
    printf("%sok %d - %d layers, %d steps, %s: value within %.1e, gradient within %.1e of differences\n", good ? "" : "not ",
           number, p->layers, p->steps, replayed ? "replayed" : "eager", value, slope);
    wg_replay_destroy(replay);
    end(&program);
    return good ? 0 : 1;
}

static int check(struct problem *p)
{
    int failures = 0, number = 0;
    for (int layers = 2; layers <= MOST_LAYERS; layers += 2)
        for (int replayed = 0; replayed < 2; replayed++) {
            make(p, layers, 40);
            failures += check_one(++number, p, replayed);
        }
    printf("1..%d\n", number);
    return failures > 0;
}

/* ---- timing ---- */

static double now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return 1e6 * (double)t.tv_sec + 1e-3 * (double)t.tv_nsec;
}

static int measure(struct problem *p)
{
    volatile double kept;
    puts("LSTM, gradient: f64, 1 thread, least CPU time of the objective in plain C, of the gradient and of the replayed one");
    printf("%-24s %12s %12s %12s %8s %8s %6s\n", "size", "by hand/ms", "eager/ms", "replayed/ms", "ratio", "replayed", "goal");
    for (int layers = 2; layers <= MOST_LAYERS; layers += 2) {
        struct program program;
        make(p, layers, MOST_STEPS);
        wg_replay *replay = begin(&program, p) == WG_OK ? wg_replay_capture(step, &program) : NULL;
        if (!replay)
            return wg_error_report(stderr);
        double best[3] = {INFINITY, INFINITY, INFINITY}; /* by hand, eager, replayed: they alternate, so that all run at the same
                                                            clock rate */
        for (int round = 0; round < 60; round++)
            for (int way = 0; way < 3; way++) {
                const double from = now_us();
                if (way == 0)
                    kept = by_hand(p);
                else if ((way == 1 ? step(&program) : wg_replay_run(replay)) != WG_OK)
                    return wg_error_report(stderr);
                best[way] = fmin(best[way], now_us() - from);
            }
        char size[48];
        snprintf(size, sizeof size, "%d layers, %d steps", layers, p->steps);
        printf("%-24s %12.4f %12.4f %12.4f %8.2f %8.2f %6d\n", size, 1e-3 * best[0], 1e-3 * best[1], 1e-3 * best[2],
               best[1] / best[0], best[2] / best[0], 1);
        wg_replay_destroy(replay);
        end(&program);
    }
    (void)kept;
    return 0;
}

int main(int argc, char **argv)
{
    static struct problem problem;
    wg_set_threads(1);
    return argc > 1 && strcmp(argv[1], "check") == 0 ? check(&problem) : measure(&problem);
}
