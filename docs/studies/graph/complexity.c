/* What a gradient costs: backprop against four naive methods, on networks of k layers and H neurons. Each method computes the gradient
   and counts its operations. The counts must equal exact polynomials in k and H (complexity_methods.c). They must grow as the textbooks
   say: as k² H² for a chain rule that shares nothing, and as k H² for backprop, for its forward part and for its backward part.

   The question, and the chain rule with nothing shared as its naive answer, are those of V. Cevher, Mathematics of Data (EPFL, 2019),
   lecture 7. */
#include "../study.h"

#include <math.h>
#include <stdlib.h>

#include "complexity_methods.h"

enum { MAX_WIDTH = 256, MAX_POINTS = 160 };

/* One network of the grid: what each method did. A method that would take too long has total 0. */
struct point {
    int k, h;
    struct operations done[N_METHODS];
    double error[N_METHODS]; /* of the gradient, relative to backprop's */
};

struct complexity_options {
    double limit;
};

static const wg_option options[] = {
    WG_OPTION_REAL_OF(struct complexity_options, limit, 1e8, "operations that one gradient of a slow method may take, at least 1e4",
                      WG_AT_LEAST(1e4)),
};

struct study_data {
    struct study_run *run;
    struct point point[MAX_POINTS];
    int n;
    double limit;
};

/* ---- one point ---- */

/* The largest difference of two gradients, relative to the largest element of the same parameter in `want`. */
static double relative_error(const struct network *net, const double *got, const double *want)
{
    double worst = 0;
    for (int j = 0; j <= net->k; j++) {
        const int64_t n = wg_numel(net->weight[j]);
        double difference = 0, largest = 0;
        for (int64_t i = 0; i < n; i++, got++, want++) {
            difference = fmax(difference, fabs(*got - *want));
            largest = fmax(largest, fabs(*want));
        }
        worst = fmax(worst, difference / largest);
    }
    return worst;
}

static bool write_row(struct study_data *data, const struct point *p, int m)
{
    const struct operations *done = &p->done[m];
    const double form = methods[m].closed_form(p->k, p->h);
    return study_row(data->run, "%s,%d,%d,%d,%.17g,%.17g,%.17g,%.17g,%.17g,%.17g,%.3g", methods[m].name, p->k, p->h,
                     p->k * p->h * p->h + p->h, done->forward, done->backward, done->forward_products, done->backward_products,
                     done->total, form, p->error[m]);
}

/* Runs the methods that are feasible on a network of k layers and h neurons. Where one is not, the table has its closed form alone. */
static bool add_point(struct study_data *data, int k, int h)
{
    struct point *p = &data->point[data->n++];
    struct network net;
    bool good = network_make(&net, k, h);
    const size_t bytes = (size_t)network_parameters(&net) * sizeof(double);
    double *want = malloc(bytes), *got = malloc(bytes);
    *p = (struct point){.k = k, .h = h};
    good = good && want && got && methods[BACKPROP].run(&net, want, &p->done[BACKPROP]);
    for (int m = 0; good && m < N_METHODS; m++) {
        const bool fast = m == BACKPROP || m == EQUATIONS || m == SEPARATE;
        if (m != BACKPROP && (fast || methods[m].closed_form(k, h) <= data->limit)) {
            good = methods[m].run(&net, got, &p->done[m]);
            p->error[m] = good ? relative_error(&net, got, want) : (double)NAN;
        }
        good = good && write_row(data, p, m);
    }
    free(want);
    free(got);
    network_free(&net);
    return good;
}

/* The lines that are drawn and fitted, k = 1 … 64 at H = 4 and H = 4 … 256 at k = 4, and powers of two in both. */
static bool add_points(struct study_data *data)
{
    const int step = data->run->quick ? 4 : 1;
    bool good = study_row(data->run,
                          "method,k,H,parameters,forward,backward,forward_products,backward_products,operations,closed_form,error");
    for (int k = 1; k <= MAX_LAYERS && good; k += k < 4 ? 1 : step)
        good = add_point(data, k, 4);
    for (int h = 8; h <= MAX_WIDTH && good; h += h < 32 ? 4 : 4 * step)
        good = add_point(data, 4, h);
    for (int k = 1; k <= MAX_LAYERS && good; k *= k == 2 && !data->run->quick ? 4 : 8)
        for (int h = 32; h <= MAX_WIDTH && good; h *= 8)
            good = add_point(data, k, h);
    return good;
}

/* ---- the claims ---- */

static void claim_gradients(struct study_data *data, int m)
{
    int n = 0, same = 0;
    double worst = 0;
    const struct point *wrong = NULL;
    for (int i = 0; i < data->n; i++) {
        const struct point *p = &data->point[i];
        if (p->done[m].total == 0)
            continue;
        n++;
        worst = fmax(worst, p->error[m]);
        if (p->done[m].total == methods[m].closed_form(p->k, p->h))
            same++;
        else
            wrong = p;
    }
    study_claim(data->run, n > 0 && same == n, "%s: counts equal the closed form at %d of %d networks", methods[m].label, same, n);
    if (wrong)
        printf("     at k = %d, H = %d it counted %.17g, and the closed form is %.17g\n", wrong->k, wrong->h, wrong->done[m].total,
               methods[m].closed_form(wrong->k, wrong->h));
    if (m != BACKPROP)
        study_claim(data->run, n > 0 && worst <= methods[m].tolerance,
                    "%s: the gradient differs from backprop's by %.2g of its largest element (allowed %.0e)", methods[m].label,
                    worst, methods[m].tolerance);
}

