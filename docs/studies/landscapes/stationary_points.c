/* What a stationary point is, by the eigenvalues of the Hessian there: all above 0: a minimum; all below: a maximum; both, and none 0: a
   saddle; otherwise second derivatives do not decide. The monkey saddle x³ - 3xy² and y⁴ - x⁴ have the Hessian 0 at 0, so the rule is
   inconclusive, though both go up and down there. So do not call y⁴ - x⁴ a saddle by this rule, as a lecture does.

   The rule is that of V. Cevher, Mathematics of Data (EPFL, 2019), lecture 7; y⁴ - x⁴ is in A. Risteski, Deep Learning (CMU, 2021),
   lecture 6. */
#include "../study.h"

#include <math.h>
#include <stdio.h>

static wg_tensor *power(wg_tensor *const *p, int axis, double exponent)
{
    return wg_pow_scalar(wg_select(p[0], 0, axis), exponent);
}

/* a x^p + b y^p, or x³ - 3xy² if a = 0; row = {a, b, p}. */
static wg_tensor *surface(wg_tensor *const *p, size_t n, void *context)
{
    (void)n;
    const double *row = context;
    if (row[0] == 0)
        return wg_sub(power(p, 0, 3), wg_mul_scalar(wg_mul(power(p, 0, 1), power(p, 1, 2)), 3));
    return wg_add(wg_mul_scalar(power(p, 0, row[2]), row[0]), wg_mul_scalar(power(p, 1, row[2]), row[1]));
}

/* below: f takes values below f(0) near 0; above: and above. The truth that second derivatives may not see. */
static struct example {
    const char *name;
    double row[3];
    wg_study_kind kind;
    bool below, above;
} examples[] = {
    {"x² + y²", {1, 1, 2}, WG_STUDY_MINIMUM, false, true},       {"-x² - y²", {-1, -1, 2}, WG_STUDY_MAXIMUM, true, false},
    {"x² - y²", {1, -1, 2}, WG_STUDY_SADDLE, true, true},        {"x²", {1, 0, 2}, WG_STUDY_INCONCLUSIVE, false, true},
    {"x³ - 3xy²", {0, 0, 0}, WG_STUDY_INCONCLUSIVE, true, true}, {"y⁴ - x⁴", {-1, 1, 4}, WG_STUDY_INCONCLUSIVE, true, true},
    {"x⁴ + y⁴", {1, 1, 4}, WG_STUDY_INCONCLUSIVE, false, true},
};
enum { EXAMPLES = sizeof examples / sizeof *examples, RING = 24 };

/* Whether f is below and above f(0) on a ring around 0. */
static bool around(struct example *e, bool *below, bool *above)
{
    bool good = true;
    *below = *above = false;
    for (int i = 0; i < RING && good; i++) {
        const double angle = 2 * M_PI * (i + 0.25) / RING;
        WG_TAPE(tape);
        wg_tensor *x = wg_from(((double[]){0.1 * cos(angle), 0.1 * sin(angle)}), WG_SHAPE(2));
        const double f = wg_item(surface(&x, 1, e->row));
        good = isfinite(f);
        *below |= f<0, *above |= f> 0;
    }
    return good;
}

/* Control: the lecture's word, a saddle, for y⁴ - x⁴. */
static bool run(struct study_run *run, const void *options)
{
    (void)options;
    int right = 0, seen = 0;
    bool good = study_row(run, "function,kind,negative,zero,positive");
    for (int i = 0; i < EXAMPLES && good; i++) {
        struct example *e = &examples[i];
        const wg_study_kind want = run->control && e->row[2] == 4 && e->row[0] < 0 ? WG_STUDY_SADDLE : e->kind;
        bool below, above;
        wg_study_point point;
        wg_tensor *x = wg_zeros(WG_F64, WG_SHAPE(2));
        const wg_study_loss loss = {.f = surface, .context = e->row, .params = {1, &x, NULL}};
        good = x && wg_study_classify(&loss, &point) == WG_OK && around(e, &below, &above) &&
               study_row(run, "%s,%s,%d,%d,%d", e->name, wg_study_kind_name(point.kind), (int)point.negative, (int)point.zero,
                         (int)point.positive);
        wg_free(x);
        right += good && point.kind == want;
        seen += good && below == e->below && above == e->above;
    }
    if (!good)
        return false;
    study_claim(run, seen == EXAMPLES,
                "on a ring around 0 the signs of f are those of a minimum, a maximum or a saddle for %d of %d", seen, EXAMPLES);
    study_decide(
        run, right == EXAMPLES,
        "the rule says minimum, maximum and saddle of the quadratics at 0, and inconclusive of x², x³ - 3xy², y⁴ - x⁴ and x⁴ + y⁴: right for %d of %d functions",
        right, EXAMPLES);
    return true;
}

const struct study study_stationary_points = {
    .name = "stationary_points", .control = "the printed word, a saddle, for y⁴ - x⁴", .run = run};
