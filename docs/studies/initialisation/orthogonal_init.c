/* Orthogonal initial weights. A deep linear network y = W_L … W_1 x multiplies a signal, and a gradient on its way back, by the singular
   values of the product. Of independent normal weights N(0, 1/n) the mean square is kept, and yet the product's singular values drift
   apart by a factor a layer: few directions grow, the others vanish. Of orthogonal weights, WᵀW = 1, all stay 1.

   The rule is that of J. Sun, Training DNNs: Basic Methods (Minnesota, 2020); Saxe, McClelland, Ganguli (2014). */
#include "../study.h"

#include <math.h>

enum { WIDTH = 32, DEPTH = 30 };

/* The singular values of p, ascending: the roots of the eigenvalues of pᵀp. */
static bool singular_values(wg_tensor *p, double *value)
{
    wg_tensor *squares, *vectors;
    return wg_eigh(wg_matmul(wg_transpose(p, 0, 1), p), &squares, &vectors) == WG_OK &&
           wg_read(wg_sqrt(wg_relu(squares)), value) == WG_OK;
}

/* Multiplies DEPTH weights of a rule; ratio: the largest singular value of the product over the smallest. That of pᵀp is lost in rounding
   where it is far below the largest, so it is the reciprocal of the largest one of the inverse, W_1⁻¹ … W_L⁻¹. */
static bool deepen(struct study_run *run, const char *name, wg_init_rule rule, double *ratio)
{
    WG_TAPE(tape);
    wg_tensor *generator = wg_generator(run->seed, 0), *p = wg_diag(wg_ones(WG_F64, WG_SHAPE(WIDTH))), *inverse = p;
    double value[WIDTH], of_inverse[WIDTH];
    bool good = true;
    for (int l = 1; l <= DEPTH && good; l++) {
        wg_tensor *w = wg_init_tensor(WG_F64, WG_SHAPE(WIDTH, WIDTH), generator, rule);
        p = wg_matmul(w, p), inverse = wg_matmul(inverse, wg_inverse(w));
        good = singular_values(p, value) && singular_values(inverse, of_inverse);
        value[0] = 1 / of_inverse[WIDTH - 1];
        for (int i = 0; i < WIDTH && good; i++)
            if (i % (WIDTH - 1) == 0 || l == 1 || l == 3 || l == 6)
                good = study_row(run, "%s,%d,%d,%.9g", name, l, WIDTH - i, value[i]);
        *ratio = value[WIDTH - 1] / value[0];
    }
    wg_free(generator);
    return good;
}

/* Of normal weights the logarithm of the i-th singular value grows by (ln(2/n) + ψ((n - i + 1)/2))/2 a layer (Newman, 1986). */
static double digamma(double x)
{
    WG_TAPE(tape);
    return wg_item(wg_digamma(wg_scalar(WG_F64, x)));
}

/* |WᵀW - 1| of a tall weight, or |WWᵀ - 1| of a wide one, as the penalty of nn measures it. */
static double deviation(wg_shape shape, uint64_t seed)
{
    WG_TAPE(tape);
    wg_tensor *generator = wg_generator(seed, 1), *w = wg_init_tensor(WG_F64, shape, generator, WG_INIT_ORTHOGONAL);
    wg_free(generator);
    return sqrt(wg_item(wg_nn_penalty_orthogonality((wg_tensor_list){1, &w, NULL}, 1)));
}

static bool run(struct study_run *run, const void *options)
{
    (void)options;
    double normal = 0, orthogonal = 0;
    bool good = study_row(run, "rule,layers,index,value") && deepen(run, "normal", WG_INIT_LECUN_NORMAL, &normal) &&
                deepen(run, "orthogonal", run->control ? WG_INIT_LECUN_NORMAL : WG_INIT_ORTHOGONAL, &orthogonal);
    if (!good)
        return false;
    study_near(run, "a tall weight (40, 10): |WᵀW - 1|", deviation(WG_SHAPE(40, 10), run->seed), 0, 1e-14);
    study_near(run, "a wide weight (10, 40): |WWᵀ - 1|", deviation(WG_SHAPE(10, 40), run->seed), 0, 1e-14);
    study_near(run, "normal weights: decades between the largest and the smallest singular value, 30 layers", log10(normal),
               DEPTH * 0.5 * (digamma(WIDTH / 2.0) - digamma(0.5)) / log(10), 10);
    study_decide(run, fabs(orthogonal - 1) <= 1e-12,
                 "30 orthogonal layers: the largest singular value of their product over the "
                 "smallest is 1 within %.1e of 1e-12; that of normal weights is %.1e",
                 fabs(orthogonal - 1), normal);
    return true;
}

const struct study study_orthogonal_init = {
    .name = "orthogonal_init", .control = "normal weights of the same variance", .run = run};
