/* Two layers and a bad initialisation. With samples (x, y) as columns, L = Σ |y - W₂σ(W₁x)|² / m has the gradient
       ∇W₁ = -(2/m) Σ [W₂ᵀ(y - W₂σ(W₁x)) ⊙ σ'(W₁x)] xᵀ.
   At W₁ = W₂ = 0 the factor W₂ᵀ makes it 0. With σ(0) = 0, as of tanh and relu, ∇W₂ is 0 as well: descent stays there. With relu and all
   weights times s the output grows as s². So ∇W₁ grows as s while |y| is the larger part of the error, as s³ later, and L as s⁴.

   The formula and the question are those of J. Sun, Training DNNs: Basic Methods (Minnesota, 2020). */
#include "../study.h"

#include <math.h>

enum { IN = 5, HIDDEN = 7, OUT = 3, SAMPLES = 20, SCALES = 13, STEPS = 400 };

struct network {
    wg_tensor *w[2], *x, *y;
};

static bool network_make(struct network *net, uint64_t seed)
{
    wg_tensor *generator = wg_generator(seed, 0);
    *net = (struct network){
        .w = {wg_normal(generator, WG_F64, WG_SHAPE(HIDDEN, IN), 0, 1), wg_normal(generator, WG_F64, WG_SHAPE(OUT, HIDDEN), 0, 1)},
        .x = wg_normal(generator, WG_F64, WG_SHAPE(IN, SAMPLES), 0, 1),
        .y = wg_normal(generator, WG_F64, WG_SHAPE(OUT, SAMPLES), 0, 1)};
    wg_free(generator);
    return net->x && net->y && wg_set_requires_grad(net->w[0], true) && wg_set_requires_grad(net->w[1], true);
}

static void network_free(struct network *net)
{
    wg_free(net->w[0]), wg_free(net->w[1]), wg_free(net->x), wg_free(net->y);
}

typedef wg_tensor *activation(wg_tensor *u);

static wg_tensor *loss_of(const struct network *net, activation *sigma, wg_tensor *w1, wg_tensor *w2)
{
    wg_tensor *error = wg_sub(net->y, wg_matmul(w2, sigma(wg_matmul(w1, net->x))));
    return wg_mul_scalar(wg_sum(wg_square(error)), 1.0 / SAMPLES);
}

/* ∇W₁ by the formula, for tanh. Control: without ⊙ σ'(W₁x). */
static wg_tensor *formula(const struct network *net, bool with_slope)
{
    wg_tensor *h = wg_tanh(wg_matmul(net->w[0], net->x));
    wg_tensor *back = wg_matmul(wg_transpose(net->w[1], 0, 1), wg_sub(net->y, wg_matmul(net->w[1], h)));
    wg_tensor *slope = wg_add_scalar(wg_neg(wg_square(h)), 1);
    return wg_mul_scalar(wg_matmul(with_slope ? wg_mul(back, slope) : back, wg_transpose(net->x, 0, 1)), -2.0 / SAMPLES);
}

/* Loss and the norm of ∇W₁ where all weights are multiplied by s. */
static bool look(const struct network *net, activation *sigma, double s, double *loss, double *norm)
{
    WG_TAPE(tape);
    wg_tensor *w1 = wg_mul_scalar(net->w[0], s), *y = loss_of(net, sigma, w1, wg_mul_scalar(net->w[1], s));
    *loss = wg_item(y);
    *norm = wg_item(wg_norm(wg_grad(y, w1)));
    return isfinite(*loss) && isfinite(*norm);
}

/* Descent of relu layers from all weights times s, as rows. *moved: how far W₁ went, relative to its size or, from 0, in itself. */
static bool descend(struct study_run *run, double s, double *moved)
{
    struct network net;
    bool good = network_make(&net, run->seed);
    wg_optim *sgd = good ? wg_optim_sgd(((wg_tensor_list){2, net.w, NULL}), .lr = 0.02) : NULL;
    for (int i = 0; i < 2 && sgd; i++) {
        WG_TAPE(tape);
        good = good && wg_assign(net.w[i], wg_mul_scalar(net.w[i], s)) == WG_OK;
    }
    good = good && sgd;
    for (int t = 0; t <= STEPS && good; t++) {
        WG_TAPE(tape);
        wg_tensor *loss = loss_of(&net, wg_relu, net.w[0], net.w[1]);
        good = (t % 4 || study_row(run, "%g,%d,%.9g", s, t, wg_item(loss))) && wg_backward(loss) == WG_OK &&
               wg_optim_step(sgd) == WG_OK;
    }
    {
        WG_TAPE(tape);
        *moved = wg_item(wg_norm(net.w[0]));
    }
    wg_optim_destroy(sgd);
    network_free(&net);
    return good;
}

static bool run(struct study_run *run, const void *options)
{
    (void)options;
    struct network net;
    double scale[SCALES], loss[SCALES], norm[SCALES], zero, at_zero, difference, moved;
    bool good = network_make(&net, run->seed) && study_row(run, "scale,loss,gradient");
    {
        WG_TAPE(tape);
        wg_tensor *g = wg_grad(loss_of(&net, wg_tanh, net.w[0], net.w[1]), net.w[0]);
        difference = wg_item(wg_norm(wg_sub(g, formula(&net, !run->control)))) / wg_item(wg_norm(g));
    }
    for (int i = 0; i < SCALES && good; i++) {
        scale[i] = pow(10, i - 6);
        good = look(&net, wg_relu, scale[i], &loss[i], &norm[i]) && study_row(run, "%g,%.9g,%.9g", scale[i], loss[i], norm[i]);
    }
    good = good && look(&net, wg_tanh, 0, &zero, &at_zero) && study_table(run, "descent", "scale,step,loss");
    network_free(&net);
    for (int i = 3; i >= 0 && good; i--)
        good = descend(run, ((double[]){0, 1e-3, 0.1, 0.5})[i], &moved); /* 0 is the last */
    if (!good)
        return false;
    study_near(run, "relu: exponent of ∇W₁ in the size of small weights", study_exponent(scale, norm, 4), 1, .03);
    study_near(run, "relu: exponent of ∇W₁ in the size of large weights", study_exponent(scale + 9, norm + 9, 4), 3, .03);
    study_near(run, "relu: exponent of L in the size of large weights", study_exponent(scale + 9, loss + 9, 4), 4, .03);
    study_claim(run, moved == 0, "after %d steps of descent from W = 0 the norm of W₁ is %g, and must be 0", STEPS, moved);
    study_decide(
        run, difference <= 1e-13 && at_zero == 0,
        "∇W₁ of two tanh layers is -(2/m) Σ [W₂ᵀ(y - W₂σ(W₁x)) ⊙ σ'(W₁x)] xᵀ within %.1e of 1e-13 of its norm (rounding), and exactly 0 at W = 0",
        difference);
    return true;
}

const struct study study_two_layers = {.name = "two_layers", .control = "the formula without its factor σ'(W₁x)", .run = run};
