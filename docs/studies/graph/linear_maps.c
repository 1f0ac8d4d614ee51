/* What a layer Wx does to the plane. Every 2 × 2 matrix is a rotation, a scaling along the axes and another rotation,
       W = R(φ) diag(s₁, s₂) R(ψ),   s₁ ≥ |s₂|,
   where s₂ < 0, a reflection, if and only if det W < 0. With the four numbers
       e = (w₁₁ + w₂₂)/2,  f = (w₁₁ - w₂₂)/2,  g = (w₂₁ + w₁₂)/2,  h = (w₂₁ - w₁₂)/2
   the scales are √(e² + h²) ± √(f² + g²), and atan2(g, f) = φ - ψ, atan2(h, e) = φ + ψ. Backward goes the other way: the gradient of y = Wx
   returns as Wᵀδy = R(-ψ) diag(s₁, s₂) R(-φ) δy. A rotation turns it back, a scaling scales it again, a reflection reflects it again.

   The view of layers as such maps is that of F. Gogianu, Optimization (Bitdefender). */
#include "../study.h"

#include <math.h>

enum { MATRICES = 1000, CIRCLE = 48 };

struct parts {
    double phi, s1, s2, psi;
};

/* Control: two positive scales, so no reflection. */
static struct parts parts_of(const double w[4], bool reflect)
{
    const double e = (w[0] + w[3]) / 2, f = (w[0] - w[3]) / 2, g = (w[2] + w[1]) / 2, h = (w[2] - w[1]) / 2;
    const double sum = hypot(e, h), difference = hypot(f, g), plus = atan2(h, e), minus = atan2(g, f);
    return (struct parts){(plus + minus) / 2, sum + difference, reflect ? sum - difference : fabs(sum - difference),
                          (plus - minus) / 2};
}

static wg_tensor *rotation(double angle)
{
    return wg_from(((double[]){cos(angle), -sin(angle), sin(angle), cos(angle)}), WG_SHAPE(2, 2));
}

static wg_tensor *scaling(double s1, double s2)
{
    return wg_from(((double[]){s1, 0, 0, s2}), WG_SHAPE(2, 2));
}

static wg_tensor *compose(struct parts p)
{
    return wg_matmul(rotation(p.phi), wg_matmul(scaling(p.s1, p.s2), rotation(p.psi)));
}

/* The largest element of a - b. */
static double apart(wg_tensor *a, wg_tensor *b)
{
    return wg_item(wg_norm(wg_sub(a, b), .p = INFINITY));
}

/* The errors of the parts of one random matrix, and of the gradient that comes back through it. */
static void look(wg_tensor *generator, bool reflect, double *map, double *back, bool *sign)
{
    WG_TAPE(tape);
    wg_tensor *w = wg_normal(generator, WG_F64, WG_SHAPE(2, 2), 0, 1), *dy = wg_normal(generator, WG_F64, WG_SHAPE(2, 1), 0, 1);
    wg_tensor *x = wg_set_requires_grad(wg_normal(generator, WG_F64, WG_SHAPE(2, 1), 0, 1), true);
    double at[4];
    if (wg_read(w, at) != WG_OK) {
        *map = *back = (double)NAN;
        return;
    }
    const struct parts p = parts_of(at, reflect);
    *map = apart(compose(p), w);
    *sign = (p.s2 < 0) == (at[0] * at[3] - at[1] * at[2] < 0);
    wg_tensor *returned = wg_matmul(rotation(-p.psi), wg_matmul(scaling(p.s1, p.s2), wg_matmul(rotation(-p.phi), dy)));
    *back = apart(wg_grad(wg_matmul(w, x), x, .grad = dy), returned);
}

/* A flag and a circle, as points, and what W makes of them. */
static bool draw(struct study_run *run, const char *name, struct parts p)
{
    static const double flag[][2] = {{0, 0}, {0, 1}, {0.7, 1}, {0.7, 0.6}, {0, 0.6}};
    enum { FLAG = sizeof flag / sizeof *flag };
    double in[2 * (FLAG + CIRCLE + 1)], out[2 * (FLAG + CIRCLE + 1)];
    for (int i = 0; i < FLAG + CIRCLE + 1; i++) {
        const double angle = 2 * M_PI * (i - FLAG) / CIRCLE;
        in[2 * i] = i < FLAG ? flag[i][0] : cos(angle);
        in[2 * i + 1] = i < FLAG ? flag[i][1] : sin(angle);
    }
    WG_TAPE(tape);
    wg_tensor *x = wg_set_requires_grad(wg_from(in, WG_SHAPE(FLAG + CIRCLE + 1, 2)), true);
    wg_tensor *y = wg_matmul(x, wg_transpose(compose(p), 0, 1)), *dy = wg_zeros(WG_F64, WG_SHAPE(FLAG + CIRCLE + 1, 2));
    double *top = wg_data_mut_as(dy, double); /* a gradient at the flag's top alone */
    if (!top)
        return false;
    top[2] = -0.5;
    top[3] = 0.5;
    wg_tensor *dx = wg_grad(y, x, .grad = dy);
    const double *g = wg_data_as(dx, double);
    bool good = g && wg_read(y, out) == WG_OK;
    for (int i = 0; i < FLAG + CIRCLE + 1 && good; i++)
        good = study_row(run, "%s,%s,%.6g,%.6g,%.6g,%.6g,%.6g,%.6g", name, i < FLAG ? "flag" : "circle", in[2 * i], in[2 * i + 1],
                         out[2 * i], out[2 * i + 1], g[2 * i], g[2 * i + 1]);
    return good;
}

static bool run(struct study_run *run, const void *options)
{
    (void)options;
    double worst = 0, worst_back = 0;
    int reflections = 0;
    bool good = study_row(run, "map,shape,x1,x2,y1,y2,dx1,dx2");
    good = good && draw(run, "rotation", (struct parts){M_PI / 6, 1, 1, 0}) &&
           draw(run, "scaling", (struct parts){0, 1.5, 0.5, 0}) && draw(run, "reflection", (struct parts){0, 1, -1, 0}) &&
           draw(run, "product", (struct parts){M_PI / 6, 1.5, -0.5, M_PI / 4});
    wg_tensor *generator = wg_generator(run->seed, 0);
    for (int i = 0; i < MATRICES && good; i++) {
        double map, back;
        bool sign = false;
        look(generator, !run->control, &map, &back, &sign);
        worst = isnan(map) ? map : fmax(worst, map);
        worst_back = isnan(back) ? back : fmax(worst_back, back);
        reflections += sign;
    }
    wg_free(generator);
    study_claim(run, reflections == MATRICES,
                "%d of %d random matrices have a reflection if and only if their determinant is negative", reflections, MATRICES);
    study_decide(
        run, worst <= 1e-13 && worst_back <= 1e-13,
        "each of %d random 2 × 2 matrices W is a rotation, a scaling or reflection, and a rotation, within %.1e of 1e-13 (rounding); the gradient "
        "returns through the inverse rotations and the same scaling, within %.1e of 1e-13",
        MATRICES, worst, worst_back);
    return good;
}

const struct study study_linear_maps = {.name = "linear_maps", .control = "positive scales alone, no reflection", .run = run};