typedef double quantity(const struct point *p);

static double forward_of_backprop(const struct point *p)
{
    return p->done[BACKPROP].forward;
}

static double backward_of_backprop(const struct point *p)
{
    return p->done[BACKPROP].backward;
}

static double all_of_backprop(const struct point *p)
{
    return p->done[BACKPROP].total;
}

static double all_of_separate(const struct point *p)
{
    return p->done[SEPARATE].total;
}

static double backward_of_separate(const struct point *p)
{
    return p->done[SEPARATE].backward;
}

/* The exponent in k at H = 4, or in H at k = 4, over the upper half of the range. */
static double exponent(const struct study_data *data, quantity *value, bool in_k)
{
    double x[MAX_POINTS], y[MAX_POINTS];
    int n = 0;
    for (int i = 0; i < data->n; i++) {
        const struct point *p = &data->point[i];
        if (in_k ? p->h != 4 || p->k < MAX_LAYERS / 2 : p->k != 4 || p->h < MAX_WIDTH / 2)
            continue;
        x[n] = in_k ? p->k : p->h;
        y[n++] = value(p);
    }
    return study_exponent(x, y, n);
}

static void claim_growth(struct study_data *data)
{
    static const struct {
        const char *what;
        quantity *value;
        double in_k;
    } growths[] = {
        {"chain rule per parameter", all_of_separate, 2},
        {"chain rule per parameter, backward alone", backward_of_separate, 2},
        {"backprop", all_of_backprop, 1},
        {"backprop, forward alone", forward_of_backprop, 1},
        {"backprop, backward alone", backward_of_backprop, 1},
    };
    char what[120];
    for (size_t i = 0; i < sizeof growths / sizeof *growths; i++) {
        snprintf(what, sizeof what, "%s: exponent in k over k = 32 … 64", growths[i].what);
        study_near(data->run, what, exponent(data, growths[i].value, true), growths[i].in_k, .03);
        snprintf(what, sizeof what, "%s: exponent in H over H = 128 … 256", growths[i].what);
        study_near(data->run, what, exponent(data, growths[i].value, false), 2, .03);
    }
}

/* Of backprop alone: the parts of its count, and the products' ratio of backward to forward. */
static void claim_parts(struct study_data *data)
{
    int parts = 0, ratios = 0;
    for (int i = 0; i < data->n; i++) {
        const struct point *p = &data->point[i];
        const struct operations *done = &p->done[BACKPROP];
        parts += done->forward == forward_operations(p->k, p->h) && done->backward == backward_operations(p->k, p->h) &&
                 p->done[SEPARATE].backward == separate_backward_operations(p->k, p->h);
        ratios += done->forward_products > 0 && done->backward_products * p->k == done->forward_products * (2 * p->k - 1);
    }
    study_claim(data->run, parts == data->n, "forward and backward parts equal their closed forms at %d of %d networks", parts,
                data->n);
    study_claim(data->run, ratios == data->n,
                "the products of backward over those of forward are exactly 2 - 1/k at %d of %d networks", ratios, data->n);
}

/* ---- the table ---- */

static void print_table(void)
{
    printf("\noperations, by the closed forms      k = 64, H = 4  k = 4, H = 256\n");
    for (int m = 0; m < N_METHODS; m++)
        printf("  %-32s %14.4g %15.4g\n", methods[m].label, methods[m].closed_form(64, 4), methods[m].closed_form(4, 256));
    putchar('\n');
}

static bool run(struct study_run *run, const void *chosen)
{
    const struct complexity_options *o = chosen;
    struct study_data *data = calloc(1, sizeof *data);
    if (!data)
        return false;
    data->run = run;
    data->limit = run->quick && o->limit > 1e6 ? 1e6 : o->limit;
    printf(
        "Networks of k layers of H neurons, L = (t - βᵀ h_k)², h_j = tanh(W_j h_{j-1}), at several k and H: the operations of each way to the gradient of L\n");
    bool good = add_points(data);
    if (good) {
        for (int m = 0; m < N_METHODS; m++)
            claim_gradients(data, m);
        claim_parts(data);
        claim_growth(data);
        print_table();
        good = true;
    }
    free(data);
    return good;
}

const struct study study_complexity = {
    .name = "complexity",
    .details =
        "Claims: five methods, and backprop's equations in plain C, compute one gradient; each performs as many operations as a polynomial in\n"
        "the number of layers k and of neurons H says; a chain rule that shares nothing takes O(k² H²), backprop O(k H²), forward and\n"
        "backward each; the matrix products of backward cost 2 - 1/k times those of forward.",
    .table = {options, 1, sizeof(struct complexity_options)},
    .run = run,
};
