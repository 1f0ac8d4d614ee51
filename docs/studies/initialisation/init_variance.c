/* Initial weights, and what they do to signals and gradients. For y = Wx with independent weights of mean 0 and variance v,

       E y_i² = v Σ_j x_j²,    E (∂L/∂x_j)² = v Σ_i (∂L/∂y_i)²:

   a layer multiplies the mean square of the signal by v in, that of the gradient by v out, and relu halves both: its second moment is half
   that of its symmetric input. No v keeps both where in ≠ out. The rules differ in what they keep.

   The rules are those of A. Risteski, Advanced optimization (CMU 10707, 2021), and J. Sun, Training DNNs: Basic Methods (Minnesota, 2020). */
#include "../study.h"

#include <math.h>

enum { LAYERS = 6, ROWS = 16, DRAWS = 30, FORMS = 2 };
static const int64_t width[LAYERS + 1] = {200, 160, 128, 102, 82, 66, 52}; /* a funnel: out = 0.8 in */

enum name { LECUN, TWIN, XAVIER, KAIMING, DEFAZIO_BOTTOU, RULES };
static const struct rule {
    const char *name;
    wg_init_rule form[FORMS]; /* normal, uniform */
} rules[RULES] = {
    {"LeCun: 1/in", {WG_INIT_LECUN_NORMAL, WG_INIT_LECUN_UNIFORM}},
    {"its twin: 1/out", {WG_INIT_LECUN_NORMAL, WG_INIT_LECUN_UNIFORM}},
    {"Xavier: 2/(in + out)", {WG_INIT_XAVIER_NORMAL, WG_INIT_XAVIER_UNIFORM}},
    {"Kaiming: 2/in", {WG_INIT_KAIMING_NORMAL, WG_INIT_KAIMING_UNIFORM}},
    {"Defazio-Bottou: 2/√(in out)", {WG_INIT_DEFAZIO_BOTTOU, WG_INIT_DEFAZIO_BOTTOU}}, /* the lecture has no uniform form */
};

/* v of layer l. */
static double variance(enum name rule, int l)
{
    const double in = (double)width[l], out = (double)width[l + 1];
    return (const double[RULES]){1 / in, 1 / out, 2 / (in + out), 2 / in, 2 / sqrt(in * out)}[rule];
}

/* Of one form of a rule: mean squares of the signal and of the gradient after each layer; the variance of the weights over its formula,
   and the largest weight over √(3v), the bound of U(±√(3v)), both the farthest from 1 of all layers. */
struct measured {
    double signal[LAYERS], gradient[LAYERS], variance, bound;
};

static wg_status draw(enum name rule, int form, wg_tensor *weight, wg_tensor *generator)
{
    const wg_init_rule by = rules[rule].form[form];
    return rule == TWIN ? wg_init_by(weight, generator, by, .fan = WG_FAN_OUT) : wg_init_by(weight, generator, by);
}

/* L = <c, y> for a random c: the gradient at the last layer has the mean square 1. */
static wg_tensor *inner_product(wg_tensor *const *y, size_t n, void *c)
{
    (void)n;
    return wg_sum(wg_mul(y[0], c));
}

static bool measure(wg_nn_module *net, enum name rule, int form, wg_tensor *generator, struct measured *m)
{
    double squares[LAYERS] = {0}, largest = 0;
    bool good = true;
    *m = (struct measured){.variance = 1};
    for (int draws = 0; draws < DRAWS && good; draws++) {
        WG_TAPE(tape);
        wg_tensor *x = wg_normal(generator, WG_F32, WG_SHAPE(ROWS, width[0]), 0, 1);
        wg_tensor *c = wg_normal(generator, WG_F32, WG_SHAPE(ROWS, width[LAYERS]), 0, 1);
        for (int l = 0; l < LAYERS && good; l++) {
            wg_tensor *w = wg_nn_parameters(net).tensor[l];
            good = draw(rule, form, w, generator) == WG_OK;
            squares[l] += wg_item(wg_sum_squares(w)) / (double)wg_numel(w) / DRAWS;
            largest = fmax(largest, wg_item(wg_max(wg_abs(w))) / sqrt(3 * variance(rule, l)));
        }
        const wg_tensor *table = good ? wg_study_signals(net, x, inner_product, c) : NULL;
        const double *row = table ? wg_data_as(table, double) : NULL;
        for (int l = 0; l < LAYERS && row; l++, row += 8) { /* linear, relu, linear, …: four columns each */
            m->signal[l] += (row[0] * row[0] + row[1] * row[1]) / DRAWS;
            m->gradient[l] += row[3] * row[3] / DRAWS;
        }
        good = row != NULL;
    }
    for (int l = 0; l < LAYERS; l++) {
        const double ratio = squares[l] / variance(rule, l);
        m->variance = fabs(ratio - 1) > fabs(m->variance - 1) ? ratio : m->variance;
    }
    m->bound = largest;
    return good;
}

