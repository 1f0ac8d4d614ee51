/* ‖∇f‖ ≤ ε tests for a critical point only where g is the gradient of all data. At the exact minimum of least squares the mean
   gradient is 0, and that of a batch of B examples is noise around it, of size σ/√B however long one trains. So SGD must stop by
   something else: a number of steps, or the loss on validation data.

   The warning is that of J. Sun, Training DNNs: Basic Methods (Minnesota, 2020). */
#include "least_squares.h"

#include "../study.h"

#include <math.h>

enum { ROWS = 2048, FEATURES = 6, SIZES = 6, DRAWS = 200, MAX_STEPS = 3000 };

static const double tolerance = 1e-6;

struct data {
    wg_tensor *x, *y, *w, *solution;
};

/* The root mean square of ‖g‖ of batches at the parameters as they are; NaN on failure. */
static double norm_of_batches(struct study_run *run, const struct data *d, int64_t size)
{
    const wg_tensor_list w = {1, &d->w, NULL};
    wg_batches *batches = wg_batches_create(d->x, d->y, .size = size, .seed = run->seed, .replacement = true,
                                            .samples = DRAWS * size);
    double sum = batches ? 0 : (double)NAN, norm = 0;
    for (int k = 0; k < DRAWS && !isnan(sum); k++) {
        WG_TAPE(tape);
        wg_tensor *x, *y;
        if (wg_batches_next(batches, &x, &y) || wg_backward(least_squares_loss(x, y, d->w)) ||
            wg_optim_clip_norm(w, INFINITY, &norm))
            norm = NAN;
        wg_clear_gradient(d->w);
        sum += norm * norm / DRAWS;
    }
    wg_batches_destroy(batches);
    return sqrt(sum);
}

/* Steps of (stochastic) gradient descent from the start until the gradient's norm is within the tolerance, at most MAX_STEPS; -1
   on failure. The rows are norms. */
static int64_t steps_to_stop(struct study_run *run, const struct data *d, const char *name, int64_t size)
{
    const wg_tensor_list w = {1, &d->w, NULL};
    wg_batches *batches = wg_batches_create(d->x, d->y, .size = size, .seed = run->seed, .replacement = true,
                                            .samples = MAX_STEPS * size);
    wg_optim *sgd = wg_optim_sgd(w, .lr = 0.1);
    wg_lr *falling = wg_lr_inverse_time(.decay = 0.02);
    wg_stopping *stop = wg_stopping_create(.max_steps = MAX_STEPS, .gradient_tolerance = tolerance);
    bool good = batches && sgd && stop && falling && wg_write_raw(d->w, (double[FEATURES]){0}) == WG_OK;
    int64_t steps = 0;
    while (good && !wg_stopping_done(stop)) {
        WG_TAPE(tape);
        wg_tensor *x = d->x, *y = d->y;
        good = (size == ROWS || (wg_batches_next(batches, &x, &y) == WG_OK && wg_lr_set(falling, sgd, steps) == WG_OK)) &&
               wg_backward(least_squares_loss(x, y, d->w)) == WG_OK && wg_stopping_tell_gradients(stop, w) == WG_OK &&
               wg_optim_step(sgd) == WG_OK;
        steps = wg_stopping_inspect(stop).steps;
        good = good && (steps % 20 || study_row(run, "%s,%d,%.6g", name, (int)steps, wg_stopping_inspect(stop).gradient_norm));
    }
    wg_stopping_destroy(stop), wg_optim_destroy(sgd), wg_lr_destroy(falling), wg_batches_destroy(batches);
    return good ? steps : -1;
}

/* Control: gradients of all data in place of batches. */
static bool run(struct study_run *run, const void *options)
{
    (void)options;
    struct data d = {.w = wg_set_requires_grad(wg_zeros(WG_F64, WG_SHAPE(FEATURES, 1)), true)};
    double size[SIZES], norm[SIZES], full = NAN;
    bool good = d.w &&
                wg_dataset_make_regression(&d.x, &d.y, .rows = ROWS, .features = FEATURES, .noise = 1, .seed = run->seed,
                                           .dtype = WG_F64) == WG_OK &&
                (d.solution = least_squares_solution(d.x, d.y)) && study_row(run, "gradients,step,norm");
    const int64_t of_full = good ? steps_to_stop(run, &d, "full", ROWS) : -1,
                  of_batches = good ? steps_to_stop(run, &d, "batch", run->control ? ROWS : 16) : -1;
    good = of_full >= 0 && of_batches >= 0 && study_table(run, "minimum", "batch,norm") &&
           wg_write_raw(d.w, wg_data(d.solution)) == WG_OK;
    if (good) {
        WG_TAPE(tape);
        good = wg_backward(least_squares_loss(d.x, d.y, d.w)) == WG_OK &&
               wg_optim_clip_norm(((wg_tensor_list){1, &d.w, NULL}), INFINITY, &full) == WG_OK;
        wg_clear_gradient(d.w);
    }
    for (int i = 0; i < SIZES && good; i++) {
        size[i] = 1 << 2 * i, norm[i] = norm_of_batches(run, &d, (int64_t)size[i]);
        good = !isnan(norm[i]) && study_row(run, "%g,%.6g", size[i], norm[i]);
    }
    if (good) {
        study_near(run, "at the minimum: exponent of a batch's ‖g‖ in its size", study_exponent(size, norm, SIZES), -0.5, 0.1);
        study_claim(run, of_full < MAX_STEPS, "gradient descent stops by ‖∇f‖ ≤ 1e-6 after %d steps", (int)of_full);
        study_decide(
            run, full < 1e-12 && norm[2] > 0.1 && of_batches == MAX_STEPS,
            "at the exact minimum of least squares ‖∇f‖ is %.0e, and the gradient of a batch of 16 has a norm of %.2f, above "
            "0.1; so SGD does not stop by ‖g‖ ≤ 1e-6 within %d steps",
            full, norm[2], MAX_STEPS);
    }
    wg_free(d.x), wg_free(d.y), wg_free(d.w), wg_free(d.solution);
    return good;
}

const struct study study_noisy_gradient = {
    .name = "noisy_gradient", .control = "gradients of all data in place of batches", .run = run};
