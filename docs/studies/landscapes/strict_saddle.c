/* A loss has the (α, γ, ε, δ)-strict-saddle property if at each point one of three holds: the gradient is large, ‖∇f‖ ≥ ε; the Hessian has
   an eigenvalue of at most -γ; or a local minimum is within δ, and f is α-strongly convex in its 2δ-neighbourhood. Then noise and descent
   find a minimum in polynomial time. The double well (x² - 1)²/4 + y²/2 has it. The monkey saddle x³ - 3xy² has not: at 0 all three fail.
   (1 - xy)², the loss of two weights, has not either: its minima are a curve, along which nothing is strongly convex.

   The property is in V. Cevher, Mathematics of Data (EPFL, 2019), lecture 7, after Ge, Huang, Jin, Yuan: Escaping from saddle points, 2015. */
#include "../study.h"

static wg_tensor *double_well(wg_tensor *const *p, size_t n, void *context)
{
    (void)n, (void)context;
    wg_tensor *well = wg_square(wg_add_scalar(wg_square(wg_select(p[0], 0, 0)), -1));
    return wg_add(wg_mul_scalar(well, 0.25), wg_mul_scalar(wg_square(wg_select(p[0], 0, 1)), 0.5));
}

static wg_tensor *monkey(wg_tensor *const *p, size_t n, void *context)
{
    (void)n, (void)context;
    wg_tensor *x = wg_select(p[0], 0, 0), *y = wg_select(p[0], 0, 1);
    return wg_sub(wg_pow_scalar(x, 3), wg_mul_scalar(wg_mul(x, wg_square(y)), 3));
}

static wg_tensor *two_weights(wg_tensor *const *p, size_t n, void *context)
{
    (void)n, (void)context;
    return wg_square(wg_add_scalar(wg_neg(wg_mul(wg_select(p[0], 0, 0), wg_select(p[0], 0, 1))), 1));
}

enum { SIDE = 33 };
static const double STEP = 0.1;

/* count[c]: at how many points of a grid c is the first condition that holds. Those where the gradient is small are rows. */
static bool map(struct study_run *run, const char *name, wg_function *f, int count[4])
{
    wg_tensor *x = wg_zeros(WG_F64, WG_SHAPE(2));
    const wg_study_loss loss = {.f = f, .params = {1, &x, NULL}};
    bool good = x != NULL;
    for (int i = 0; i < SIDE * SIDE && good; i++) {
        const double at[] = {STEP * (i % SIDE - SIDE / 2), STEP * (i / SIDE - SIDE / 2)};
        wg_study_strict_result result = {.holds = WG_STUDY_STRICT_NONE};
        good = wg_write(x, at) == WG_OK && wg_study_strict_saddle(&loss, &result, .alpha = 0.4, .gamma = 0.3, .epsilon = 0.15,
                                                                  .delta = 0.1, .samples = 10, .seed = run->seed) == WG_OK;
        count[result.holds] += good;
        if (good && result.holds != WG_STUDY_STRICT_GRADIENT)
            good = study_row(run, "%s,%g,%g,%d", name, at[0], at[1], (int)result.holds);
    }
    wg_free(x);
    return good;
}

/* Control: the monkey saddle in the place of the double well. */
static bool run(struct study_run *run, const void *options)
{
    (void)options;
    int well[4] = {0}, saddle[4] = {0}, product[4] = {0};
    if (!study_row(run, "function,x,y,holds") || !map(run, "well", run->control ? monkey : double_well, well) ||
        !map(run, "monkey", monkey, saddle) || !map(run, "product", two_weights, product))
        return false;
    study_claim(run, saddle[WG_STUDY_STRICT_NONE] > 0, "x³ - 3xy²: no condition holds at %d of 1089 points around 0: not strict",
                saddle[WG_STUDY_STRICT_NONE]);
    study_claim(run, product[WG_STUDY_STRICT_NONE] > 0 && product[WG_STUDY_STRICT_MINIMUM] == 0,
                "(1 - xy)²: no condition holds at %d of 1089 points, and nowhere that of a minimum: not strict",
                product[WG_STUDY_STRICT_NONE]);
    study_decide(
        run, well[WG_STUDY_STRICT_NONE] == 0 && well[WG_STUDY_STRICT_CURVATURE] > 0 && well[WG_STUDY_STRICT_MINIMUM] > 0,
        "the double well is (0.4, 0.3, 0.15, 0.1)-strict on a grid: of 1089 points %d have a large gradient, %d negative curvature, %d a minimum near, and %d none of these",
        well[WG_STUDY_STRICT_GRADIENT], well[WG_STUDY_STRICT_CURVATURE], well[WG_STUDY_STRICT_MINIMUM], well[WG_STUDY_STRICT_NONE]);
    return true;
}

const struct study study_strict_saddle = {
    .name = "strict_saddle", .control = "the monkey saddle in the place of the double well", .run = run};
