/* Weights that stay orthonormal, WᵀW = 1: by a penalty, which pulls towards it, and by a constraint, which keeps it. The loss is the
   simplest one whose answer is known: f(W) = |W - M|² for a given M = U diag(σ) Vᵀ. Its minimum under WᵀW = 1 is the polar factor UVᵀ =
   M (MᵀM)^-½. With the penalty λ|WᵀW - 1|² the minimum is U diag(s) Vᵀ with s - σ + 2λ s(s² - 1) = 0, so |WᵀW - 1| falls as 1/λ and is
   never 0.

   A step along the manifold {WᵀW = 1} is a descent step brought back to it: by Cayley's transform (I + A/2)⁻¹(I - A/2) W, A antisymmetric, or
   by the Q of a QR decomposition, of a step along the gradient's tangent part. The question is that of J. Sun, Training DNNs: Basic Methods (Minnesota, 2020). */
#include "../study.h"

#include <math.h>

enum { ROWS = 8, COLUMNS = 4, STEPS = 800 };
enum way { PLAIN, PENALTY_1, PENALTY_10, CAYLEY, QR, WAYS };
static const char *const names[WAYS] = {"no constraint", "penalty λ = 1", "penalty λ = 10", "Cayley steps", "QR steps"};

static double distance(wg_tensor *a, wg_tensor *b)
{
    return wg_item(wg_norm(wg_sub(a, b)));
}

/* |WᵀW - 1| */
static double deviation(wg_tensor *w)
{
    return sqrt(wg_item(wg_nn_penalty_orthogonality((wg_tensor_list){1, &w, NULL}, 1)));
}

/* M (MᵀM)^-½, by MᵀM = V diag(σ²) Vᵀ; sigma: σ, ascending. */
static wg_tensor *polar_factor(wg_tensor *m, double sigma[COLUMNS])
{
    wg_tensor *squares, *v;
    if (wg_eigh(wg_matmul(wg_transpose(m, 0, 1), m), &squares, &v) != WG_OK || wg_read(wg_sqrt(squares), sigma) != WG_OK)
        return NULL;
    return wg_matmul(wg_matmul(m, wg_mul(v, wg_rsqrt(squares))), wg_transpose(v, 0, 1));
}

/* |WᵀW - 1| at the minimum with a penalty, from the root s of s - σ + 2λ s(s² - 1), by Newton's method. */
static double predicted_deviation(const double sigma[COLUMNS], double strength)
{
    double squares = 0;
    for (int i = 0; i < COLUMNS; i++) {
        double s = 1;
        for (int k = 0; k < 50; k++)
            s -= (s - sigma[i] + 2 * strength * s * (s * s - 1)) / (1 + 2 * strength * (3 * s * s - 1));
        squares += (s * s - 1) * (s * s - 1);
    }
    return sqrt(squares);
}

/* Takes from W's gradient G what would leave the manifold: G ← G - W (WᵀG + GᵀW)/2. */
static wg_status project_gradient(wg_tensor *w)
{
    wg_tensor *g = wg_copy(wg_gradient(w)), *p = wg_detach(w), *wg = wg_matmul(wg_transpose(p, 0, 1), g);
    wg_tensor *out = wg_mul_scalar(wg_matmul(p, wg_add(wg, wg_transpose(wg, 0, 1))), -0.5);
    return wg_add_gradient(w, out);
}

/* W ← Q of W = QR. */
static wg_status retract(wg_tensor *w)
{
    wg_tensor *q, *r;
    WG_TRY(wg_qr(wg_detach(w), &q, &r));
    return wg_assign(w, q);
}

/* Descends from the orthonormal `start`; the table gets |WᵀW - 1| and the distance from the polar factor. */
static bool descend(struct study_run *run, enum way way, wg_tensor *start, wg_tensor *m, wg_tensor *polar, double end[2])
{
    const double strength = way == PENALTY_1 ? 1 : way == PENALTY_10 ? 10 : 0;
    wg_tensor *w = wg_set_requires_grad(wg_keep(wg_copy(start)), true);
    wg_optim *sgd = w ? wg_optim_sgd(((wg_tensor_list){1, &w, NULL}), .lr = 0.05 / (1 + strength)) : NULL;
    bool good = sgd && (way != CAYLEY || run->control || wg_optim_add_stage(sgd, wg_stage_cayley()) == WG_OK);
    for (int t = 0; t <= STEPS && good; t++) {
        WG_TAPE(tape);
        end[0] = deviation(w), end[1] = distance(w, polar);
        wg_tensor *loss = wg_sum_squares(wg_sub(w, m));
        loss = wg_add(loss, wg_nn_penalty_orthogonality((wg_tensor_list){1, &w, NULL}, strength));
        good = (t % 16 || study_row(run, "%s,%d,%.6g,%.6g", names[way], t, end[0], end[1])) && wg_backward(loss) == WG_OK &&
               (way != QR || project_gradient(w) == WG_OK) && wg_optim_step(sgd) == WG_OK && (way != QR || retract(w) == WG_OK);
    }
    wg_optim_destroy(sgd);
    wg_free(w);
    return good;
}

static bool run(struct study_run *run, const void *options)
{
    (void)options;
    WG_TAPE(tape);
    wg_tensor *generator = wg_generator(run->seed, 0);
    wg_tensor *m = wg_normal(generator, WG_F64, WG_SHAPE(ROWS, COLUMNS), 0, 1);
    wg_tensor *start = wg_init_tensor(WG_F64, WG_SHAPE(ROWS, COLUMNS), generator, WG_INIT_ORTHOGONAL);
    wg_free(generator);
    double sigma[COLUMNS], end[WAYS][2], off = 0, apart = 0;
    wg_tensor *polar = polar_factor(m, sigma);
    bool good = polar && start && study_row(run, "way,step,deviation,distance");
    for (int way = 0; way < WAYS && good; way++)
        good = descend(run, (enum way)way, start, m, polar, end[way]);
    if (!good)
        return false;
    study_near(run, "penalty λ = 1: |WᵀW - 1| in the end, against the cubic's", end[PENALTY_1][0], predicted_deviation(sigma, 1),
               1e-4);
    study_near(run, "penalty λ = 10: |WᵀW - 1| in the end, against the cubic's", end[PENALTY_10][0], predicted_deviation(sigma, 10),
               1e-4);
    for (int way = CAYLEY; way < WAYS; way++)
        off = fmax(off, end[way][0]), apart = fmax(apart, end[way][1]);
    study_decide(run, off <= 1e-12 && apart <= 1e-6,
                 "Cayley's and QR steps end at the best orthonormal matrix, M(MᵀM)^-½: distance %.1e "
                 "(≤ 1e-6), |WᵀW - 1| = %.1e (≤ 1e-12); a penalty of 10 leaves %.2g",
                 apart, off, end[PENALTY_10][0]);
    return true;
}

const struct study study_orthogonal_weights = {.name = "orthogonal_weights", .control = "Cayley's transform left out", .run = run};
