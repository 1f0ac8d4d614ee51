/* The stochastic gradient by batch size. A batch of B examples, drawn with replacement, has a gradient ĝ with E‖ĝ - g‖² = σ²/B: it
   concentrates around the gradient as 1/√B. Its distance is above twice the root mean square in at most a quarter of all batches, whatever the
   distribution (Chebyshev), and in far fewer here, where a batch's gradient is a sum of many.

   The loss is that of a network that learns digits, half-way; B is 1 to 256. The statements are those of V. Cevher, Mathematics of Data (EPFL,
   2019), lecture 7, J. Sun, Training DNNs: Basic Methods (Minnesota, 2020), and F. Gogianu, Optimization (Bitdefender ML). */
#include "../study.h"

#include <math.h>
#include <stdlib.h>

enum { SIZES = 9, EPOCHS = 2, HIDDEN = 16, N = 64 * HIDDEN + HIDDEN + HIDDEN * 10 + 10, MAX_BATCHES = 2000 };

struct problem {
    wg_nn_module *net;
    wg_tensor *x, *y;
};

/* The gradient of the mean loss over examples, as a vector on the open tape. */
static wg_tensor *gradient(const struct problem *p, wg_tensor *x, wg_tensor *y)
{
    const wg_tensor_list params = wg_nn_parameters(p->net);
    wg_tensor *g[4];
    if (wg_grad_many(wg_cross_entropy(wg_nn_apply(p->net, x), y), params.tensor, params.n, g) != WG_OK)
        return NULL;
    return wg_nn_to_vector((wg_tensor_list){params.n, g, NULL});
}

static wg_tensor *loss(wg_tensor *x, wg_tensor *y, void *net)
{
    return wg_cross_entropy(wg_nn_apply(net, x), y);
}

/* Digits, and a network that has seen them EPOCHS times. */
static bool make(struct problem *p, uint64_t seed)
{
    p->net = wg_nn_mlp(WG_SIZES(64, HIDDEN, 10), .activation = WG_ACTIVATION_TANH, .dtype = WG_F64, .seed = seed);
    bool good = p->net && wg_dataset_digits(&p->x, &p->y, .flat = true, .dtype = WG_F64) == WG_OK;
    wg_optim *sgd = good ? wg_optim_sgd(wg_nn_parameters(p->net), .lr = 0.2) : NULL;
    wg_batches *batches = sgd ? wg_batches_create(p->x, p->y, .size = 32, .seed = seed) : NULL;
    good = batches && wg_train(p->net, sgd, batches, loss, p->net, .epochs = EPOCHS) == WG_OK;
    wg_batches_destroy(batches);
    wg_optim_destroy(sgd);
    return good;
}

/* ‖ĝ - g‖² of a number of batches of a size. In a control run the batches are the first rows of the data. */
static bool draw(struct study_run *run, const struct problem *p, wg_tensor *g, int64_t size, int n, double square[])
{
    wg_batches *batches = wg_batches_create(p->x, p->y, .size = size, .seed = run->seed + 7, .replacement = true,
                                            .samples = size * n);
    bool good = batches != NULL;
    for (int i = 0; i < n && good; i++) {
        WG_TAPE(tape);
        wg_tensor *x, *y;
        good = wg_batches_next(batches, &x, &y) == WG_OK;
        if (good && run->control)
            x = wg_slice(p->x, 0, 0, size, 1), y = wg_slice(p->y, 0, 0, size, 1);
        square[i] = wg_item(wg_sum(wg_square(wg_sub(gradient(p, x, y), g))));
        good = good && isfinite(square[i]);
    }
    wg_batches_destroy(batches);
    return good;
}

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static bool measure(struct study_run *run, const struct problem *p, wg_tensor *g)
{
    const int n = run->quick ? 200 : MAX_BATCHES;
    double size[SIZES], mean[SIZES], far = 0, square[MAX_BATCHES];
    bool good = g && study_row(run, "size,rms,low,high,largest,far");
    for (int k = 0; k < SIZES && good; k++) {
        size[k] = ldexp(1, k);
        good = draw(run, p, g, (int64_t)size[k], n, square);
        if (!good)
            break;
        qsort(square, (size_t)n, sizeof *square, ascending);
        mean[k] = study_mean(square, n);
        int above = 0;
        while (above < n && square[n - 1 - above] > 4 * mean[k])
            above++;
        far = fmax(far, (double)above / n);
        good = study_row(run, "%g,%.9g,%.9g,%.9g,%.9g,%g", size[k], sqrt(mean[k]), sqrt(square[n / 20]),
                         sqrt(square[n - 1 - n / 20]), sqrt(square[n - 1]), (double)above / n);
    }
    if (!good)
        return false;
    const double exponent = study_exponent(size, mean, SIZES), tolerance = run->quick ? 0.1 : 0.03;
    study_claim(
        run, far <= 0.25,
        "at most %.1f %% of the batches of any size are farther than twice the root mean square, where Chebyshev allows 25 %%",
        100 * far);
    (run->quick ? study_reduced : study_decide)(
        run, fabs(exponent + 1) <= tolerance,
        "the variance E‖ĝ - g‖² of a digits network's gradient, batches of 1 to 256, %d of each: exponent in B %.3f, expected -1 within %g",
        n, exponent, tolerance);
    return true;
}

static bool run(struct study_run *run, const void *options)
{
    (void)options;
    struct problem p = {0};
    wg_tensor *g = NULL;
    bool good = make(&p, run->seed);
    if (good) {
        WG_TAPE(tape);
        g = wg_keep(gradient(&p, p.x, p.y));
    }
    good = good && measure(run, &p, g);
    wg_free(g), wg_free(p.x), wg_free(p.y);
    wg_nn_destroy(p.net);
    return good;
}

const struct study study_batch_variance = {
    .name = "batch_variance", .control = "the first B rows as each batch, not rows drawn at random,", .run = run};
