/* How long a LeNet step waits for its batch: 64 images of 28x28 that are moved, flipped and made noisy anew each time, made by
   the caller or by threads. A line: the time of a step in the quietest of ROUNDS rounds of STEPS steps, and the share of it that
   wg_batches_next takes; the median of that share over all rounds, which on a busy machine has pauses in it that the system makes;
   and, which does not depend on what else runs, CPU time: of a step in the caller, the share of wg_batches_next in it, and of the
   workers for a batch.

   usage: bench-prefetch [--check]      --check: one worker for images that are moved and flipped; fails if its share is 2 % or more
 */
#include <stdio.h>
#include <string.h>
#include <wengert.h>

#include "timing.h"

enum { IMAGES = 4096, BATCH = 64, STEPS = 10, ROUNDS = 120 };

static wg_nn_module *lenet(void)
{
    return wg_nn_sequential(wg_nn_conv2d(1, 6, 5, .padding = WG_PAIR(2, 2)), wg_nn_relu(), wg_nn_max_pool2d(2),
                            wg_nn_conv2d(6, 16, 5), wg_nn_relu(), wg_nn_max_pool2d(2), wg_nn_flatten(), wg_nn_linear(400, 120),
                            wg_nn_relu(), wg_nn_linear(120, 84), wg_nn_relu(), wg_nn_linear(84, 10));
}

struct times {
    double step[STEPS * ROUNDS], wait[STEPS * ROUNDS];
    double own, waiting, all; /* CPU time of the caller, in wg_batches_next, of all threads */
};

static double cpu(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static wg_status run_step(const wg_nn_module *net, wg_optim *adam, wg_batches *batches, struct times *times, int i)
{
    WG_TAPE(tape);
    wg_tensor *x, *y;
    const double start = now(), cpu_start = cpu(CLOCK_THREAD_CPUTIME_ID), all_start = cpu(CLOCK_PROCESS_CPUTIME_ID);
    do
        WG_TRY(wg_batches_next(batches, &x, &y));
    while (!x); /* the end of an epoch */
    const double waited = now() - start, cpu_waited = cpu(CLOCK_THREAD_CPUTIME_ID) - cpu_start;
    WG_TRY(wg_backward(wg_cross_entropy(wg_nn_apply(net, x), y)));
    WG_TRY(wg_optim_step(adam));
    if (i < 0)
        return WG_OK;
    times->wait[i] = waited;
    times->step[i] = now() - start;
    times->waiting += cpu_waited;
    times->own += cpu(CLOCK_THREAD_CPUTIME_ID) - cpu_start;
    times->all += cpu(CLOCK_PROCESS_CPUTIME_ID) - all_start;
    return WG_OK;
}

static double sum(const double *x, int n)
{
    double all = 0;
    for (int i = 0; i < n; i++)
        all += x[i];
    return all;
}

/* The share in the quietest round, which is returned. */
static double report(const char *name, int workers, const struct times *times)
{
    double share[ROUNDS], length[ROUNDS];
    int best = 0;
    const double n = STEPS * ROUNDS;
    for (int i = 0; i < ROUNDS; i++) {
        length[i] = sum(times->step + i * STEPS, STEPS);
        share[i] = sum(times->wait + i * STEPS, STEPS) / length[i];
        best = length[i] < length[best] ? i : best;
    }
    const double of_step = share[best];
    printf("%-27s %d workers: %6.3f ms, %5.2f %% of it for the batch; median %5.2f %%; CPU %6.3f ms, %5.2f %%; workers %6.3f ms\n",
           name, workers, 1e3 * length[best] / STEPS, 100 * of_step, 100 * median(share, ROUNDS), 1e3 * times->own / n,
           100 * times->waiting / times->own, 1e3 * (times->all - times->own) / n);
    return of_step;
}

static wg_status measure(const char *name, wg_dataset *dataset, int workers, double *share)
{
    static struct times times;
    wg_nn_module *net = lenet();
    wg_optim *adam = wg_optim_adam(wg_nn_parameters(net));
    wg_batches *batches = wg_batches_of(dataset, .size = BATCH, .seed = 1, .drop_last = true, .workers = workers);
    wg_status status = WG_OK;
    times.own = times.waiting = times.all = 0;
    for (int i = -STEPS; i < STEPS * ROUNDS && status == WG_OK; i++) /* the first round warms up */
        status = run_step(net, adam, batches, &times, i);
    if (status == WG_OK)
        *share = report(name, workers, &times);
    wg_batches_destroy(batches), wg_optim_destroy(adam), wg_nn_destroy(net);
    return status;
}

int main(int argc, char **argv)
{
    const bool check = argc > 1 && strcmp(argv[1], "--check") == 0;
    wg_tensor *x, *y;
    if (wg_set_threads(1) != WG_OK || wg_dataset_make_teacher(&x, &y, .rows = IMAGES, .features = 28 * 28, .classes = 10) != WG_OK)
        return wg_error_report(stderr);
    wg_tensor *images = wg_reshape(x, WG_SHAPE(IMAGES, 1, 28, 28));
    wg_dataset *plain = wg_dataset_of(images, y), *shift = wg_dataset_shift(plain), *flip = wg_dataset_flip(shift),
               *noise = wg_dataset_noise(flip);
    double share = 0;
    wg_status status = check ? WG_OK : measure("as they are", plain, 0, &share);
    for (int workers = check; workers <= (check ? 1 : 2) && status == WG_OK; workers++)
        status = measure("moved, flipped", flip, workers, &share);
    for (int workers = 0; workers <= 2 && status == WG_OK && !check; workers++)
        status = measure("moved, flipped, with noise", noise, workers, &share);
    wg_dataset_destroy(plain), wg_dataset_destroy(shift), wg_dataset_destroy(flip), wg_dataset_destroy(noise);
    wg_free(images), wg_free(x), wg_free(y);
    if (status != WG_OK)
        return wg_error_report(stderr);
    return check && !(share < 0.02);
}
