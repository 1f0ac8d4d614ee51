/* A linear classifier of nine points in three classes: scores s = W x + b, the loss's mean over the points, and a penalty λ ΣW². After
   F. Gogianu, Optimization (Bitdefender), whose points, start and rate these are. */
#include "../../../docs/studies/nine_points.h"

#include <math.h>

#include "demo.h"

enum { COLUMNS = 61, LINES = 19 };

enum rule { WESTON_WATKINS, CRAMMER_SINGER, SOFTMAX };
static const char *const rules[] = {"weston_watkins", "crammer_singer", "softmax", NULL};

#define CLASSIFIER_OPTIONS(X, T)                              \
    X(T, REAL, rate, 0.1, "of a step", WG_BETWEEN(0, 10))     \
    X(T, REAL, penalty, 0.1, "λ of λ ΣW²", WG_BETWEEN(0, 10)) \
    X(T, CHOICE, loss, WESTON_WATKINS, "of each point", rules)
WG_OPTION_STRUCT(classifier_options, CLASSIFIER_OPTIONS);
WG_OPTION_TABLE(classifier_table, classifier_options, CLASSIFIER_OPTIONS);

static bool begin(struct demo_state *state)
{
    state->params[0] = wg_from(weights, WG_SHAPE(CLASSES, 2));
    state->params[1] = wg_from(biases, WG_SHAPE(CLASSES));
    return state->params[0] && state->params[1];
}

static wg_tensor *scores(const struct demo_state *state)
{
    wg_tensor *x = wg_from(points, WG_SHAPE(POINTS, 2));
    return wg_add(wg_matmul(x, wg_transpose(state->params[0], 0, 1)), state->params[1]);
}

/* Of each point. */
static wg_tensor *point_losses(const struct demo_state *state)
{
    const classifier_options *o = state->options;
    wg_tensor *s = scores(state), *y = wg_from(labels, WG_SHAPE(POINTS));
    if (o->loss == SOFTMAX)
        return wg_cross_entropy(s, y, .reduction = WG_REDUCTION_NONE);
    return o->loss == CRAMMER_SINGER ? wg_crammer_singer(s, y, .reduction = WG_REDUCTION_NONE)
                                     : wg_multi_margin(s, y, .divide = false, .reduction = WG_REDUCTION_NONE);
}

static wg_tensor *penalty(const struct demo_state *state)
{
    const classifier_options *o = state->options;
    return wg_mul_scalar(wg_sum(wg_square(state->params[0])), o->penalty);
}

static wg_tensor *loss(const struct demo_state *state)
{
    return wg_add(wg_mean(point_losses(state)), penalty(state));
}

static wg_optim *optimizer(const struct demo_state *state)
{
    const classifier_options *o = state->options;
    return wg_optim_sgd(((wg_tensor_list){2, (wg_tensor *[]){state->params[0], state->params[1]}, NULL}), .lr = o->rate);
}

/* ---- the terminal ---- */

static int class_at(const double *w, const double *b, double x0, double x1)
{
    int best = 0;
    for (int c = 1; c < CLASSES; c++)
        if (w[2 * c] * x0 + w[2 * c + 1] * x1 + b[c] > w[2 * best] * x0 + w[2 * best + 1] * x1 + b[best])
            best = c;
    return best;
}

/* The plane from (-1, 1) to (1, -1): a shade for the class that each place would get, and the points with their own class. */
static void print_map(const double *w, const double *b)
{
    static const char shade[CLASSES] = {' ', '.', ':'};
    for (int i = 0; i < LINES; i++) {
        char line[COLUMNS + 1] = "";
        for (int j = 0; j < COLUMNS; j++)
            line[j] = shade[class_at(w, b, 2.0 * j / (COLUMNS - 1) - 1, 1 - 2.0 * i / (LINES - 1))];
        for (int p = 0; p < POINTS; p++)
            if ((int)((1 - points[2 * p + 1]) * (LINES - 1) / 2 + 0.5) == i)
                line[(int)((points[2 * p] + 1) * (COLUMNS - 1) / 2 + 0.5)] = (char)('0' + labels[p]);
        printf("  %s\n", line);
    }
    printf("  shades: class 0 blank, 1 dots, 2 colons; a digit is a point of that class; x0 from -1 to 1, x1 upwards\n\n");
}

/* In a column; a number that is too long for it as a power of ten. */
static void print_number(int width, int digits, double x)
{
    if (fabs(x) < 1000)
        printf("%*.*f", width, digits, x);
    else
        printf("%*.0e", width, x);
}

static void print_points(const double *w, const double *b, const double *s, const double *each)
{
    printf("  point     x0    x1  class      s0      s1      s2    loss\n");
    for (int p = 0; p < POINTS; p++) {
        printf("  %5d  %5.2f %5.2f  %5lld", p, points[2 * p], points[2 * p + 1], (long long)labels[p]);
        for (int c = 0; c < CLASSES; c++)
            print_number(8, 2, s[CLASSES * p + c]);
        print_number(8, 3, each[p]);
        printf("%s\n", class_at(w, b, points[2 * p], points[2 * p + 1]) == labels[p] ? "" : "  wrong");
    }
}

static bool print(struct demo_state *state)
{
    WG_TAPE(tape);
    wg_tensor *each = point_losses(state), *data = wg_mean(each), *weight_penalty = penalty(state), *s = scores(state), *g[2];
    if (wg_grad_many(wg_add(data, weight_penalty), state->params, 2, g) != WG_OK)
        return false;
    const double *w = wg_data(state->params[0]), *b = wg_data(state->params[1]), *dw = wg_data(g[0]), *db = wg_data(g[1]);
    print_map(w, b);
    print_points(w, b, wg_data(s), wg_data(each));
    printf("\n  class     w0      w1       b   gradient: w0      w1       b\n");
    for (int c = 0; c < CLASSES; c++) {
        const double row[] = {w[2 * c], w[2 * c + 1], b[c], dw[2 * c], dw[2 * c + 1], db[c]};
        printf("  %5d", c);
        for (int i = 0; i < 6; i++)
            print_number(i == 0 ? 7 : i == 3 ? 14 : 8, i < 3 ? 2 : 3, row[i]);
        putchar('\n');
    }
    printf("\nstep %lld   loss of the data ", (long long)state->step);
    print_number(0, 4, wg_item(data));
    printf(" + penalty ");
    print_number(0, 4, wg_item(weight_penalty));
    printf(" = ");
    print_number(0, 4, wg_item(data) + wg_item(weight_penalty));
    putchar('\n');
    return true;
}

static void write_data(FILE *page)
{
    fputs("\"points\":[", page);
    for (int p = 0; p < POINTS; p++)
        fprintf(page, "%s[%g,%g,%d]", p ? "," : "", points[2 * p], points[2 * p + 1], (int)labels[p]);
    fputs("],", page);
}

extern const char *const demo_classifier_text;

const struct demo demo_classifier = {
    .name = "classifier",
    .summary = "a linear classifier of nine points: scores, losses, gradients, and the plane that it divides",
    .table = &classifier_table,
    .n_params = 2,
    .script = &demo_classifier_text,
    .begin = begin,
    .loss = loss,
    .optimizer = optimizer,
    .print = print,
    .write_data = write_data,
};
