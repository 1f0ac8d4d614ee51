/* Bundle adjustment: the residuals and the blocks of their sparse Jacobian, compared with the residuals in plain C.

   Observation i sees the point X (3 components) through the camera (r, C, f, x0, k): a rotation vector r, a centre C, a focal
   length f, a principal point x0 and two coefficients k of radial distortion, 11 in all. With Y = R(r) (X - C), u = (Y_0, Y_1) /
   Y_2 and s = |u|²,

     residual = w (f (1 + k_0 s + k_1 s²) u + x0 - seen),   and for the weight w: 1 - w².

   R(r) v = v cos t + (a × v) sin t + a (a·v)(1 - cos t), t = |r|, a = r/t: Rodrigues' formula. A block is 2 × (11 + 3 + 1); that
   of the weight residual is -2 w. For the source of the problem see gmm.c.

   Some thousand observations are processed at once, each part on its own tape, so that the intermediate values between forward
   and backward, about 100 vectors, stay in the caches. */
#include "adbench.h"

enum { CAMERA = 11, POINT = 3, BLOCK = CAMERA + POINT + 1, AT_ONCE = 5000, MOST_PARTS = 6 };

/* The results of a part of the observations. */
struct part {
    wg_tensor *residual[3], *block[2][BLOCK], *weight_block;
};

struct bundle {
    int64_t n, at_once, cameras, points;
    double *camera[CAMERA], *point[POINT], *weight, *seen[2]; /* stored by component */
    int64_t *by, *of;                                         /* camera and point of each observation */
    wg_tensor *x[BLOCK], *target[2], *by_camera, *of_point;   /* components of cameras, of points, and weights */
    struct part part[MOST_PARTS];
};

/* ---- plain C ---- */

static void one_by_hand(const double *c, const double *p, double w, const double *seen, double *residual)
{
    const double v[3] = {p[0] - c[3], p[1] - c[4], p[2] - c[5]}, square = c[0] * c[0] + c[1] * c[1] + c[2] * c[2], t = sqrt(square);
    const double a[3] = {c[0] / t, c[1] / t, c[2] / t}, cosine = cos(t), sine = sin(t);
    const double dot = (a[0] * v[0] + a[1] * v[1] + a[2] * v[2]) * (1 - cosine);
    const double y[3] = {v[0] * cosine + (a[1] * v[2] - a[2] * v[1]) * sine + a[0] * dot,
                         v[1] * cosine + (a[2] * v[0] - a[0] * v[2]) * sine + a[1] * dot,
                         v[2] * cosine + (a[0] * v[1] - a[1] * v[0]) * sine + a[2] * dot};
    const double u[2] = {y[0] / y[2], y[1] / y[2]}, s = u[0] * u[0] + u[1] * u[1], scale = c[6] * (1 + c[9] * s + c[10] * s * s);
    residual[0] = w * (scale * u[0] + c[7] - seen[0]);
    residual[1] = w * (scale * u[1] + c[8] - seen[1]);
    residual[2] = 1 - w * w;
}

/* Cameras and points are stored as a program in C would: one after the other. */
static void by_hand(const struct bundle *b, const double *camera, const double *point, const double *seen, double *residual)
{
    for (int64_t i = 0; i < b->n; i++)
        one_by_hand(camera + CAMERA * b->by[i], point + POINT * b->of[i], b->weight[i], seen + 2 * i, residual + 3 * i);
}

/* ---- Wengert ---- */

/* A component of the cross product: a₀ b₁ - a₁ b₀. */
static wg_tensor *crossed(wg_tensor *a0, wg_tensor *b1, wg_tensor *a1, wg_tensor *b0)
{
    return wg_sub(wg_mul(a0, b1), wg_mul(a1, b0));
}

static wg_tensor *dotted(wg_tensor *const *a, wg_tensor *const *b)
{
    return wg_fma(a[2], b[2], wg_fma(a[1], b[1], wg_mul(a[0], b[0])));
}

