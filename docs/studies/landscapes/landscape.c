/* The landscape of a network's loss, before and after training: its Hessian's spectrum by four instruments, against the whole Hessian;
   what gradient descent meets on the way; a slice on a plane; and the signs of random spectra.

   Saddles, their index and the argument from random spectra are those of W. Gerstner, Artificial Neural Networks (EPFL), Deep Networks
   3; slices are scaled by filters as Li, Xu, Taylor, Studer and Goldstein do (Visualizing the loss landscape of neural nets, 2018). */
#include "../study.h"

#include <math.h>
#include <stdlib.h>

enum { ROWS = 64, INPUTS = 32, OUTPUTS = 10, ENDS = 3, STEPS = 300 };

struct study_data {
    struct study_run *run;
    wg_nn_module *net;
    wg_tensor *x, *y;
    wg_study_loss loss;
};

/* ---- the network ---- */

/* The mean squared error on all data; the parameters are reached through the network. */
static wg_tensor *squared_error(wg_tensor *const *params, size_t n, void *context)
{
    (void)params, (void)n;
    const struct study_data *data = context;
    return wg_mean(wg_square(wg_sub(wg_nn_apply(data->net, data->x), data->y)));
}

/* 5,000 parameters, or 1,000. Targets are the outputs of another network: they can be learned. */
static bool make(struct study_data *data)
{
    const int64_t wide[] = {INPUTS, 90, 20, OUTPUTS}, narrow[] = {INPUTS, 22, 8, OUTPUTS};
    const wg_sizes sizes = {4, data->run->quick ? narrow : wide};
    wg_tensor *generator = wg_generator(1, 0);
    wg_nn_module *teacher = wg_nn_mlp(sizes, .activation = WG_ACTIVATION_TANH, .seed = 2, .dtype = WG_F64);
    data->net = wg_nn_mlp(sizes, .activation = WG_ACTIVATION_TANH, .seed = 1, .dtype = WG_F64);
    data->x = generator ? wg_normal(generator, WG_F64, WG_SHAPE(ROWS, INPUTS), 0, 1) : NULL;
    data->y = teacher && data->x ? wg_nn_apply(teacher, data->x) : NULL;
    wg_nn_destroy(teacher);
    wg_free(generator);
    data->loss = (wg_study_loss){.f = squared_error, .context = data};
    if (data->net && data->y)
        data->loss.params = wg_nn_parameters(data->net);
    return data->loss.params.n > 0;
}

/* ---- the spectrum ---- */

static double at(const wg_tensor *t, int64_t i)
{
    return wg_data_as(t, double)[i];
}

static bool claim_ends(struct study_data *data, const char *when, const wg_tensor *all)
{
    wg_tensor *ends = wg_study_extremes(&data->loss, .smallest = ENDS, .largest = ENDS);
    const int64_t n = wg_numel(all);
    double worst = 0;
    if (!ends)
        return false;
    for (int64_t i = 0; i < 2 * ENDS; i++) {
        const double want = at(all, i < ENDS ? i : n - 2 * ENDS + i);
        worst = fmax(worst, fabs(at(ends, i) - want) / fabs(want));
    }
    wg_free(ends);
    study_claim(
        data->run, worst <= 1e-8,
        "%s: the %d smallest and largest of %lld eigenvalues, by Lanczos, differ by %.1e from the dense ones, at most 1e-08", when,
        ENDS, (long long)n, worst);
    return true;
}

static bool claim_trace(struct study_data *data, const char *when, const wg_tensor *all)
{
    wg_study_estimate trace;
    char what[100];
    double exact = 0;
    for (int64_t i = 0; i < wg_numel(all); i++)
        exact += at(all, i);
    if (wg_study_trace(&data->loss, &trace, .probes = 100) != WG_OK)
        return false;
    snprintf(what, sizeof what, "%s: the trace by 100 probes, within 4 standard errors", when);
    study_near(data->run, what, trace.mean, exact, 4 * trace.standard_error);
    return true;
}

