/* Two misprints of Adam. Adam is m ← β₁m + (1-β₁)g, v ← β₂v + (1-β₂)g², x ← x - η m̂/(√v̂ + ε), m̂ = m/(1-β₁ᵗ), v̂ = v/(1-β₂ᵗ).

   A table of a uniform framework writes v̂ as a recursion of its own, v̂ₜ = (β₂ v̂ₜ₋₁ + (1-β₂) gₜ²)/(1-β₂ᵗ) (V. Cevher, Mathematics of
   Data, EPFL, 2019, lecture 7). Since v̂ₜ₋₁ was divided by 1-β₂ᵗ⁻¹ already, the first term needs that factor: (β₂(1-β₂ᵗ⁻¹) v̂ₜ₋₁ +
   (1-β₂) gₜ²)/(1-β₂ᵗ).

   Another deck writes m ← μm + (1-α)g with the rate α (F. Gogianu, Optimization, Bitdefender). The weights of a mean sum up to 1, so it
   is 1-μ: with α = 0.05 and μ = 0.9 the printed m is (1-α)/(1-μ) = 9.5 times too long. */
#include "../study.h"

#include <math.h>

enum { STEPS = 50 };
static const double beta1 = 0.9, beta2 = 0.9, rate = 0.05, eps = 1e-8;

/* One number, x, descends (x - 1)² + sin(3t)x by the library's Adam, and beside it by the two formulas of this page. */
struct beside {
    double v_right, v_printed;         /* recursions of v̂ */
    double m_right, m_printed;         /* the moment, with 1-μ and with 1-α */
    double off_right, off_printed;     /* of √v̂, the largest so far */
    double m_off_right, m_off_printed; /* of m̂/(√v̂ + ε), the length of a step in rates */
};

static bool step(struct study_run *run, wg_optim *adam, wg_tensor *x, int t, struct beside *b)
{
    WG_TAPE(tape);
    const double before = wg_item(x), whole2 = 1 - pow(beta2, t);
    wg_optim_terms terms;
    wg_tensor *loss = wg_add(wg_square(wg_add_scalar(x, -1)), wg_mul_scalar(x, sin(3.0 * t)));
    if (wg_backward(wg_sum(loss)) != WG_OK || wg_optim_view(adam, x, &terms) != WG_OK)
        return false;
    const double g = wg_item(terms.gradient), h = wg_item(terms.h);
    if (wg_optim_step(adam) != WG_OK)
        return false;
    b->v_right = (beta2 * (1 - pow(beta2, t - 1)) * b->v_right + (1 - beta2) * g * g) / whole2;
    b->v_printed = (beta2 * b->v_printed + (1 - beta2) * g * g) / whole2;
    b->m_right = beta1 * b->m_right + (1 - beta1) * g;
    b->m_printed = beta1 * b->m_printed + (1 - rate) * g;
    const double moved = (before - wg_item(x)) / rate, divisor = (1 - pow(beta1, t)) * h;
    b->off_right = fmax(b->off_right, fabs(sqrt(b->v_right) + eps - h));
    b->off_printed = fmax(b->off_printed, fabs(sqrt(b->v_printed) + eps - h));
    b->m_off_right = fmax(b->m_off_right, fabs(b->m_right / divisor - moved));
    b->m_off_printed = fmax(b->m_off_printed, fabs(b->m_printed / divisor - moved));
    return study_row(run, "%d,%.9g,%.9g,%.9g,%.9g,%.9g,%.9g", t, h, sqrt(b->v_right) + eps, sqrt(b->v_printed) + eps, moved,
                     b->m_right / divisor, b->m_printed / divisor);
}

/* Control: the two printed formulas. */
static bool run(struct study_run *run, const void *options)
{
    (void)options;
    struct beside b = {0};
    wg_tensor *x = wg_set_requires_grad(wg_from(((double[]){-1}), WG_SHAPE(1)), true);
    wg_optim *adam = x ? wg_optim_adam(((wg_tensor_list){1, &x, NULL}), .lr = rate, .beta1 = beta1, .beta2 = beta2, .eps = eps)
                       : NULL;
    bool good = adam && study_row(run, "step,h,h_right,h_printed,moved,m_right,m_printed");
    for (int t = 1; t <= STEPS && good; t++)
        good = step(run, adam, x, t, &b);
    wg_optim_destroy(adam);
    wg_free(x);
    if (!good)
        return false;
    study_claim(run, b.off_printed > 0.01, "E2, printed: the recursion without 1-β₂ᵗ⁻¹ is off Adam's √v̂ by up to %.2g in %d steps",
                b.off_printed, STEPS);
    study_claim(run, b.m_off_printed > 1,
                "E7, printed: with the weight 1-α of g the step has up to %.2g rates more or less than Adam's", b.m_off_printed);
    const double h_off = run->control ? b.off_printed : b.off_right, m_off = run->control ? b.m_off_printed : b.m_off_right;
    study_decide(
        run, h_off < 1e-12 && m_off < 1e-12,
        "%d steps of Adam: the stated recursion of v̂ is off √v̂ by %.1e, the stated moment m off the step by %.1e rates; 1e-12 "
        "allowed, for rounding",
        STEPS, h_off, m_off);
    return true;
}

const struct study study_errata_adam = {.name = "errata_adam", .control = "both formulas as printed", .run = run};