/* The residuals of all observations of a part; x: the components of each observation's camera and point, and its weight. */
static void residuals(wg_tensor *const *x, wg_tensor *const *target, wg_tensor **residual)
{
    wg_tensor *v[3], *a[3], *y[3], *t = wg_sqrt(dotted(x, x)), *cosine = wg_cos(t), *sine = wg_sin(t), *inverse = wg_reciprocal(t);
    for (int i = 0; i < 3; i++) {
        v[i] = wg_sub(x[CAMERA + i], x[3 + i]);
        a[i] = wg_mul(x[i], inverse);
    }
    wg_tensor *along = wg_mul(dotted(a, v), wg_add_scalar(wg_neg(cosine), 1));
    for (int i = 0; i < 3; i++) {
        const int j = (i + 1) % 3, k = (i + 2) % 3;
        y[i] = wg_fma(a[i], along, wg_fma(crossed(a[j], v[k], a[k], v[j]), sine, wg_mul(v[i], cosine)));
    }
    wg_tensor *depth = wg_reciprocal(y[2]), *u[2] = {wg_mul(y[0], depth), wg_mul(y[1], depth)};
    wg_tensor *s = wg_fma(u[0], u[0], wg_mul(u[1], u[1]));
    wg_tensor *scale = wg_mul(x[6], wg_add_scalar(wg_mul(s, wg_fma(x[10], s, x[9])), 1)), *w = x[BLOCK - 1];
    for (int i = 0; i < 2; i++)
        residual[i] = wg_mul(w, wg_sub(wg_fma(scale, u[i], x[7 + i]), target[i]));
    residual[2] = wg_add_scalar(wg_neg(wg_square(w)), 1);
}

/* Residuals and blocks of observations first to last. A residual depends on its own block alone, so the gradient of the sum over
   observations contains one row of every block. */
static wg_status step_of_part(const struct bundle *b, int64_t first, int64_t last, struct part *part)
{
    WG_TAPE(tape);
    wg_tensor *x[BLOCK], *residual[3], *row[BLOCK], *target[2];
    wg_tensor *camera = wg_slice(b->by_camera, 0, first, last, 1), *point = wg_slice(b->of_point, 0, first, last, 1);
    for (int i = 0; i < CAMERA + POINT; i++)
        x[i] = wg_index_select(b->x[i], 0, i < CAMERA ? camera : point);
    x[BLOCK - 1] = wg_slice(b->x[BLOCK - 1], 0, first, last, 1);
    for (int i = 0; i < 2; i++)
        target[i] = wg_slice(b->target[i], 0, first, last, 1);
    residuals(x, target, residual);
    wg_tensor *one = wg_ones(WG_F64, WG_SHAPE(last - first));
    for (int r = 0; r < 2; r++) {
        WG_TRY(wg_grad_many(residual[r], x, BLOCK, row, .grad = one, .unused = WG_UNUSED_ZEROS));
        for (int i = 0; i < BLOCK; i++)
            if (!(part->block[r][i] = wg_keep(row[i])))
                return WG_E_NULL;
    }
    for (int i = 0; i < 3; i++)
        if (!(part->residual[i] = wg_keep(residual[i])))
            return WG_E_NULL;
    part->weight_block = wg_keep(wg_mul_scalar(x[BLOCK - 1], -2));
    return part->weight_block ? WG_OK : WG_E_NULL;
}

static wg_status step(void *context)
{
    struct bundle *b = context;
    for (int64_t first = 0; first < b->n; first += b->at_once)
        WG_TRY(step_of_part(b, first, first + b->at_once < b->n ? first + b->at_once : b->n, &b->part[first / b->at_once]));
    return WG_OK;
}

static void drop_results(struct bundle *b)
{
    for (struct part *part = b->part; part < b->part + MOST_PARTS; part++) {
        for (int i = 0; i < 3; i++)
            wg_free(part->residual[i]);
        for (int i = 0; i < BLOCK; i++)
            wg_free(part->block[0][i]), wg_free(part->block[1][i]);
        wg_free(part->weight_block);
        *part = (struct part){0};
    }
}