/* Control: relu's ½ forgotten, as if E relu(z)² were E z². */
static bool compare(struct study_run *run, enum name rule, int form, const struct measured *m, double *worst)
{
    const double half = run->control ? 1 : 0.5;
    double signal[LAYERS], gradient[LAYERS];
    bool good = true;
    gradient[LAYERS - 1] = 1;
    for (int l = LAYERS - 1; l > 0; l--)
        gradient[l - 1] = gradient[l] * half * variance(rule, l) * (double)width[l + 1];
    for (int l = 0; l < LAYERS && good; l++) {
        signal[l] = variance(rule, l) * (double)width[l] * (l ? half * signal[l - 1] : 1);
        *worst = fmax(*worst, fmax(fabs(log2(m->signal[l] / signal[l])), fabs(log2(m->gradient[l] / gradient[l]))));
        good = study_row(run, "%s,%c,%d,%.6g,%.6g,%.6g,%.6g", rules[rule].name, form ? 'U' : 'N', l + 1, m->signal[l], signal[l],
                         m->gradient[l], gradient[l]);
    }
    return good;
}

static bool run(struct study_run *run, const void *options)
{
    (void)options;
    wg_nn_module *layer[2 * LAYERS - 1];
    for (int l = 0; l < LAYERS; l++) {
        layer[2 * l] = wg_nn_linear(width[l], width[l + 1], .bias = false);
        if (l + 1 < LAYERS)
            layer[2 * l + 1] = wg_nn_relu();
    }
    wg_nn_module *net = wg_nn_sequential_with(layer, 2 * LAYERS - 1);
    wg_tensor *generator = wg_generator(run->seed, 0);
    double worst = 0, off = 0, low = 1, high = 0;
    bool good = net && generator && study_row(run, "rule,form,layer,signal,predicted_signal,gradient,predicted_gradient");
    for (int i = 0; i < FORMS * RULES && good; i++) {
        struct measured m;
        good = measure(net, (enum name)(i / FORMS), i % FORMS, generator, &m) &&
               compare(run, (enum name)(i / FORMS), i % FORMS, &m, &worst);
        off = fmax(off, fabs(m.variance - 1));
        if (i % FORMS == 1 && i / FORMS != DEFAZIO_BOTTOU)
            low = fmin(low, m.bound), high = fmax(high, m.bound);
    }
    wg_free(generator);
    wg_nn_destroy(net);
    if (!good)
        return false;
    study_claim(run, off <= 0.025, "every rule's weights have the variance of its formula: relatively within %.2g of 0.025", off);
    study_claim(run, low >= 0.999 && high <= 1 + 1e-6,
                "uniform forms fill ±√(3v): the largest weight over the bound is %.6f to %.6f", low, high);
    study_decide(run, worst <= 0.6,
                 "5 rules, 6 layers of relu: mean squares of signals (Π v in/2) and gradients (Π v out/2) are within %.2f "
                 "octaves of the prediction; tolerance 0.6, four standard errors of 30 networks",
                 worst);
    return true;
}

const struct study study_init_variance = {
    .name = "init_variance", .control = "relu's factor ½ forgotten in the prediction", .run = run};