/* The share of eigenvalues below x, each of them widened to a Gaussian as in the table. */
static double share_below(const wg_tensor *all, double x, double width)
{
    double sum = 0;
    for (int64_t i = 0; i < wg_numel(all); i++)
        sum += erfc((at(all, i) - x) / (width * sqrt(2))) / 2;
    return sum / (double)wg_numel(all);
}

static bool claim_density(struct study_data *data, const char *when, const wg_tensor *all)
{
    const double width = (at(all, wg_numel(all) - 1) - at(all, 0)) / 200;
    wg_tensor *table = wg_study_density(&data->loss, .width = width);
    double integral = 0, worst = 0;
    char what[100];
    bool good = table != NULL;
    for (int64_t i = 0; good && i < wg_extent(table, 0); i++) {
        const double x = at(table, 2 * i), y = at(table, 2 * i + 1);
        if (i > 0)
            integral += (x - at(table, 2 * i - 2)) * (y + at(table, 2 * i - 1)) / 2;
        if (i % 10 == 0)
            worst = fmax(worst, fabs(integral - share_below(all, x, width)));
        good = study_row(data->run, "density,%s,%.9g,%.9g,", when, x, y);
    }
    wg_free(table);
    snprintf(what, sizeof what, "%s: the integral of the density", when);
    study_near(data->run, what, integral, 1, 1e-6);
    study_claim(data->run, worst <= .02,
                "%s: the share of eigenvalues below any number, from the density, differs by %.4f from the dense one, at most 0.02",
                when, worst);
    return good;
}

static bool claim_spectrum(struct study_data *data, const char *when, double *largest)
{
    wg_tensor *all = wg_study_eigenvalues(&data->loss);
    int64_t negative = 0, n = all ? wg_numel(all) : 0;
    for (int64_t i = 0; i < n; i++)
        negative += at(all, i) < -1e-8 * at(all, n - 1);
    const bool good = all && claim_ends(data, when, all) && claim_trace(data, when, all) && claim_density(data, when, all) &&
                      study_row(data->run, "spectrum,%s,%lld,%.9g,%.9g", when, (long long)negative, at(all, 0), at(all, n - 1));
    if (good)
        printf("     %s: %lld of %lld eigenvalues are negative; the smallest is %.4g, the largest %.4g\n", when,
               (long long)negative, (long long)n, at(all, 0), at(all, n - 1));
    if (all)
        *largest = at(all, n - 1);
    wg_free(all);
    return good;
}

/* ---- training ---- */

/* Gradient descent at a rate of 1/λ. By the descent lemma a step lowers the loss while λ bounds the curvature along it. */
static bool train(struct study_data *data, double rate)
{
    wg_optim *opt = wg_optim_sgd(data->loss.params, .lr = rate);
    wg_study_track *track = wg_study_track_create(&data->loss);
    wg_study_record record = {.at = {.loss = INFINITY}};
    int lower = 0, below = 0;
    bool good = opt && track;
    for (int step = 0; step < STEPS && good; step++) {
        const double before = record.at.loss;
        WG_TAPE(tape);
        good = wg_study_track_step(track, &record) == WG_OK && wg_backward(squared_error(NULL, 0, data)) == WG_OK &&
               wg_optim_step(opt) == WG_OK &&
               study_row(data->run, "track,%d,%.9g,%.9g,%.9g", step, record.at.loss, record.at.rayleigh, record.lipschitz);
        lower += record.at.loss < before;
        below += record.at.rayleigh * rate < 2;
    }
    study_claim(
        data->run, good && lower == STEPS && below == STEPS,
        "gradient descent at the rate 1/λ: the curvature along the gradient stays below 2/rate in %d of %d steps, and the loss falls in %d",
        below, STEPS, lower);
    wg_study_track_destroy(track);
    wg_optim_destroy(opt);
    return good;
}

/* ---- slices ---- */