/* ---- the problem ---- */

static void open_problem(struct bundle *b, int64_t n, int64_t at_once, int64_t cameras, int64_t points)
{
    static const double middle[CAMERA] = {0.1, -0.2, 0.3, 0, 0, -8, 500, 320, 240, 0.01, 0.001};
    static const double reach[CAMERA] = {0.3, 0.3, 0.3, 1, 1, 1, 50, 10, 10, 0.01, 0.001};
    *b = (struct bundle){.n = n, .at_once = at_once, .cameras = cameras, .points = points};
    for (int i = 0; i < CAMERA; i++)
        b->camera[i] = numbers((size_t)cameras, middle[i], reach[i]);
    for (int i = 0; i < POINT; i++)
        b->point[i] = numbers((size_t)points, 0, 1);
    for (int i = 0; i < 2; i++)
        b->seen[i] = numbers((size_t)n, 300, 200);
    b->weight = numbers((size_t)n, 1, 0.5);
    b->by = malloc((size_t)n * sizeof *b->by);
    b->of = malloc((size_t)n * sizeof *b->of);
    must(b->by && b->of);
    for (int64_t i = 0; i < n; i++) {
        b->by[i] = i * 7 % cameras;
        b->of[i] = i * 31 % points;
    }
    for (int i = 0; i < BLOCK; i++) {
        double *from = i < CAMERA ? b->camera[i] : i < CAMERA + POINT ? b->point[i - CAMERA] : b->weight;
        b->x[i] = wg_from(from, WG_SHAPE(i < CAMERA ? cameras : i < CAMERA + POINT ? points : n));
        must(wg_set_requires_grad(b->x[i], true) != NULL);
    }
    for (int i = 0; i < 2; i++)
        must((b->target[i] = wg_from(b->seen[i], WG_SHAPE(n))) != NULL);
    must((b->by_camera = wg_from(b->by, WG_SHAPE(n))) != NULL);
    must((b->of_point = wg_from(b->of, WG_SHAPE(n))) != NULL);
}

static void close_problem(struct bundle *b)
{
    for (int i = 0; i < CAMERA; i++)
        free(b->camera[i]);
    for (int i = 0; i < POINT; i++)
        free(b->point[i]);
    for (int i = 0; i < 2; i++)
        free(b->seen[i]), wg_free(b->target[i]);
    for (int i = 0; i < BLOCK; i++)
        wg_free(b->x[i]);
    free(b->weight), free(b->by), free(b->of);
    wg_free(b->by_camera), wg_free(b->of_point);
}

/* Gathers the parameters of one observation. */
static void gathered(const struct bundle *b, int64_t i, double *block)
{
    for (int k = 0; k < BLOCK; k++)
        block[k] = k < CAMERA ? b->camera[k][b->by[i]] : k < CAMERA + POINT ? b->point[k - CAMERA][b->of[i]] : b->weight[i];
}

/* Keeps the value with the largest error, and the value expected for it. */
static void farther(double got, double want, double *worst, double *due)
{
    if (fabs(got - want) / fmax(1, fabs(want)) >= fabs(*worst - *due) / fmax(1, fabs(*due)))
        *worst = got, *due = want;
}

static double at(const wg_tensor *t, int64_t i)
{
    const double *data = wg_data((wg_tensor *)(uintptr_t)t);
    return data[i];
}

