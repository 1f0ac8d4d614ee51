/* AdaGrad in three forms. r is the sum of the squares of all gradients, of each weight by itself:

       r ← r + g²;  x ← x - η g/(δ + √r)              δ outside the root
       r ← r + g²;  x ← x - η g/√(r + δ)              δ under the root
       x ← x - η g/√r, or x where r is 0;  r ← r + g²   no δ, and the sum ends with the step before

   r only grows, so the effective rate η/√r of a weight only falls: an early stop by itself.

   The forms are those of V. Cevher (EPFL, 2019), J. Sun (Minnesota, 2020) and A. Risteski (CMU, 2021), where the sum over j is
   printed with ∇f(x_t) in place of ∇f(x_j). */
#include "forms.h"

#include <math.h>

static const double delta = 0.1;

static void outside(struct form *s, double g, int t, double rate)
{
    (void)t;
    s->r += g * g;
    s->x -= rate * g / (delta + sqrt(s->r));
}

static void inside(struct form *s, double g, int t, double rate)
{
    (void)t;
    s->r += g * g;
    s->x -= rate * g / sqrt(s->r + delta);
}

static void past(struct form *s, double g, int t, double rate)
{
    (void)t;
    s->x -= s->r > 0 ? rate * g / sqrt(s->r) : 0;
    s->r += g * g;
}

/* As printed: the newest square, t - 1 times. */
static void printed(struct form *s, double g, int t, double rate)
{
    s->x -= t > 1 ? rate * g / sqrt((t - 1) * g * g) : 0;
}

/* How often the effective rate of one of 4 weights grows in 200 steps of random gradients, by the library's view of a step; -1 on
   failure. */
static int growths(struct study_run *run)
{
    wg_tensor *p = wg_set_requires_grad(wg_zeros(WG_F64, WG_SHAPE(4)), true), *generator = wg_generator(run->seed, 0);
    wg_optim *adagrad = p ? wg_optim_adagrad(((wg_tensor_list){1, &p, NULL}), .lr = 0.5) : NULL;
    double last[4] = {INFINITY, INFINITY, INFINITY, INFINITY}, now[4] = {0};
    int n = adagrad && study_table(run, "effective_rate", "step,w1,w2,w3,w4") ? 0 : -1;
    for (int t = 0; t < 200 && n >= 0; t++) {
        WG_TAPE(tape);
        wg_optim_terms terms;
        wg_tensor *g = wg_mul(wg_normal(generator, WG_F64, WG_SHAPE(4), 0, 1), wg_from(((double[]){0.1, 1, 10, 100}), WG_SHAPE(4)));
        if (wg_add_gradient(p, g) || wg_optim_view(adagrad, p, &terms) || wg_read(terms.rate, now) || wg_optim_step(adagrad))
            n = -1;
        else if ((t < 20 || t % 12 == 0) && !study_row(run, "%d,%.6g,%.6g,%.6g,%.6g", t + 1, now[0], now[1], now[2], now[3]))
            n = -1;
        for (int i = 0; i < 4 && n >= 0; i++) {
            n += now[i] > last[i];
            last[i] = now[i];
        }
    }
    wg_optim_destroy(adagrad);
    wg_free(p), wg_free(generator);
    return n;
}

/* Control: the misprint. */
static bool run(struct study_run *run, const void *options)
{
    (void)options;
    struct forms f = {.run = run, .steps = 60, .rate = 0.3};
    bool good = forms_open(&f);
#define DISTANCE(name, deck, ...) forms_distance(&f, name, wg_optim_adagrad(forms_start(&f), __VA_ARGS__), deck)
    const double one = DISTANCE("outside", outside, .eps = delta),
                 two = DISTANCE("inside", inside, .eps = delta, .eps_inside = true),
                 three = DISTANCE("past", run->control ? printed : past, .past = true, .eps = 0), sum = one + two + three,
                 crossed = DISTANCE("crossed", inside, .eps = delta);
    forms_close(&f);
    const int grown = growths(run);
    study_claim(run, crossed > 1e-3, "δ under the root and δ outside it are two rules: %.1e apart, above 1e-3", crossed);
    study_claim(run, grown == 0, "the effective rate of 4 weights falls in each of 200 steps of random gradients: it grew %d times",
                grown);
    study_decide(run, sum < 1e-11,
                 "three printed forms of AdaGrad follow wg_optim_adagrad with .eps, .eps_inside and .past; sum of the largest "
                 "distances %.1e, below 1e-11",
                 sum);
    return good && grown >= 0 && !isnan(sum);
}

const struct study study_adagrad = {.name = "adagrad", .control = "the sum of the newest square, as misprinted,", .run = run};