static bool slice(struct study_data *data)
{
    wg_study_descent here;
    wg_tensor *a = wg_study_direction(&data->loss), *b = wg_study_direction(&data->loss, .seed = 2);
    wg_tensor *plane = a && b ? wg_study_plane(&data->loss, a, b) : NULL;
    bool good = plane && wg_study_curvature(&data->loss, &here) == WG_OK;
    const int64_t n = good ? wg_extent(plane, 0) : 0;
    int64_t lowest = 0;
    for (int64_t i = 0; i < n && good; i++) {
        lowest = at(plane, 3 * i + 2) < at(plane, 3 * lowest + 2) ? i : lowest;
        good = study_row(data->run, "plane,%.9g,%.9g,%.9g,", at(plane, 3 * i), at(plane, 3 * i + 1), at(plane, 3 * i + 2));
    }
    if (good)
        study_claim(data->run, at(plane, 3 * (n / 2) + 2) == here.loss && lowest == n / 2,
                    "the slice's middle is the loss to the last bit, %.6g, and the lowest of %lld points", here.loss, (long long)n);
    wg_free(a), wg_free(b), wg_free(plane);
    return good;
}

/* ---- random spectra ---- */

/* How many of a batch of random symmetric n × n matrices have eigenvalues of one sign. Off the diagonal the variance is half of that on
   it (the Gaussian orthogonal ensemble), as (g + gᵀ)/2 has it, of which wg_eigh takes the eigenvalues. */
static int64_t one_signed(wg_tensor *generator, int64_t batch, int64_t n)
{
    wg_tensor *values = NULL, *vectors = NULL, *g = wg_normal(generator, WG_F64, WG_SHAPE(batch, n, n), 0, 1);
    int64_t count = -1;
    if (g && wg_eigh(g, &values, &vectors) == WG_OK) {
        count = 0;
        for (int64_t i = 0; i < batch; i++)
            count += at(values, i * n) > 0 || at(values, i * n + n - 1) < 0;
    }
    wg_free(g), wg_free(values), wg_free(vectors);
    return count;
}

/* The shares known in closed form: 1 for n = 1, 1 - 1/√2, and 1/2 - √2/π. */
static bool random_spectra(struct study_run *run)
{
    const double known[] = {1, 1 - sqrt(0.5), 0.5 - sqrt(2) / M_PI};
    const int64_t batch = run->quick ? 20000 : 200000;
    wg_tensor *generator = wg_generator(3, 0);
    bool good = generator != NULL;
    for (int64_t n = 1; n <= 6 && good; n++) {
        const int64_t count = one_signed(generator, batch, n);
        const double share = (double)count / (double)batch;
        char what[100];
        snprintf(what, sizeof what, "random symmetric matrices, n = %lld: share with eigenvalues of one sign", (long long)n);
        good = count >= 0 && study_row(run, "random,%lld,%.9g,,", (long long)n, share);
        if (good && n <= 3)
            study_near(run, what, share, known[n - 1], 4 * sqrt(known[n - 1] * (1 - known[n - 1]) / (double)batch));
        else if (good && n == 6)
            study_claim(run, share < 1e-4, "%s %.2g, below 1e-4", what, share);
    }
    wg_free(generator);
    return good;
}

static bool run(struct study_run *run, const void *options)
{
    (void)options;
    struct study_data data = {.run = run};
    double largest = 0, after;
    const bool good = study_row(run, "what,a,b,c,d") && make(&data) && claim_spectrum(&data, "start", &largest) &&
                      train(&data, 1 / largest) && claim_spectrum(&data, "trained", &after) && slice(&data) &&
                      random_spectra(run);
    wg_nn_destroy(data.net);
    wg_free(data.x), wg_free(data.y);
    return good;
}

const struct study study_landscape = {
    .name = "landscape",
    .details =
        "Claims: of a network's Hessian, the ends of the spectrum by Lanczos, its trace by random probes and its density by quadrature are\n"
        "those of the whole matrix, before and after training; gradient descent at the rate 1/λ lowers the loss at each step; a minimum\n"
        "is the lowest point of its slice; random spectra have one sign as rarely as the closed forms say.",
    .run = run,
};