static void check(void)
{
    struct bundle b;
    double value = 0, value_due = 0, slope = 0, slope_due = 0;
    open_problem(&b, 60, 25, 5, 20);
    must(step(&b) == WG_OK);
    for (int64_t i = 0; i < b.n; i++) {
        double x[BLOCK], residual[3], above[3], below[3];
        const double seen[2] = {b.seen[0][i], b.seen[1][i]};
        const struct part *part = &b.part[i / b.at_once];
        const int64_t place = i % b.at_once;
        gathered(&b, i, x);
        one_by_hand(x, x + CAMERA, x[BLOCK - 1], seen, residual);
        for (int r = 0; r < 3; r++)
            farther(at(part->residual[r], place), residual[r], &value, &value_due);
        for (int k = 0; k < BLOCK; k++) {
            const double kept = x[k], h = 1e-5;
            x[k] = kept + h;
            one_by_hand(x, x + CAMERA, x[BLOCK - 1], seen, above);
            x[k] = kept - h;
            one_by_hand(x, x + CAMERA, x[BLOCK - 1], seen, below);
            x[k] = kept;
            for (int r = 0; r < 2; r++)
                farther(at(part->block[r][k], place), (above[r] - below[r]) / (2 * h), &slope, &slope_due);
            if (k == BLOCK - 1)
                farther(at(part->weight_block, place), (above[2] - below[2]) / (2 * h), &slope, &slope_due);
        }
    }
    agree("the residual farthest from plain C's", value, value_due, 1e-11);
    agree("the element of a block farthest from differences", slope, slope_due, 1e-5);
    drop_results(&b); /* the captured step sets its own results */
    wg_replay *replay = wg_replay_capture(step, &b);
    struct bundle eager = b;
    must(replay && wg_replay_run(replay) == WG_OK && step(&eager) == WG_OK);
    double same = 1;
    for (int64_t first = 0; first < b.n; first += b.at_once)
        for (int k = 0; k < 2 * BLOCK; k++) {
            wg_tensor *one = b.part[first / b.at_once].block[k / BLOCK][k % BLOCK];
            wg_tensor *other = eager.part[first / b.at_once].block[k / BLOCK][k % BLOCK];
            same = same != 0 && memcmp(wg_data(one), wg_data(other), (size_t)wg_numel(one) * sizeof(double)) == 0;
        }
    agree("replayed blocks have the bits of eager ones", same, 1, 0);
    wg_replay_destroy(replay);
    drop_results(&eager);
    drop_results(&b);
    close_problem(&b);
}

static void eager_step(struct bundle *b)
{
    must(step(b) == WG_OK);
    drop_results(b);
}

static void measure(int64_t n, int64_t cameras, int64_t points)
{
    struct bundle b;
    struct times times;
    char size[32];
    open_problem(&b, n, AT_ONCE, cameras, points);
    double *camera = malloc((size_t)(CAMERA * cameras) * sizeof(double)),
           *point = malloc((size_t)(POINT * points) * sizeof(double));
    double *seen = malloc((size_t)(2 * n) * sizeof(double)), *residual = malloc((size_t)(3 * n) * sizeof(double));
    must(camera && point && seen && residual);
    for (int64_t i = 0; i < CAMERA * cameras; i++)
        camera[i] = b.camera[i % CAMERA][i / CAMERA];
    for (int64_t i = 0; i < POINT * points; i++)
        point[i] = b.point[i % POINT][i / POINT];
    for (int64_t i = 0; i < 2 * n; i++)
        seen[i] = b.seen[i % 2][i / 2];
    wg_replay *replay = wg_replay_capture(step, &b);
    must(replay != NULL);
    struct bundle again = b;
    TAKE_TURNS(times, by_hand(&b, camera, point, seen, residual), eager_step(&again), must(wg_replay_run(replay) == WG_OK));
    snprintf(size, sizeof size, "%lld observations", (long long)n);
    print_times(size, times, 4);
    wg_replay_destroy(replay);
    drop_results(&b);
    free(camera), free(point), free(seen), free(residual);
    close_problem(&b);
}

int main(int n_arguments, char **argument)
{
    must(wg_set_threads(1) == WG_OK);
    if (n_arguments > 1 && strcmp(argument[1], "check") == 0) {
        check();
        return finish();
    }
    print_head("Bundle adjustment, residuals and their Jacobian's blocks of 2 x 15");
    measure(30000, 50, 10000);
    return 0;
}
