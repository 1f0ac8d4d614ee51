/* How many steps a quadratic function of n variables takes, f = ½ xᵀA x - bᵀx with A positive definite of condition number κ:

       Newton                one: the model is the function
       conjugate gradients   at most n, one product of A with a vector each
       gradient descent      ½ κ ln(1/ε), at the best rate 2/(λ₁ + λₙ)

   Newton-CG is given a small .forcing here, so that its inner conjugate gradients solve all of A x = b. Source of the list of
   methods: A. Risteski (CMU, 2021), J. Sun (Minnesota, 2020). */
#include "../study.h"

#include <math.h>

enum { N = 12, MAX_STEPS = 20000 };

static const double tolerance = 1e-6;

struct quadratic {
    wg_tensor *a, *b, *x, *solution;
};

static wg_tensor *value(wg_tensor *const *x, size_t n, void *context)
{
    const struct quadratic *q = context;
    (void)n;
    return wg_sub(wg_mul_scalar(wg_sum(wg_mul(x[0], wg_matmul(q->a, x[0]))), 0.5), wg_sum(wg_mul(q->b, x[0])));
}

/* A has the eigenvalues κ^(-i/(n-1)) and random eigenvectors, those of a random matrix's QR. */
static bool quadratic_make(struct quadratic *q, double kappa, uint64_t seed)
{
    WG_TAPE(tape);
    wg_tensor *generator = wg_generator(seed, 0), *basis = NULL, *triangle = NULL;
    double eigenvalue[N];
    for (int i = 0; i < N; i++)
        eigenvalue[i] = pow(kappa, -i / (N - 1.0));
    bool good = wg_qr(wg_normal(generator, WG_F64, WG_SHAPE(N, N), 0, 1), &basis, &triangle) == WG_OK;
    wg_tensor *a = good ? wg_matmul(wg_mul(basis, wg_from(eigenvalue, WG_SHAPE(1, N))), wg_transpose(basis, 0, 1)) : NULL;
    q->a = a ? wg_keep(a) : NULL;
    q->b = wg_keep(wg_normal(generator, WG_F64, WG_SHAPE(N, 1), 0, 1));
    q->solution = q->a && q->b ? wg_keep(wg_solve(q->a, q->b)) : NULL;
    q->x = wg_keep(wg_zeros(WG_F64, WG_SHAPE(N, 1)));
    wg_free(generator);
    return q->solution && q->x && wg_set_requires_grad(q->x, true);
}

static double distance(const struct quadratic *q)
{
    const double *x = wg_data(q->x), *want = wg_data(q->solution);
    double squares = 0, all = 0;
    for (int i = 0; i < N; i++)
        squares += (x[i] - want[i]) * (x[i] - want[i]), all += want[i] * want[i];
    return sqrt(squares / all);
}

static bool far_still(const wg_minimize_result *so_far, void *context)
{
    (void)so_far;
    return distance(context) > tolerance;
}

/* Iterations of m, or its Hessian products, until the distance is a millionth of the start's; NaN on failure. */
static double steps_of(struct quadratic *q, wg_minimizer *m, bool products)
{
    wg_minimize_result result = {0};
    const bool good = m && wg_write_raw(q->x, (double[N]){0}) == WG_OK && wg_minimize_watch(m, far_still, q) == WG_OK &&
                      wg_minimize_run(m, value, q, &result) == WG_OK && distance(q) <= tolerance;
    wg_minimize_destroy(m);
    return good ? (double)(products ? result.products : result.iterations) : (double)NAN;
}

static double steps_of_descent(struct quadratic *q, double kappa)
{
    wg_optim *sgd = wg_optim_sgd(((wg_tensor_list){1, &q->x, NULL}), .lr = 2 / (1 + 1 / kappa));
    bool good = sgd && wg_write_raw(q->x, (double[N]){0}) == WG_OK;
    int t = 0;
    for (; t < MAX_STEPS && good && distance(q) > tolerance; t++) {
        WG_TAPE(tape);
        good = wg_backward(value(&q->x, 1, q)) == WG_OK && wg_optim_step(sgd) == WG_OK;
    }
    wg_optim_destroy(sgd);
    return good ? t : (double)NAN;
}

/* Control: gradient descent in place of conjugate gradients. */
static bool run(struct study_run *run, const void *options)
{
    (void)options;
    double kappa[4], newton = 0, conjugate = 0, descent[4];
    bool good = study_row(run, "kappa,newton,conjugate_gradients,descent");
    for (int i = 0; i < 4 && good; i++) {
        struct quadratic q = {0};
        kappa[i] = 3 * pow(6, i);
        good = quadratic_make(&q, kappa[i], run->seed);
        const wg_tensor_list x = {1, &q.x, NULL};
        descent[i] = good ? steps_of_descent(&q, kappa[i]) : (double)NAN;
        const double one = good ? steps_of(&q, wg_minimize_newton(x), false) : (double)NAN,
                     n = !good          ? (double)NAN
                         : run->control ? descent[i]
                                        : steps_of(&q, wg_minimize_newton_cg(x, .forcing = 1e-9), true);
        newton = fmax(newton, one), conjugate = fmax(conjugate, n);
        good = good && !isnan(one + n + descent[i]) && study_row(run, "%g,%g,%g,%g", kappa[i], one, n, descent[i]);
        wg_free(q.a), wg_free(q.b), wg_free(q.x), wg_free(q.solution);
    }
    if (!good)
        return false;
    study_near(run, "gradient descent: exponent of the steps in the condition number, over the upper three",
               study_exponent(kappa + 1, descent + 1, 3), 1, 0.2);
    study_decide(
        run, newton == 1 && conjugate <= 1.5 * N,
        "quadratics of %d variables, condition numbers 3 to 648, to 1e-6: Newton takes %g step, conjugate gradients at most %g "
        "products, n in theory, 1.5 n allowed for rounding; gradient descent up to %g",
        N, newton, conjugate, descent[3]);
    return true;
}

const struct study study_quadratic_steps = {
    .name = "quadratic_steps", .control = "gradient descent in place of conjugate gradients", .run = run};
